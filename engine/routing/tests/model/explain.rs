//! What a ticket waits for: each member of its queue, and what stands in the way first.

use crate::reference::{Answered, Reference};
use crate::refusals::no_ticket;
use crate::tickets::Ticket;
use relevo_wire::answer::{AgentReason, Answer, Explained};
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, TicketId};

impl Reference {
    /// The sentence beside the reasons is no part of the meaning: it is left empty.
    pub(crate) fn explain(&self, id: TicketId) -> Answered {
        let ticket = self.find(id).ok_or_else(no_ticket)?;
        let queue = &self.queues[ticket.queue.0 as usize];
        let bot = &self.bots[ticket.bot.0 as usize].name;
        let members = self.members(ticket.queue);
        let reasons = members.iter().map(|agent| AgentReason {
            agent: self.agent_name(*agent),
            reason: self.reason(*agent, ticket).to_owned(),
        });
        Ok(Answer::Explained(Explained {
            ticket: id,
            state: ticket.state,
            queue: format!("{bot}/{}", queue.name),
            position: self.position(id),
            because: String::new(),
            agent: ticket.holder().map(|agent| self.agent_name(agent)),
            at: self.now,
            assigned_at: ticket.holder().and(ticket.assigned_at),
            routing: None,
            agents: reasons.collect(),
        }))
    }

    /// From the plainest facts to the most particular: the directory, the agent's own wish, whether
    /// it is there, what the ticket asks, whether a session has just closed it, seats.
    fn reason(&self, id: AgentId, ticket: &Ticket) -> &'static str {
        let agent = self.at(id);
        let Some(object) = self.agent(id).filter(|agent| agent.active) else { return "inactive" };
        let reasons = [
            (agent.intent == Intent::Offline, "offline"),
            (agent.reachability == Reachability::Unreachable, "unreachable"),
            (agent.intent == Intent::Paused, "paused"),
            (agent.intent == Intent::Invisible, "invisible"),
            (agent.reachability == Reachability::Grace, "grace"),
            (ticket.test && !object.accepts_tests, "accepts_no_tests"),
            (!agent.is_responding, "not_responding"),
            (self.is_absent(id, ticket.bot), "absent"),
            (ticket.offers.contains(&id), "offered"),
            (ticket.excludes(id, self.now), "excluded"),
            (ticket.reserved.is_some_and(|(other, _)| other != id), "reserved_for_other"),
            (!self.suits(id, ticket), "lacks_skill"),
            (!self.reaches(ticket, id), "delayed"),
            (!agent.word.is_open(), "closing"),
            (self.free_seats(id) == 0, "no_seat"),
            (self.is_capped(id, ticket.bot), "no_seat_for_bot"),
            (self.limited_until(id).is_some_and(|until| until > self.now), "fairness"),
        ];
        let first = reasons.into_iter().find(|(stands_in_the_way, _)| *stands_in_the_way);
        first.map_or("eligible", |(_, reason)| reason)
    }
}
