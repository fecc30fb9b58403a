//! The fairness limit: who has had as many new tickets as an agent gets in some time. Until when that
//! lasts is derived from the times of the latest tickets; its timer leaves no event.

use crate::Micros;
use crate::state::State;
use crate::state::fairness::{Latest, Limit};
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::AgentId;
use relevo_wire::directory::Fairness;

impl State {
    /// The limit from now on.
    pub(super) fn set_fairness(&mut self, fairness: Option<Fairness>) {
        let limit = fairness.map(Limit::from);
        if limit == self.fairness {
            return;
        }
        self.fairness = limit;
        let agents: Vec<AgentId> = self.agents.iter().map(|(id, _)| id).collect();
        for id in agents {
            self.agents.at_mut(id).latest.keep(limit);
            self.follow_fairness(id);
            self.refresh_agent(id);
        }
    }

    /// The agent has got a new ticket. Who is available follows with its seats.
    pub(super) fn note_new_ticket(&mut self, now: Micros, id: AgentId) {
        let Some(limit) = self.fairness else { return };
        self.agents.at_mut(id).latest.note(now, limit);
        self.follow_fairness(id);
    }

    /// An agent is about to lose an offer that it has neither declined nor missed: it got nothing.
    pub(super) fn take_back_offer(&mut self, slot: Slot, agent: AgentId) {
        let ticket = self.tickets.at(slot);
        let Some(until) = ticket.asked.offers().until() else { return };
        // If the queue asks for another time by now, the moment is not known: then the offer counts.
        let wait_us = match ticket.asked.transfer() {
            Some(transfer) => transfer.wait_us,
            None => self.queues.at(ticket.queue).offer_us,
        };
        let at = until.saturating_sub(wait_us);
        if self.agents.at_mut(agent).latest.take_back(at) {
            self.follow_fairness(agent);
        }
    }

    /// The agent is gone for good.
    pub(super) fn forget_new_tickets(&mut self, id: AgentId) {
        self.agents.at_mut(id).latest = Latest::default();
        self.follow_fairness(id);
    }

    /// Until when the agent gets no more, with the timer that belongs to it.
    pub(crate) fn follow_fairness(&mut self, id: AgentId) {
        let limit = self.fairness;
        let agent = self.agents.at_mut(id);
        let until: MaybeTime = limit.and_then(|limit| agent.latest.full_until(limit)).into();
        let before = std::mem::replace(&mut agent.limited_until, until);
        if let Some(before) = before.get() {
            self.timers.clear(before, Timer::Fairness(id));
        }
        if let Some(until) = until.get() {
            self.timers.set(until, Timer::Fairness(id));
        }
    }

    /// The time is over: the agent may have another.
    pub(crate) fn fairness_over(&mut self, id: AgentId) {
        self.agents.at_mut(id).limited_until = MaybeTime::NONE;
        self.refresh_agent(id);
    }
}
