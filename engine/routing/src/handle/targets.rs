//! Where a ticket may be transferred.

use super::refusals::no_agent;
use super::{Answered, Turn};
use crate::state::ticket::Ticket;
use relevo_wire::answer::{AgentTarget, Answer, QueueTarget, TargetsAnswer};
use relevo_wire::{AgentId, QueueId, TicketId};
use std::collections::BTreeSet;

/// Most agents in an answer; those with the lowest numbers.
const MOST_AGENTS: usize = 1_000;

impl Turn<'_> {
    pub(super) fn targets(&self, agent: AgentId, ticket: TicketId) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let ticket = self.state.tickets.at(self.state.tickets.latest(self.ticket(ticket)?));
        if ticket.owner() != Some(agent) {
            return Err(self.wrong_state(ticket, "an agent may transfer its own open tickets"));
        }
        let of_bot = self.state.queues_of(ticket.bot);
        let queues: Vec<QueueId> =
            of_bot.filter(|queue| self.is_target(ticket.queue, *queue)).collect();
        let agents = self.agent_targets(agent, ticket, &queues);
        let queues = queues.into_iter().map(|queue| self.queue_line(ticket, queue)).collect();
        Ok(Answer::Targets(TargetsAnswer { queues, agents }))
    }

    fn queue_line(&self, ticket: &Ticket, id: QueueId) -> QueueTarget {
        let queue = self.state.queues.at(id);
        let name = self.state.directory.queue_name(id).unwrap_or_default();
        let online = queue.online_for(ticket.test);
        let open = queue.active && queue.admits() && !queue.is_full_for(ticket.test);
        QueueTarget { queue: name.to_owned(), open, online }
    }

    fn agent_targets(
        &self,
        from: AgentId,
        ticket: &Ticket,
        queues: &[QueueId],
    ) -> Vec<AgentTarget> {
        let is_open = |queue: &QueueId| {
            let queue = self.state.queues.at(*queue);
            queue.active && queue.admits()
        };
        let open = queues.iter().filter(|queue| is_open(queue));
        let members: BTreeSet<AgentId> =
            open.flat_map(|queue| self.state.queues.at(*queue).members.iter().copied()).collect();
        let others = members.into_iter().filter(|agent| *agent != from).take(MOST_AGENTS);
        others
            .map(|id| {
                let agent = self.state.agents.at(id);
                let barred = self.is_barred(id, ticket.bot);
                let free = if barred { 0 } else { agent.free_seats() };
                AgentTarget {
                    agent: self.agent_name(id),
                    online: agent.is_online() && !self.state.agents.is_absent(id, ticket.bot),
                    free: u32::try_from(free).unwrap_or(u32::MAX),
                }
            })
            .collect()
    }
}
