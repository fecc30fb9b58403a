//! What those who wait in a queue are told: everybody who waited when it was said and still does.

use crate::ask::Ask;
use crate::reference::{Answered, Reference};
use crate::refusals::refused;
use crate::tickets::Ticket;
use proptest::prelude::*;
use relevo_routing::event::{Notice, NoticeStep, NoticeWords};
use relevo_routing::{Event, Micros};
use relevo_wire::answer::{Answer, Notifying};
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::vocabulary::Language;
use relevo_wire::{ErrorCode, QueueId, TicketId};

/// A notice that not everybody has got yet.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    queue: QueueId,
    words: NoticeWords,
    began: Micros,
    newest: TicketId,
    told: Vec<TicketId>,
}

/// Now and then one without words, or with too many.
pub(crate) fn notified() -> impl Strategy<Value = Ask> {
    let bytes = || prop_oneof![20 => Just(5), 1 => Just(0), 1 => Just(TEXT_BYTES + 1)];
    let spanish = prop_oneof![1 => Just(None), 1 => bytes().prop_map(Some)];
    (0..7_u8, bytes(), spanish)
        .prop_map(|(queue, bytes, spanish)| Ask::Notify(queue, bytes, spanish))
}

pub(crate) fn words(bytes: usize, spanish: Option<usize>) -> NoticeWords {
    let texts = spanish.map(|bytes| (Language::Es, "s".repeat(bytes))).into_iter().collect();
    NoticeWords { text: "x".repeat(bytes), texts }
}

impl Reference {
    pub(crate) fn notify_waiting(&mut self, queue: QueueId, words: &NoticeWords) -> Answered {
        if self.queue(queue).is_none() {
            return Err(refused(ErrorCode::NotFound, "queue"));
        }
        let spanish = words.texts.iter().map(|(_, text)| ("texts", text));
        for (field, text) in [("text", &words.text)].into_iter().chain(spanish) {
            match text.len() {
                0 => return Err(refused(ErrorCode::Malformed, field)),
                1..=TEXT_BYTES => {}
                _ => return Err(refused(ErrorCode::LimitExceeded, field)),
            }
        }
        if self.has_notice(queue) {
            return Err(refused(ErrorCode::WrongState, "queue"));
        }
        let tickets = self.waiting_in(queue);
        if tickets > 0 {
            let (words, began, newest) = (words.clone(), self.now, self.newest_id());
            let step = NoticeStep::Begun(words.clone());
            self.notices.push(Running { queue, words, began, newest, told: Vec::new() });
            self.emit(Event::Notice(Notice { queue, step }));
        }
        let tickets = u32::try_from(tickets).expect("few tickets");
        Ok(Answer::Notifying(Notifying { tickets }))
    }

    pub(crate) fn has_notice(&self, queue: QueueId) -> bool {
        self.notices.iter().any(|notice| notice.queue == queue)
    }

    /// Who has waited longest goes first.
    pub(crate) fn tell_next(&mut self, queue: QueueId) {
        let at = self.notices.iter().position(|notice| notice.queue == queue);
        let at = at.expect("a notice runs");
        let notice = &self.notices[at];
        let is_left = |ticket: &&Ticket| {
            let waits = ticket.queue == queue && ticket.is_unassigned() && !ticket.test;
            let was_here = ticket.waiting_since <= notice.began && ticket.id <= notice.newest;
            waits && was_here && !notice.told.contains(&ticket.id)
        };
        let left = self.tickets.iter().filter(is_left);
        let told = |id: TicketId| {
            self.witnessed(|event| {
                matches!(event, Event::Notice(Notice { step: NoticeStep::Told { ticket, .. }, .. })
                    if *ticket == id)
            })
        };
        let next = left.min_by_key(|ticket| (ticket.waiting_since, told(ticket.id)));
        let Some(ticket) = next.map(|ticket| ticket.id) else {
            self.notices.remove(at);
            return self.emit(Event::Notice(Notice { queue, step: NoticeStep::Ended }));
        };
        let words = self.notices[at].words.clone();
        self.notices[at].told.push(ticket);
        let known = self.ticket_mut(ticket);
        known.last += 1;
        let (number, language) = (known.last, known.language);
        let spanish = words.texts.into_iter().find(|(of, _)| *of == language);
        let text = spanish.map_or(words.text, |(_, text)| text);
        let step = NoticeStep::Told { ticket, number, text };
        self.emit(Event::Notice(Notice { queue, step }));
    }

    /// The queue is deleted.
    pub(crate) fn forget_notice(&mut self, id: QueueId) {
        self.notices.retain(|notice| notice.queue != id);
    }
}
