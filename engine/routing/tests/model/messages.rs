//! What customers, bots and agents say, and how far a party has come.

use crate::clocks::Clocks;
use crate::reference::{Answered, Reference};
use crate::refusals::{no_agent, no_bot, no_ticket, refused};
use crate::tickets::{ClientMessage, Progress, Ticket, Unconfirmed};
use relevo_routing::Event;
use relevo_routing::event::{ContactMessageStored, Judgement, MessageStored, Progressed};
use relevo_routing::input::Party;
use relevo_wire::answer::{Answer, Sent};
use relevo_wire::vocabulary::{Author, Holder, TicketState, TicketTarget, UnparkCause};
use relevo_wire::{AgentId, BotId, ContactKey, ErrorCode, TicketId, WireError};

/// A repeat is looked for in so many tickets of a conversation, the newest.
const REPEATS_LOOKED_FOR: usize = 16;

/// Who says something, under an id of its own.
#[derive(Clone, Copy)]
struct Speaker {
    author: Author,
    agent: Option<AgentId>,
    client_message: Option<u128>,
}

impl Reference {
    /// Without an epoch and never stale: to the open ticket, else the bot has the conversation.
    pub(crate) fn customer_message(
        &mut self,
        bot: BotId,
        contact: ContactKey,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        let speaker = Speaker { author: Author::Customer, agent: None, client_message };
        let newest = self.newest_of(bot, contact).map(|ticket| ticket.id);
        if let Some(repeat) = newest.and_then(|newest| self.repeat(newest, speaker)) {
            return Ok(repeat);
        }
        let is_known =
            client_message.is_some_and(|id| self.contact_messages.contains(&(bot, contact, id)));
        if is_known {
            return Ok(bot_holds());
        }
        if let Some(ticket) = self.open_of(bot, contact) {
            let stored = self.store(ticket, speaker, bytes)?;
            if self.ticket(ticket).away.is_some() {
                self.return_to_line(ticket);
            }
            if self.ticket(ticket).state != TicketState::Parked {
                return Ok(stored);
            }
            self.unpark(ticket, UnparkCause::Customer);
            let Answer::Sent(stored) = stored else { panic!("it was stored") };
            return Ok(sent(self.ticket(ticket), stored.number));
        }
        if let Some(closed) = newest.filter(|newest| self.reopened_by_words(*newest)) {
            let ticket = self.reopen(closed);
            let answer = self.store(ticket, speaker, bytes)?;
            let Answer::Sent(sent) = answer else { panic!("it was stored") };
            return Ok(Answer::Sent(Sent { holder: Holder::Reopened, ..sent }));
        }
        if let Some(id) = client_message {
            self.contact_messages.push((bot, contact, id));
            let most = self.settings.contact_message_ids;
            let oldest = self.contact_messages.len().saturating_sub(most);
            self.contact_messages.drain(..oldest);
        }
        let stored = ContactMessageStored { bot, contact, client_message, bytes };
        self.emit(Event::ContactMessageStored(stored));
        Ok(bot_holds())
    }

    /// While a ticket waits the bot may still speak; from the assignment it may not.
    pub(crate) fn bot_message(
        &mut self,
        bot: BotId,
        ticket: TicketId,
        epoch: u32,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        let id = self.latest_of_bot(bot, ticket)?;
        let speaker = Speaker { author: Author::Bot, agent: None, client_message };
        if let Some(repeat) = self.repeat(id, speaker) {
            return Ok(repeat);
        }
        let ticket = self.ticket(id);
        self.check_epoch(ticket, epoch)?;
        if !ticket.is_nobodys() {
            return Err(self.wrong_state(ticket));
        }
        self.store(id, speaker, bytes)
    }

    pub(crate) fn agent_message(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        client_message: Option<u128>,
        bytes: u32,
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        let id = self.latest_known(ticket)?;
        let speaker = Speaker { author: Author::Agent, agent: Some(agent), client_message };
        if let Some(repeat) = self.repeat(id, speaker) {
            return Ok(repeat);
        }
        self.check_owner(self.ticket(id), agent, epoch)?;
        self.store(id, speaker, bytes)
    }

    /// Where the conversation of a bot's own ticket goes on.
    pub(crate) fn latest_of_bot(&self, bot: BotId, id: TicketId) -> Result<TicketId, WireError> {
        let own = self.find(id).filter(|ticket| ticket.bot == bot);
        own.map(|ticket| self.latest(ticket.id)).ok_or_else(no_ticket)
    }

    /// A ticket holds a bounded amount that its receiver has not confirmed. What one agent has
    /// confirmed stays confirmed when another gets the ticket.
    pub(crate) fn check_unconfirmed(
        &self,
        ticket: &Ticket,
        for_agent: bool,
        bytes: u32,
    ) -> Result<(), WireError> {
        let held = ticket.unconfirmed.iter().filter(|entry| entry.for_agent == for_agent);
        let held: u32 = held.map(|entry| entry.bytes).sum();
        if held + bytes > self.settings.unconfirmed_bytes {
            return Err(refused(ErrorCode::LimitExceeded, "body"));
        }
        Ok(())
    }

