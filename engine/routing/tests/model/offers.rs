//! Offers, hold and wrap-up.

use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_agent, refused};
use crate::tickets::Exclusion;
use relevo_routing::event::{Held, OfferEnded, Offered, Responding, WrappedUp};
use relevo_routing::input::Input;
use relevo_routing::{Event, Micros};
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::limits::TAGS;
use relevo_wire::vocabulary::{CloseReason, OfferEnd, TicketState, TransferEnd, WrapUpEnd};
use relevo_wire::{AgentId, ErrorCode, TicketId};

impl Reference {
    /// The matching has found an agent for a ticket: in some queues it is asked first, and others
    /// with it.
    pub(crate) fn give(&mut self, id: TicketId, agent: AgentId) {
        let queue = self.queue(self.ticket(id).queue).expect("an open ticket's queue exists");
        let (seconds, most) = (queue.offer_seconds, usize::from(queue.offer_agents));
        if seconds == 0 {
            return self.assign(id, agent);
        }
        let until = self.now + crate::hand_off::seconds(seconds);
        let mut next = Some(agent);
        while let Some(agent) = next {
            self.offer(id, agent, until);
            let asked = self.ticket(id).offers.len();
            next = if asked < most { self.pick(self.ticket(id)) } else { None };
        }
    }

    pub(crate) fn offer(&mut self, id: TicketId, agent: AgentId, until: Micros) {
        let target = self.ticket(id).transfer.map(|transfer| transfer.queue);
        let ticket = self.ticket_mut(id);
        if target.is_none() {
            ticket.state = TicketState::Offered;
        }
        ticket.step_is_over = false;
        ticket.offered_until = Some(until);
        ticket.offers.push(agent);
        let queue = target.unwrap_or(ticket.queue);
        self.queues[queue.0 as usize].last_served = Some(agent);
        self.at_mut(agent).last_ticket_at = self.now;
        self.note_new(agent);
        self.emit(Event::Offered(Offered { ticket: id, agent, until }));
    }

