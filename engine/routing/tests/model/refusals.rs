//! Refusals by code and field, with the present truth where a command believed in another.

use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_wire::error::Present;
use relevo_wire::{AgentId, ErrorCode, TicketId, WireError};

pub(crate) fn refused(code: ErrorCode, field: &str) -> WireError {
    WireError::field(code, field, "")
}

pub(crate) fn no_bot() -> WireError {
    refused(ErrorCode::NotFound, "bot")
}

pub(crate) fn no_agent() -> WireError {
    refused(ErrorCode::NotFound, "agent")
}

pub(crate) fn no_ticket() -> WireError {
    refused(ErrorCode::NotFound, "ticket")
}

impl Reference {
    /// A remembered ticket's conversation goes on in this ticket.
    pub(crate) fn latest_known(&self, id: TicketId) -> Result<TicketId, WireError> {
        if self.find(id).is_none() {
            return Err(no_ticket());
        }
        Ok(self.latest(id))
    }

    pub(crate) fn check_epoch(&self, ticket: &Ticket, epoch: u32) -> Result<(), WireError> {
        if ticket.epoch == epoch {
            return Ok(());
        }
        Err(self.with_present(ticket, ErrorCode::StaleEpoch, "epoch"))
    }

    /// The agent has the ticket and knows it.
    pub(crate) fn check_owner(
        &self,
        ticket: &Ticket,
        agent: AgentId,
        epoch: u32,
    ) -> Result<(), WireError> {
        self.check_epoch(ticket, epoch)?;
        match ticket.holder() {
            Some(holder) if holder == agent => Ok(()),
            Some(_) => Err(self.with_present(ticket, ErrorCode::HeldByOther, "ticket")),
            None => Err(self.wrong_state(ticket)),
        }
    }

    /// Or has parked it.
    pub(crate) fn check_keeper(
        &self,
        ticket: &Ticket,
        agent: AgentId,
        epoch: u32,
    ) -> Result<(), WireError> {
        if ticket.parked_until.is_some() && ticket.agent == Some(agent) {
            return self.check_epoch(ticket, epoch);
        }
        self.check_owner(ticket, agent, epoch)
    }

    pub(crate) fn wrong_state(&self, ticket: &Ticket) -> WireError {
        self.with_present(ticket, ErrorCode::WrongState, "ticket")
    }

    fn with_present(&self, ticket: &Ticket, code: ErrorCode, field: &str) -> WireError {
        let agent = ticket.owner().map(|agent| self.agent_name(agent));
        let present = Present { state: ticket.state, epoch: ticket.epoch, agent };
        WireError { present: Some(present), ..refused(code, field) }
    }
}
