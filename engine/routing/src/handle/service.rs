//! A ticket in service on hold, and the wrap-up after its close.

use super::close::{check_tags, needs_tag};
use super::refusals::no_agent;
use super::{Answered, Turn, done};
use crate::event::{Event, Forgotten, Held, WrappedUp};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::vocabulary::{CloseReason, TicketState, WrapUpEnd};
use relevo_wire::{AgentId, TicketId};

impl Turn<'_> {
    /// Puts a ticket in service on hold or takes it up again; where it is so already, nothing is done.
    pub(super) fn hold(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        on: bool,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        self.check_owner(ticket, agent, epoch)?;
        if !ticket.is_in_service() {
            let message = "only a ticket in service can be on hold: answer it first";
            return Err(self.wrong_state(ticket, message));
        }
        if (ticket.state == TicketState::OnHold) != on {
            let held = Held { ticket: ticket.id, number: ticket.last + 1, on };
            self.emit_of(slot, Event::Held(held));
        }
        Ok(done())
    }

    /// Until when the agent of a ticket that closes now keeps the seat: in a queue with a wrap-up, of a
    /// ticket in service, by an agent who is there.
    pub(super) fn wraps_until(
        &self,
        ticket: &Ticket,
        reason: CloseReason,
    ) -> Option<crate::Micros> {
        let wrap_up_us = self.state.queues.at(ticket.queue).wrap_up_us;
        let goes_on = reason == CloseReason::Transferred;
        if wrap_up_us == 0 || goes_on || !ticket.is_in_service() {
            return None;
        }
        let is_there = ticket.holder().is_some_and(|agent| !self.state.agents.at(agent).is_gone());
        is_there.then(|| self.now.saturating_add(wrap_up_us))
    }

    /// Where it is over already nothing is done, and tags that come too late are refused.
    pub(super) fn wrap_up_done(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        tags: Vec<String>,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.ticket(ticket)?;
        let ticket = self.state.tickets.at(slot);
        if ticket.is_open() || !ticket.agent.is(agent) {
            let message = "an agent wraps up its own closed tickets only";
            return Err(self.wrong_state(ticket, message));
        }
        check_tags(&tags)?;
        if ticket.owes_tags() && tags.is_empty() {
            return Err(needs_tag());
        }
        if ticket.state == TicketState::Closed && !tags.is_empty() {
            return Err(self.wrong_state(ticket, "its wrap-up is over: the tags are not kept"));
        }
        self.end_wrap_up(slot, WrapUpEnd::Done, tags);
        Ok(done())
    }

    /// What has no tag by then and owes one is marked.
    pub(super) fn end_wrap_up(&mut self, slot: Slot, end: WrapUpEnd, tags: Vec<String>) {
        let ticket = self.state.tickets.at(slot);
        let (id, untagged) = (ticket.id, ticket.owes_tags() && tags.is_empty());
        let Some(agent) = ticket.seated().filter(|_| !ticket.is_open()) else { return };
        self.release(Some(agent));
        let wrapped_up = WrappedUp { ticket: id, agent, end, tags, untagged };
        self.emit_of(slot, Event::WrappedUp(wrapped_up));
        if self.state.tickets.get(slot).is_some_and(|ticket| ticket.is_confirmed(self.now)) {
            self.emit_of(slot, Event::Forgotten(Forgotten { ticket: id }));
        } else {
            self.bound_closed();
        }
    }
}
