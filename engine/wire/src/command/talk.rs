//! What is said, read and received.

use crate::ids::TicketId;
use crate::packed::Packed;
use crate::vocabulary::{Author, Body};
use rkyv::{Archive, Deserialize, Serialize};

/// Reads entries of a ticket that the caller may see: a closed parent, or history.
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
pub struct Read {
    /// Which ticket.
    pub ticket: TicketId,
    /// Entries after this number.
    #[serde(default)]
    pub after: u32,
}

/// Says something in a conversation. A bot names `contact` and `author`; an agent names `ticket`
/// and `epoch`.
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
pub struct Send {
    /// The ticket; may be absent for `author: customer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The contact, for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The epoch that the author believes in; absent for `author: customer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
    /// Who wrote it.
    pub author: Author,
    /// Makes the send idempotent: the channel's message id, or the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// When the customer wrote, in microseconds since 1970, if the channel tells. Taken, and not kept by
    /// this version: an entry tells when it was stored. What must last of it belongs in the body's fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// What it says.
    pub body: Packed<Body>,
}

/// How far a party has come. Two numbers a ticket; they never go back.
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
pub struct Receipt {
    /// Which ticket.
    pub ticket: TicketId,
    /// Entries up to this number have arrived.
    pub delivered: u32,
    /// Messages up to this number were read.
    #[serde(default)]
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
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// Where.
    pub ticket: TicketId,
}
