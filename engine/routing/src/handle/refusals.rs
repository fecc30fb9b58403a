//! Refusals that several commands share, each with the present truth.

use super::Turn;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::error::Present;
use relevo_wire::vocabulary::TicketState;
use relevo_wire::{AgentId, BotId, ErrorCode, TicketId, WireError};

impl Turn<'_> {
    /// A remembered ticket.
    pub(super) fn ticket(&self, ticket: TicketId) -> Result<Slot, WireError> {
        self.state.tickets.find(ticket).ok_or_else(|| no_ticket(ticket))
    }

    /// The ticket in which the conversation of a bot's ticket goes on.
    pub(super) fn latest_of_bot(&self, bot: BotId, ticket: TicketId) -> Result<Slot, WireError> {
        let slot = self.ticket(ticket)?;
        if self.state.tickets.at(slot).bot != bot {
            return Err(no_ticket(ticket));
        }
        Ok(self.state.tickets.latest(slot))
    }

    /// The author believes in the present epoch.
    pub(super) fn check_epoch(&self, ticket: &Ticket, epoch: u32) -> Result<(), WireError> {
        if ticket.epoch == epoch {
            return Ok(());
        }
        let message = format!("the epoch is {}, not {epoch}", ticket.epoch);
        Err(self.with_present(ticket, ErrorCode::StaleEpoch, "epoch", message))
    }

    /// The agent owns the ticket and knows it.
    pub(super) fn check_owner(
        &self,
        ticket: &Ticket,
        agent: AgentId,
        epoch: u32,
    ) -> Result<(), WireError> {
        self.check_epoch(ticket, epoch)?;
        match ticket.holder() {
            Some(holder) if holder == agent => Ok(()),
            Some(_) => {
                let message = "another agent has the conversation".to_owned();
                Err(self.with_present(ticket, ErrorCode::HeldByOther, "ticket", message))
            }
            None => Err(self.wrong_state(ticket, "an agent may act on its own open tickets only")),
        }
    }

    /// As [`Turn::check_owner`], or the agent has parked the ticket.
    pub(super) fn check_keeper(
        &self,
        ticket: &Ticket,
        agent: AgentId,
        epoch: u32,
    ) -> Result<(), WireError> {
        if ticket.is_parked() && ticket.agent.is(agent) {
            return self.check_epoch(ticket, epoch);
        }
        self.check_owner(ticket, agent, epoch)
    }

    pub(super) fn wrong_state(&self, ticket: &Ticket, message: &str) -> WireError {
        self.with_present(ticket, ErrorCode::WrongState, "ticket", message.to_owned())
    }

    pub(super) fn agent_name(&self, agent: AgentId) -> String {
        self.state.directory.agent_name(agent).unwrap_or_default().to_owned()
    }

    fn with_present(
        &self,
        ticket: &Ticket,
        code: ErrorCode,
        field: &str,
        message: String,
    ) -> WireError {
        let agent = ticket.owner().map(|agent| self.agent_name(agent));
        let present = Present { state: ticket.state, epoch: ticket.epoch, agent };
        let told = match (ticket.state, &present.agent) {
            (TicketState::Waiting, _) => "; it waits in a line".to_owned(),
            (TicketState::Offered, _) => "; it is offered to agents".to_owned(),
            (TicketState::Away, _) => "; its customer has left, and may come back".to_owned(),
            (TicketState::Closed | TicketState::Wrapping, _) => "; it is closed".to_owned(),
            (TicketState::Parked, Some(agent)) => format!("; {agent} has parked it"),
            (_, Some(agent)) => format!("; {agent} has it"),
            (_, None) => String::new(),
        };
        let message = message + &told;
        WireError { code, field: field.to_owned(), message, present: Some(present) }
    }
}

pub(super) fn no_ticket(ticket: TicketId) -> WireError {
    WireError::field(ErrorCode::NotFound, "ticket", format!("no ticket {ticket} is known"))
}

pub(super) fn no_bot() -> WireError {
    WireError::field(ErrorCode::NotFound, "bot", "no such bot is in the directory")
}

pub(super) fn no_agent() -> WireError {
    WireError::field(ErrorCode::NotFound, "agent", "no such agent is in the directory")
}
