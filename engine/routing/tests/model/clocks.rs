//! Clocks that stop while a queue is closed by its hours: every time in which it was closed is
//! remembered, and taken off.

use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::event::{TargetMissed, TargetMoved};
use relevo_routing::{Event, Micros};
use relevo_wire::{QueueId, TicketId};

const WEEK: Micros = 7 * 24 * 3_600 * 1_000_000;

/// A queue in which a ticket was before it went on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stay {
    queue: QueueId,
    from: Micros,
    to: Micros,
}

/// What the clocks of a ticket show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    /// Since it was assigned.
    pub(crate) assigned_us: Option<Micros>,
    /// Since its conversation first waited.
    pub(crate) in_all_us: Micros,
    /// When the conversation's threshold passes if the queue is open from now on.
    pub(crate) target_at: Option<Micros>,
}

impl Reference {
    /// The time from a moment until now in which the queue was closed.
    pub(crate) fn closed_since(&self, queue: QueueId, from: Micros) -> Micros {
        self.closed_between(queue, from, self.now)
    }

    fn closed_between(&self, queue: QueueId, from: Micros, to: Micros) -> Micros {
        let closings = self.queues[queue.0 as usize].closings.iter();
        let closed = closings.map(|(shut, opened)| {
            let end = opened.unwrap_or(self.now).min(to);
            end.saturating_sub(from.max(*shut))
        });
        closed.sum()
    }

    /// The time from a moment until now in which the queue was closed where the ticket was.
    pub(crate) fn closed_for(&self, ticket: &Ticket, from: Micros) -> Micros {
        let before = ticket.been_in.iter();
        let before =
            before.map(|stay| self.closed_between(stay.queue, from.max(stay.from), stay.to));
        before.sum::<Micros>() + self.closed_since(ticket.queue, from.max(ticket.in_queue_since))
    }

    pub(crate) fn open_since(&self, ticket: &Ticket, from: Micros) -> Micros {
        self.now - from - self.closed_for(ticket, from)
    }

    /// A waiting ticket goes on in another queue: its threshold is that of a queue open from now on.
    pub(crate) fn move_clocks(&mut self, id: TicketId, to: QueueId) {
        let now = self.now;
        let target_at = self.clocks(self.ticket(id)).target_at;
        let closed_told = self.closed_since(to, 0);
        let ticket = self.ticket_mut(id);
        (ticket.target_at, ticket.closed_told) = (target_at, closed_told);
        ticket.been_in.push(Stay { queue: ticket.queue, from: ticket.in_queue_since, to: now });
        ticket.in_queue_since = now;
    }

    pub(crate) fn clocks(&self, ticket: &Ticket) -> Clocks {
        let closed_us = self.closed_since(ticket.queue, 0);
        Clocks {
            assigned_us: ticket.assigned_at.map(|at| self.open_since(ticket, at)),
            in_all_us: self.now
                - ticket.first_waiting_since
                - self.closed_for(ticket, ticket.opened_at),
            target_at: ticket.target_at.map(|at| at + closed_us - ticket.closed_told),
        }
    }

    /// It is missed unless the queue was closed meanwhile; then it moves.
    pub(crate) fn target_due(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let target_at = self.clocks(ticket).target_at.expect("it is due");
        if self.now > target_at {
            self.ticket_mut(id).target_at = None;
            return self.emit(Event::TargetMissed(TargetMissed { ticket: id }));
        }
        let queue = &self.queues[ticket.queue.0 as usize];
        let opens_at = queue.until.unwrap_or(self.now + WEEK).max(self.now);
        let opens_in = if queue.is_shut { opens_at - self.now } else { 0 };
        let target_at = target_at + opens_in;
        let closed_us = self.closed_since(ticket.queue, 0) + opens_in;
        let ticket = self.ticket_mut(id);
        (ticket.target_at, ticket.closed_told) = (Some(target_at), closed_us);
        self.emit(Event::TargetMoved(TargetMoved { ticket: id, target_at, closed_us }));
    }
}
