//! A ticket goes on with another queue or agent, in a child that keeps its place.

use crate::hand_off::seconds;
use crate::reference::{Answered, Reference};
use crate::refusals::{no_agent, refused};
use crate::tickets::Ticket;
use relevo_routing::Micros;
use relevo_routing::event::{Routed, TicketOpened};
use relevo_routing::input::Target;
use relevo_wire::answer::{
    AgentTarget, Answer, ChosenBy, QueueTarget, TargetsAnswer, TransferredAnswer,
};
use relevo_wire::vocabulary::{CloseReason, TicketState, Via};
use relevo_wire::{AgentId, ErrorCode, QueueId, TicketId, WireError};

/// The child's queue, and the agent for whom it waits first, until then.
pub(crate) type Place = (QueueId, Option<(AgentId, Micros)>);

impl Reference {
    pub(crate) fn transfer(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        to: Target,
        note: bool,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        let ticket = self.ticket(id);
        self.check_keeper(ticket, agent, epoch)?;
        if ticket.transfer.is_some() {
            return Err(self.wrong_state(ticket));
        }
        let place = match to {
            Target::Queue(queue) => self.place_in_queue(ticket, queue)?,
            Target::Agent(to) => self.place_with_agent(ticket, agent, to)?,
        };
        let asks = ticket.state != TicketState::Parked;
        if let Some(wait_us) = self.accept_us(place.0).filter(|_| asks) {
            return self.ask_transfer(id, place, wait_us, note);
        }
        let child = self.go_on(id, agent, place, note);
        Ok(Answer::Transferred(TransferredAnswer { child, asked_until: None }))
    }

    /// A queue of the same bot, allowed, open and not full, with somebody online.
    pub(crate) fn place_in_queue(&self, ticket: &Ticket, to: QueueId) -> Result<Place, WireError> {
        let of_bot = |id: &QueueId| self.queue_bot(*id) == ticket.bot;
        let Some(queue) = Some(to).filter(|to| self.queue(*to).is_some()).filter(of_bot) else {
            return Err(refused(ErrorCode::NotFound, "to"));
        };
        if !self.is_target(ticket.queue, queue) {
            return Err(refused(ErrorCode::Forbidden, "to"));
        }
        let takes =
            self.takes_transfers(queue) && !self.is_full(queue, ticket.test) && self.admits(queue);
        if !takes || self.online_in(queue, ticket.test) == 0 {
            return Err(refused(ErrorCode::WrongState, "to"));
        }
        Ok((queue, None))
    }

    /// An agent of the same bot's queues who is online. Who is full is waited for.
    fn place_with_agent(
        &self,
        ticket: &Ticket,
        from: AgentId,
        to: AgentId,
    ) -> Result<Place, WireError> {
        let Some(agent) = self.agent(to) else {
            return Err(refused(ErrorCode::NotFound, "to"));
        };
        if to == from {
            return Err(refused(ErrorCode::WrongState, "to"));
        }
        let mut queues = self.queues_served_by(to);
        queues.retain(|queue| self.queue_bot(*queue) == ticket.bot);
        if queues.is_empty() {
            return Err(refused(ErrorCode::NotFound, "to"));
        }
        queues.retain(|q| self.takes_transfers(*q) && self.is_target(ticket.queue, *q));
        // Through an open queue if there is one, and the ticket's own if that is possible.
        queues.sort_by_key(|queue| (!self.admits(*queue), *queue != ticket.queue, *queue));
        let Some(queue) = queues.first().copied() else {
            return Err(refused(ErrorCode::Forbidden, "to"));
        };
        let is_away = self.is_absent(to, ticket.bot);
        if is_away
            || !self.admits(queue)
            || !self.is_online(to)
            || (ticket.test && !agent.accepts_tests)
        {
            return Err(refused(ErrorCode::WrongState, "to"));
        }
        let wait_us = self.queue(queue).map_or(0, |queue| seconds(queue.transfer_wait_seconds));
        Ok((queue, Some((to, self.now + wait_us))))
    }

    /// The switch of the queue itself: a tenant or bot that takes no hand-offs still transfers.
    pub(crate) fn takes_transfers(&self, queue: QueueId) -> bool {
        self.queue(queue).is_some_and(|queue| queue.active)
    }

    pub(crate) fn go_on(
        &mut self,
        id: TicketId,
        excluded: AgentId,
        place: Place,
        note: bool,
    ) -> TicketId {
        let child = self.fresh_id();
        let (queue, reserved) = place;
        let parent = self.ticket(id).clone();
        let clocks = self.clocks(&parent);
        self.close(id, CloseReason::Transferred, &[], Some(child));
        self.open(TicketOpened {
            ticket: child,
            bot_number: self.bots[parent.bot.0 as usize].tickets + 1,
            bot: parent.bot,
            contact: parent.contact,
            queue,
            via: Via::Transfer,
            reason: parent.reason,
            priority: parent.priority,
            // Only the rule of its own queue says what is required.
            demand: parent.demand.clone().filter(|_| queue == parent.queue),
            test: parent.test,
            position_updates: parent.position_updates,
            language: parent.language,
            parent: Some(id),
            reserved,
            excluded: Some((excluded, self.now + self.settings.exclusion_us)),
            arrived: parent.arrived,
            first_waiting_since: self.now - clocks.in_all_us,
            waited_us: parent.waited_us,
            target_at: clocks.target_at,
            answered_before: parent.answered_ever(),
            epoch: parent.epoch + 1,
            bytes: 0,
            private: note,
            overflowed: None,
            routed: Routed { by: ChosenBy::Agent, ..Routed::default() },
        })
    }

    /// Where a ticket may be transferred: allowed queues, and who serves those that are open.
    pub(crate) fn targets(&self, asker: AgentId, ticket: TicketId) -> Answered {
        if self.agent(asker).is_none() {
            return Err(no_agent());
        }
        let ticket = self.ticket(self.latest_known(ticket)?);
        if ticket.owner() != Some(asker) {
            return Err(self.wrong_state(ticket));
        }
        let mut allowed = self.queues_of(ticket.bot);
        allowed.retain(|queue| self.is_target(ticket.queue, *queue));
        let queues = allowed.iter().map(|queue| QueueTarget {
            queue: self.queues[queue.0 as usize].name.clone(),
            open: self.takes_transfers(*queue)
                && self.admits(*queue)
                && !self.is_full(*queue, ticket.test),
            online: self.online_in(*queue, ticket.test),
        });
        let is_open = |queue: QueueId| self.takes_transfers(queue) && self.admits(queue);
        let open = allowed.iter().filter(|queue| is_open(**queue));
        let mut agents: Vec<AgentId> = open.flat_map(|queue| self.members(*queue)).collect();
        agents.sort_unstable();
        agents.dedup();
        agents.retain(|agent| *agent != asker);
        let agents = agents.into_iter().map(|agent| {
            let is_away = self.is_absent(agent, ticket.bot);
            let is_barred = is_away || self.is_capped(agent, ticket.bot);
            let free = if is_barred { 0 } else { self.free_seats(agent) };
            AgentTarget {
                agent: self.agent_name(agent),
                online: self.is_online(agent) && !is_away,
                free: u32::try_from(free).expect("few seats"),
            }
        });
        Ok(Answer::Targets(TargetsAnswer { queues: queues.collect(), agents: agents.collect() }))
    }
}
