//! Offers, hold and wrap-up.

use crate::ids::TicketId;
use crate::vocabulary::{HandOffReason, OfferEnd, TransferEnd};
use rkyv::{Archive, Deserialize, Serialize};

/// A ticket is offered to this agent, to be accepted or declined. It holds a seat meanwhile. A session
/// that opens is told of every offer that stands.
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
pub struct Offer {
    /// The ticket.
    pub ticket: TicketId,
    /// Name of its bot.
    pub bot: String,
    /// Name of its queue.
    pub queue: String,
    /// Why the bot handed it over.
    pub reason: HandOffReason,
    /// 0 to 1000.
    pub priority: u16,
    /// Until when it may be accepted, in microseconds since 1970.
    pub until: u64,
}

/// An offer is over.
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
pub struct OfferEnded {
    /// The ticket.
    pub ticket: TicketId,
    /// How; absent: the agent has accepted it, on this device or another.
    pub end: Option<OfferEnd>,
}

/// The wrap-up of a closed ticket: the agent keeps the seat.
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
pub struct WrapUp {
    /// The ticket.
    pub ticket: TicketId,
    /// Until when at most, in microseconds since 1970; absent: it is over, and the seat is free.
    pub until: Option<u64>,
    /// It has no tag, and its queue wants one: to be given until then, or no longer.
    #[serde(default)]
    pub untagged: bool,
}

/// The agent put a ticket on hold, or took it up again.
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
pub struct Held {
    /// It is on hold now.
    pub on: bool,
}

/// The receiver of a transfer is asked to accept it: the ticket stays with its agent until then. Or that
/// is over, and nobody has accepted it.
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
pub struct TransferAsked {
    /// The queue or the agent; empty when it is over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// For how long each who is asked may accept it, in seconds; 0 when it is over.
    pub seconds: u32,
    /// Of the giver, for the receiver.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Why it is over, without anybody having accepted it; absent: it begins.
    pub end: Option<TransferEnd>,
}
