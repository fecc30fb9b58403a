//! What was said, and how far the parties have come.

use crate::Micros;
use crate::event::{ContactMessageStored, HandOffRepeated, MessageStored, Progressed};
use crate::input::Party;
use crate::state::State;
use crate::state::last_agents::Served;
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use relevo_wire::vocabulary::{Author, Silent, TicketState, TicketTarget};

impl State {
    pub(super) fn message_stored(&mut self, now: Micros, event: &MessageStored) {
        let slot = self.slot(event.ticket);
        if event.judged.is_some() {
            self.judged(slot);
        }
        let ends = match (event.author, self.tickets.at(slot).awaited()) {
            (Author::Customer, Some(Silent::Customer)) | (Author::Agent, Some(Silent::Agent)) => {
                true
            }
            (Author::Customer | Author::Agent | Author::Bot | Author::System, _) => false,
        };
        if ends {
            self.end_silence(slot);
        }
        let most = self.settings.message_ids_per_ticket;
        let ticket = self.tickets.at_mut(slot);
        ticket.last = event.number;
        if let Some(id) = event.client_message {
            let recent = ticket.recent.get_or_insert_default();
            recent.remember(event.author, event.agent, id, event.number, most);
        }
        match event.author {
            Author::Customer => {
                ticket.for_agent.add(event.number, event.bytes);
                if !ticket.unanswered_since.is_some() {
                    ticket.unanswered_since = MaybeTime::at(now);
                    if ticket.is_in_service() {
                        self.begin_target(now, slot, TicketTarget::NextResponse);
                    }
                }
            }
            Author::Bot | Author::System => ticket.for_agent.add(event.number, event.bytes),
            Author::Agent => {
                ticket.for_bot.add(event.number, event.bytes);
                ticket.unanswered_since = MaybeTime::NONE;
                let is_first = !ticket.first_response_at.is_some();
                if is_first {
                    ticket.first_response_at = MaybeTime::at(now);
                }
                if ticket.state == TicketState::Assigned {
                    self.leave_state(slot);
                    self.tickets.at_mut(slot).state = TicketState::InService;
                    self.enter_state(slot);
                    self.note_served(now, slot);
                }
                self.end_responses(slot);
                if is_first {
                    self.begin_target(now, slot, TicketTarget::Resolution);
                }
            }
        }
        if ends {
            // The other one is awaited from now on.
            self.begin_silence(now, slot, false);
        }
    }

    /// The agent who has the ticket serves its contact from now on.
    fn note_served(&mut self, now: Micros, slot: Slot) {
        let ticket = self.tickets.at(slot);
        if ticket.test || !self.bots.at(ticket.bot).last_agent {
            return;
        }
        let (bot, contact, agent) = (ticket.bot, ticket.contact, ticket.agent.get());
        let agent = agent.expect("a ticket in service names its agent");
        self.last_agents.note(contact, Served { bot, agent, at: now });
    }

    pub(super) fn hand_off_repeated(&mut self, event: HandOffRepeated) {
        let slot = self.slot(event.ticket);
        let ticket = self.tickets.at_mut(slot);
        ticket.last = event.number;
        ticket.for_agent.add(event.number, event.bytes);
    }

    pub(super) fn contact_message_stored(&mut self, event: ContactMessageStored) {
        if let Some(id) = event.client_message {
            self.contact_messages.remember(event.bot, event.contact, id);
        }
    }

    pub(super) fn progressed(&mut self, event: Progressed) {
        let slot = self.slot(event.ticket);
        let ticket = self.tickets.at_mut(slot);
        let (progress, unconfirmed) = match event.party {
            Party::Bot(_) => (&mut ticket.bot_progress, &mut ticket.for_bot),
            Party::Agent(_) => (&mut ticket.agent_progress, &mut ticket.for_agent),
        };
        progress.delivered = event.delivered;
        progress.read = event.read;
        unconfirmed.confirm(event.delivered);
    }
}
