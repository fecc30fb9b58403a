//! Levels and delays of members. Of all possible pairs of a waiting ticket and an agent, that of the
//! lowest level goes first, then that of the most urgent ticket; among the agents who could have this
//! ticket at this level the queue's strategy picks. A ticket reserved for an agent goes before all of
//! them, and before it only those of bots below their guaranteed shares.

use super::Candidate;
use crate::handle::Turn;
use crate::state::queues::Queue;
use crate::state::skills::Need;
use crate::state::ticket::Ticket;
use relevo_wire::directory::Member;
use relevo_wire::{AgentId, QueueId};

impl Turn<'_> {
    /// The ticket has waited for as long as it must to reach this agent, or waits for it alone.
    pub(crate) fn reaches(&self, ticket: &Ticket, agent: AgentId) -> bool {
        if !self.state.queues.at(ticket.queue).has_delays() || ticket.reserved.is(agent) {
            return true;
        }
        let delay_us = self.state.agents.at(agent).grades.of(ticket.queue).delay_us;
        self.now >= ticket.waiting_since.saturating_add(delay_us)
    }

    /// The lowest level at which somebody could have the ticket now; none where nobody could. Where
    /// all members are alike nobody is looked at.
    pub(super) fn least_level(&self, ticket: &Ticket) -> Option<u8> {
        let queue = self.state.queues.at(ticket.queue);
        if !queue.has_grades || ticket.reserved.is_some() {
            return Some(Member::LEVEL);
        }
        self.least_level_in(queue, ticket, self.needs(ticket))
    }

    pub(super) fn least_level_in(
        &self,
        queue: &Queue,
        ticket: &Ticket,
        needs: &[Need],
    ) -> Option<u8> {
        let mut least = None;
        self.for_each_able(queue, ticket, needs, |agent| {
            let level = self.level(AgentId(agent), ticket.queue);
            least = Some(least.map_or(level, |least: u8| least.min(level)));
        });
        least
    }

    pub(crate) fn level(&self, agent: AgentId, queue: QueueId) -> u8 {
        self.state.agents.at(agent).grades.of(queue).level
    }

    /// Some of these tickets wait in queues whose members differ.
    pub(super) fn any_graded(&self, tickets: &[Candidate]) -> bool {
        let queue = |candidate: &Candidate| self.state.tickets.at(candidate.slot).queue;
        tickets.iter().any(|candidate| self.state.queues.at(queue(candidate)).has_grades)
    }

    /// A ticket's own wish as it is now.
    pub(super) fn still(&self, wish: Candidate) -> Option<Candidate> {
        let ticket = self.state.tickets.at(wish.slot);
        let level = if ticket.is_waiting() { self.least_level(ticket) } else { None };
        let lack = self.state.bots.lack(ticket.bot);
        level.map(|level| Candidate { lack, level, ..wish })
    }

    /// The most urgent ticket of the queues that push, of the lowest level at which the agent may have
    /// one: those of bots below their shares first.
    pub(super) fn best_by_level(&self, agent: AgentId) -> Option<Candidate> {
        let entry = self.state.agents.at(agent);
        let looks_at_tests = entry.accepts_tests && self.state.tickets.tests_waiting > 0;
        let tests: &[bool] = if looks_at_tests { &[false, true] } else { &[false] };
        let pushing = entry.queues.iter().filter(|queue| self.state.queues.at(**queue).pushes());
        let firsts = pushing
            .flat_map(|queue| tests.iter().map(move |test| (*queue, *test)))
            .filter_map(|(queue, test)| self.first_candidate(agent, queue, test));
        firsts.min()
    }

    /// The first ticket of a queue's line that this agent may have.
    pub(crate) fn first_candidate(
        &self,
        agent: AgentId,
        queue: QueueId,
        test: bool,
    ) -> Option<Candidate> {
        let (rank, slot) = self.first_for(agent, queue, test)?;
        let lack = self.state.bots.lack(self.state.queues.at(queue).bot);
        Some(Candidate { lack, from_queue: true, level: self.level(agent, queue), rank, slot })
    }
}
