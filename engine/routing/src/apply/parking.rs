//! Tickets parked, and back in a line.

use crate::Micros;
use crate::event::{Parked, Unparked};
use crate::state::State;
use crate::state::maybe::{MaybeAgent, MaybeTime};
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::vocabulary::TicketState;

impl State {
    pub(super) fn parked(&mut self, now: Micros, event: Parked) {
        let slot = self.slot(event.ticket);
        self.end_silence(slot);
        self.end_responses(slot);
        self.leave_state(slot);
        self.set_kept(slot, MaybeTime::NONE);
        self.free_seat(now, slot, event.agent);
        self.begin_clocks(now, slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Parked;
        ticket.last = event.number;
        ticket.reserved_until = event.until;
        self.await_unpark(slot);
        self.enter_state(slot);
    }

    pub(super) fn unparked(&mut self, now: Micros, event: Unparked) {
        let slot = self.slot(event.ticket);
        self.leave_state(slot);
        self.end_parking(slot);
        self.begin_clocks(now, slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.agent = MaybeAgent::NONE;
        ticket.last = event.number;
        // Until when it is reserved, or since when it stands in its queue's line.
        ticket.reserved_until = now;
        if let Some((agent, until)) = event.reserved {
            ticket.reserved = agent.into();
            ticket.reserved_until = until;
            self.timers.set(until, Timer::Reservation(slot));
        }
        self.begin_waiting(now, slot);
    }

    /// The ticket comes back at its time, and its agent has one more.
    pub(super) fn await_unpark(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        self.timers.set(ticket.reserved_until, Timer::Unpark(slot));
        if let Some(agent) = ticket.agent.get() {
            self.agents.at_mut(agent).parked += 1;
        }
    }

    /// The ticket is no longer parked.
    pub(super) fn end_parking(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        self.timers.clear(ticket.reserved_until, Timer::Unpark(slot));
        if let Some(agent) = ticket.agent.get() {
            self.agents.at_mut(agent).parked -= 1;
        }
    }
}
