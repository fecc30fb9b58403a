//! `next`: an agent pulls the most urgent ticket that it may serve: of a bot below its share first.

use super::refusals::no_agent;
use super::{Answered, Turn};
use crate::state::agents::Agent;
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::{AgentId, ErrorCode, QueueId, WireError};

impl Turn<'_> {
    pub(super) fn next(&mut self, agent: AgentId, queue: Option<QueueId>) -> Answered {
        let Some(entry) = self.state.agents.get(agent) else { return Err(no_agent()) };
        if let Some(queue) = queue {
            let is_known = self.state.queues.get(queue).is_some();
            if !is_known || entry.queues.binary_search(&queue).is_err() {
                let message = "the agent serves no such queue";
                return Err(WireError::field(ErrorCode::NotFound, "queue", message));
            }
            if !self.state.queues.at(queue).is_pulled() {
                let message = "this queue pushes: its tickets come unasked";
                return Err(WireError::field(ErrorCode::WrongState, "queue", message));
            }
        }
        self.check_takes_one_more(agent, entry)?;
        if let (Some(until), Some(limit)) = (entry.limited_until.get(), self.state.fairness) {
            let (tickets, seconds) = (limit.tickets, limit.period_us / 1_000_000);
            let left = until.saturating_sub(self.now).div_ceil(1_000_000);
            let message = format!(
                "the agent had {tickets} new tickets in {seconds} s, as many as the tenant's fairness \
                 limit allows: the next in {left} s"
            );
            return Err(WireError::new(ErrorCode::NoSeat, message));
        }
        let pulled: Vec<QueueId> = queue.map_or_else(|| entry.queues.clone(), |one| vec![one]);
        self.pull(agent, &pulled)
    }

    /// The agent is online and has a free seat.
    pub(super) fn check_takes_one_more(
        &self,
        agent: AgentId,
        entry: &Agent,
    ) -> Result<(), WireError> {
        if !entry.is_serving() || !self.is_open(agent) {
            let message = "the agent is not online: set its presence to online first";
            return Err(WireError::new(ErrorCode::WrongState, message));
        }
        if entry.free_seats() == 0 {
            let message = format!("all {} seats are in use: close a ticket first", entry.seats);
            return Err(WireError::new(ErrorCode::NoSeat, message));
        }
        Ok(())
    }

    fn pull(&mut self, agent: AgentId, queues: &[QueueId]) -> Answered {
        let tests: &[bool] =
            if self.state.agents.at(agent).accepts_tests { &[false, true] } else { &[false] };
        let pulled = queues.iter().filter(|queue| self.state.queues.at(**queue).is_pulled());
        let found = pulled
            .flat_map(|queue| tests.iter().map(move |test| (*queue, *test)))
            .filter_map(|(queue, test)| self.first_candidate(agent, queue, test))
            .min();
        let Some(slot) = found.map(|found| found.slot) else {
            return Err(self.nothing_for(agent, queues));
        };
        if !self.assign(slot, agent) {
            let message = "a session of this agent has just paused or gone";
            return Err(WireError::new(ErrorCode::WrongState, message));
        }
        let ticket = self.state.tickets.at(slot);
        Ok(Answer::Next(NextAnswer { ticket: ticket.id, epoch: ticket.epoch }))
    }

    /// Nothing waits, or only tickets of bots of which the agent has as many as it may.
    fn nothing_for(&self, agent: AgentId, queues: &[QueueId]) -> WireError {
        let looks_at_tests = self.state.agents.at(agent).accepts_tests;
        let capped = queues.iter().map(|queue| self.state.queues.at(*queue)).any(|queue| {
            let waits = queue.serves_line(false) || (looks_at_tests && queue.serves_line(true));
            queue.is_pulled() && waits && self.is_capped(agent, queue.bot)
        });
        if capped {
            let message = "the agent has as many tickets of this bot as one agent may have";
            return WireError::new(ErrorCode::NoSeat, message);
        }
        let grades = &self.state.agents.at(agent).grades;
        let is_delayed = queues.iter().any(|id| {
            let queue = self.state.queues.at(*id);
            queue.is_pulled() && !queue.line.is_empty() && grades.of(*id).delay_us > 0
        });
        let message = if is_delayed {
            "no ticket waits that this agent may have: some reach it when its delay is over"
        } else {
            "no ticket waits that this agent may have"
        };
        WireError::new(ErrorCode::NothingWaiting, message)
    }
}
