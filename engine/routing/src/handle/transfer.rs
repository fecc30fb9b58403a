//! An agent gives a ticket to a queue or to another agent: it ends here and goes on in a child that
//! keeps its place.

use super::refusals::no_agent;
use super::{Answered, Turn};
use crate::Micros;
use crate::event::{Event, Routed, TicketOpened};
use crate::input::Target;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{Answer, ChosenBy, TransferredAnswer};
use relevo_wire::vocabulary::{CloseReason, Via};
use relevo_wire::{AgentId, ErrorCode, QueueId, TicketId, WireError};

/// Where a child waits: its queue, and the agent for whom it waits first, until then.
pub(super) type Place = (QueueId, Option<(AgentId, Micros)>);

impl Turn<'_> {
    pub(super) fn transfer(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        to: Target,
        note: bool,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        self.check_keeper(ticket, agent, epoch)?;
        self.check_unasked(ticket)?;
        let place = match to {
            Target::Queue(queue) => self.queue_target(ticket, queue)?,
            Target::Agent(to) => self.agent_target(ticket, agent, to)?,
        };
        // What is parked is with nobody meanwhile: it waits in its new line at once.
        let is_served = ticket.holder().is_some();
        let accept_us = self.state.queues.at(place.0).accept_us;
        if accept_us > 0 && is_served {
            return self.ask_transfer(slot, place, accept_us, note);
        }
        let child = self.child(slot, agent, place, note);
        Ok(Answer::Transferred(TransferredAnswer { child, asked_until: None }))
    }

    /// A queue of the same bot, allowed, open and not full, with somebody online.
    pub(super) fn queue_target(&self, ticket: &Ticket, to: QueueId) -> Result<Place, WireError> {
        let Some(queue) = self.state.queues.get(to).filter(|queue| queue.bot == ticket.bot) else {
            return Err(refused(ErrorCode::NotFound, "the ticket's bot has no such queue"));
        };
        if !self.is_target(ticket.queue, to) {
            return Err(refused(ErrorCode::Forbidden, "the queue allows no transfer to that one"));
        }
        if !queue.active {
            return Err(refused(ErrorCode::WrongState, "that queue is closed"));
        }
        if queue.is_full_for(ticket.test) {
            let message = format!(
                "that queue is full: {} wait in it, and it takes {}",
                queue.waiting, queue.max_waiting
            );
            return Err(refused(ErrorCode::WrongState, &message));
        }
        if !queue.admits() {
            let message = format!("that queue is {}", self.closed_until(to));
            return Err(refused(ErrorCode::WrongState, &message));
        }
        if queue.online_for(ticket.test) == 0 {
            return Err(refused(ErrorCode::WrongState, "nobody is online in that queue"));
        }
        Ok((to, None))
    }

    /// An agent of the same bot's queues who is there; a full one is waited for.
    fn agent_target(
        &self,
        ticket: &Ticket,
        from: AgentId,
        to: AgentId,
    ) -> Result<Place, WireError> {
        let agent = self
            .state
            .agents
            .get(to)
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such agent is in the directory"))?;
        if to == from {
            return Err(refused(ErrorCode::WrongState, "the ticket is with this agent already"));
        }
        let of_bot = |queue: &&QueueId| self.state.queues.at(**queue).bot == ticket.bot;
        if !agent.queues.iter().any(|queue| of_bot(&queue)) {
            let message = "that agent serves no queue of the ticket's bot";
            return Err(refused(ErrorCode::NotFound, message));
        }
        let Some(queue) = self.queue_with(ticket, to) else {
            let message = "the queue allows no transfer to the queues of that agent";
            return Err(refused(ErrorCode::Forbidden, message));
        };
        if !self.state.queues.at(queue).admits() {
            let message = format!("the queue of that agent is {}", self.closed_until(queue));
            return Err(refused(ErrorCode::WrongState, &message));
        }
        if self.state.agents.is_absent(to, ticket.bot) {
            return Err(refused(ErrorCode::WrongState, "that agent is away"));
        }
        if !agent.is_online() {
            return Err(refused(ErrorCode::WrongState, "that agent is not online"));
        }
        if ticket.test && !agent.accepts_tests {
            return Err(refused(ErrorCode::WrongState, "that agent accepts no tests"));
        }
        let wait_us = self.state.queues.at(queue).transfer_wait_us;
        Ok((queue, Some((to, self.now.saturating_add(wait_us)))))
    }

    /// The queue through which an agent may get a ticket: the ticket's own first, else the first of
    /// the same bot that is active and allowed; one that takes who comes now before one that does not.
    pub(super) fn queue_with(&self, ticket: &Ticket, agent: AgentId) -> Option<QueueId> {
        let queues = &self.state.agents.at(agent).queues;
        let allowed = |queue: &QueueId| {
            let entry = self.state.queues.at(*queue);
            entry.bot == ticket.bot && entry.active && self.is_target(ticket.queue, *queue)
        };
        let order = |queue: &&QueueId| {
            (!self.state.queues.at(**queue).admits(), **queue != ticket.queue, **queue)
        };
        queues.iter().filter(|queue| allowed(queue)).min_by_key(order).copied()
    }

    /// Tickets of one queue may go to the other.
    pub(super) fn is_target(&self, from: QueueId, to: QueueId) -> bool {
        let targets =
            self.state.directory.queue(from).and_then(|q| q.object.transfer_targets.as_ref());
        let name = self.state.directory.queue_name(to);
        targets.is_none_or(|targets| name.is_some_and(|name| targets.iter().any(|t| t == name)))
    }

    /// The child, which waits; not for the one who is excluded.
    pub(super) fn child(
        &mut self,
        slot: Slot,
        excluded: AgentId,
        place: Place,
        note: bool,
    ) -> TicketId {
        let child = self.ids.next(self.now);
        let (queue, reserved) = place;
        let parent = self.state.tickets.at(slot);
        let opened = TicketOpened {
            ticket: child,
            bot_number: self.state.bots.at(parent.bot).tickets + 1,
            bot: parent.bot,
            contact: parent.contact,
            queue,
            via: Via::Transfer,
            reason: parent.reason,
            priority: parent.priority,
            // Whoever gives it to another queue chooses who can help: the rule's word was for this one.
            demand: self
                .state
                .demands
                .get(parent.demand)
                .filter(|_| queue == parent.queue)
                .map(|demand| Box::new(demand.clone())),
            test: parent.test,
            position_updates: parent.telling.places(),
            language: parent.telling.language(),
            parent: Some(parent.id),
            reserved,
            excluded: Some((excluded, self.now.saturating_add(self.state.settings.exclusion_us))),
            arrived: parent.arrived,
            first_waiting_since: self.now.saturating_sub(self.waited_in_all_us(parent)),
            waited_us: parent.waited_us,
            target_at: self.target_at(parent),
            answered_before: parent.answered_ever(),
            epoch: parent.epoch + 1,
            bytes: 0,
            private: note,
            overflowed: None,
            routed: Routed { by: ChosenBy::Agent, ..Routed::default() },
        };
        self.close(slot, CloseReason::Transferred, Vec::new(), Some(child));
        self.emit(Event::TicketOpened(opened));
        child
    }
}

fn refused(code: ErrorCode, message: &str) -> WireError {
    WireError::field(code, "to", message)
}
