//! What bots, agents and admins can ask, typed.

use crate::client::{Client, ClientError};
use crate::typed::{FromAnswer, typed};
use relevo_wire::Packed;
use relevo_wire::answer::{
    Accepted, AgentsOnlineAnswer, Applied, DirectoryAnswer, Explained, KeyCreated, Keys,
    NextAnswer, Rejected, Sent, StatusReport, Stored, TargetsAnswer, TransferredAnswer,
};
use relevo_wire::command::{
    Accept, AgentsOnline, Apply, Change, Close, Command, CreateKey, CustomerLeft, Decline, Delete,
    Explain, HandOff, Hold, ListDirectory, ListKeys, Next, Put, Read, Receipt, Reopen, RevokeKey,
    Send, SetPresence, Status, TakeBack, Targets, Transfer, TransferTarget, Unhold, WrapUpDone,
};
use relevo_wire::directory::{Object, ObjectRef, Versioned};
use relevo_wire::ids::TicketId;
use relevo_wire::push::Entry;
use relevo_wire::vocabulary::{Author, Body, Intent, Role};
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
    /// The channel's or program's id of the message; absent: one is made up. The same id again is
    /// the same message.
    pub client_message_id: Option<String>,
    /// When the customer wrote, in microseconds since 1970.
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

    /// Hands a customer over. A repeat after a lost connection is the same hand-off.
    ///
    /// # Errors
    /// See [`ClientError`].
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
        self.ask(command).await
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

    /// Accepts an offer: the ticket is this agent's, unless another was first.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` when the offer is over.
    pub async fn accept(&self, ticket: TicketId) -> Result<NextAnswer, ClientError> {
        self.ask(Command::Accept(Accept { ticket })).await
    }

    /// Declines an offer: the ticket goes to somebody else.
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

    /// Ends the wrap-up of a closed ticket: its seat is free.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn wrap_up_done(&self, ticket: TicketId) -> Result<(), ClientError> {
        self.ask(Command::WrapUpDone(WrapUpDone { ticket })).await
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

/// How often a directory that changes between two pages is listed anew: a page takes a millisecond, a
/// change by people more.
const LISTINGS: usize = 16;

/// A whole directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its version.
    pub version: u64,
    /// Objects with their versions: tenant, bots, agents, queues.
    pub objects: Vec<Versioned<Object>>,
}

impl AdminClient {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Creates or changes a directory object. `tenant` is for an operator; with `if_version` the
    /// present version must be this one (0: it must not exist).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put(
        &self,
        tenant: Option<String>,
        object: Object,
        if_version: Option<u64>,
    ) -> Result<Stored, ClientError> {
        self.ask_once(Command::Put(Put { tenant, object: Box::new(object), if_version })).await
    }

    /// Deletes a directory object.
    ///
    /// # Errors
    /// See [`ClientError`]; `wrong_state` with counts when it is in use.
    pub async fn delete(
        &self,
        tenant: Option<String>,
        object: ObjectRef,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::Delete(Delete { tenant, object })).await
    }

    /// Changes several objects at once: each as if those before it had been made, all of them or
    /// none. With `dry_run` it is told what it would come to.
    ///
    /// # Errors
    /// See [`ClientError`]; a refusal's field names the first change that cannot be made
    /// (`changes[3].object.queue.members`), its message every one.
    pub async fn apply(
        &self,
        tenant: Option<String>,
        changes: Vec<Change>,
        dry_run: bool,
    ) -> Result<Applied, ClientError> {
        self.ask_once(Command::Apply(Apply { tenant, changes, dry_run })).await
    }

    /// Lists the directory: all pages of one version. When it changes in the middle it is listed anew,
    /// a few times.
    ///
    /// # Errors
    /// See [`ClientError`]; [`ClientError::Restless`] when it changed each time.
    pub async fn list_directory(&self, tenant: Option<String>) -> Result<Listing, ClientError> {
        for _ in 0..LISTINGS {
            if let Some(listing) = self.list_once(tenant.as_deref()).await? {
                return Ok(listing);
            }
        }
        Err(ClientError::Restless)
    }

    /// `None` when the directory changed between two pages.
    async fn list_once(&self, tenant: Option<&str>) -> Result<Option<Listing>, ClientError> {
        let mut listing: Option<Listing> = None;
        let mut after = None;
        loop {
            let list = ListDirectory { tenant: tenant.map(ToOwned::to_owned), after };
            let page: DirectoryAnswer = self.ask(Command::ListDirectory(list)).await?;
            let so_far = listing
                .get_or_insert_with(|| Listing { version: page.version, objects: Vec::new() });
            if so_far.version != page.version {
                return Ok(None);
            }
            so_far.objects.extend(page.objects);
            let told = after.unwrap_or(0);
            match page.next {
                // Pages that lead nowhere would never end.
                Some(next) if next > told => after = Some(next),
                Some(_) | None => return Ok(listing),
            }
        }
    }

    /// Makes a credential; its secret is in the answer and nowhere else. `owner` is the name of the
    /// bot or agent, empty for admins.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn create_key(
        &self,
        tenant: Option<String>,
        role: Role,
        owner: impl Into<String>,
        label: impl Into<String>,
    ) -> Result<KeyCreated, ClientError> {
        let (owner, label) = (owner.into(), label.into());
        self.ask_once(Command::CreateKey(CreateKey { tenant, role, owner, label })).await
    }

    /// Lists credentials without their secrets.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn list_keys(&self, tenant: Option<String>) -> Result<Keys, ClientError> {
        self.ask(Command::ListKeys(ListKeys { tenant })).await
    }

    /// Ends the credential with this prefix, and its sessions.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn revoke_key(
        &self,
        tenant: Option<String>,
        prefix: impl Into<String>,
    ) -> Result<(), ClientError> {
        self.ask_once(Command::RevokeKey(RevokeKey { tenant, prefix: prefix.into() })).await
    }

    /// Live numbers of the daemon.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn status(&self) -> Result<StatusReport, ClientError> {
        self.ask(Command::Status(Status {})).await
    }

    /// What a ticket waits for, or why its agent has it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn explain(&self, ticket: TicketId) -> Result<Explained, ClientError> {
        self.ask(Command::Explain(Explain { ticket })).await
    }
}

impl Client {
    /// Asks what does no harm when a lost connection repeats it.
    async fn ask<T: FromAnswer>(&self, command: Command) -> Result<T, ClientError> {
        typed(self.request(command, None).await?)
    }

    /// Asks for what a repeat must not do twice.
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
