//! Tickets that their agents park until a time: nobody has them in a seat.
//!
//! A parked ticket stays its agent's own. It comes back at its time, when its customer writes, or when
//! the agent takes it up again; then it waits, for that agent first. The time is a date and no
//! patience: it passes while the daemon is down as well.

use super::refusals::no_agent;
use super::{Answered, Turn, done};
use crate::Micros;
use crate::event::{Event, Parked, Unparked};
use crate::state::slab::Slot;
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::limits::PARK_SECONDS;
use relevo_wire::vocabulary::UnparkCause;
use relevo_wire::{AgentId, ErrorCode, TicketId, WireError};

impl Turn<'_> {
    pub(super) fn park(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        until: Micros,
    ) -> Answered {
        let Some(entry) = self.state.agents.get(agent) else { return Err(no_agent()) };
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        self.check_owner(ticket, agent, epoch)?;
        if !ticket.is_in_service() {
            let message = "only a ticket in service can be parked: answer it first";
            return Err(self.wrong_state(ticket, message));
        }
        self.check_unasked(ticket)?;
        self.check_until(until)?;
        let most = self.state.settings.parked_per_agent;
        if entry.parked >= most {
            let message = format!("the agent has parked {most} tickets, as many as one agent may");
            return Err(WireError::field(ErrorCode::LimitExceeded, "ticket", message));
        }
        let (ticket, number) = (ticket.id, ticket.last + 1);
        self.release(Some(agent));
        self.emit_of(slot, Event::Parked(Parked { ticket, number, agent, until }));
        Ok(done())
    }

    fn check_until(&self, until: Micros) -> Result<(), WireError> {
        if until <= self.now {
            let message = "this time is over: name one to come, in microseconds since 1970";
            return Err(WireError::field(ErrorCode::Malformed, "until", message));
        }
        let most = Micros::from(PARK_SECONDS) * 1_000_000;
        if until - self.now > most {
            let (hours, most) = ((until - self.now) / 3_600_000_000, PARK_SECONDS / 3_600);
            let message = format!("a ticket is parked for at most {most} hours, not {hours}");
            return Err(WireError::field(ErrorCode::LimitExceeded, "until", message));
        }
        Ok(())
    }

    /// The agent's own wish: it has the ticket at once.
    pub(super) fn agent_unparks(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
    ) -> Answered {
        let Some(entry) = self.state.agents.get(agent) else { return Err(no_agent()) };
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        self.check_keeper(ticket, agent, epoch)?;
        if !ticket.is_parked() {
            return Err(self.wrong_state(ticket, "the ticket is not parked"));
        }
        self.check_takes_one_more(agent, entry)?;
        if self.is_capped(agent, ticket.bot) {
            let message = "the agent has as many tickets of this bot as one agent may have";
            return Err(WireError::new(ErrorCode::NoSeat, message));
        }
        self.emit_unparked(slot, UnparkCause::Agent, Some((agent, self.now)));
        // Should a session close the word at this very moment, the ticket goes to its line.
        self.assign(slot, agent);
        let ticket = self.state.tickets.at(slot);
        Ok(Answer::Next(NextAnswer { ticket: ticket.id, epoch: ticket.epoch }))
    }

    /// Back in a line: first for the agent who parked it, where it could have it but for a seat.
    pub(super) fn unpark(&mut self, slot: Slot, cause: UnparkCause) {
        let ticket = self.state.tickets.at(slot);
        let reserved = self.preferred(ticket.owner(), ticket.queue, ticket.test);
        self.emit_unparked(slot, cause, reserved);
    }

    fn emit_unparked(
        &mut self,
        slot: Slot,
        cause: UnparkCause,
        reserved: Option<(AgentId, Micros)>,
    ) {
        let ticket = self.state.tickets.at(slot);
        let Some(agent) = ticket.owner() else { return };
        let (ticket, number) = (ticket.id, ticket.last + 1);
        let unparked = Unparked { ticket, number, agent, cause, reserved };
        self.emit_of(slot, Event::Unparked(unparked));
    }
}
