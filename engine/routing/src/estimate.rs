//! The wait that a ticket is told, and what becomes of that.

use crate::Micros;
use crate::handle::Turn;
use crate::state::State;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::EstimatedWait;

impl State {
    /// Estimated wait of a ticket at a place in its line, 0 if it does not wait; absent until there are
    /// figures. Who waits until the queue opens waits at least until then.
    pub(crate) fn estimated_wait(
        &self,
        ticket: &Ticket,
        position: u32,
        now: Micros,
    ) -> Option<EstimatedWait> {
        if position == 0 || !ticket.is_waiting() {
            return Some(EstimatedWait::NONE);
        }
        let open = self.open_wait(ticket, position);
        let queue = self.queues.at(ticket.queue);
        if !queue.holds(ticket) {
            return open;
        }
        let opens_in = queue.doors.until.get()?.saturating_sub(now) / 1_000_000;
        let opens_in = u32::try_from(opens_in).unwrap_or(u32::MAX);
        Some(open.unwrap_or(EstimatedWait::NONE).after(opens_in))
    }

    /// As far as the queue is open. The figures are those of the queue's own line: they say nothing of
    /// tests, and of who waits for one agent.
    fn open_wait(&self, ticket: &Ticket, position: u32) -> Option<EstimatedWait> {
        if ticket.test || ticket.reserved.is_some() {
            return None;
        }
        self.queues.at(ticket.queue).estimated_wait(position, ticket.priority)
    }
}

impl Turn<'_> {
    /// Remembers what a ticket is told when it is handed over: the wait that comes is held against it.
    pub(crate) fn note_estimate(&mut self, slot: Slot, position: u32) {
        let ticket = self.state.tickets.at(slot);
        if position > 0
            && let Some(wait) = self.state.open_wait(ticket, position)
        {
            self.state.estimates.tell(slot, wait);
        }
    }

    /// What it was told.
    pub(crate) fn told(&self, slot: Slot) -> Option<EstimatedWait> {
        let queue = self.state.queues.at(self.state.tickets.at(slot).queue);
        queue.pace.is_known().then(|| self.state.estimates.told(slot)).flatten()
    }
}
