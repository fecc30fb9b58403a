//! The life of a ticket: opened, assigned, requeued, closed, forgotten.

use crate::Micros;
use crate::event::{
    Assigned, Closed, Forgotten, Relaxed, Requeued, TargetMissed, TicketOpened, Unreserved,
};
use crate::state::State;
use crate::state::demands::MaybeDemand;
use crate::state::maybe::{MaybeAgent, MaybeTime};
use crate::state::slab::Slot;
use crate::state::ticket::{Progress, Ticket};
use crate::state::timers::Timer;
use relevo_wire::vocabulary::{CloseReason, TicketState, TicketTarget, Via};
use relevo_wire::{AgentId, TicketId};

impl State {
    pub(super) fn ticket_opened(&mut self, now: Micros, event: &TicketOpened) {
        let order = self.tickets.totals.created;
        self.tickets.totals.created += 1;
        self.stats.all = self.tickets.totals;
        self.bots.at_mut(event.bot).tickets = event.bot_number;
        self.queues.at_mut(event.queue).open += 1;
        let demand = self.demands.take(event.demand.as_deref(), &mut self.skills);
        let mut ticket = Ticket::opened(event, now, order, demand);
        let closed_us = self.queues.at(event.queue).closed_us(now);
        (ticket.closed_then, ticket.closed_told) = (closed_us, closed_us);
        let (slot, before) = self.tickets.insert(ticket);
        self.at_hand = slot;
        if let Some(before) = before.filter(|before| self.tickets.at(*before).bot == event.bot) {
            self.end_reopening(before);
        }
        if event.via == Via::Reopen
            && let Some(parent) = event.parent.and_then(|parent| self.tickets.find(parent))
        {
            self.tickets.at_mut(parent).child = Some(event.ticket).into();
        }
        if let Some((_, until)) = event.reserved {
            self.timers.set(until, Timer::Reservation(slot));
        }
        if let Some((_, until)) = event.excluded {
            self.timers.set(until, Timer::Exclusion(slot));
        }
        if let Some(target_at) = event.target_at {
            self.timers.set(after(target_at), Timer::Target(slot));
        }
        self.enter_waiting(now, slot);
    }

    /// The contact has another ticket since: what was before it goes on no more, even where that other
    /// one is forgotten first.
    fn end_reopening(&mut self, slot: Slot) {
        let ticket = self.tickets.at_mut(slot);
        if !ticket.is_open()
            && let Some(until) = ticket.reopens_until()
        {
            ticket.reserved_until = MaybeTime::NONE.raw();
            // What it required was kept for that alone.
            let demand = std::mem::replace(&mut ticket.demand, MaybeDemand::NONE);
            self.demands.drop(demand, &mut self.skills);
            self.timers.clear(until, Timer::Reopen(slot));
        }
    }

    /// The ticket waits from now on: it has its place in line, and whatever comes with time is awaited.
    pub(super) fn enter_waiting(&mut self, now: Micros, slot: Slot) {
        self.await_ring(slot);
        self.await_step(slot);
        self.enter_line(now, slot);
        self.enter_state(slot);
        self.wake.tickets.push(slot);
        self.may_step(slot);
    }

