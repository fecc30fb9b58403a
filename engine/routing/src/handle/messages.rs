//! What customers, bots and agents say.

use super::refusals::{no_agent, no_bot};
use super::{Answered, Turn};
use crate::event::{ContactMessageStored, Event, Judgement, MessageStored};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use crate::state::unconfirmed::Unconfirmed;
use relevo_wire::answer::{Answer, Sent};
use relevo_wire::vocabulary::{Author, Holder, UnparkCause};
use relevo_wire::{AgentId, BotId, ContactKey, ErrorCode, TicketId, WireError};

/// Most tickets of a conversation in which a repeat is looked for, newest first.
const REPEATS_LOOKED_FOR: usize = 16;

impl Turn<'_> {
    /// A customer's words carry no epoch and are never stale: they go to the open ticket, and
    /// without one the bot has the conversation.
    pub(super) fn customer_message(
        &mut self,
        bot: BotId,
        contact: ContactKey,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        let newest = self.state.tickets.newest_of(bot, contact);
        if let Some(id) = client_message {
            let repeat = newest.and_then(|slot| self.repeat(slot, Author::Customer, None, id));
            if let Some(repeat) = repeat {
                return Ok(repeat);
            }
            if self.state.contact_messages.knows(bot, contact, id) {
                return Ok(bot_holds());
            }
        }
        match newest.filter(|slot| self.state.tickets.at(*slot).is_open()) {
            Some(slot) => {
                self.check_unconfirmed(&self.state.tickets.at(slot).for_agent, bytes)?;
                let stored = self.store(slot, Author::Customer, None, client_message, bytes);
                if self.state.tickets.at(slot).is_parked() {
                    self.unpark(slot, UnparkCause::Customer);
                    return Ok(held_by(stored, Holder::Queue));
                }
                if self.state.tickets.at(slot).is_away() {
                    self.come_back(slot);
                }
                Ok(stored)
            }
            None => {
                if let Some(closed) = newest.filter(|slot| self.reopens(*slot)) {
                    let slot = self.reopen(closed);
                    let stored = self.store(slot, Author::Customer, None, client_message, bytes);
                    return Ok(held_by(stored, Holder::Reopened));
                }
                let stored = ContactMessageStored { bot, contact, client_message, bytes };
                self.emit(Event::ContactMessageStored(stored));
                Ok(bot_holds())
            }
        }
    }

    /// While a ticket waits the bot may still speak; from the assignment it may not.
    pub(super) fn bot_message(
        &mut self,
        bot: BotId,
        ticket: TicketId,
        epoch: u32,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        let slot = self.latest_of_bot(bot, ticket)?;
        let repeat = client_message.and_then(|id| self.repeat(slot, Author::Bot, None, id));
        if let Some(repeat) = repeat {
            return Ok(repeat);
        }
        let ticket = self.state.tickets.at(slot);
        self.check_epoch(ticket, epoch)?;
        if !ticket.is_nobodys() {
            return Err(self.wrong_state(ticket, "a bot may speak while its ticket waits"));
        }
        self.check_unconfirmed(&ticket.for_agent, bytes)?;
        Ok(self.store(slot, Author::Bot, None, client_message, bytes))
    }

    pub(super) fn agent_message(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let author = Author::Agent;
        let repeat = client_message.and_then(|id| self.repeat(slot, author, Some(agent), id));
        if let Some(repeat) = repeat {
            return Ok(repeat);
        }
        let ticket = self.state.tickets.at(slot);
        self.check_owner(ticket, agent, epoch)?;
        self.check_unconfirmed(&ticket.for_bot, bytes)?;
        Ok(self.store(slot, author, Some(agent), client_message, bytes))
    }

    /// A ticket holds a bounded amount that its receiver has not confirmed.
    pub(super) fn check_unconfirmed(
        &self,
        unconfirmed: &Unconfirmed,
        bytes: u32,
    ) -> Result<(), WireError> {
        let most = self.state.settings.unconfirmed_bytes;
        let held = unconfirmed.bytes();
        if held.saturating_add(bytes) <= most {
            return Ok(());
        }
        let message = format!(
            "the receiver has not confirmed {held} bytes of this ticket, and {bytes} more would \
             pass {most}: send again when it has"
        );
        Err(WireError::field(ErrorCode::LimitExceeded, "body", message))
    }

    /// The first answer to this client message, in this ticket or those it goes on from.
    fn repeat(
        &self,
        slot: Slot,
        author: Author,
        agent: Option<AgentId>,
        id: u128,
    ) -> Option<Answer> {
        let mut slot = slot;
        for _ in 0..REPEATS_LOOKED_FOR {
            let ticket = self.state.tickets.at(slot);
            let recent = ticket.recent.as_deref();
            if let Some(number) = recent.and_then(|recent| recent.number(author, agent, id)) {
                return Some(sent(ticket, number));
            }
            slot = self.state.tickets.find(ticket.parent.get()?)?;
        }
        None
    }

    fn store(
        &mut self,
        slot: Slot,
        author: Author,
        agent: Option<AgentId>,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answer {
        let ticket = self.state.tickets.at(slot);
        let number = ticket.last + 1;
        let human = author == Author::Agent;
        let stored = MessageStored {
            ticket: ticket.id,
            number,
            author,
            agent,
            client_message,
            bytes,
            first_response_us: if human { self.first_response_us(ticket) } else { None },
            total_wait_us: if human { self.total_wait_us(ticket) } else { None },
            response_us: if human { self.response_us(ticket) } else { None },
            judged: if human { self.judge_answer(ticket) } else { None },
        };
        self.emit_of(slot, Event::MessageStored(stored));
        sent(self.state.tickets.at(slot), number)
    }

    /// Latest assignment to the first human message of the ticket.
    fn first_response_us(&self, ticket: &Ticket) -> Option<u64> {
        if ticket.first_response_at.is_some() {
            return None;
        }
        Some(self.open_since(ticket, ticket.assigned_at.get()?))
    }

    /// First wait of the conversation to its first human message.
    fn total_wait_us(&self, ticket: &Ticket) -> Option<u64> {
        (!ticket.answered_ever()).then(|| self.waited_in_all_us(ticket))
    }

    /// After the first reply: the oldest unanswered customer message to this one.
    fn response_us(&self, ticket: &Ticket) -> Option<u64> {
        let unanswered = ticket.unanswered_since.get()?;
        ticket.first_response_at.is_some().then(|| self.now.saturating_sub(unanswered))
    }

    fn judge_answer(&self, ticket: &Ticket) -> Option<Judgement> {
        let target_at = self.target_at(ticket)?;
        let in_time = self.now <= target_at;
        Some(if in_time { Judgement::AnsweredInTarget } else { Judgement::Missed })
    }
}

fn sent(ticket: &Ticket, number: u32) -> Answer {
    let holder = match (ticket.is_open(), ticket.agent.is_some()) {
        (false, _) => Holder::Bot,
        (true, false) => Holder::Queue,
        (true, true) => Holder::Agent,
    };
    Answer::Sent(Sent { holder, ticket: Some(ticket.id), number, epoch: ticket.epoch })
}

/// The words have changed who has the conversation.
fn held_by(answer: Answer, holder: Holder) -> Answer {
    if let Answer::Sent(sent) = answer {
        return Answer::Sent(Sent { holder, ..sent });
    }
    answer
}

fn bot_holds() -> Answer {
    Answer::Sent(Sent { holder: Holder::Bot, ticket: None, number: 0, epoch: 0 })
}
