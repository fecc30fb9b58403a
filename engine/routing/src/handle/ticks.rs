//! Deadlines that have come, and the start of the daemon.

use super::Turn;
use crate::Micros;
use crate::event::{Event, Forgotten, Ready, Relaxed, Started, Unreserved};
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::QueueId;
use relevo_wire::vocabulary::{CloseReason, Reachability, RequeueReason, UnparkCause, WrapUpEnd};

impl Turn<'_> {
    pub(super) fn started(&mut self, down_us: Micros) {
        self.emit(Event::Started(Started { down_us }));
        self.end_transfers();
        for (id, agent) in self.state.agents.iter() {
            if let Some(word) = self.seats.word(id.0 as usize) {
                word.set_grace(agent.reachability == Reachability::Grace);
            }
        }
        let down_since = self.now.saturating_sub(down_us);
        for queue in self.state.queues.ids() {
            self.pass_doors(queue, down_since);
        }
    }

    /// Grace periods begin, then everything that can be matched is.
    pub(super) fn ready(&mut self) {
        let started = self.state.starting_since.get();
        let starting_us = started.map_or(0, |started| self.now.saturating_sub(started));
        let grace_until = self.now.saturating_add(self.state.settings.grace_us);
        self.emit(Event::Ready(Ready { grace_until, starting_us }));
        self.wake_all();
    }

    /// Handles what is due, a bounded number at a time.
    pub(super) fn tick(&mut self) {
        if self.state.starting_since.is_some() {
            return;
        }
        for _ in 0..self.state.settings.deadlines_per_tick {
            let Some(timer) = self.state.timers.take_due(self.now) else { return };
            self.due(timer);
        }
    }

    fn due(&mut self, timer: Timer) {
        match timer {
            Timer::TurnAway(queue) => self.turn_away(queue),
            Timer::Notice(queue) => self.tell_next(queue),
            Timer::Mode(queue) => self.mode_over(queue),
            Timer::Hours(queue) => self.look_at_doors(queue),
            Timer::Grace(agent) => self.grace_over(agent),
            Timer::Presence(agent) => self.presence_expired(agent),
            Timer::Fairness(agent) => self.state.fairness_over(agent),
            Timer::Callback => self.callback_over(),
            Timer::Unblock => self.block_over(),
            Timer::Keep(slot) => self.requeue(slot, RequeueReason::AgentGone),
            Timer::Unpark(slot) => self.unpark(slot, UnparkCause::Time),
            Timer::Away(slot) => self.close(slot, CloseReason::Client, Vec::new(), None),
            Timer::Reservation(slot) => {
                let ticket = self.state.tickets.at(slot).id;
                self.emit(Event::Unreserved(Unreserved { ticket }));
            }
            Timer::Target(slot) => self.target_due(slot),
            Timer::Exclusion(slot) | Timer::Reach(slot) => self.may_match(slot),
            Timer::Ring(slot) => {
                let ticket = self.state.tickets.at(slot);
                let (ticket, ring) = (ticket.id, ticket.ring + 1);
                self.emit(Event::Relaxed(Relaxed { ticket, ring }));
            }
            // Nobody it was made to is responding.
            Timer::Offer(slot) => self.offers_missed(slot),
            Timer::WrapUp(slot) => self.end_wrap_up(slot, WrapUpEnd::Limit, Vec::new()),
            Timer::Step(slot) => self.state.may_step(slot),
            Timer::Limit(queue) => self.limit_over(queue),
            Timer::Reopen(slot) => self.reopen_over(slot),
            Timer::CustomerSilence(bot) => self.customer_is_silent(bot),
            Timer::AgentSilence(agent) => self.agent_is_silent(agent),
            Timer::Targets(queue) => self.target_over(queue),
            Timer::Forget(slot) => {
                let ticket = self.state.tickets.at(slot).id;
                self.emit(Event::Forgotten(Forgotten { ticket }));
            }
        }
    }

    /// Time alone ends an exclusion and brings a ticket into reach: there is nothing to record.
    fn may_match(&mut self, slot: Slot) {
        self.state.wake.tickets.push(slot);
        self.state.may_step(slot);
    }

    /// Who has waited longest in a queue goes back to the bot, if it is his time, and the queue looks
    /// again at the time of the next.
    fn limit_over(&mut self, queue: QueueId) {
        let reason = self.state.queues.at(queue).limit.reason;
        if let Some((_, slot)) = self.state.first_limit(queue).filter(|(at, _)| *at <= self.now) {
            self.close(slot, reason, Vec::new(), None);
        }
        self.state.look_again(queue);
    }
}