    pub(super) fn assigned(&mut self, now: Micros, event: Assigned) {
        let slot = self.slot(event.ticket);
        let was_asked = self.tickets.at(slot).asked.offers().holds(event.agent)
            || self.accepted_child.take_if(|child| *child == event.ticket).is_some();
        self.leave_state(slot);
        self.stop_waiting(slot);
        self.begin_clocks(now, slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Assigned;
        ticket.agent = event.agent.into();
        ticket.reserved = MaybeAgent::NONE;
        ticket.by_state = MaybeTime::NONE;
        ticket.epoch = event.epoch;
        ticket.last = event.number;
        ticket.assigned_at = MaybeTime::at(now);
        // All of it, for ageing: the line's clock goes on while the queue is closed.
        let waited_us = now.saturating_sub(ticket.waiting_since);
        ticket.waited_us = ticket.waited_us.saturating_add(waited_us);
        ticket.agent_progress = Progress::default();
        ticket.ever_assigned = true;
        let (queue, bot, test, priority) = (ticket.queue, ticket.bot, ticket.test, ticket.priority);
        self.callbacks.forget_wish(bot, ticket.contact);
        self.agents.at_mut(event.agent).last_ticket_at = now;
        self.agents.give(event.agent, slot, bot);
        self.begin_silence(now, slot, false);
        self.begin_target(now, slot, TicketTarget::FirstResponse);
        if !was_asked {
            self.note_new_ticket(now, event.agent);
        }
        self.seat_taken(event.agent, bot);
        self.refresh_agent(event.agent);
        self.enter_state(slot);
        let queue = self.queues.at_mut(queue);
        queue.last_served = event.agent.into();
        if !test {
            queue.note_assigned(now, priority, event.waited_us, event.told);
        }
    }

    pub(super) fn requeued(&mut self, now: Micros, event: Requeued) {
        let slot = self.slot(event.ticket);
        self.end_silence(slot);
        self.end_responses(slot);
        self.leave_state(slot);
        self.set_kept(slot, MaybeTime::NONE);
        self.forget_asked(slot);
        self.free_seat(now, slot, event.agent);
        self.begin_clocks(now, slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.agent = MaybeAgent::NONE;
        ticket.epoch = event.epoch;
        ticket.last = event.number;
        ticket.begin_step(now);
        self.exclude(slot, event.agent, event.excluded_until, now);
        self.begin_waiting(now, slot);
    }

    /// A ticket that an agent had waits again, at its place.
    pub(super) fn begin_waiting(&mut self, now: Micros, slot: Slot) {
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Waiting;
        ticket.waiting_since = now;
        ticket.by_state = MaybeTime::at(now);
        ticket.ring = 0;
        self.enter_waiting(now, slot);
    }

    pub(super) fn unreserved(&mut self, now: Micros, event: Unreserved) {
        let slot = self.slot(event.ticket);
        let waits = self.tickets.at(slot).is_waiting();
        if waits {
            self.leave_line(slot);
        }
        let ticket = self.tickets.at_mut(slot);
        self.timers.clear(ticket.reserved_until, Timer::Reservation(slot));
        ticket.reserved = MaybeAgent::NONE;
        ticket.begin_step(now);
        if waits {
            self.await_step(slot);
            self.enter_line(now, slot);
            self.wake.tickets.push(slot);
            self.may_step(slot);
        }
    }

    pub(super) fn relaxed(&mut self, now: Micros, event: Relaxed) {
        let slot = self.slot(event.ticket);
        let waits = self.tickets.at(slot).is_waiting();
        if waits {
            self.leave_line(slot);
        }
        self.forget_ring(slot);
        self.tickets.at_mut(slot).ring = event.ring;
        self.await_ring(slot);
        if waits {
            self.enter_line(now, slot);
            self.wake.tickets.push(slot);
            self.may_step(slot);
        }
    }

    pub(super) fn target_missed(&mut self, event: TargetMissed) {
        let slot = self.slot(event.ticket);
        self.judged(slot);
    }

    pub(super) fn closed(&mut self, now: Micros, event: &Closed) {
        let slot = self.slot(event.ticket);
        let asked = &self.tickets.at(slot).asked;
        if event.reason == CloseReason::Transferred && !asked.offers().is_empty() {
            self.accepted_child = event.child;
        }
        self.end_silence(slot);
        self.end_all_targets(slot);
        self.leave_state(slot);
        self.judged(slot);
        if self.tickets.at(slot).is_unassigned() {
            self.stop_waiting(slot);
            self.follow_pace(self.tickets.at(slot).queue);
        } else if self.tickets.at(slot).is_parked() {
            self.end_parking(slot);
        } else if self.tickets.at(slot).is_away() {
            self.end_away(slot);
            self.forget_exclusions(slot);
        } else {
            self.set_kept(slot, MaybeTime::NONE);
            self.forget_asked(slot);
            if event.wraps_until.is_none() {
                let agent = self.tickets.at(slot).agent.get();
                self.free_seat(now, slot, agent.expect("an assigned ticket names its agent"));
            }
        }
        let ticket = self.tickets.at_mut(slot);
        ticket.state = TicketState::Closed;
        ticket.reserved = MaybeAgent::NONE;
        ticket.epoch = event.epoch;
        ticket.last = event.number;
        ticket.closed_at = MaybeTime::at(now);
        ticket.by_state = MaybeTime::NONE;
        if event.wraps_until.is_some() {
            ticket.state = TicketState::Wrapping;
            ticket.warned = event.owes_tags;
        }
        self.callbacks.forget_wish(ticket.bot, ticket.contact);
        ticket.child = event.child.into();
        ticket.for_agent.clear();
        ticket.for_bot.clear();
        let queue = ticket.queue;
        ticket.reserved_until = MaybeTime::from(event.reopen_until).raw();
        ticket.ring = 0;
        match event.reopen_until {
            Some(until) => self.timers.set(until, Timer::Reopen(slot)),
            None => {
                let demand = std::mem::replace(&mut ticket.demand, MaybeDemand::NONE);
                self.demands.drop(demand, &mut self.skills);
            }
        }
        self.queues.at_mut(queue).open -= 1;
        self.tickets.totals.closed[event.outcome as usize] += 1;
        self.stats.all = self.tickets.totals;
        match event.wraps_until {
            Some(until) => self.begin_wrap_up(slot, until),
            None => self.await_forgetting(slot),
        }
        self.enter_state(slot);
    }

    pub(super) fn forgotten(&mut self, event: Forgotten) {
        let slot = self.slot(event.ticket);
        self.leave_state(slot);
        if let Some(closed_at) = self.tickets.at(slot).closed_at.get() {
            let forget_at = closed_at.saturating_add(self.settings.closed_retention_us);
            self.timers.clear(forget_at, Timer::Forget(slot));
        }
        let ticket = self.tickets.remove(slot);
        if let Some(until) = ticket.reopens_until() {
            self.timers.clear(until, Timer::Reopen(slot));
        }
        self.demands.drop(ticket.demand, &mut self.skills);
    }

    /// What is derived from a ticket that a snapshot held, but for its place with its agent.
    pub(crate) fn ticket_restored(&mut self, slot: Slot) {
        self.demands.take_again(self.tickets.at(slot).demand);
        let ticket = self.tickets.at(slot);
        let (state, queue) = (ticket.state, ticket.queue);
        if let Some(target_at) = ticket.target_at.get().filter(|_| !ticket.is_away()) {
            self.timers.set(after(target_at), Timer::Target(slot));
        }
        if let Some(kept_until) = ticket.kept_until() {
            self.timers.set(kept_until, Timer::Keep(slot));
        }
        if let Some(until) = ticket.wraps_until() {
            self.timers.set(until, Timer::WrapUp(slot));
        }
        if let Some(until) = ticket.asked.offers().until() {
            self.timers.set(until, Timer::Offer(slot));
        }
        if ticket.is_parked() {
            self.await_unpark(slot);
        }
        self.silence_restored(slot);
        let ticket = self.tickets.at(slot);
        let is_open = ticket.is_open();
        // What the queue was closed is known already; what those were that it has come from is not.
        self.queues.at_mut(queue).was_shut |= ticket.closed_then != 0;
        if ticket.is_unassigned() {
            if ticket.reserved.is_some() {
                self.timers.set(ticket.reserved_until, Timer::Reservation(slot));
            }
            self.await_ring(slot);
        }
        let ticket = self.tickets.at(slot);
        // Whoever a transfer has asked is excluded as long as it stands, which no timer ends.
        if ticket.is_nobodys() {
            for (_, until) in ticket.asked.excluded().iter() {
                self.timers.set(until, Timer::Exclusion(slot));
            }
        }
        if state == TicketState::Waiting {
            self.await_step(slot);
            // Lines age when the first input comes.
            self.enter_line(0, slot);
        }
        if is_open {
            self.queues.at_mut(queue).open += 1;
        } else if let Some(until) = self.tickets.at(slot).reopens_until() {
            self.timers.set(until, Timer::Reopen(slot));
        }
        if state == TicketState::Closed {
            self.await_forgetting(slot);
        }
        self.enter_state(slot);
    }

    /// Events name tickets that exist: they were decided on this state.
    pub(super) fn slot(&self, ticket: TicketId) -> Slot {
        let at_hand = self.tickets.get(self.at_hand).filter(|at_hand| at_hand.id == ticket);
        if at_hand.is_some() {
            return self.at_hand;
        }
        self.tickets.find(ticket).expect("an event names a ticket that is remembered")
    }

    /// The conversation's service level is decided.
    pub(super) fn judged(&mut self, slot: Slot) {
        let ticket = self.tickets.at_mut(slot);
        if let Some(target_at) = ticket.target_at.get() {
            ticket.target_at = MaybeTime::NONE;
            self.timers.clear(after(target_at), Timer::Target(slot));
        }
    }

    pub(super) fn free_seat(&mut self, now: Micros, slot: Slot, agent: AgentId) {
        let bot = self.tickets.at(slot).bot;
        self.agents.at_mut(agent).last_ticket_at = now;
        self.agents.take(agent, slot, bot);
        self.seat_freed(agent, bot);
        self.wake_agent(agent);
    }

    /// What began with the waiting ends with it: place, offers, times.
    fn stop_waiting(&mut self, slot: Slot) {
        self.leave_place(slot);
        self.forget_exclusions(slot);
    }

    /// What nobody waits for while the ticket is in no line; who gave it away stays known.
    pub(super) fn leave_place(&mut self, slot: Slot) {
        if self.tickets.at(slot).is_waiting() {
            self.leave_line(slot);
        } else {
            self.drop_offers(slot);
        }
        let ticket = self.tickets.at(slot);
        if ticket.telling.places() {
            self.positions.forget(slot);
        }
        if self.queues.at(ticket.queue).pace.is_known() {
            self.estimates.forget(slot);
        }
        if ticket.reserved.is_some() {
            self.timers.clear(ticket.reserved_until, Timer::Reservation(slot));
        }
        self.forget_ring(slot);
        self.forget_step(slot);
    }

    fn forget_exclusions(&mut self, slot: Slot) {
        for (_, until) in self.tickets.at_mut(slot).asked.change(|both| both.excluded.take()).iter()
        {
            self.timers.clear(until, Timer::Exclusion(slot));
        }
    }

    fn await_ring(&mut self, slot: Slot) {
        if let Some(at) = self.next_ring_at(slot) {
            self.timers.set(at, Timer::Ring(slot));
        }
    }

    fn forget_ring(&mut self, slot: Slot) {
        if let Some(at) = self.next_ring_at(slot) {
            self.timers.clear(at, Timer::Ring(slot));
        }
    }

    /// When the next ring of a waiting ticket begins.
    pub(crate) fn next_ring_at(&self, slot: Slot) -> Option<Micros> {
        let ticket = self.tickets.at(slot);
        let after = self.demands.next_after(ticket.demand, ticket.ring)?;
        Some(ticket.waiting_since.saturating_add(after))
    }
}

/// The threshold has passed when more than it is over: an answer at the very moment is in time.
pub(crate) fn after(target_at: Micros) -> Micros {
    target_at.saturating_add(1)
}
