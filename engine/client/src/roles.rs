//! What bots, agents and admins can ask, typed.

mod admin;
mod contacts;

pub use admin::Listing;

use crate::client::{Client, ClientError};
use crate::typed::{FromAnswer, typed};
use relevo_wire::Packed;
use relevo_wire::answer::{
    Accepted, AgentsOnlineAnswer, NextAnswer, Rejected, Sent, TargetsAnswer, TransferredAnswer,
};
use relevo_wire::command::{
    Accept, AgentsOnline, Close, Command, CustomerLeft, Decline, HandOff, Hold, Next, Park, Read,
    Receipt, Reopen, Send, SetAbsence, SetPresence, TakeBack, Targets, Transfer, TransferTarget,
    Unhold, Unpark, WrapUpDone,
};
use relevo_wire::ids::TicketId;
use relevo_wire::push::Entry;
use relevo_wire::vocabulary::{Author, Body, Intent};
use std::ops::Deref;

/// A bot's session.
#[derive(Debug, Clone)]
pub struct BotClient(Client);

/// An agent's session.
#[derive(Debug, Clone)]
pub struct AgentClient(Client);

/// An admin's or operator's session.
#[derive(Debug, Clone)]
pub struct AdminClient(Client);

/// What a hand-off comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOffAnswer {
    /// It is in line, or was before.
    Accepted(Accepted),
    /// The directory's rules refused it.
    Rejected(Rejected),
}

/// What may go with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageOptions {
    /// The channel's or program's id of the message; absent: one is made up. The same id of the same
    /// author again in the same ticket is the same message: name one to repeat a message safely after
    /// an error, or after a restart of the program.
    pub client_message_id: Option<String>,
    /// When the customer wrote, in microseconds since 1970. The daemon of this version does not keep it:
    /// an entry tells when it was stored.
    pub at: Option<u64>,
}

impl MessageOptions {
    /// With this client message id.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self { client_message_id: Some(id.into()), at: None }
    }
}

impl BotClient {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Hands a customer over. A repeat after a lost connection is the same hand-off; another call while
    /// the customer's ticket is open is answered with that ticket, as `existing`.
    ///
    /// # Errors
    /// See [`ClientError`]; `overloaded` and `storage_full`: hand over again later.
    pub async fn hand_off(&self, hand_off: HandOff) -> Result<HandOffAnswer, ClientError> {
        self.ask_once(Command::HandOff(hand_off)).await
    }

    /// Passes on what the customer said. The answer says who has the conversation.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send_customer(
        &self,
        contact: impl Into<String>,
        options: MessageOptions,
        body: &Body,
    ) -> Result<Sent, ClientError> {
        self.say(Send {
            ticket: None,
            contact: Some(contact.into()),
            epoch: None,
            author: Author::Customer,
            client_message_id: options.client_message_id,
            at: options.at,
            body: Packed::new(body),
        })
        .await
    }

    /// Says something as the bot, while the ticket waits.
    ///
    /// # Errors
    /// See [`ClientError`]; `stale_epoch` once an agent has the ticket.
    pub async fn send_bot(
        &self,
        ticket: TicketId,
        epoch: u32,
        options: MessageOptions,
        body: &Body,
    ) -> Result<Sent, ClientError> {
        self.say(message(ticket, epoch, Author::Bot, options, body)).await
    }

    /// Is anybody there? `None` asks for the bot's default queue.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn agents_online(
        &self,
        queue: Option<String>,
    ) -> Result<AgentsOnlineAnswer, ClientError> {
        self.ask(Command::AgentsOnline(AgentsOnline { queue })).await
    }

    /// The customer left.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn customer_left(&self, contact: impl Into<String>) -> Result<(), ClientError> {
        self.ask_once(Command::CustomerLeft(CustomerLeft { contact: contact.into() })).await
    }

    /// Takes the conversation back.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn take_back(&self, ticket: TicketId) -> Result<(), ClientError> {
        self.ask_once(Command::TakeBack(TakeBack { ticket })).await
    }
}

impl AgentClient {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Sets what the agent wants; `reason` is for a pause.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_presence(
        &self,
        intent: Intent,
        reason: impl Into<String>,
    ) -> Result<(), ClientError> {
        let command = Command::SetPresence(SetPresence { intent, reason: reason.into() });
        self.ask_once(command).await
    }

    /// Pulls the most urgent ticket, from one queue (`bot/queue`) or from all pull queues.
    ///
    /// # Errors
    /// See [`ClientError`]; `nothing_waiting` and `no_seat` among them.
    pub async fn next(&self, queue: Option<String>) -> Result<NextAnswer, ClientError> {
        self.ask_once(Command::Next(Next { queue })).await
    }

    /// Says something to the customer.
    ///
    /// # Errors
    /// See [`ClientError`]; `stale_epoch` when another has the ticket.
    pub async fn send(
        &self,
        ticket: TicketId,
        epoch: u32,
        options: MessageOptions,
        body: &Body,
    ) -> Result<Sent, ClientError> {
        self.say(message(ticket, epoch, Author::Agent, options, body)).await
    }

