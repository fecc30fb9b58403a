//! Matching: who gets whom, until no ticket waits in a pushing queue beside an eligible agent.
//!
//! Work comes from [`crate::state::Wake`]: tickets that began to wait, agents that became able. A
//! pair can only become possible through one of the two, so looking at those is enough. A ticket
//! picks its agent by the queue's strategy; an agent picks the most urgent ticket of its queues.
//! Every assignment claims its seat first; a claim that fails means that a session has just closed
//! the word, and the agent is left alone until that session's command comes.

use crate::event::{Assigned, Event};
use crate::handle::Turn;
use crate::seats::Claim;
use crate::state::line::LineKey;
use crate::state::queues::Queue;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::directory::Strategy;
use relevo_wire::{AgentId, BotId, QueueId};
use std::collections::BTreeSet;

/// Up to so many members are looked at one by one; more are met through the bit sets.
const FEW_MEMBERS: usize = 128;

/// A ticket that an agent could have: those reserved for it come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    from_queue: bool,
    key: LineKey,
    slot: Slot,
}

impl Turn<'_> {
    /// Matches what may match now.
    pub(crate) fn settle(&mut self) {
        if self.state.wake.is_empty() {
            return;
        }
        self.place_tickets();
        self.serve_agents();
    }

    /// A whole pass: every ticket that waits and every agent that is there.
    pub(crate) fn wake_all(&mut self) {
        let queues = self.state.queues.ids();
        self.state.wake.queues.extend(queues);
        let reserved: Vec<AgentId> = self
            .state
            .agents
            .iter()
            .filter(|(_, agent)| !agent.reserved.is_empty())
            .map(|(id, _)| id)
            .collect();
        self.state.wake.agents.extend(reserved);
    }

    /// Claims a seat and assigns. False when the agent has just been closed.
    pub(crate) fn assign(&mut self, slot: Slot, agent: AgentId) -> bool {
        let word = self.seats.word(agent.0 as usize);
        let is_claimed = word.and_then(|word| word.claim()).map(Claim::commit).is_some();
        if !is_claimed {
            self.leave_alone(agent);
            return false;
        }
        let ticket = self.state.tickets.at(slot);
        let assigned = Assigned {
            ticket: ticket.id,
            number: ticket.last + 1,
            agent,
            epoch: ticket.epoch + 1,
            waited_us: self.now.saturating_sub(ticket.waiting_since),
        };
        self.emit_of(slot, Event::Assigned(assigned));
        true
    }

    /// A session has just closed the agent's word: until its command comes nobody claims it.
    pub(crate) fn leave_alone(&mut self, agent: AgentId) {
        self.state.agents.at_mut(agent).closing = true;
        self.state.refresh_agent(agent);
    }

    /// The agent that the queue's strategy picks for a waiting ticket, whether or not the queue
    /// pushes. Does not claim.
    pub(crate) fn pick(&self, ticket: &Ticket) -> Option<AgentId> {
        if let Some(agent) = ticket.reserved.get() {
            let able = self.state.agents.available.holds(agent.0) && self.may_have(agent, ticket);
            return able.then_some(agent);
        }
        let queue = self.state.queues.at(ticket.queue);
        match queue.strategy {
            Strategy::LeastActive => {
                self.least(queue, ticket, |agent| self.state.agents.load(agent))
            }
            Strategy::LongestIdle => {
                self.least(queue, ticket, |agent| self.state.agents.load(agent).idle())
            }
            Strategy::RoundRobin => self.next_in_turn(queue, ticket),
        }
    }

    /// What stands between an available agent and this ticket: nothing.
    pub(crate) fn may_have(&self, agent: AgentId, ticket: &Ticket) -> bool {
        let accepts = !ticket.test || self.state.agents.at(agent).accepts_tests;
        accepts && !ticket.excludes(agent, self.now) && !self.is_capped(agent, ticket.bot)
    }

    /// The agent has as many tickets of this bot as one agent may have.
    pub(crate) fn is_capped(&self, agent: AgentId, bot: BotId) -> bool {
        let cap = self.state.bots.at(bot).seats_per_agent;
        cap.is_some_and(|cap| self.state.agents.at(agent).tickets_of(bot) >= cap)
    }

    /// The first ticket of a queue's line that this agent may have.
    pub(crate) fn first_for(
        &self,
        agent: AgentId,
        queue: QueueId,
        test: bool,
    ) -> Option<(LineKey, Slot)> {
        let queue = self.state.queues.at(queue);
        if self.is_capped(agent, queue.bot) {
            return None;
        }
        let mut line = queue.line_for(test).iter();
        line.find(|(_, slot)| !self.state.tickets.at(*slot).excludes(agent, self.now))
    }

    fn place_tickets(&mut self) {
        let mut tickets = std::mem::take(&mut self.state.wake.tickets);
        let state = &self.state;
        tickets.retain(|slot| state.tickets.get(*slot).is_some_and(Ticket::is_waiting));
        if tickets.len() > 1 {
            tickets.sort_by_key(|slot| (LineKey::of(state.tickets.at(*slot)), *slot));
            tickets.dedup();
        }
        let is_alone = tickets.len() == 1;
        for slot in tickets.drain(..) {
            self.place(slot, is_alone);
        }
        // Nothing wakes a ticket while tickets are placed; the allocation is kept.
        self.state.wake.tickets = tickets;
    }

    /// Looks for an agent until one is claimed or none is left.
    fn place(&mut self, slot: Slot, is_alone: bool) {
        if self.is_hopeless(slot, is_alone) {
            return;
        }
        while let Some(agent) = self.pick(self.state.tickets.at(slot)) {
            if self.assign(slot, agent) {
                return;
            }
        }
    }

    /// Nobody is available at all, the queue does not push, or (when this ticket is all that is new)
    /// another one waits in the same line that every agent who may have this one may have too.
    fn is_hopeless(&self, slot: Slot, is_alone: bool) -> bool {
        let ticket = self.state.tickets.at(slot);
        if self.state.agents.available.is_empty() {
            return true;
        }
        if ticket.reserved.is_some() {
            return false;
        }
        let queue = self.state.queues.at(ticket.queue);
        let is_plain =
            |other: Slot| other != slot && !self.state.tickets.at(other).excluded.is_some();
        let is_alone =
            is_alone && self.state.wake.agents.is_empty() && self.state.wake.queues.is_empty();
        let mut front = queue.line_for(ticket.test).iter().take(2);
        !queue.pushes() || (is_alone && front.any(|(_, other)| is_plain(other)))
    }

    fn serve_agents(&mut self) {
        let mut agents = std::mem::take(&mut self.state.wake.agents);
        for queue in std::mem::take(&mut self.state.wake.queues) {
            agents.extend(self.state.queues.at(queue).members.iter().copied());
        }
        agents.retain(|agent| self.state.agents.available.holds(agent.0));
        if let [agent] = agents[..] {
            self.serve(agent);
        } else if !agents.is_empty() {
            self.serve_many(&agents);
        }
    }

    /// One agent takes the most urgent tickets until it is full: nobody else is eligible for them,
    /// or they would not wait.
    fn serve(&mut self, agent: AgentId) {
        let mut budget = self.state.settings.assignments_per_step;
        while self.state.agents.available.holds(agent.0)
            && let Some(candidate) = self.best_for(agent)
        {
            if budget == 0 {
                self.state.wake.agents.push(agent);
                return;
            }
            budget -= 1;
            self.assign(candidate.slot, agent);
        }
    }

    /// Several agents became able at once: the most urgent ticket of all goes first, and its
    /// queue's strategy picks the agent.
    fn serve_many(&mut self, agents: &[AgentId]) {
        let mut budget = self.state.settings.assignments_per_step;
        let mut wishes: BTreeSet<(Candidate, AgentId)> = BTreeSet::new();
        for agent in agents {
            wishes.extend(self.best_for(*agent).map(|candidate| (candidate, *agent)));
        }
        while let Some((wish, agent)) = wishes.pop_first() {
            if !self.state.agents.available.holds(agent.0) {
                continue;
            }
            let Some(best) = self.best_for(agent) else { continue };
            if best != wish {
                wishes.insert((best, agent));
                continue;
            }
            if budget == 0 {
                self.state.wake.agents.push(agent);
                self.state.wake.agents.extend(wishes.iter().map(|(_, agent)| *agent));
                return;
            }
            budget -= 1;
            let picked = self.pick(self.state.tickets.at(best.slot));
            self.assign(best.slot, picked.unwrap_or(agent));
            wishes.extend(self.best_for(agent).map(|candidate| (candidate, agent)));
        }
    }

    /// The most urgent ticket that an available agent may have: reserved ones first.
    fn best_for(&self, agent: AgentId) -> Option<Candidate> {
        let entry = self.state.agents.at(agent);
        let mut reserved = entry.reserved.iter();
        let reserved =
            reserved.find(|(_, slot)| self.may_have(agent, self.state.tickets.at(*slot)));
        if let Some((key, slot)) = reserved {
            return Some(Candidate { from_queue: false, key, slot });
        }
        let mut best = (LineKey::LAST, Slot::MAX);
        let any_caps = self.state.bots.any_caps();
        for queue in &entry.queues {
            let head = self.state.queues.head(*queue);
            let capped = || any_caps && self.is_capped(agent, self.state.queues.at(*queue).bot);
            if head.key < best.0 && !capped() {
                best = (head.key, head.slot);
            }
        }
        let head = (best.0 < LineKey::LAST).then_some(best);
        let excluded = |slot| self.state.tickets.at(slot).excludes(agent, self.now);
        let found = if head.is_some_and(|(_, slot)| excluded(slot)) {
            self.best_pushed(agent, false)
        } else {
            head
        };
        let looks_at_tests = entry.accepts_tests && self.state.tickets.tests_waiting > 0;
        let test = if looks_at_tests { self.best_pushed(agent, true) } else { None };
        let (key, slot) = found.into_iter().chain(test).min()?;
        Some(Candidate { from_queue: true, key, slot })
    }

    /// As the heads tell, but past tickets that this agent has just given away.
    fn best_pushed(&self, agent: AgentId, test: bool) -> Option<(LineKey, Slot)> {
        let queues = self.state.agents.at(agent).queues.iter();
        queues
            .filter(|queue| self.state.queues.at(**queue).pushes())
            .filter_map(|queue| self.first_for(agent, *queue, test))
            .min()
    }

    /// The least of all members who may have the ticket; ties go to the lowest number.
    fn least<Key: Ord>(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        key: impl Fn(u32) -> Key,
    ) -> Option<AgentId> {
        let mut best: Option<(Key, u32)> = None;
        self.for_each_candidate(queue, ticket, |agent| {
            let key = key(agent);
            if best.as_ref().is_none_or(|(least, _)| key < *least) {
                best = Some((key, agent));
            }
        });
        best.map(|(_, agent)| AgentId(agent))
    }

    /// The next number after the one served last, around the end.
    fn next_in_turn(&self, queue: &Queue, ticket: &Ticket) -> Option<AgentId> {
        let last = queue.last_served.get();
        let (mut first, mut next) = (None, None);
        self.for_each_candidate(queue, ticket, |agent| {
            let agent = AgentId(agent);
            first = first.or(Some(agent));
            if next.is_none() && last.is_none_or(|last| agent > last) {
                next = Some(agent);
            }
        });
        next.or(first)
    }

    /// Every available member who may have the ticket, in rising order.
    fn for_each_candidate(&self, queue: &Queue, ticket: &Ticket, mut each: impl FnMut(u32)) {
        let is_plain = !ticket.test
            && !ticket.excluded.is_some()
            && self.state.bots.at(ticket.bot).seats_per_agent.is_none();
        let available = &self.state.agents.available;
        let mut offer = |agent: u32| {
            if is_plain || self.may_have(AgentId(agent), ticket) {
                each(agent);
            }
        };
        if queue.members.len() > FEW_MEMBERS {
            available.for_each_common(&queue.member_bits, offer);
            return;
        }
        for agent in &queue.members {
            if available.holds(agent.0) {
                offer(agent.0);
            }
        }
    }
}
