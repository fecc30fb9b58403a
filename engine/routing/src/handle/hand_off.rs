//! A bot hands a customer over.

use super::refusals::no_bot;
use super::{Answered, Turn};
use crate::Micros;
use crate::event::{Event, HandOffRejected, HandOffRepeated, Rejection, TicketOpened};
use crate::input::HandOff;
use crate::state::demands::MaybeDemand;
use crate::state::positions::Told;
use crate::state::queues::Queue;
use crate::state::skills::Need;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{Accepted, Answer, Rejected};
use relevo_wire::directory::{NobodyOnline, OutsideHours};
use relevo_wire::vocabulary::Via;
use relevo_wire::{ErrorCode, QueueId, TicketId, WireError};

/// Which text the customer gets.
#[derive(Debug, Clone, Copy)]
enum Said {
    Online,
    Offline,
    Closed,
}

/// Epoch of a ticket that a hand-off opens: it has been accepted once.
const FIRST_EPOCH: u32 = 1;

impl Turn<'_> {
    pub(super) fn hand_off(&mut self, input: &HandOff) -> Answered {
        if self.state.bots.get(input.bot).is_none() {
            return Err(no_bot());
        }
        let open = self.state.tickets.open_of(input.bot, input.contact);
        #[cfg(planted)]
        let open = open.filter(|_| !crate::planted::is(crate::planted::Bug::SecondTicket));
        if let Some(slot) = open {
            return self.repeated_hand_off(input, slot);
        }
        let queue = self.queue_of(input)?;
        if let Some(rejection) = self.rejection(input, queue) {
            return Ok(self.reject(input, queue, rejection));
        }
        if input.dry_run {
            return Ok(self.as_if_accepted(input, queue));
        }
        let slot = self.open(input, queue);
        self.settle();
        let accepted = self.accepted(input, slot, false);
        self.note_told(slot, accepted.position);
        Ok(Answer::Accepted(accepted))
    }

    /// Only one open ticket per contact and bot: the transcript is appended, nothing else changes.
    fn repeated_hand_off(&mut self, input: &HandOff, slot: Slot) -> Answered {
        let ticket = self.state.tickets.at(slot);
        self.check_unconfirmed(&ticket.for_agent, input.bytes)?;
        let (ticket, number) = (ticket.id, ticket.last + 1);
        if !input.dry_run {
            let (reason, bytes) = (input.reason, input.bytes);
            let repeated = HandOffRepeated { ticket, number, reason, bytes };
            self.emit_of(slot, Event::HandOffRepeated(repeated));
        }
        let accepted = self.accepted(input, slot, true);
        if !input.dry_run {
            self.note_told(slot, accepted.position);
        }
        Ok(Answer::Accepted(accepted))
    }

    /// The queue named, or that of a rule while there is one, or the bot's default; of this bot only.
    fn queue_of(&self, input: &HandOff) -> Result<QueueId, WireError> {
        let of_bot = |queue: &QueueId| {
            self.state.queues.get(*queue).is_some_and(|queue| queue.bot == input.bot)
        };
        let queue = input
            .queue
            .or_else(|| input.queue_of_rule.filter(of_bot))
            .or_else(|| self.state.directory.default_queue(input.bot));
        queue.filter(of_bot).ok_or_else(|| {
            let message = match input.queue {
                Some(_) => "the bot has no such queue".to_owned(),
                None => {
                    let bot = self.state.directory.bot(input.bot);
                    let name = bot.map_or("", |bot| bot.object.default_queue.as_str());
                    format!("the bot's default queue {name:?} is not in the directory")
                }
            };
            WireError::field(ErrorCode::NotFound, "queue", message)
        })
    }

    fn rejection(&self, input: &HandOff, id: QueueId) -> Option<Rejection> {
        if !self.state.is_active(id) {
            return Some(Rejection::Inactive);
        }
        let queue = self.state.queues.at(id);
        if queue.shut {
            // Whoever waits until it opens needs nobody online now.
            return match queue.doors.outside {
                OutsideHours::Refuse => Some(Rejection::OutOfHours),
                OutsideHours::Queue => None,
            };
        }
        let refuses = match queue.nobody_online {
            NobodyOnline::Refuse => true,
            NobodyOnline::Queue => false,
        };
        (refuses && queue.online_for(input.test) == 0).then_some(Rejection::NoAgent)
    }

    fn reject(&mut self, input: &HandOff, queue: QueueId, rejection: Rejection) -> Answer {
        if !input.dry_run {
            self.emit(Event::HandOffRejected(HandOffRejected {
                bot: input.bot,
                queue,
                contact: input.contact,
                reason: input.reason,
                rejection,
                test: input.test,
            }));
        }
        let reason = match rejection {
            Rejection::NoAgent => "no_agent",
            Rejection::Inactive => "queue_inactive",
            Rejection::OutOfHours => "out_of_hours",
        };
        let (said, opens_at) = match rejection {
            Rejection::NoAgent | Rejection::Inactive => (Said::Offline, None),
            Rejection::OutOfHours => (Said::Closed, self.state.queues.at(queue).doors.until.get()),
        };
        let text = self.text(input, queue, said);
        Answer::Rejected(Rejected { reason: reason.to_owned(), text, opens_at })
    }

    fn open(&mut self, input: &HandOff, id: QueueId) -> Slot {
        let ticket = self.ids.next(self.now);
        self.emit(Event::TicketOpened(self.opening(input, id, ticket)));
        self.state.at_hand
    }

    fn opening(&self, input: &HandOff, id: QueueId, ticket: TicketId) -> TicketOpened {
        let bot = self.state.bots.at(input.bot);
        let queue = self.state.queues.at(id);
        // Where the rule's queue is gone, what the rule requires may be nobody's in this one.
        let is_meant = input.queue_of_rule.is_none_or(|of_rule| of_rule == id);
        let target_at = (!input.test).then(|| self.now.saturating_add(queue.threshold_us));
        TicketOpened {
            ticket,
            bot_number: bot.tickets + 1,
            bot: input.bot,
            contact: input.contact,
            queue: id,
            via: Via::HandOff,
            reason: input.reason,
            priority: input.priority_of_rule.unwrap_or(input.priority.min(bot.priority_cap)),
            demand: input.demand.clone().filter(|_| is_meant),
            test: input.test,
            position_updates: input.position_updates,
            parent: None,
            reserved: None,
            excluded: None,
            arrived: self.now,
            first_waiting_since: self.now,
            waited_us: 0,
            target_at,
            answered_before: false,
            epoch: FIRST_EPOCH,
            bytes: input.bytes,
            private: input.bytes > 0,
        }
    }

    fn accepted(&self, input: &HandOff, slot: Slot, existing: bool) -> Accepted {
        let ticket = self.state.tickets.at(slot);
        let position = self.position_hint(slot);
        let queue = self.state.queues.at(ticket.queue);
        let said = said(queue, ticket);
        Accepted {
            ticket: ticket.id,
            number: ticket.bot_number,
            existing,
            position,
            estimated_wait: estimated_wait(queue, position, said, self.now),
            text: self.text(input, ticket.queue, said),
            truncated: input.truncated,
            epoch: ticket.epoch,
        }
    }

    /// The answer tells the place: the first push waits its time from here on.
    fn note_told(&mut self, slot: Slot, position: u32) {
        let ticket = self.state.tickets.at(slot);
        if ticket.position_updates && ticket.is_waiting() {
            self.state.positions.tell(slot, Told { position, at: self.now });
        }
    }

    /// What a hand-off would be answered; there is no ticket, so its id is nil.
    fn as_if_accepted(&mut self, input: &HandOff, id: QueueId) -> Answer {
        let opening = self.opening(input, id, TicketId(0));
        let order = self.state.tickets.totals.created;
        let as_if = Ticket::opened(&opening, self.now, order, MaybeDemand::NONE);
        let required = opening.demand.as_ref().map_or(&[][..], |demand| &demand.skills);
        // Where nobody knows a skill, nobody has it.
        let needs = self.state.skills.find(required);
        let assigned = self.state.queues.at(id).pushes()
            && needs.is_some_and(|needs| self.would_be_assigned(&as_if, &needs));
        let queue = self.state.queues.at(id);
        let line = queue.line_for(input.test);
        let position = if assigned { 0 } else { line.position_hint(line.key_at(&as_if, self.now)) };
        let said = said(queue, &as_if);
        Answer::Accepted(Accepted {
            ticket: TicketId(0),
            number: as_if.bot_number,
            existing: false,
            position,
            estimated_wait: estimated_wait(queue, position, said, self.now),
            text: self.text(input, id, said),
            truncated: input.truncated,
            epoch: FIRST_EPOCH + u32::from(assigned),
        })
    }

    /// Whether a claim would succeed: with the agent picked first, or with the next one where a
    /// session has just closed the word.
    fn would_be_assigned(&mut self, as_if: &Ticket, needs: &[Need]) -> bool {
        while let Some(agent) = self.pick(as_if, needs) {
            if self.is_open(agent) {
                return true;
            }
            self.leave_alone(agent);
        }
        false
    }

    /// Place in its line; 0 when it does not wait.
    fn position_hint(&self, slot: Slot) -> u32 {
        let ticket = self.state.tickets.at(slot);
        if !ticket.is_waiting() {
            return 0;
        }
        let line = self.state.line_of(ticket);
        line.position_hint(line.key(ticket))
    }

    fn text(&self, input: &HandOff, queue: QueueId, said: Said) -> String {
        let queue = self.state.queues.at(queue);
        let text = match (&input.texts, said) {
            (Some(texts), Said::Online) => &texts.online,
            (Some(texts), Said::Offline) => &texts.offline,
            (Some(texts), Said::Closed) => &texts.closed,
            (None, Said::Online) => &*queue.online_text,
            (None, Said::Offline) => &*queue.offline_text,
            (None, Said::Closed) => &*queue.closed_text,
        };
        text.to_owned()
    }
}

/// What is said to who has been taken in.
fn said(queue: &Queue, ticket: &Ticket) -> Said {
    if ticket.is_waiting() && queue.holds(ticket) {
        Said::Closed
    } else if queue.online_for(ticket.test) > 0 {
        Said::Online
    } else {
        Said::Offline
    }
}

/// In seconds; of who waits until the queue opens, that time too.
fn estimated_wait(queue: &Queue, position: u32, said: Said, now: Micros) -> Option<u32> {
    let paced = queue.pace.estimated_wait(position);
    match said {
        Said::Closed => {
            let opens_in = queue.doors.until.get()?.saturating_sub(now) / 1_000_000;
            let opens_in = u32::try_from(opens_in).unwrap_or(u32::MAX);
            Some(opens_in.saturating_add(paced.unwrap_or(0)))
        }
        Said::Online | Said::Offline if position == 0 => Some(0),
        Said::Online | Said::Offline => paced,
    }
}
