//! Whoever runs the desk tells everybody who waits in a queue something. A tick comes for each, so that
//! no step walks a line.

use super::{Answered, Turn};
use crate::event::{Event, Notice, NoticeStep, NoticeWords};
use crate::hours::shown;
use relevo_wire::answer::{Answer, Notifying};
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::{ErrorCode, QueueId, WireError};

impl Turn<'_> {
    /// How many will be told: all who wait now, tests apart. Who has an agent before that, or leaves, is
    /// not told.
    pub(super) fn notify_waiting(&mut self, queue: QueueId, words: NoticeWords) -> Answered {
        let Some(entry) = self.state.queues.get(queue) else {
            let message = "no such queue is in the directory";
            return Err(WireError::field(ErrorCode::NotFound, "queue", message));
        };
        let tickets = entry.waiting;
        let texts = words.texts.iter().map(|(_, text)| ("texts", text));
        for (field, text) in [("text", &words.text)].into_iter().chain(texts) {
            check(field, text)?;
        }
        if let Some(running) = self.state.notices.get(&queue) {
            let began = shown(running.began);
            let message = format!("the notice of {began} has not come to all: repeat in a moment");
            return Err(WireError::field(ErrorCode::WrongState, "queue", message));
        }
        if tickets > 0 {
            let step = NoticeStep::Begun(words);
            self.emit(Event::Notice(Notice { queue, step }));
        }
        Ok(Answer::Notifying(Notifying { tickets }))
    }

    /// The next is told, or nobody is left.
    pub(super) fn tell_next(&mut self, queue: QueueId) {
        let Some(slot) = self.state.next_to_tell(queue) else {
            return self.emit(Event::Notice(Notice { queue, step: NoticeStep::Ended }));
        };
        let ticket = self.state.tickets.at(slot);
        let words = &self.state.notices[&queue].words;
        let step = NoticeStep::Told {
            ticket: ticket.id,
            number: ticket.last + 1,
            text: words.for_language(ticket.telling.language()).to_owned(),
        };
        self.emit_of(slot, Event::Notice(Notice { queue, step }));
    }
}

fn check(field: &str, text: &str) -> Result<(), WireError> {
    if text.is_empty() {
        return Err(WireError::field(ErrorCode::Malformed, field, "must not be empty"));
    }
    if text.len() > TEXT_BYTES {
        let message = format!("at most {TEXT_BYTES} bytes, not {}", text.len());
        return Err(WireError::field(ErrorCode::LimitExceeded, field, message));
    }
    Ok(())
}
