//! Matching: who gets whom, until no ticket waits in a pushing queue beside an eligible agent.
//!
//! Work comes from [`crate::state::Wake`]: tickets that began to wait, agents that became able. A
//! pair can only become possible through one of the two, so looking at those is enough. A ticket
//! picks its agent by the queue's strategy; an agent picks the most urgent ticket of its queues; of
//! all that is possible the most urgent ticket goes first. Every assignment claims its seat first; a
//! claim that fails means that a session has just closed the word, and the agent is left alone until
//! that session's command comes.

mod best;
mod members;
mod pick;

use crate::event::{Assigned, Event};
use crate::handle::Turn;
use crate::seats::Claim;
use crate::state::line::Rank;
use crate::state::loads::Compared;
use crate::state::shares::Lack;
use crate::state::skills::Need;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::directory::Strategy;
use relevo_wire::{AgentId, BotId, QueueId};
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A ticket that somebody could have: those of a bot below its guaranteed share come first, then those
/// reserved for an agent, then those of the lowest level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    lack: Lack,
    from_queue: bool,
    level: u8,
    rank: Rank,
    pub(crate) slot: Slot,
}

/// What became of a try to assign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Assigned,
    /// A session has just closed the agent.
    Closed,
    /// The step has made as many assignments as it may.
    StepIsFull,
}