    /// Where a ticket may be transferred.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn targets(&self, ticket: TicketId) -> Result<TargetsAnswer, ClientError> {
        self.ask(Command::Targets(Targets { ticket })).await
    }

    /// Gives a ticket to a queue or an agent.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn transfer(
        &self,
        ticket: TicketId,
        epoch: u32,
        to: TransferTarget,
        note: impl Into<String>,
    ) -> Result<TransferredAnswer, ClientError> {
        let command = Command::Transfer(Transfer { ticket, epoch, to, note: note.into() });
        self.ask_once(command).await
    }

    /// Ends a ticket.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn close_ticket(
        &self,
        ticket: TicketId,
        epoch: u32,
        tags: Vec<String>,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::Close(Close { ticket, epoch, tags })).await
    }

    /// Accepts an offer: the ticket is this agent's, unless another was first. An accepted transfer goes
    /// on in the child that is answered.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` when the offer is over.
    pub async fn accept(&self, ticket: TicketId) -> Result<NextAnswer, ClientError> {
        self.ask_once(Command::Accept(Accept { ticket })).await
    }

    /// Declines an offer: the ticket goes to somebody else. The giver of a transfer that is asked
    /// withdraws it.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` when the offer is over.
    pub async fn decline(&self, ticket: TicketId) -> Result<(), ClientError> {
        self.ask_once(Command::Decline(Decline { ticket })).await
    }

    /// Puts a ticket in service on hold.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn hold(&self, ticket: TicketId, epoch: u32) -> Result<(), ClientError> {
        self.ask_once(Command::Hold(Hold { ticket, epoch })).await
    }

    /// Takes a ticket on hold up again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn unhold(&self, ticket: TicketId, epoch: u32) -> Result<(), ClientError> {
        self.ask_once(Command::Unhold(Unhold { ticket, epoch })).await
    }

    /// Parks a ticket in service until a time, in microseconds since 1970: its seat is free, and words of
    /// its customer bring it back sooner.
    ///
    /// # Errors
    /// See [`ClientError`]; `limit_exceeded` when the time is too far, or the agent has parked too many.
    pub async fn park(&self, ticket: TicketId, epoch: u32, until: u64) -> Result<(), ClientError> {
        self.ask_once(Command::Park(Park { ticket, epoch, until })).await
    }

    /// Takes a ticket up again that this agent has parked.
    ///
    /// # Errors
    /// See [`ClientError`]; `no_seat` without a free seat.
    pub async fn unpark(&self, ticket: TicketId, epoch: u32) -> Result<NextAnswer, ClientError> {
        self.ask_once(Command::Unpark(Unpark { ticket, epoch })).await
    }

    /// Ends the wrap-up of a closed ticket: its seat is free.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn wrap_up_done(&self, ticket: TicketId) -> Result<(), ClientError> {
        self.wrap_up_done_with(ticket, Vec::new()).await
    }

    /// As [`Self::wrap_up_done`], with further tags.
    ///
    /// # Errors
    /// See [`ClientError`]; `malformed` without a tag that the queue wants.
    pub async fn wrap_up_done_with(
        &self,
        ticket: TicketId,
        tags: Vec<String>,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::WrapUpDone(WrapUpDone { ticket, tags })).await
    }

    /// Away for a bot from now on: no ticket of it comes, and who asks for this agent is told the text
    /// and goes first to the colleague.
    ///
    /// # Errors
    /// See [`ClientError`]; `not_found` for a bot or colleague that is not there.
    pub async fn go_away_for(
        &self,
        bot: impl Into<String>,
        text: impl Into<String>,
        colleague: Option<String>,
    ) -> Result<(), ClientError> {
        let (bot, text) = (bot.into(), text.into());
        let set = SetAbsence { bot, on: true, text, colleague, agent: None, tenant: None };
        self.ask_once(Command::SetAbsence(set)).await
    }

    /// No longer away for a bot.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn come_back_for(&self, bot: impl Into<String>) -> Result<(), ClientError> {
        let (bot, text) = (bot.into(), String::new());
        let set = SetAbsence { bot, on: false, text, colleague: None, agent: None, tenant: None };
        self.ask_once(Command::SetAbsence(set)).await
    }

    /// Goes on with a conversation that this agent has closed, in a new ticket that it has at once.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` when the time for it is over, `no_seat` without a free seat.
    pub async fn reopen(&self, ticket: TicketId) -> Result<NextAnswer, ClientError> {
        self.ask_once(Command::Reopen(Reopen { ticket })).await
    }

    /// Reads the entries of a ticket after a number: a parent, or history. These come here and not
    /// as events.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn read(&self, ticket: TicketId, after: u32) -> Result<Vec<Entry>, ClientError> {
        let reply = self.request_reply(Command::Read(Read { ticket, after })).await?;
        typed::<()>(reply.answer).map(|()| reply.entries)
    }
}

impl Client {
    /// Asks what changes nothing, or carries a client message id: a lost connection may repeat it.
    async fn ask<T: FromAnswer>(&self, command: Command) -> Result<T, ClientError> {
        typed(self.request(command, None).await?)
    }

    /// Asks for a change. A repeat is answered as it was the first time, whatever has happened since.
    async fn ask_once<T: FromAnswer>(&self, command: Command) -> Result<T, ClientError> {
        let key = self.unique_id();
        typed(self.request(command, Some(key)).await?)
    }

    async fn say(&self, mut send: Send) -> Result<Sent, ClientError> {
        send.client_message_id.get_or_insert_with(|| self.unique_id());
        self.ask(Command::Send(send)).await
    }

    /// Confirms entries up to `delivered` and messages up to `read`. Never answered, never goes
    /// back; with automatic receipts only `read` is left to tell.
    pub fn receipt(&self, ticket: TicketId, delivered: u32, read: u32) {
        self.confirm(Receipt { ticket, delivered, read });
    }
}

fn message(
    ticket: TicketId,
    epoch: u32,
    author: Author,
    options: MessageOptions,
    body: &Body,
) -> Send {
    Send {
        ticket: Some(ticket),
        contact: None,
        epoch: Some(epoch),
        author,
        client_message_id: options.client_message_id,
        at: options.at,
        body: Packed::new(body),
    }
}

impl Deref for BotClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl Deref for AgentClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl Deref for AdminClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}
