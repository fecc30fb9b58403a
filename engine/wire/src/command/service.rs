//! What an agent does with an offer, on hold, parked, and after the close.

use crate::ids::TicketId;
use rkyv::{Archive, Deserialize, Serialize};

/// Accepts an offer. Of several agents with the same offer the first has the ticket.
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
pub struct Accept {
    /// Which ticket.
    pub ticket: TicketId,
}

/// Declines an offer: the ticket goes to somebody else. The giver of a transfer that is asked withdraws it.
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
pub struct Decline {
    /// Which ticket.
    pub ticket: TicketId,
}

/// Puts a ticket in service on hold: the agent keeps its seat.
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
pub struct Hold {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
}

/// Takes a ticket on hold up again.
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
pub struct Unhold {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
}

/// Parks a ticket in service until a time: its seat is free, and words of its customer bring it back
/// sooner.
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
pub struct Park {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
    /// Until when, in microseconds since 1970: from now on at most `limits::PARK_SECONDS` later.
    pub until: u64,
}

/// Takes a ticket up again that the agent has parked: it takes a seat.
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
pub struct Unpark {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
}

/// Goes on with a conversation that the agent has closed, while its queue lets it be reopened and the
/// contact has no other ticket.
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
pub struct Reopen {
    /// Which closed ticket.
    pub ticket: TicketId,
}

/// Ends the wrap-up of a closed ticket: its seat is free. Where it is over already, tags are refused with
/// `wrong_state`, as they would not be kept; without tags the answer is `done`.
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
pub struct WrapUpDone {
    /// Which ticket.
    pub ticket: TicketId,
    /// Further tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