    /// The first answer to this client message, in this ticket or those it goes on from.
    fn repeat(&self, id: TicketId, speaker: Speaker) -> Option<Answer> {
        let client_message = speaker.client_message?;
        let mut looked_at = Some(id);
        for _ in 0..REPEATS_LOOKED_FOR {
            let ticket = self.find(looked_at?)?;
            let known = ticket.client_messages.iter().find(|message| {
                (message.author, message.agent, message.id)
                    == (speaker.author, speaker.agent, client_message)
            });
            if let Some(known) = known {
                return Some(sent(ticket, known.number));
            }
            looked_at = ticket.parent;
        }
        None
    }

    fn store(&mut self, id: TicketId, speaker: Speaker, bytes: u32) -> Answered {
        let Speaker { author, agent, client_message } = speaker;
        let is_human = author == Author::Agent;
        self.check_unconfirmed(self.ticket(id), !is_human, bytes)?;
        let (now, most) = (self.now, self.settings.message_ids_per_ticket);
        let clocks = self.clocks(self.ticket(id));
        if is_human && self.ticket(id).state == TicketState::Assigned {
            self.note_last_agent(id);
        }
        let ticket = self.ticket_mut(id);
        ticket.last += 1;
        let number = ticket.last;
        ticket.unconfirmed.push(Unconfirmed { for_agent: !is_human, number, bytes });
        if let Some(id) = client_message {
            ticket.client_messages.push(ClientMessage { author, agent, id, number });
            forget_oldest_of(&mut ticket.client_messages, author, most);
        }
        let mut stored = MessageStored {
            ticket: id,
            number,
            author,
            agent,
            client_message,
            bytes,
            first_response_us: None,
            total_wait_us: None,
            response_us: None,
            judged: None,
        };
        if is_human {
            let is_first = ticket.first_response_at.is_none();
            answer_customer(ticket, &mut stored, now, clocks);
            self.end_responses(id);
            if is_first {
                self.begin_target(id, TicketTarget::Resolution);
            }
        } else if author == Author::Customer && ticket.unanswered_since.is_none() {
            ticket.unanswered_since = Some(now);
            self.asks_agent(id);
        }
        if matches!(author, Author::Agent | Author::Customer) {
            self.answered_silence(id, is_human);
        }
        self.emit(Event::MessageStored(stored));
        Ok(sent(self.ticket(id), number))
    }

    /// Two numbers that never go back; what is stale, foreign or too far changes as much as it can.
    pub(crate) fn progress(&mut self, party: Party, id: TicketId, delivered: u32, read: u32) {
        let Some(ticket) = self.find(id) else { return };
        let Some(known) = ticket.progress_of(party) else { return };
        let read = known.read.max(read.min(ticket.last));
        let delivered = known.delivered.max(delivered.min(ticket.last)).max(read);
        let progress = Progress { delivered, read };
        if progress == known {
            return;
        }
        let now = self.now;
        let ticket = self.ticket_mut(id);
        let for_agent = match party {
            Party::Bot(_) => {
                ticket.bot_progress = progress;
                false
            }
            Party::Agent(_) => {
                ticket.agent_progress = progress;
                true
            }
        };
        ticket.unconfirmed.retain(|e| e.for_agent != for_agent || e.number > delivered);
        let is_confirmed = ticket.is_confirmed(now);
        self.emit(Event::Progressed(Progressed { ticket: id, party, delivered, read }));
        if is_confirmed {
            self.forget(id);
        }
    }
}

/// A human message: the clocks that it stops, the state that it brings.
fn answer_customer(ticket: &mut Ticket, stored: &mut MessageStored, now: u64, clocks: Clocks) {
    match ticket.first_response_at {
        None => stored.first_response_us = clocks.assigned_us,
        Some(_) => stored.response_us = ticket.unanswered_since.map(|since| now - since),
    }
    if !ticket.answered_ever() {
        stored.total_wait_us = Some(clocks.in_all_us);
    }
    ticket.target_at = None;
    stored.judged = clocks.target_at.map(|target_at| {
        if now <= target_at { Judgement::AnsweredInTarget } else { Judgement::Missed }
    });
    ticket.first_response_at = ticket.first_response_at.or(Some(now));
    ticket.unanswered_since = None;
    if ticket.state == TicketState::Assigned {
        ticket.state = TicketState::InService;
    }
}

/// As many ids of each kind of author are remembered as promised, the newest.
fn forget_oldest_of(messages: &mut Vec<ClientMessage>, author: Author, most: usize) {
    while messages.iter().filter(|message| message.author == author).count() > most {
        let oldest = messages.iter().position(|message| message.author == author);
        messages.remove(oldest.expect("there is one"));
    }
}

fn sent(ticket: &Ticket, number: u32) -> Answer {
    let holder = match ticket.state {
        TicketState::Waiting | TicketState::Offered | TicketState::Away => Holder::Queue,
        TicketState::Assigned
        | TicketState::InService
        | TicketState::OnHold
        | TicketState::Parked => Holder::Agent,
        TicketState::Wrapping | TicketState::Closed => Holder::Bot,
    };
    Answer::Sent(Sent { holder, ticket: Some(ticket.id), number, epoch: ticket.epoch })
}

fn bot_holds() -> Answer {
    Answer::Sent(Sent { holder: Holder::Bot, ticket: None, number: 0, epoch: 0 })
}
