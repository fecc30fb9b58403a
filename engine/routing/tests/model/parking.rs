//! Parked tickets.

use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_agent, refused};
use relevo_routing::event::{Parked, Unparked};
use relevo_routing::{Event, Micros};
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::limits::PARK_SECONDS;
use relevo_wire::vocabulary::{TicketState, UnparkCause};
use relevo_wire::{AgentId, ErrorCode, TicketId, WireError};

impl Reference {
    pub(crate) fn park(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        until: Micros,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        self.check_owner(self.ticket(id), agent, epoch)?;
        if self.ticket(id).state == TicketState::Assigned || self.ticket(id).transfer.is_some() {
            return Err(self.wrong_state(self.ticket(id)));
        }
        if until <= self.now {
            return Err(refused(ErrorCode::Malformed, "until"));
        }
        if until > self.now + crate::hand_off::seconds(PARK_SECONDS) {
            return Err(refused(ErrorCode::LimitExceeded, "until"));
        }
        if self.parked_by(agent) >= self.settings.parked_per_agent as usize {
            return Err(refused(ErrorCode::LimitExceeded, "ticket"));
        }
        let now = self.now;
        self.at_mut(agent).last_ticket_at = now;
        let ticket = self.ticket_mut(id);
        ticket.state = TicketState::Parked;
        ticket.parked_until = Some(until);
        ticket.kept_until = None;
        ticket.silence = None;
        ticket.holds = Vec::new();
        ticket.last += 1;
        let number = ticket.last;
        self.end_responses(id);
        self.emit(Event::Parked(Parked { ticket: id, number, agent, until }));
        Ok(done())
    }

    pub(crate) fn parked_by(&self, agent: AgentId) -> usize {
        let parked = self.tickets.iter().filter(|ticket| ticket.parked_until.is_some());
        parked.filter(|ticket| ticket.agent == Some(agent)).count()
    }

    pub(crate) fn agent_unparks(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        let ticket = self.ticket(id);
        self.check_keeper(ticket, agent, epoch)?;
        if ticket.parked_until.is_none() {
            return Err(self.wrong_state(ticket));
        }
        if !self.is_serving(agent) || !self.at(agent).word.is_open() {
            return Err(WireError::new(ErrorCode::WrongState, ""));
        }
        if self.free_seats(agent) == 0 || self.is_capped(agent, ticket.bot) {
            return Err(WireError::new(ErrorCode::NoSeat, ""));
        }
        let now = self.now;
        self.come_back(id, UnparkCause::Agent, Some((agent, now)));
        self.assign(id, agent);
        Ok(Answer::Next(NextAnswer { ticket: id, epoch: self.ticket(id).epoch }))
    }

    /// First for who parked it, where that one is there.
    pub(crate) fn unpark(&mut self, id: TicketId, cause: UnparkCause) {
        let ticket = self.ticket(id);
        let reserved = self.preferred(ticket.agent, ticket.test, ticket.queue);
        self.come_back(id, cause, reserved);
    }

    fn come_back(&mut self, id: TicketId, cause: UnparkCause, reserved: Option<(AgentId, Micros)>) {
        let ticket = self.ticket_mut(id);
        ticket.parked_until = None;
        let agent = ticket.agent.take().expect("somebody has parked it");
        ticket.last += 1;
        let number = ticket.last;
        ticket.reserved = reserved;
        self.waits_again(id);
        self.emit(Event::Unparked(Unparked { ticket: id, number, agent, cause, reserved }));
    }
}
