//! Clocks that stop while a ticket's queue is closed by its hours: waiting, first response, the target.
//!
//! A queue knows how long it has been closed in all, and a ticket how long that was when its waiting, or
//! its time with the agent, began: what came since does not count. Of a queue that was never closed
//! nothing is looked at.

use super::Turn;
use crate::Micros;
use crate::event::{Event, TargetMissed, TargetMoved};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;

/// When the target of a ticket is looked at again whose queue never opens: in a week.
const NEVER: Micros = 7 * 24 * 3_600 * 1_000_000;

impl Turn<'_> {
    /// How long a waiting ticket has waited.
    pub(crate) fn waited_us(&self, ticket: &Ticket) -> Micros {
        self.open_since(ticket, ticket.waiting_since)
    }

    /// How long its conversation has gone on since it first waited.
    pub(super) fn waited_in_all_us(&self, ticket: &Ticket) -> Micros {
        self.open_since(ticket, ticket.first_waiting_since)
    }

    /// The time from a moment until now in which the queue was open. The moment is when the ticket began
    /// to wait or was assigned, or already moved by what was closed before that.
    pub(super) fn open_since(&self, ticket: &Ticket, moment: Micros) -> Micros {
        let closed = self.state.queues.at(ticket.queue).closed_since(ticket, self.now);
        self.now.saturating_sub(moment).saturating_sub(closed)
    }

    /// When the conversation's threshold passes if its queue is open from now on; none when judged.
    pub(super) fn target_at(&self, ticket: &Ticket) -> Option<Micros> {
        self.state.queues.at(ticket.queue).target_at(ticket, self.now)
    }

    /// The time of a target has come. It is missed, unless the queue was closed meanwhile: then it moves
    /// by that, and while the queue is closed to when it will have been open for long enough.
    pub(super) fn target_due(&mut self, slot: Slot) {
        let ticket = self.state.tickets.at(slot);
        let (id, queue) = (ticket.id, self.state.queues.at(ticket.queue));
        let Some(target_at) = self.target_at(ticket) else { return };
        if self.now > target_at {
            return self.emit(Event::TargetMissed(TargetMissed { ticket: id }));
        }
        let opens_in = match queue.doors.until.get() {
            _ if !queue.shut => 0,
            Some(until) => until.saturating_sub(self.now),
            None => NEVER,
        };
        self.emit(Event::TargetMoved(TargetMoved {
            ticket: id,
            target_at: target_at.saturating_add(opens_in),
            closed_us: queue.closed_us(self.now).saturating_add(opens_in),
        }));
    }
}
