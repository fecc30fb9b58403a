//! A ticket that its agent has parked.

use crate::vocabulary::UnparkCause;
use rkyv::{Archive, Deserialize, Serialize};

/// The agent parked the ticket: nobody has it in a seat.
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
pub struct Parked {
    /// Until when at most, in microseconds since 1970.
    pub until: u64,
}

/// The ticket is parked no longer: it waits, for the agent who parked it first.
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
pub struct Unparked {
    /// Name of the agent who had parked it.
    pub agent: String,
    /// What brought it back.
    pub cause: UnparkCause,
}
