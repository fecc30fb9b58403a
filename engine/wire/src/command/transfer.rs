//! A ticket goes to another queue or agent.

use crate::ids::TicketId;
use rkyv::{Archive, Deserialize, Serialize};

/// Where a ticket may be transferred.
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
pub struct Targets {
    /// Which ticket.
    pub ticket: TicketId,
}

/// A queue or an agent.
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
pub enum TransferTarget {
    /// A queue of the same bot, by name.
    Queue(String),
    /// A member of the same bot's queues, by name.
    Agent(String),
}

/// Gives a ticket to a queue or an agent; it keeps its place in line.
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
pub struct Transfer {
    /// Which ticket.
    pub ticket: TicketId,
    /// The epoch that the agent believes in.
    pub epoch: u32,
    /// To whom.
    pub to: TransferTarget,
    /// For the receiver.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
