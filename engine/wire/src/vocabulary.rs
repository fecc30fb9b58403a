//! The words that commands, pushes and the log share. Names are the field's standard terms.

mod offers;

pub use offers::{OfferEnd, TransferEnd, WrapUpEnd};

mod callback;
mod language;
mod mode;
mod parking;
mod reason;
mod silence;
mod targets;
mod texts;

pub use callback::Callback;
pub use language::Language;
pub use mode::QueueMode;
pub use parking::UnparkCause;
pub use reason::HandOffReason;
pub use silence::Silent;
pub use targets::{TargetState, TicketTarget};
pub use texts::{Text, Texts};

use rkyv::{Archive, Deserialize, Serialize};

/// Who wrote a message.
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
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The contact. Carries no epoch and is never stale.
    Customer,
    /// A human agent: the only author that counts as a first response.
    Agent,
    /// The bot itself, while the ticket waits.
    Bot,
    /// Relevo: automatic texts.
    System,
}

/// What an agent wants: changed by the agent or a supervisor only.
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
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Takes new tickets.
    Online,
    /// Keeps its tickets, takes no new ones; with a reason.
    Paused,
    /// As paused, but seen by nobody as a pause: where a login starts.
    Invisible,
    /// Not at work.
    Offline,
}

/// Whether an agent can be spoken to.
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
#[serde(rename_all = "snake_case")]
pub enum Reachability {
    /// At least one live session.
    Reachable,
    /// The last session was lost less than the grace period ago.
    Grace,
    /// No session, and the grace period is over.
    Unreachable,
}

/// State of a ticket.
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
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// In a line.
    Waiting,
    /// Out of the line, and before agents who may accept it.
    Offered,
    /// An agent owns it and has not written yet.
    Assigned,
    /// The agent has sent the first reply.
    InService,
    /// In service, and the agent has put it on hold.
    OnHold,
    /// Its agent has parked it until a time: nobody has it in a seat.
    Parked,
    /// Its customer left while it waited, and keeps its place for a while: it is in no line.
    Away,
    /// Ended; its agent keeps the seat to wrap up. To the bot it is closed.
    Wrapping,
    /// Ended.
    Closed,
}

/// Why a ticket was closed.
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
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The agent closed it.
    Agent,
    /// The customer left.
    Client,
    /// The customer was silent too long.
    ClientInactivity,
    /// The agent was silent too long.
    AgentInactivity,
    /// The bot took the conversation back.
    Bot,
    /// It goes on in a child ticket.
    Transferred,
    /// It waited longer than its time-to-live.
    Expired,
    /// Nobody was there.
    NoAgent,
    /// The queue closed for the day.
    OutOfHours,
    /// The line was full.
    QueueFull,
    /// A supervisor closed it.
    Supervisor,
}

/// How a ticket ended: exactly one for each closed ticket.
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
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Goes on in a child ticket.
    Transferred,
    /// The customer left and no agent was ever assigned.
    Lost,
    /// The customer left after an assignment and before the first reply.
    AbandonedUnanswered,
    /// The customer left after the first reply.
    AbandonedAnswered,
    /// The bot took it back.
    TakenBack,
    /// Any other end after a human reply.
    Attended,
    /// Any other end without a human reply.
    Unserved,
}

/// How a ticket came into its line.
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
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A bot's hand-off.
    HandOff,
    /// A transfer.
    Transfer,
    /// A reopened conversation.
    Reopen,
    /// An overflow step.
    Overflow,
}

/// Who has the conversation.
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
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The bot: there is no open ticket.
    Bot,
    /// A line.
    Queue,
    /// A human agent.
    Agent,
    /// A line, by a reopened conversation.
    Reopened,
}

/// Why a ticket went back to its line.
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
#[serde(rename_all = "snake_case")]
pub enum RequeueReason {
    /// The agent went offline, or was unreachable beyond the grace period.
    AgentGone,
    /// Recovery found the assignment impossible (the agent was removed).
    AgentRemoved,
    /// The agent was silent too long.
    AgentInactivity,
}

/// What a credential may be used for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// One bot.
    Bot,
    /// One agent.
    Agent,
    /// A tenant's administrator.
    Admin,
    /// The daemon's operator: every tenant.
    Operator,
}

impl Role {
    /// The name as it stands in the protocol, in keys and in labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }
}

/// Kind of a message's content.
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
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Plain text.
    Text,
    /// A picture by URL.
    Image,
    /// Sound by URL.
    Audio,
    /// A film by URL.
    Video,
    /// A file by URL.
    Document,
    /// `fields`: latitude, longitude, name.
    Location,
    /// `fields`: name, phone.
    ContactCard,
    /// `fields`: id, title of what the customer chose.
    InteractiveReply,
    /// `fields`: name, language and the variables.
    Template,
}

/// Media by URL.
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
pub struct Media {
    /// Where it is.
    pub url: String,
    /// Its media type, such as `image/jpeg`.
    pub mime: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a message says. Opaque to the core: it travels packed.
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
pub struct Body {
    /// Kind of content.
    pub kind: MessageKind,
    /// Text, or caption of the media.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// For image, audio, video and document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// Names and values: what a structured kind needs, and details of the channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::pairs")]
    pub fields: Vec<(String, String)>,
}

impl Body {
    /// A plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: MessageKind::Text, text: text.into(), media: None, fields: Vec::new() }
    }
}

/// A customer of a bot, as the bot knows it. Personal: never in the core.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The bot's own name for the contact, such as a phone number; at most 128 bytes.
    pub id: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Further fields: name and value (phone, e-mail, city, document, language, ...).
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::pairs")]
    pub fields: Vec<(String, String)>,
}

/// One line of what bot and customer said before the hand-off.
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
pub struct TranscriptLine {
    /// Who said it.
    pub author: Author,
    /// When, in microseconds since 1970.
    pub at: u64,
    /// What.
    pub text: String,
}

/// What a bot tells the agent at a hand-off. Personal: never in the core.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct HandOffDetails {
    /// Who is handed over.
    pub contact: Contact,
    /// What the agent should know first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_to_agent: String,
    /// What was said before; at most 256 lines and 256 KiB are kept, the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<TranscriptLine>,
    /// What the bot knows; at most 64 entries are kept, the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::pairs")]
    pub context: Vec<(String, String)>,
}
