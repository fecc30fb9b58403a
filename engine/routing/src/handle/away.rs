//! Customers who leave while they wait, and come back: the ticket keeps its place for a while.
//!
//! While its customer is away a ticket is in no line and counts in none. It comes back by his words or
//! by another hand-off, as it was: id, epoch, place, and clocks that went on meanwhile. What fell due
//! happens then.

use super::Turn;
use crate::event::{CustomerAway, CustomerBack, Event, Relaxed, TargetMissed, Unreserved};
use crate::state::maybe::MaybeAgent;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::vocabulary::{CloseReason, OfferEnd, Outcome, TicketState};

impl Turn<'_> {
    /// The customer of an open ticket is gone. Whoever waits in vain has not lost his place at once,
    /// where the queue says so.
    pub(super) fn leave(&mut self, slot: Slot) {
        let ticket = self.state.tickets.at(slot);
        let resume_us = self.state.queues.at(ticket.queue).resume_us;
        if ticket.is_away() {
            return;
        }
        if resume_us == 0 || !ticket.is_unassigned() {
            return self.close(slot, CloseReason::Client, Vec::new(), None);
        }
        self.end_offers(slot, None, OfferEnd::Withdrawn);
        let ticket = self.state.tickets.at(slot);
        let away = CustomerAway {
            ticket: ticket.id,
            until: self.now.saturating_add(resume_us),
            waited_us: self.waited_us(ticket),
            judged: self.judge_end(ticket, Outcome::Lost),
        };
        self.emit_of(slot, Event::CustomerAway(away));
    }

    /// The customer is back at his place. What time alone has done to it meanwhile is done first, so
    /// that it comes to the line in which it would stand; the rest is due at once.
    pub(super) fn come_back(&mut self, slot: Slot) {
        let ticket = self.state.tickets.at(slot).id;
        if self.has_lost_its_agent(self.state.tickets.at(slot)) {
            self.emit_of(slot, Event::Unreserved(Unreserved { ticket }));
        }
        while self.state.next_ring_at(slot).is_some_and(|at| at <= self.now) {
            let ring = self.state.tickets.at(slot).ring + 1;
            self.emit_of(slot, Event::Relaxed(Relaxed { ticket, ring }));
        }
        self.emit_of(slot, Event::CustomerBack(CustomerBack { ticket }));
        // Before anybody is given it: who comes back too late is not assigned in target.
        if self.target_at(self.state.tickets.at(slot)).is_some_and(|at| at < self.now) {
            self.emit_of(slot, Event::TargetMissed(TargetMissed { ticket }));
        }
    }

    /// The time for which it waits for one agent is over, or that agent has been deleted.
    fn has_lost_its_agent(&self, ticket: &Ticket) -> bool {
        ticket.reserved.get().is_some_and(|agent| {
            ticket.reserved_until <= self.now || self.state.agents.get(agent).is_none()
        })
    }

    /// A ticket as it would stand in line if its customer came back now; what falls due then, and who
    /// could have it at once, is not looked at.
    pub(super) fn as_if_back(&self, ticket: &Ticket) -> Ticket {
        let mut back = Ticket { recent: None, ..ticket.clone() };
        back.state = TicketState::Waiting;
        if self.has_lost_its_agent(ticket) {
            back.reserved = MaybeAgent::NONE;
        }
        back
    }
}
