//! What a client asks. Each variant is a frame kind of its own, so that one may grow without the
//! others.

mod absence;
mod contacts;
mod directory;
mod hand_off;
mod keys;
mod queues;
mod service;
mod talk;
mod transfer;

pub use absence::SetAbsence;
pub use contacts::{BlockContact, ListBlocked, ListCallbacks, UnblockContact, WantCallback};
pub use directory::{Apply, Change, Delete, DeleteChange, ListDirectory, Put, PutChange};
pub use hand_off::HandOff;
pub use keys::{CreateKey, ListKeys, RevokeKey};
pub use queues::{NotifyWaiting, SetQueueMode};
pub use service::{Accept, Decline, Hold, Park, Reopen, Unhold, Unpark, WrapUpDone};
pub use talk::{ArchivedSend, Read, Receipt, Send, Typing};
pub use transfer::{Targets, Transfer, TransferTarget};

use crate::ids::{RequestId, TicketId};
use crate::vocabulary::Intent;
use rkyv::{Archive, Deserialize, Serialize};

/// A command with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Echoed in the answer.
    pub request_id: RequestId,
    /// Same key and same content: the first answer again.
    pub idempotency_key: Option<String>,
    /// What is asked.
    pub command: Command,
}

/// Every command of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// First frame of a session.
    Hello(Hello),
    /// Further cursors, after a `hello` that announced them.
    Cursors(Cursors),
    /// Reads entries of a ticket that the caller may see.
    Read(Read),
    /// Says something in a conversation.
    Send(Send),
    /// Tells how far a party has come. Has no answer.
    Receipt(Receipt),
    /// Somebody types. Ephemeral, has no answer.
    Typing(Typing),
    /// A bot hands a customer over.
    HandOff(HandOff),
    /// Is anybody there?
    AgentsOnline(AgentsOnline),
    /// The customer left.
    CustomerLeft(CustomerLeft),
    /// The bot takes the conversation back.
    TakeBack(TakeBack),
    /// An agent sets its intent.
    SetPresence(SetPresence),
    /// An agent pulls the most urgent ticket.
    Next(Next),
    /// Where a ticket may be transferred.
    Targets(Targets),
    /// Gives a ticket to a queue or an agent.
    Transfer(Transfer),
    /// Ends a ticket.
    Close(Close),
    /// Accepts an offer.
    Accept(Accept),
    /// Declines an offer.
    Decline(Decline),
    /// Puts a ticket in service on hold.
    Hold(Hold),
    /// Takes it up again.
    Unhold(Unhold),
    /// Parks a ticket in service until a time.
    Park(Park),
    /// Takes a parked ticket up again.
    Unpark(Unpark),
    /// Frees the seat after the close.
    WrapUpDone(WrapUpDone),
    /// Switches an absence on or off.
    SetAbsence(SetAbsence),
    /// Blocks a contact.
    BlockContact(BlockContact),
    /// Unblocks a contact.
    UnblockContact(UnblockContact),
    /// Lists blocked contacts.
    ListBlocked(ListBlocked),
    /// Notes whether a customer wants to be called back.
    WantCallback(WantCallback),
    /// Lists who is to be called back.
    ListCallbacks(ListCallbacks),
    /// Goes on with a conversation that was closed.
    Reopen(Reopen),
    /// Opens, drains or closes a queue.
    SetQueueMode(SetQueueMode),
    /// Tells everybody who waits in a queue something.
    NotifyWaiting(NotifyWaiting),
    /// What a ticket waits for, or why this agent has it.
    Explain(Explain),
    /// Creates or changes a directory object.
    Put(Put),
    /// Deletes a directory object.
    Delete(Delete),
    /// Lists the directory.
    ListDirectory(ListDirectory),
    /// Makes a credential.
    CreateKey(CreateKey),
    /// Lists credentials without their secrets.
    ListKeys(ListKeys),
    /// Ends a credential.
    RevokeKey(RevokeKey),
    /// Live numbers of the daemon.
    Status(Status),
    /// Changes several directory objects at once, or none.
    Apply(Apply),
}

impl Command {
    /// The name as it stands in JSON and in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Cursors(_) => "cursors",
            Self::Read(_) => "read",
            Self::Send(_) => "send",
            Self::Receipt(_) => "receipt",
            Self::Typing(_) => "typing",
            Self::HandOff(_) => "hand_off",
            Self::AgentsOnline(_) => "agents_online",
            Self::CustomerLeft(_) => "customer_left",
            Self::TakeBack(_) => "take_back",
            Self::SetPresence(_) => "set_presence",
            Self::Next(_) => "next",
            Self::Targets(_) => "targets",
            Self::Transfer(_) => "transfer",
            Self::Close(_) => "close",
            Self::Accept(_) => "accept",
            Self::Decline(_) => "decline",
            Self::Hold(_) => "hold",
            Self::Unhold(_) => "unhold",
            Self::Park(_) => "park",
            Self::Unpark(_) => "unpark",
            Self::WrapUpDone(_) => "wrap_up_done",
            Self::Reopen(_) => "reopen",
            Self::SetAbsence(_) => "set_absence",
            Self::BlockContact(_) => "block_contact",
            Self::UnblockContact(_) => "unblock_contact",
            Self::ListBlocked(_) => "list_blocked",
            Self::WantCallback(_) => "want_callback",
            Self::ListCallbacks(_) => "list_callbacks",
            Self::NotifyWaiting(_) => "notify_waiting",
            Self::SetQueueMode(_) => "set_queue_mode",
            Self::Explain(_) => "explain",
            Self::Put(_) => "put",
            Self::Delete(_) => "delete",
            Self::ListDirectory(_) => "list_directory",
            Self::CreateKey(_) => "create_key",
            Self::ListKeys(_) => "list_keys",
            Self::RevokeKey(_) => "revoke_key",
            Self::Status(_) => "status",
            Self::Apply(_) => "apply",
        }
    }
}

/// First frame of a session.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The credential.
    pub token: String,
    /// Name and version of the client, for the log.
    #[serde(default)]
    pub client: String,
    /// How far the client has come, a ticket each; at most 1,024 here.
    #[serde(default)]
    pub resume: Vec<Cursor>,
    /// More cursors follow in `cursors` frames.
    #[serde(default)]
    pub more: bool,
}

/// How far a client has come in a ticket.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Which ticket.
    pub ticket: TicketId,
    /// Number of the last entry that the client holds; 0 for none.
    pub received: u32,
}

/// Further cursors of a resume.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Cursors {
    /// At most 1,024.
    pub resume: Vec<Cursor>,
    /// More follow.
    #[serde(default)]
    pub more: bool,
}

/// Is anybody there? Answered from lock-free reads: a hint.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct AgentsOnline {
    /// In this queue of the bot; absent: its default queue (where rules lead, a dry run tells).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
}

/// The customer left. While his ticket waits it keeps its place for the queue's `resume_seconds`: his
/// words, or a hand-off, bring him back to it, and `returned` comes when the time is over. Else it is
/// closed at once.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct CustomerLeft {
    /// Who.
    pub contact: String,
}

/// The bot takes the conversation back.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// Which ticket.
    pub ticket: TicketId,
}

/// An agent sets its intent.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// What it wants.
    pub intent: Intent,
    /// Why, for a pause.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// An agent pulls the most urgent ticket it may serve.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// From this queue, as `bot/queue`; absent: from all its pull queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
}

/// Ends a ticket.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What a ticket waits for, or why this agent has it.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Which ticket.
    pub ticket: TicketId,
    /// As of when, in microseconds since 1970; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// Live numbers of the daemon.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Status {}
