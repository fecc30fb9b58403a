//! What the server sends unasked.

use crate::answer::TicketSummary;
use crate::estimate::EstimatedWait;
use crate::ids::TicketId;
use crate::packed::Packed;
use crate::vocabulary::{
    Author, Body, CloseReason, HandOffDetails, HandOffReason, Intent, Outcome, RequeueReason,
};
mod absence;
mod inactivity;
mod offers;
mod parking;
mod target;

pub use absence::Absence;
pub use inactivity::Inactive;
pub use offers::{Held, Offer, OfferEnded, TransferAsked, WrapUp};
pub use parking::{Parked, Unparked};
pub use target::Target;

use rkyv::{Archive, Deserialize, Serialize};

/// Every push of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// The next entry of a ticket's sequence.
    Entry(Entry),
    /// Part of the snapshot that follows `welcome`.
    Snapshot(Snapshot),
    /// How far the other party has come.
    Progress(Progress),
    /// Somebody types. Ephemeral.
    Typing(TypingPush),
    /// Place in line. Ephemeral.
    Position(Position),
    /// Own presence changed (by another device, by a rule).
    Presence(Presence),
    /// A ticket is offered.
    Offer(Offer),
    /// An offer is over.
    OfferEnded(OfferEnded),
    /// The wrap-up of a closed ticket began or is over.
    WrapUp(WrapUp),
    /// The agent is away for a bot, or no longer.
    Absence(Absence),
    /// A target of a ticket is at risk, or missed.
    Target(Target),
    /// The session ends: why, and when to come back.
    GoAway(GoAway),
}

impl Push {
    /// The name as it stands in JSON and in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Entry(_) => "entry",
            Self::Snapshot(_) => "snapshot",
            Self::Progress(_) => "progress",
            Self::Typing(_) => "typing",
            Self::Position(_) => "position",
            Self::Presence(_) => "presence",
            Self::Offer(_) => "offer",
            Self::OfferEnded(_) => "offer_ended",
            Self::WrapUp(_) => "wrap_up",
            Self::Absence(_) => "absence",
            Self::Target(_) => "target",
            Self::GoAway(_) => "go_away",
        }
    }
}

/// One entry of the dense sequence of a ticket: from 1, nothing left out. What a party may not see
/// reaches it as [`EntryEvent::Empty`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number in the ticket.
    pub number: u32,
    /// When, in microseconds since 1970.
    pub at: u64,
    /// What.
    pub event: EntryEvent,
}

/// What an entry tells. Each variant is a frame kind of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryEvent {
    /// Not for this party.
    Empty(Empty),
    /// The bot handed the customer over (again: the transcript grew). For agents.
    HandedOff(HandedOff),
    /// Somebody said something.
    Message(Message),
    /// An agent has it now.
    Assigned(Assigned),
    /// It went back to its line.
    Requeued(Requeued),
    /// It goes on in a child ticket.
    Transferred(Transferred),
    /// It is over: the bot has the conversation again.
    Returned(Returned),
    /// The agent put it on hold, or took it up again.
    Held(Held),
    /// Customer or agent has been silent for too long.
    Inactive(Inactive),
    /// The receiver of a transfer is asked to accept it, or nobody has. For agents.
    TransferAsked(TransferAsked),
    /// Its agent parked it.
    Parked(Parked),
    /// It is parked no longer.
    Unparked(Unparked),
}

impl EntryEvent {
    /// The name as it stands in JSON and in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty(_) => "empty",
            Self::HandedOff(_) => "handed_off",
            Self::Message(_) => "message",
            Self::Assigned(_) => "assigned",
            Self::Requeued(_) => "requeued",
            Self::Transferred(_) => "transferred",
            Self::Returned(_) => "returned",
            Self::Held(_) => "held",
            Self::Inactive(_) => "inactive",
            Self::TransferAsked(_) => "transfer_asked",
            Self::Parked(_) => "parked",
            Self::Unparked(_) => "unparked",
        }
    }
}

/// Not for this party.
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
pub struct Empty {}

/// A hand-off.
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
pub struct HandedOff {
    /// Name of the bot.
    pub bot: String,
    /// Name of the queue.
    pub queue: String,
    /// Why.
    pub reason: HandOffReason,
    /// 0 to 1000.
    pub priority: u16,
    /// The ticket that was transferred into this one.
    pub parent: Option<TicketId>,
    /// The receiver's note of a transfer.
    pub note: String,
    /// Contact, message for the agent, transcript, context; absent in a child: its parent has them.
    pub details: Option<Packed<HandOffDetails>>,
}

/// Somebody said something.
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
pub struct Message {
    /// Who.
    pub author: Author,
    /// Name of the agent, if an agent did.
    pub agent: Option<String>,
    /// What.
    pub body: Packed<Body>,
}

/// An agent has it now.
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
pub struct Assigned {
    /// Name of the agent.
    pub agent: String,
    /// The epoch from now on.
    pub epoch: u32,
}

/// It went back to its line.
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
pub struct Requeued {
    /// Name of the agent who had it.
    pub agent: String,
    /// Why.
    pub reason: RequeueReason,
    /// The epoch from now on.
    pub epoch: u32,
}

/// It goes on in a child ticket.
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
pub struct Transferred {
    /// `bot/queue` it was in.
    pub from: String,
    /// Queue or agent it goes to.
    pub to: String,
    /// The child ticket.
    pub child: TicketId,
    /// The epoch from now on.
    pub epoch: u32,
}

/// It is over: the bot has the conversation again.
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
pub struct Returned {
    /// Why.
    pub reason: CloseReason,
    /// How.
    pub outcome: Outcome,
    /// Tags that the agent gave.
    pub tags: Vec<String>,
    /// The epoch from now on.
    pub epoch: u32,
    /// Until when a customer's message, or the agent, goes on with the conversation in a new ticket, in
    /// microseconds since 1970; absent: the bot has it for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen_until: Option<u64>,
}

/// Part of the snapshot that follows `welcome`.
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
pub struct Snapshot {
    /// Own open tickets, and closed ones with entries that the party has not confirmed.
    pub tickets: Vec<TicketSummary>,
    /// This is the last part.
    pub last: bool,
}

/// How far the other party has come: states of messages are computed from it.
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
pub struct Progress {
    /// The ticket.
    pub ticket: TicketId,
    /// Entries up to this number have arrived at the other party.
    pub delivered: u32,
    /// Messages up to this number were read.
    pub read: u32,
}

/// Somebody types.
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
pub struct TypingPush {
    /// The ticket.
    pub ticket: TicketId,
    /// Who.
    pub author: Author,
}

/// New place in line of a ticket that waits.
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
pub struct Position {
    /// The ticket.
    pub ticket: TicketId,
    /// From 1: next in line.
    pub position: u32,
    /// Estimated wait from now on; absent until there are figures.
    pub estimated_wait: Option<EstimatedWait>,
}

/// Own presence changed.
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
pub struct Presence {
    /// What the agent wants.
    pub intent: Intent,
    /// Why.
    pub reason: String,
}

/// The session ends.
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
pub struct GoAway {
    /// Why: `draining`, `slow_consumer`, `revoked`, `superseded`.
    pub reason: String,
    /// Come back after so many milliseconds.
    pub reconnect_after_ms: u32,
}
