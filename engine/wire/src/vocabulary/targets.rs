//! The targets of a ticket that an agent has.

use rkyv::{Archive, Deserialize, Serialize};

/// Which target of the ticket's queue.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TicketTarget {
    /// From the assignment to the agent's first message.
    FirstResponse,
    /// After that: from the customer's first unanswered message to the agent's next one.
    NextResponse,
    /// From the first response of the ticket to its end.
    Resolution,
}

/// How far a target is gone.
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
pub enum TargetState {
    /// 80 % of its time are over.
    AtRisk,
    /// All of its time is over.
    Missed,
}
