//! A closed conversation goes on in a new ticket.

use crate::hand_off::seconds;
use crate::reference::{Answered, Reference};
use crate::refusals::{no_agent, no_ticket};
use relevo_routing::Micros;
use relevo_routing::event::{Routed, TicketOpened};
use relevo_wire::answer::{Answer, ChosenBy, NextAnswer};
use relevo_wire::vocabulary::{CloseReason, Via};
use relevo_wire::{AgentId, ErrorCode, TicketId, WireError};

impl Reference {
    pub(crate) fn reopen_until(&self, id: TicketId, reason: CloseReason) -> Option<Micros> {
        let window = self.queue(self.ticket(id).queue)?.reopen_seconds;
        let can = reason == CloseReason::Agent || reason == CloseReason::ClientInactivity;
        (can && window > 0).then(|| self.now + seconds(window))
    }

    /// The contact's newest ticket, where words of the customer go on with it.
    pub(crate) fn reopened_by_words(&self, newest: TicketId) -> bool {
        let ticket = self.ticket(newest);
        let is_in_time = ticket.reopen_until.is_some_and(|until| self.now < until);
        is_in_time
            && !self.is_blocked(ticket.bot, ticket.contact)
            && self.rejection(ticket.test, ticket.queue).is_none()
    }

    pub(crate) fn reopen(&mut self, id: TicketId) -> TicketId {
        let ticket = self.ticket(id);
        let reserved = self.preferred(ticket.agent, ticket.test, ticket.queue);
        self.open_again(id, reserved)
    }

    pub(crate) fn agent_reopens(&mut self, agent: AgentId, id: TicketId) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let ticket = self.find(id).ok_or_else(no_ticket)?;
        let is_own = !ticket.is_open() && ticket.agent == Some(agent);
        let is_in_time = ticket.reopen_until.is_some_and(|until| self.now < until);
        let newest = self.newest_of(ticket.bot, ticket.contact).map(|newest| newest.id);
        let serves = self.is_active(ticket.queue) && self.members(ticket.queue).contains(&agent);
        if !is_own || !is_in_time || newest != Some(id) || !serves {
            return Err(self.wrong_state(ticket));
        }
        if !self.is_serving(agent) || !self.at(agent).word.is_open() {
            return Err(WireError::new(ErrorCode::WrongState, ""));
        }
        if self.free_seats(agent) == 0 || self.is_capped(agent, ticket.bot) {
            return Err(WireError::new(ErrorCode::NoSeat, ""));
        }
        let ticket = self.open_again(id, Some((agent, self.now)));
        self.assign(ticket, agent);
        let epoch = self.ticket(ticket).epoch;
        Ok(Answer::Next(NextAnswer { ticket, epoch }))
    }

    fn open_again(&mut self, id: TicketId, reserved: Option<(AgentId, Micros)>) -> TicketId {
        let child = self.fresh_id();
        let parent = self.ticket(id).clone();
        let clocks = self.clocks(&parent);
        self.ticket_mut(id).child = Some(child);
        self.open(TicketOpened {
            ticket: child,
            bot_number: self.bots[parent.bot.0 as usize].tickets + 1,
            bot: parent.bot,
            contact: parent.contact,
            queue: parent.queue,
            via: Via::Reopen,
            reason: parent.reason,
            priority: parent.priority,
            demand: parent.demand.clone(),
            test: parent.test,
            position_updates: parent.position_updates,
            language: parent.language,
            parent: Some(id),
            reserved,
            excluded: None,
            arrived: parent.arrived,
            first_waiting_since: self.now - clocks.in_all_us,
            waited_us: parent.waited_us,
            target_at: None,
            answered_before: parent.answered_ever(),
            epoch: parent.epoch + 1,
            bytes: 0,
            private: false,
            overflowed: None,
            routed: Routed { by: ChosenBy::Reopened, ..Routed::default() },
        })
    }

    /// Nobody can reopen it any more.
    pub(crate) fn reopen_over(&mut self, id: TicketId) {
        self.ticket_mut(id).reopen_is_over = true;
        if self.ticket(id).is_confirmed(self.now) {
            self.forget(id);
        }
    }
}