    pub(crate) fn accept(&mut self, agent: AgentId, ticket: TicketId) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        let is_asked = self.ticket(id).offers.contains(&agent);
        if is_asked && self.ticket(id).transfer.is_some() {
            return self.accept_transfer(id, agent);
        }
        if is_asked {
            self.end_offers(id, Some(agent), OfferEnd::Taken);
            self.assign(id, agent);
        } else if self.ticket(id).holder() != Some(agent) {
            return Err(self.wrong_state(self.ticket(id)));
        }
        Ok(Answer::Next(NextAnswer { ticket: id, epoch: self.ticket(id).epoch }))
    }

    pub(crate) fn decline(&mut self, agent: AgentId, ticket: TicketId) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        let ticket = self.ticket(id);
        if ticket.transfer.is_some() && ticket.agent == Some(agent) {
            self.end_offers(id, None, OfferEnd::Withdrawn);
            self.transfer_over(id, TransferEnd::Withdrawn);
            return Ok(done());
        }
        if !ticket.offers.contains(&agent) {
            return Err(self.wrong_state(ticket));
        }
        self.end_offer(id, agent, OfferEnd::Declined);
        self.go_on_asking(id, TransferEnd::Declined);
        Ok(done())
    }

    /// Nobody has accepted in time.
    pub(crate) fn offer_missed(&mut self, id: TicketId) {
        for agent in self.ticket(id).offers.clone() {
            self.at_mut(agent).is_responding = false;
        }
        self.end_offers(id, None, OfferEnd::Missed);
        self.go_on_asking(id, TransferEnd::Missed);
    }

    /// But for that of who has accepted.
    pub(crate) fn end_offers(&mut self, id: TicketId, accepted: Option<AgentId>, end: OfferEnd) {
        for agent in self.ticket(id).offers.clone() {
            if Some(agent) != accepted {
                self.end_offer(id, agent, end);
            }
        }
    }

    /// Who is not there for new tickets is asked no longer.
    pub(crate) fn withdraw_offers(&mut self, agent: AgentId) {
        let offered = self.tickets.iter().filter(|ticket| ticket.offers.contains(&agent));
        let offered: Vec<TicketId> = offered.map(|ticket| ticket.id).collect();
        for id in offered {
            self.end_offer(id, agent, OfferEnd::Withdrawn);
            self.go_on_asking(id, TransferEnd::Unavailable);
        }
    }

    /// Who is switched off is asked no longer.
    pub(crate) fn withdraw_from_inactive(&mut self) {
        for id in (0..self.agents.len()).map(|id| AgentId(u32::try_from(id).expect("few"))) {
            if !self.agent(id).is_some_and(|agent| agent.active) {
                self.withdraw_offers(id);
            }
        }
    }

    pub(crate) fn end_offer(&mut self, id: TicketId, agent: AgentId, end: OfferEnd) {
        let now = self.now;
        let until = now + self.settings.exclusion_us;
        let is_transfer = self.ticket(id).transfer.is_some();
        let is_refused = matches!(end, OfferEnd::Declined | OfferEnd::Missed);
        let excluded_until = (is_refused && !is_transfer).then_some(until);
        if !is_refused {
            self.take_back_offer(id, agent);
        }
        let ticket = self.ticket_mut(id);
        if is_transfer {
            ticket.exclude_for_good(agent);
        }
        if is_transfer && !is_refused {
            ticket.excluded.rotate_right(1);
        }
        if excluded_until.is_some() {
            ticket.excluded.retain(|other| other.agent != agent && now < other.until);
            ticket.excluded.push(Exclusion { agent, until, is_over: false });
        }
        ticket.offers.retain(|other| *other != agent);
        if ticket.offers.is_empty() {
            ticket.offered_until = None;
        }
        if ticket.offers.is_empty() && !is_transfer {
            ticket.state = TicketState::Waiting;
            ticket.looked_at = None;
        }
        self.emit(Event::OfferEnded(OfferEnded { ticket: id, agent, end, excluded_until }));
        let reserved = self.ticket(id).reserved.map(|(reserved, _)| reserved);
        if excluded_until.is_some() && reserved == Some(agent) {
            self.join_line(id);
        }
    }

    /// Nobody can accept when no session is left.
    pub(crate) fn forget_offers(&mut self) {
        let offered = self.tickets.iter().filter(|t| t.state == TicketState::Offered);
        let offered: Vec<TicketId> = offered.map(|ticket| ticket.id).collect();
        for id in offered {
            for agent in self.ticket(id).offers.clone() {
                self.take_back_offer(id, agent);
            }
            let ticket = self.ticket_mut(id);
            ticket.state = TicketState::Waiting;
            ticket.offers.clear();
            ticket.offered_until = None;
            ticket.looked_at = None;
        }
    }

    /// Whatever an agent asks for itself shows that it is there.
    pub(crate) fn note_act(&mut self, input: &Input) {
        let (Input::AgentMessage { agent, .. }
        | Input::SetPresence { agent, .. }
        | Input::Next { agent, .. }
        | Input::Targets { agent, .. }
        | Input::Transfer { agent, .. }
        | Input::Close { agent, .. }
        | Input::Accept { agent, .. }
        | Input::Decline { agent, .. }
        | Input::Hold { agent, .. }
        | Input::Park { agent, .. }
        | Input::Unpark { agent, .. }
        | Input::WrapUpDone { agent, .. }
        | Input::Reopen { agent, .. }
        | Input::SetAbsence { agent, own: true, .. }) = input
        else {
            return;
        };
        if self.agent(*agent).is_some() && !self.at(*agent).is_responding {
            self.at_mut(*agent).is_responding = true;
            self.emit(Event::Responding(Responding { agent: *agent }));
        }
    }

    pub(crate) fn hold(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        on: bool,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        self.check_owner(self.ticket(id), agent, epoch)?;
        let wanted = if on { TicketState::OnHold } else { TicketState::InService };
        let state = self.ticket(id).state;
        if state == TicketState::Assigned {
            return Err(self.wrong_state(self.ticket(id)));
        }
        if state != wanted {
            let ticket = self.ticket_mut(id);
            ticket.state = wanted;
            ticket.last += 1;
            let number = ticket.last;
            self.note_hold(id);
            self.emit(Event::Held(Held { ticket: id, number, on }));
        }
        Ok(done())
    }

    /// Who has served a customer and is still there keeps the seat for a while after the end.
    pub(crate) fn wraps_until(&self, id: TicketId, reason: CloseReason) -> Option<Micros> {
        let ticket = self.ticket(id);
        let seconds = self.queue(ticket.queue)?.wrap_up_seconds;
        let agent = ticket.holder()?;
        let wraps = seconds > 0
            && ticket.state != TicketState::Assigned
            && reason != CloseReason::Transferred
            && !self.at(agent).is_gone();
        wraps.then(|| self.now + crate::hand_off::seconds(seconds))
    }

    pub(crate) fn wrap_up_done(
        &mut self,
        agent: AgentId,
        id: TicketId,
        tags: &[String],
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let ticket = self.find(id).ok_or_else(crate::refusals::no_ticket)?;
        if ticket.is_open() || ticket.agent != Some(agent) {
            return Err(self.wrong_state(ticket));
        }
        if tags.len() > TAGS {
            return Err(refused(ErrorCode::LimitExceeded, "tags"));
        }
        if ticket.state == TicketState::Wrapping {
            if ticket.owes_tags && tags.is_empty() {
                return Err(refused(ErrorCode::Malformed, "tags"));
            }
            self.end_wrap_up(id, WrapUpEnd::Done, tags);
        } else if !tags.is_empty() {
            return Err(self.wrong_state(ticket));
        }
        Ok(done())
    }

    pub(crate) fn end_wrap_up(&mut self, id: TicketId, end: WrapUpEnd, tags: &[String]) {
        let now = self.now;
        let ticket = self.ticket_mut(id);
        ticket.state = TicketState::Closed;
        ticket.wraps_until = None;
        let untagged = ticket.owes_tags && tags.is_empty();
        let agent = ticket.agent.expect("somebody wraps it up");
        let is_confirmed = ticket.is_confirmed(now);
        self.at_mut(agent).last_ticket_at = self.now;
        let tags = tags.to_vec();
        self.emit(Event::WrappedUp(WrappedUp { ticket: id, agent, end, tags, untagged }));
        if is_confirmed {
            self.forget(id);
        } else {
            self.bound_closed();
        }
    }
}
