//! The ticket that an available agent has first: of a bot below its guaranteed share, else one reserved
//! for this agent, else the most urgent of its queues.

use super::Candidate;
use crate::handle::Turn;
use crate::state::line::Rank;
use crate::state::shares::Lack;
use crate::state::slab::Slot;
use relevo_wire::AgentId;
use relevo_wire::directory::Member;

/// So many of those reserved for one agent are looked at for one of a bot below its share. The others
/// join the lines of their queues when their time is over, and there none is passed over.
const RESERVED_LOOKED_AT: usize = 100;

impl Turn<'_> {
    /// The ticket that an available agent has first.
    pub(super) fn best_for(&self, agent: AgentId) -> Option<Candidate> {
        if self.state.bots.any_shares() {
            let reserved = self.reserved_for(agent).take(RESERVED_LOOKED_AT).min();
            return reserved.into_iter().chain(self.best_by_level(agent)).min();
        }
        if let Some(reserved) = self.reserved_for(agent).next() {
            return Some(reserved);
        }
        if self.state.agents.at(agent).grades.are_plain() {
            self.best_of_heads(agent)
        } else {
            self.best_by_level(agent)
        }
    }

    /// What is reserved for the agent and it may have, the most urgent first.
    fn reserved_for(&self, agent: AgentId) -> impl Iterator<Item = Candidate> {
        let line = &self.state.agents.at(agent).reserved;
        let may_have = move |slot: Slot| {
            let ticket = self.state.tickets.at(slot);
            self.may_have(agent, ticket) && !self.is_held(ticket)
        };
        line.iter().filter(move |(_, slot)| may_have(*slot)).map(|(key, slot)| Candidate {
            lack: self.state.bots.lack(self.state.tickets.at(slot).bot),
            from_queue: false,
            level: Member::LEVEL,
            rank: key.rank(line.ageing(), self.now),
            slot,
        })
    }

    /// As the heads of its lines tell of an agent who is plain in every queue, where no bot has a share.
    fn best_of_heads(&self, agent: AgentId) -> Option<Candidate> {
        let entry = self.state.agents.at(agent);
        let mut best = (Rank::LAST, Slot::MAX);
        let any_barred = self.state.bots.any_caps() || self.state.agents.any_absent();
        for queue in &entry.queues {
            let head = self.state.queues.head(*queue);
            let barred = || any_barred && self.is_barred(agent, self.state.queues.at(*queue).bot);
            let rank = head.rank(self.now);
            if rank < best.0 && !barred() {
                best = (rank, head.slot);
            }
            if head.has_skilled {
                best = self.first_for(agent, *queue, false).map_or(best, |first| best.min(first));
            }
        }
        let head = (best.0 < Rank::LAST).then_some(best);
        let excluded = |slot| self.state.tickets.at(slot).excludes(agent, self.now);
        let found = if head.is_some_and(|(_, slot)| excluded(slot)) {
            self.best_pushed(agent, false)
        } else {
            head
        };
        let looks_at_tests = entry.accepts_tests && self.state.tickets.tests_waiting > 0;
        let test = if looks_at_tests { self.best_pushed(agent, true) } else { None };
        let (rank, slot) = found.into_iter().chain(test).min()?;
        Some(Candidate { lack: Lack::NONE, from_queue: true, level: Member::LEVEL, rank, slot })
    }

    /// As the heads tell, but past tickets that this agent has just given away.
    fn best_pushed(&self, agent: AgentId, test: bool) -> Option<(Rank, Slot)> {
        let queues = self.state.agents.at(agent).queues.iter();
        queues
            .filter(|queue| self.state.queues.at(**queue).pushes())
            .filter_map(|queue| self.first_for(agent, *queue, test))
            .min()
    }
}
