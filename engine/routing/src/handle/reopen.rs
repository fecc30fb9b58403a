//! A closed conversation goes on: a new ticket, linked to the one that was closed.

use super::refusals::no_agent;
use super::{Answered, Turn};
use crate::Micros;
use crate::event::{Event, Forgotten, Routed, TicketOpened};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{Answer, ChosenBy, NextAnswer};
use relevo_wire::vocabulary::{CloseReason, Via};
use relevo_wire::{AgentId, ErrorCode, TicketId, WireError};

impl Turn<'_> {
    /// Until when a ticket that closes now can be reopened: one that its agent has closed, or the
    /// customer's silence.
    pub(super) fn reopen_until(&self, ticket: &Ticket, reason: CloseReason) -> Option<Micros> {
        let reopen_us = self.state.queues.at(ticket.queue).reopen_us;
        let can = matches!(reason, CloseReason::Agent | CloseReason::ClientInactivity);
        (can && reopen_us > 0).then(|| self.now.saturating_add(reopen_us))
    }

    /// Whether words of the customer reopen a closed ticket: its time is not over, and its queue would
    /// take a hand-off of this contact now.
    pub(super) fn reopens(&self, slot: Slot) -> bool {
        let ticket = self.state.tickets.at(slot);
        !ticket.is_over(self.now)
            && !self.is_blocked(ticket.bot, ticket.contact)
            && self.rejection(ticket.queue, ticket.test).is_none()
    }

    /// The new ticket, which waits: first for the agent who closed the one before, where it could have it.
    pub(super) fn reopen(&mut self, slot: Slot) -> Slot {
        let ticket = self.state.tickets.at(slot);
        let reserved = self.preferred(ticket.agent.get(), ticket.queue, ticket.test);
        self.go_on(slot, reserved)
    }

    /// The agent's own wish: it has the new ticket at once.
    pub(super) fn agent_reopens(&mut self, agent: AgentId, ticket: TicketId) -> Answered {
        let Some(entry) = self.state.agents.get(agent) else { return Err(no_agent()) };
        let slot = self.ticket(ticket)?;
        let ticket = self.state.tickets.at(slot);
        if ticket.is_open() || !ticket.agent.is(agent) {
            let message = "an agent reopens its own closed tickets only";
            return Err(self.wrong_state(ticket, message));
        }
        if ticket.is_over(self.now) {
            let message =
                "it can no longer be reopened, or never could: see the queue's reopen_seconds";
            return Err(self.wrong_state(ticket, message));
        }
        if self.state.tickets.newest_of(ticket.bot, ticket.contact) != Some(slot) {
            return Err(self.wrong_state(ticket, "the contact has had another ticket since"));
        }
        if !self.state.is_active(ticket.queue) || entry.queues.binary_search(&ticket.queue).is_err()
        {
            let message = "its queue takes no tickets, or the agent no longer serves it";
            return Err(self.wrong_state(ticket, message));
        }
        self.check_takes_one_more(agent, entry)?;
        if self.is_capped(agent, ticket.bot) {
            let message = "the agent has as many tickets of this bot as one agent may have";
            return Err(WireError::new(ErrorCode::NoSeat, message));
        }
        let slot = self.go_on(slot, Some((agent, self.now)));
        // Should a session close the word at this very moment, the ticket goes to its line.
        self.assign(slot, agent);
        let ticket = self.state.tickets.at(slot);
        Ok(Answer::Next(NextAnswer { ticket: ticket.id, epoch: ticket.epoch }))
    }

    /// Nobody reopens it any more; if all have everything it is forgotten.
    pub(super) fn reopen_over(&mut self, slot: Slot) {
        let ticket = self.state.tickets.at(slot);
        if ticket.is_confirmed(self.now) {
            let ticket = ticket.id;
            self.emit_of(slot, Event::Forgotten(Forgotten { ticket }));
        }
    }

    fn go_on(&mut self, slot: Slot, reserved: Option<(AgentId, Micros)>) -> Slot {
        let ticket = self.ids.next(self.now);
        let parent = self.state.tickets.at(slot);
        let opened = TicketOpened {
            ticket,
            bot_number: self.state.bots.at(parent.bot).tickets + 1,
            bot: parent.bot,
            contact: parent.contact,
            queue: parent.queue,
            via: Via::Reopen,
            reason: parent.reason,
            priority: parent.priority,
            demand: self.state.demands.get(parent.demand).map(|demand| Box::new(demand.clone())),
            test: parent.test,
            position_updates: parent.telling.places(),
            language: parent.telling.language(),
            parent: Some(parent.id),
            reserved,
            excluded: None,
            arrived: parent.arrived,
            first_waiting_since: self.now.saturating_sub(self.waited_in_all_us(parent)),
            waited_us: parent.waited_us,
            // The conversation was judged at its end.
            target_at: None,
            answered_before: parent.answered_ever(),
            epoch: parent.epoch + 1,
            bytes: 0,
            private: false,
            overflowed: None,
            routed: Routed { by: ChosenBy::Reopened, ..Routed::default() },
        };
        self.emit_opened(opened)
    }

    /// A new ticket. What the contact had before is reopened no more.
    pub(super) fn emit_opened(&mut self, opened: TicketOpened) -> Slot {
        let before = self.state.tickets.newest_of(opened.bot, opened.contact);
        self.emit(Event::TicketOpened(opened));
        let slot = self.state.at_hand;
        if let Some(before) = before {
            self.reopen_over(before);
        }
        slot
    }
}
