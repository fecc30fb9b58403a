//! What a request gets back.

mod absence;
mod contacts;
mod directory;
mod explained;
mod queues;

pub use absence::Absent;
pub use contacts::{BlockedContact, BlockedContacts, CallbackEntry, Callbacks};
pub use directory::{Applied, DirectoryAnswer, Stored};
pub use explained::{
    AgentReason, ChosenBy, Explained, MatchedRule, PreferredBy, RoutingExplained, TriedRule,
};
pub use queues::Notifying;

use crate::error::WireError;
use crate::estimate::EstimatedWait;
use crate::ids::{SessionId, TicketId};
use crate::vocabulary::{Holder, Intent, Role, TicketState};
use rkyv::{Archive, Deserialize, Serialize};

/// Every answer of this version. `read` is answered with `done`: its entries come before it, on the
/// same lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done; nothing to tell.
    Done(Done),
    /// It was not done.
    Error(WireError),
    /// The session is open; its snapshot follows.
    Welcome(Welcome),
    /// The hand-off is in line.
    Accepted(Accepted),
    /// The hand-off was refused by the directory's rules.
    Rejected(Rejected),
    /// Is anybody there?
    AgentsOnline(AgentsOnlineAnswer),
    /// The message is on record.
    Sent(Sent),
    /// The ticket that was pulled.
    Next(NextAnswer),
    /// Where a ticket may go.
    Targets(TargetsAnswer),
    /// Where a transferred ticket goes on.
    Transferred(TransferredAnswer),
    /// The ticket explained.
    Explained(Explained),
    /// The object's new version.
    Stored(Stored),
    /// The directory.
    Directory(DirectoryAnswer),
    /// The credential, once.
    Key(KeyCreated),
    /// Credentials without secrets.
    Keys(Keys),
    /// Live numbers.
    Status(StatusReport),
    /// What an `apply` came to.
    Applied(Applied),
    /// Those who wait are being told.
    Notifying(Notifying),
    /// Blocked contacts.
    Blocked(BlockedContacts),
    /// Who is to be called back.
    Callbacks(Callbacks),
}

impl Answer {
    /// The name as it stands in JSON and in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Error(_) => "error",
            Self::Welcome(_) => "welcome",
            Self::Accepted(_) => "accepted",
            Self::Rejected(_) => "rejected",
            Self::AgentsOnline(_) => "agents_online",
            Self::Sent(_) => "sent",
            Self::Next(_) => "next",
            Self::Targets(_) => "targets",
            Self::Transferred(_) => "transferred",
            Self::Explained(_) => "explained",
            Self::Stored(_) => "stored",
            Self::Directory(_) => "directory",
            Self::Key(_) => "key",
            Self::Keys(_) => "keys",
            Self::Status(_) => "status",
            Self::Applied(_) => "applied",
            Self::Notifying(_) => "notifying",
            Self::Blocked(_) => "blocked",
            Self::Callbacks(_) => "callbacks",
        }
    }
}

/// Done; nothing to tell.
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
pub struct Done {}

/// The session is open.
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
pub struct Welcome {
    /// The session.
    pub session: SessionId,
    /// Version of the daemon.
    pub server: String,
    /// Role of the credential.
    pub role: Role,
    /// The tenant's name; empty for an operator.
    pub tenant: String,
    /// Name of the bot or agent; empty for admins.
    pub name: String,
    /// The daemon's clock, in microseconds since 1970.
    pub now: u64,
    /// An agent's intent.
    pub intent: Option<Intent>,
    /// How many tickets the snapshot holds; they follow in `snapshot` pushes.
    pub tickets: u32,
    /// Longest message, in bytes.
    pub message_bytes: u32,
    /// Most lanes.
    pub lanes: u32,
    /// How long an idempotency key is kept, in seconds.
    pub idempotency_seconds: u32,
}

/// The hand-off is in line.
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
pub struct Accepted {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number within the bot.
    pub number: u64,
    /// The contact had an open ticket: this one.
    pub existing: bool,
    /// Place in line, from 1; 0 when it does not wait. A hint.
    pub position: u32,
    /// Estimated wait from now on; absent until there are figures. A hint.
    pub estimated_wait: Option<EstimatedWait>,
    /// What to tell the customer.
    pub text: String,
    /// Transcript or context were cut.
    pub truncated: bool,
    /// Epoch of the conversation.
    pub epoch: u32,
    /// Who was preferred and is away.
    pub absent: Option<Box<Absent>>,
}