impl Turn<'_> {
    /// Moves on to other queues who has to, and matches what may match then, until nothing is left,
    /// or no more than a tick is to do. A match may make room in a line to which others overflow.
    pub(crate) fn settle(&mut self) {
        while !self.state.wake.is_empty() {
            let is_done = self.overflow();
            self.match_woken();
            if !is_done || !self.state.wake.has_no_match() {
                return;
            }
        }
    }

    /// Matches what may match now, the most urgent ticket first.
    fn match_woken(&mut self) {
        let agents = self.woken_agents();
        let mut tickets = self.woken_tickets();
        let is_alone = agents.is_empty() && tickets.len() == 1;
        tickets.retain(|candidate| !self.is_hopeless(candidate.slot, is_alone));
        match (&agents[..], &tickets[..]) {
            ([], tickets) if tickets.len() < 2 || self.are_in_order(tickets) => {
                tickets.iter().for_each(|candidate| self.place(candidate.slot));
            }
            ([agent], []) => self.serve(*agent),
            (agents, tickets) => self.match_many(agents, tickets),
        }
    }

    /// A whole pass: every ticket that waits and every agent that is there.
    pub(crate) fn wake_all(&mut self) {
        for queue in self.state.queues.ids() {
            self.state.wake.queues.push(queue);
            self.state.all_may_step(queue);
        }
        let reserved: Vec<AgentId> = self
            .state
            .agents
            .iter()
            .filter(|(_, agent)| !agent.reserved.is_empty())
            .map(|(id, _)| id)
            .collect();
        self.state.wake.agents.extend(reserved);
    }

    /// Claims a seat. False when the agent has just been closed.
    pub(crate) fn claim(&mut self, agent: AgentId) -> bool {
        let word = self.seats.word(agent.0 as usize);
        let is_claimed = word.and_then(|word| word.claim()).map(Claim::commit).is_some();
        if !is_claimed {
            self.leave_alone(agent);
        }
        is_claimed
    }

    /// Claims a seat and assigns. False when the agent has just been closed.
    pub(crate) fn assign(&mut self, slot: Slot, agent: AgentId) -> bool {
        if !self.claim(agent) {
            return false;
        }
        self.emit_assigned(slot, agent);
        true
    }

    /// The agent, whose seat is claimed, has the ticket.
    pub(crate) fn emit_assigned(&mut self, slot: Slot, agent: AgentId) {
        let ticket = self.state.tickets.at(slot);
        let assigned = Assigned {
            ticket: ticket.id,
            number: ticket.last + 1,
            agent,
            epoch: ticket.epoch + 1,
            waited_us: self.waited_us(ticket),
            told: self.told(slot),
        };
        self.emit_of(slot, Event::Assigned(assigned));
        self.callback_served(slot);
    }

    /// A session has just closed the agent's word: until its command comes nobody claims it.
    pub(crate) fn leave_alone(&mut self, agent: AgentId) {
        self.state.agents.at_mut(agent).closing = true;
        self.state.refresh_agent(agent);
    }

    /// The agent that the queue's strategy picks for a waiting ticket, whether or not the queue
    /// pushes. Does not claim.
    pub(crate) fn pick(&self, ticket: &Ticket, needs: &[Need]) -> Option<AgentId> {
        if self.is_held(ticket) {
            return None;
        }
        if let Some(agent) = ticket.reserved.get() {
            let able = self.state.agents.available().holds(agent.0) && self.may_have(agent, ticket);
            return able.then_some(agent);
        }
        let queue = self.state.queues.at(ticket.queue);
        match queue.strategy {
            Strategy::LeastActive => self.least_loaded(queue, ticket, needs, Compared::Load),
            Strategy::LongestIdle => self.least_loaded(queue, ticket, needs, Compared::Idle),
            Strategy::RoundRobin => self.next_in_turn(queue, ticket, needs),
            Strategy::MostSkilled => self.least(queue, ticket, needs, |agent| {
                (Reverse(self.levels(agent, needs)), self.state.agents.loads().of(agent))
            }),
        }
    }

    /// What stands between an available agent and this ticket, skills aside: nothing.
    pub(crate) fn may_have(&self, agent: AgentId, ticket: &Ticket) -> bool {
        let accepts = !ticket.test || self.state.agents.at(agent).accepts_tests;
        accepts
            && !ticket.asked.offers().holds(agent)
            && !ticket.excludes(agent, self.now)
            && !self.is_barred(agent, ticket.bot)
            && self.reaches(ticket, agent)
    }

    /// The agent can do what the ticket requires, or was chosen for it.
    pub(crate) fn suits(&self, agent: AgentId, ticket: &Ticket) -> bool {
        ticket.reserved.is(agent) || self.state.skills.suffice(agent.0, self.needs(ticket))
    }

    fn needs(&self, ticket: &Ticket) -> &[Need] {
        self.state.demands.needs(ticket.demand, ticket.ring)
    }

    /// Sum of an agent's levels in what is required.
    fn levels(&self, agent: u32, needs: &[Need]) -> u32 {
        let skills = &self.state.agents.at(AgentId(agent)).skills;
        let level = |need: &Need| {
            let at = skills.binary_search_by_key(&need.skill, |skill| skill.skill);
            at.map_or(0, |at| u32::from(skills[at].level))
        };
        needs.iter().map(level).sum()
    }

    /// The agent has as many tickets of this bot as one agent may have.
    /// Gets no ticket of the bot now: is away for it, or has as many as one agent may have.
    pub(crate) fn is_barred(&self, agent: AgentId, bot: BotId) -> bool {
        self.state.agents.is_absent(agent, bot) || self.is_capped(agent, bot)
    }

    pub(crate) fn is_capped(&self, agent: AgentId, bot: BotId) -> bool {
        let cap = self.state.bots.at(bot).seats_per_agent;
        cap.is_some_and(|cap| self.state.agents.at(agent).tickets_of(bot) >= cap)
    }

    /// The first ticket of a queue's line that this agent may have.
    pub(crate) fn first_for(
        &self,
        agent: AgentId,
        id: QueueId,
        test: bool,
    ) -> Option<(Rank, Slot)> {
        let queue = self.state.queues.at(id);
        if !queue.serves_line(test) || self.is_barred(agent, queue.bot) {
            return None;
        }
        let line = queue.line_for(test);
        let grades = &self.state.agents.at(agent).grades;
        let delay_us = if queue.has_delays() { grades.of(id).delay_us } else { 0 };
        // Who has begun to wait by then reaches this agent.
        let until = self.now.saturating_sub(delay_us);
        if delay_us > 0 && !test && queue.waits.first().is_some_and(|(oldest, _)| oldest > until) {
            return None;
        }
        let accepts = |slot| {
            let ticket = self.state.tickets.at(slot);
            ticket.waiting_since <= until
                && !ticket.excludes(agent, self.now)
                && !queue.holds(ticket)
        };
        let plain = line.plain().find(|(_, slot)| accepts(*slot));
        let skills = &self.state.agents.at(agent).skills;
        let skilled = line.skilled().and_then(|skilled| skilled.first_for(skills, accepts));
        let first = plain.into_iter().chain(skilled).min();
        first.map(|(key, slot)| (key.rank(line.ageing(), self.now), slot))
    }

    fn woken_agents(&mut self) -> Vec<AgentId> {
        let mut agents = std::mem::take(&mut self.state.wake.agents);
        for queue in std::mem::take(&mut self.state.wake.queues) {
            agents.extend(self.state.queues.at(queue).members.iter().copied());
        }
        agents.retain(|agent| self.state.agents.available().holds(agent.0));
        agents
    }

    /// Those that wait, the most urgent first.
    fn woken_tickets(&mut self) -> SmallVec<[Candidate; 2]> {
        let mut woken: SmallVec<[Candidate; 2]> = SmallVec::new();
        while let Some(slot) = self.state.wake.tickets.pop() {
            let ticket = self.state.tickets.get(slot).filter(|ticket| ticket.is_waiting());
            woken.extend(ticket.and_then(|ticket| self.candidate(ticket, slot)));
        }
        woken.sort_unstable();
        woken.dedup();
        woken
    }

    fn candidate(&self, ticket: &Ticket, slot: Slot) -> Option<Candidate> {
        let level = self.least_level(ticket)?;
        let rank = self.state.line_of(ticket).rank(ticket, self.now);
        let lack = self.state.bots.lack(ticket.bot);
        Some(Candidate { lack, from_queue: !ticket.reserved.is_some(), level, rank, slot })
    }

    /// Assigns, or offers where the queue asks first, unless the step has done its share: that is
    /// noted only where an agent is open, so that what is left for a tick is always something.
    fn try_assign(&mut self, slot: Slot, agent: AgentId) -> Tried {
        if self.assignments_left == 0 && self.is_open(agent) {
            return Tried::StepIsFull;
        }
        if self.assignments_left == 0 {
            self.leave_alone(agent);
            return Tried::Closed;
        }
        let queue = self.state.tickets.at(slot).queue;
        let asks_first = self.state.queues.at(queue).offer_us > 0;
        let is_done = if asks_first { self.offer(slot, agent) } else { self.assign(slot, agent) };
        if !is_done {
            return Tried::Closed;
        }
        self.assignments_left -= 1;
        Tried::Assigned
    }

    /// Looks for an agent until one is claimed or none is left.
    fn place(&mut self, slot: Slot) {
        while let Some(agent) = self.pick_for(slot) {
            match self.try_assign(slot, agent) {
                Tried::Closed => {}
                Tried::Assigned => return,
                Tried::StepIsFull => return self.state.wake.tickets.push(slot),
            }
        }
    }

    pub(crate) fn pick_for(&self, slot: Slot) -> Option<AgentId> {
        let ticket = self.state.tickets.at(slot);
        self.pick(ticket, self.needs(ticket))
    }

    /// Nobody is available at all, the ticket waits until its queue opens, the queue does not push, or
    /// (when this ticket is all that is new)
    /// another one waits in the same line that every agent who may have this one may have too: it
    /// requires no skill, or the same.
    fn is_hopeless(&self, slot: Slot, is_alone: bool) -> bool {
        let ticket = self.state.tickets.at(slot);
        if self.state.agents.available().is_empty() {
            return true;
        }
        let queue = self.state.queues.at(ticket.queue);
        if queue.holds(ticket) {
            return true;
        }
        if ticket.reserved.is_some() {
            return false;
        }
        // Whom a ticket reaches there depends on how long it has waited.
        let is_alone = is_alone && !queue.has_delays();
        let is_plain = |other: Slot| {
            let ticket = self.state.tickets.at(other);
            other != slot && ticket.asked.excluded().is_empty() && !queue.holds(ticket)
        };
        let line = queue.line_for(ticket.test);
        let mut front = line.plain().map(|(_, slot)| slot).take(2);
        let alike = line.skilled().into_iter().flat_map(|skilled| skilled.alike(line.key(ticket)));
        !queue.pushes() || (is_alone && (front.any(is_plain) || alike.take(2).any(is_plain)))
    }

    /// One agent takes the most urgent tickets until it is full: nobody else is eligible for them,
    /// or they would not wait.
    fn serve(&mut self, agent: AgentId) {
        while self.state.agents.available().holds(agent.0)
            && let Some(candidate) = self.best_for(agent)
        {
            match self.try_assign(candidate.slot, agent) {
                Tried::Assigned | Tried::Closed => {}
                Tried::StepIsFull => return self.state.wake.agents.push(agent),
            }
        }
    }

    /// Several became able or began to wait at once: the most urgent ticket of all goes first, and
    /// its queue's strategy picks the agent. A wish is a ticket's own, or an agent's for the best
    /// that it may have.
    fn match_many(&mut self, agents: &[AgentId], tickets: &[Candidate]) {
        let mut wishes: BTreeSet<(Candidate, Option<AgentId>)> =
            tickets.iter().map(|candidate| (*candidate, None)).collect();
        for agent in agents {
            wishes.extend(self.best_for(*agent).map(|candidate| (candidate, Some(*agent))));
        }
        while let Some((wish, agent)) = wishes.pop_first() {
            let present = match agent {
                Some(agent) if !self.state.agents.available().holds(agent.0) => None,
                Some(agent) => self.best_for(agent),
                None => self.still(wish),
            };
            let Some(present) = present else { continue };
            if present != wish {
                wishes.insert((present, agent));
                continue;
            }
            let Some(picked) = self.pick_for(wish.slot).or(agent) else {
                continue;
            };
            match self.try_assign(wish.slot, picked) {
                Tried::Assigned | Tried::Closed => {
                    wishes.insert((wish, agent));
                }
                Tried::StepIsFull => {
                    wishes.insert((wish, agent));
                    return self.leave_for_a_tick(&wishes);
                }
            }
        }
    }

    /// Whom one of these gets changes nothing for the others: neither the level at which somebody could
    /// have it, nor what its bot lacks.
    fn are_in_order(&self, tickets: &[Candidate]) -> bool {
        !self.state.bots.any_shares() && !self.any_graded(tickets)
    }

    fn leave_for_a_tick(&mut self, wishes: &BTreeSet<(Candidate, Option<AgentId>)>) {
        for (candidate, agent) in wishes {
            match agent {
                Some(agent) => self.state.wake.agents.push(*agent),
                None => self.state.wake.tickets.push(candidate.slot),
            }
        }
    }
}
