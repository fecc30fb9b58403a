//! A target of a ticket is at risk or missed.

use crate::ids::TicketId;
use crate::vocabulary::{TargetState, TicketTarget};
use rkyv::{Archive, Deserialize, Serialize};

/// A target of a ticket that the agent has is at risk, or missed. A response's target is over with the
/// agent's next message in the ticket, that of its resolution with its end.
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
pub struct Target {
    /// The ticket.
    pub ticket: TicketId,
    /// Which target.
    pub which: TicketTarget,
    /// How far it is gone.
    pub state: TargetState,
    /// When it is missed, or was, in microseconds since 1970. It is later by what the hours of its
    /// queue have it closed before that.
    pub due: u64,
}
