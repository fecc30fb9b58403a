//! Offers made and ended, hold, wrap-up.

use crate::Micros;
use crate::event::{Held, OfferEnded, Offered, Responding, WrappedUp};
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::AgentId;
use relevo_wire::vocabulary::{OfferEnd, TicketState};

impl State {
    pub(super) fn offered(&mut self, now: Micros, event: Offered) {
        let slot = self.slot(event.ticket);
        let ticket = self.tickets.at(slot);
        let transfer = ticket.asked.transfer();
        if ticket.asked.offers().is_empty() {
            self.timers.set(event.until, Timer::Offer(slot));
        }
        if self.tickets.at(slot).is_waiting() {
            self.leave_line(slot);
            self.forget_step(slot);
            self.set_offered(slot, true);
        }
        let ticket = self.tickets.at_mut(slot);
        ticket.asked.change(|both| both.offers.add(event.agent, event.until));
        let (own, bot) = (ticket.queue, ticket.bot);
        let queue = transfer.map_or(own, |transfer| transfer.queue);
        self.queues.at_mut(queue).last_served = event.agent.into();
        // An offer counts as a ticket got, so that the next one goes to somebody else.
        self.agents.at_mut(event.agent).last_ticket_at = now;
        self.agents.offer(event.agent, slot, bot);
        self.note_new_ticket(now, event.agent);
        self.seat_taken(event.agent, bot);
        self.refresh_agent(event.agent);
    }

    pub(super) fn offer_ended(&mut self, now: Micros, event: OfferEnded) {
        let slot = self.slot(event.ticket);
        if event.end == OfferEnd::Missed {
            self.agents.at_mut(event.agent).not_responding = true;
        }
        let is_transfer = self.tickets.at(slot).asked.transfer().is_some();
        if let Some(until) = event.excluded_until {
            self.exclude(slot, event.agent, until, now);
        }
        let is_refused = matches!(event.end, OfferEnd::Declined | OfferEnd::Missed);
        if !is_refused {
            self.take_back_offer(slot, event.agent);
        }
        let asked = &mut self.tickets.at_mut(slot).asked;
        if is_transfer {
            // The last of them is the latest who refused it, or else its giver.
            asked.change(|both| {
                if is_refused {
                    both.excluded.add(event.agent, Micros::MAX, now);
                } else {
                    both.excluded.add_first(event.agent);
                }
            });
        }
        let until = asked.offers().until();
        asked.change(|both| both.offers.remove(event.agent));
        let was_last = asked.offers().is_empty();
        self.free_offered(slot, event.agent);
        if let Some(until) = until.filter(|_| was_last) {
            self.timers.clear(until, Timer::Offer(slot));
            if !is_transfer {
                self.back_to_line(now, slot);
            }
        }
    }

    /// The offers of a ticket are over, and it is not back in line: somebody accepted it.
    pub(super) fn drop_offers(&mut self, slot: Slot) {
        let offers =
            self.tickets.at_mut(slot).asked.change(|both| std::mem::take(&mut both.offers));
        let Some(until) = offers.until() else { return };
        self.timers.clear(until, Timer::Offer(slot));
        for agent in offers.agents() {
            self.free_offered(slot, *agent);
        }
    }

    /// No session outlived the process, so that nobody can accept: all that nobody has are in line
    /// again.
    pub(super) fn drop_all_offers(&mut self, now: Micros) {
        let offered = self.tickets.slab().iter();
        let offered = offered.filter(|(_, ticket)| !ticket.asked.offers().is_empty());
        let offered: Vec<Slot> = offered.map(|(slot, _)| slot).collect();
        for slot in offered {
            for agent in self.tickets.at(slot).asked.offers().agents().to_vec() {
                self.take_back_offer(slot, agent);
            }
            self.drop_offers(slot);
            if self.tickets.at(slot).is_unassigned() {
                self.back_to_line(now, slot);
            }
        }
    }

    pub(super) fn responding(&mut self, event: Responding) {
        self.agents.at_mut(event.agent).not_responding = false;
        self.refresh_agent(event.agent);
    }

    pub(super) fn held(&mut self, now: Micros, event: Held) {
        let slot = self.slot(event.ticket);
        let stood = self.tickets.at(slot).silence_stands();
        if event.on && !stood {
            self.pause_silence(now, slot);
        }
        self.leave_state(slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.last = event.number;
        ticket.state = if event.on { TicketState::OnHold } else { TicketState::InService };
        self.enter_state(slot);
        if !event.on && !self.tickets.at(slot).silence_stands() {
            self.time_silence(now, slot);
        }
    }

    pub(super) fn wrapped_up(&mut self, now: Micros, event: &WrappedUp) {
        let slot = self.slot(event.ticket);
        self.leave_state(slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Closed;
        ticket.warned = false;
        let until = std::mem::take(&mut ticket.by_state);
        if let Some(until) = until.get() {
            self.timers.clear(until, Timer::WrapUp(slot));
        }
        self.free_seat(now, slot, event.agent);
        self.await_forgetting(slot);
        self.enter_state(slot);
    }

    /// A closed ticket without a seat is forgotten some time.
    pub(super) fn await_forgetting(&mut self, slot: Slot) {
        if let Some(closed_at) = self.tickets.at(slot).closed_at.get() {
            let forget_at = closed_at.saturating_add(self.settings.closed_retention_us);
            self.timers.set(forget_at, Timer::Forget(slot));
        }
    }

    pub(super) fn begin_wrap_up(&mut self, slot: Slot, until: Micros) {
        self.tickets.at_mut(slot).by_state = MaybeTime::at(until);
        self.timers.set(until, Timer::WrapUp(slot));
    }

    /// An agent does not get this ticket for a while.
    pub(super) fn exclude(&mut self, slot: Slot, agent: AgentId, until: Micros, now: Micros) {
        for end in
            self.tickets.at_mut(slot).asked.change(|both| both.excluded.add(agent, until, now))
        {
            self.timers.clear(end, Timer::Exclusion(slot));
        }
        self.timers.set(until, Timer::Exclusion(slot));
    }

    fn back_to_line(&mut self, now: Micros, slot: Slot) {
        self.set_offered(slot, false);
        self.await_step(slot);
        self.enter_line(now, slot);
        self.wake.tickets.push(slot);
        self.may_step(slot);
    }

    fn free_offered(&mut self, slot: Slot, agent: AgentId) {
        let bot = self.tickets.at(slot).bot;
        self.agents.take_offer(agent, slot, bot);
        self.seat_freed(agent, bot);
        self.wake_agent(agent);
    }
}
