//! Customers who leave while they wait, and come back to their places.

use super::tickets::after;
use crate::Micros;
use crate::event::{CustomerAway, CustomerBack};
use crate::state::State;
use crate::state::away::Away;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::QueueId;
use relevo_wire::vocabulary::{TicketState, TicketTarget};

impl State {
    pub(super) fn customer_away(&mut self, now: Micros, event: CustomerAway) {
        let slot = self.slot(event.ticket);
        self.leave_state(slot);
        self.leave_place(slot);
        // Of whose wait a part was spent elsewhere nothing is learnt.
        self.estimates.forget(slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Away;
        let (queue, target_at) = (ticket.queue, ticket.target_at);
        if let Some(target_at) = target_at.get() {
            self.timers.clear(after(target_at), Timer::Target(slot));
        }
        let resolution = self.take_target(slot, TicketTarget::Resolution);
        let CustomerAway { until, waited_us, judged, .. } = event;
        self.put_away(slot, Away { since: now, until, waited_us, judged, resolution });
        self.follow_pace(queue);
        self.enter_state(slot);
    }

    pub(super) fn customer_back(&mut self, now: Micros, event: CustomerBack) {
        let slot = self.slot(event.ticket);
        self.leave_state(slot);
        let away = self.end_away(slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Waiting;
        if ticket.reserved.is_some() {
            self.timers.set(ticket.reserved_until, Timer::Reservation(slot));
        }
        if let Some(target_at) = ticket.target_at.get() {
            self.timers.set(after(target_at), Timer::Target(slot));
        }
        if let Some(clock) = away.and_then(|away| away.resolution) {
            self.target_restored(slot, TicketTarget::Resolution, clock);
        }
        self.enter_waiting(now, slot);
    }

    /// The ticket is lost when the time is over.
    pub(crate) fn put_away(&mut self, slot: Slot, away: Away) {
        self.timers.set(away.until, Timer::Away(slot));
        self.aways.put(slot, away);
    }

    /// The customer is back, or the ticket ends.
    pub(super) fn end_away(&mut self, slot: Slot) -> Option<Away> {
        let away = self.aways.remove(slot)?;
        self.timers.clear(away.until, Timer::Away(slot));
        Some(away)
    }

    /// Time in which the daemon could not act counts for nobody who is away.
    pub(super) fn move_aways(&mut self, by: Micros) {
        for (slot, away) in self.aways.iter_mut() {
            self.timers.clear(away.until, Timer::Away(slot));
            away.until = away.until.saturating_add(by);
            self.timers.set(away.until, Timer::Away(slot));
        }
    }

    /// Who is away and would have waited until the queue opens, outside the line of an agent.
    pub(super) fn away_and_held(&self, id: QueueId) -> Vec<Slot> {
        let held = self.away_from(id).filter(|slot| {
            let ticket = self.tickets.at(*slot);
            !ticket.reserved.is_some() && self.queues.at(id).holds(ticket)
        });
        held.collect()
    }

    /// Who is away and has a place in a queue.
    pub(super) fn away_from(&self, id: QueueId) -> impl Iterator<Item = Slot> {
        let away = self.aways.iter().map(|(slot, _)| slot);
        away.filter(move |slot| self.tickets.at(*slot).queue == id)
    }
}