/// The hand-off was refused by the directory's rules. No ticket was made.
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
pub struct Rejected {
    /// Why: `no_agent`, `queue_inactive`, `queue_full`, `out_of_hours`, `blocked`.
    pub reason: String,
    /// What to tell the customer.
    pub text: String,
    /// When the queue opens, in microseconds since 1970, if known.
    pub opens_at: Option<u64>,
}

/// Is anybody there?
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
#[serde(rename_all = "snake_case")]
pub enum AgentsOnlineAnswer {
    /// The queue is open and a member is online and reachable.
    Yes,
    /// Nobody.
    No,
    /// No such queue is known.
    Unknown,
}

/// The message is on record.
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
pub struct Sent {
    /// Who has the conversation.
    pub holder: Holder,
    /// The ticket, unless the bot has the conversation.
    pub ticket: Option<TicketId>,
    /// Number of the entry in the ticket; 0 outside of a ticket.
    pub number: u32,
    /// Epoch of the conversation.
    pub epoch: u32,
}

/// The ticket that was pulled. Its entries follow as pushes.
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
pub struct NextAnswer {
    /// The ticket.
    pub ticket: TicketId,
    /// Its epoch with this agent.
    pub epoch: u32,
}

/// A queue as a target.
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
pub struct QueueTarget {
    /// Its name.
    pub queue: String,
    /// Is it open?
    pub open: bool,
    /// Members online.
    pub online: u32,
}

/// An agent as a target.
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
pub struct AgentTarget {
    /// Its name.
    pub agent: String,
    /// Online and reachable.
    pub online: bool,
    /// Free seats.
    pub free: u32,
}

/// Where a ticket may go.
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
pub struct TargetsAnswer {
    /// Queues.
    pub queues: Vec<QueueTarget>,
    /// Agents.
    pub agents: Vec<AgentTarget>,
}

/// The child of a transfer.
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
pub struct TransferredAnswer {
    /// The child ticket; the ticket itself while the receiver is asked.
    pub child: TicketId,
    /// Until when the first who are asked may accept it, in microseconds since 1970; absent: nobody had
    /// to be asked, and it is done.
    pub asked_until: Option<u64>,
}

/// A credential, shown once.
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
pub struct KeyCreated {
    /// The secret.
    pub key: String,
    /// What lists show.
    pub prefix: String,
}

/// A credential without its secret.
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
pub struct KeyInfo {
    /// What lists show.
    pub prefix: String,
    /// What it may be used for.
    pub role: Role,
    /// Name of the bot or agent; empty for admins.
    pub owner: String,
    /// What it is for.
    pub label: String,
    /// When it was made, in microseconds since 1970.
    pub created: u64,
}

/// Credentials without secrets.
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
pub struct Keys {
    /// In order of creation.
    pub keys: Vec<KeyInfo>,
}

/// Live numbers of a queue.
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
pub struct QueueStatus {
    /// `tenant/bot/queue`.
    pub queue: String,
    /// Tickets in line.
    pub waiting: u32,
    /// Waiting time of the oldest, in microseconds; 0 for none.
    pub oldest_waiting_us: u64,
    /// Members online and reachable.
    pub online: u32,
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
pub struct StatusReport {
    /// Version of the daemon.
    pub server: String,
    /// Ready to take sessions.
    pub ready: bool,
    /// Time since the start, in microseconds.
    pub uptime_us: u64,
    /// Sessions by role: bots, agents, admins.
    pub sessions: [u32; 3],
    /// Tickets waiting, assigned, in service.
    pub tickets: [u32; 3],
    /// Agents online, paused, invisible, unreachable.
    pub agents: [u32; 4],
    /// Seats in use, and those of the agents online.
    pub seats: [u32; 2],
    /// Number of the last durable record.
    pub durable_record: u64,
    /// Queues with somebody waiting, longest wait first; at most 100.
    pub queues: Vec<QueueStatus>,
}

/// A ticket in the snapshot of a session.
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
pub struct TicketSummary {
    /// The ticket.
    pub ticket: TicketId,
    /// Name of its bot.
    pub bot: String,
    /// Name of its queue.
    pub queue: String,
    /// Its state.
    pub state: TicketState,
    /// Its epoch.
    pub epoch: u32,
    /// Number of its last entry.
    pub last: u32,
    /// Number up to which the server holds the party's confirmation.
    pub confirmed: u32,
}
