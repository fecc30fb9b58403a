//! How an offer and the wrap-up end.

use rkyv::{Archive, Deserialize, Serialize};

/// How an offer of a ticket to an agent ended without the agent having it. (An accepted one ends with
/// the assignment.)
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
pub enum OfferEnd {
    /// The agent declined it.
    Declined,
    /// The agent let the time pass: it is offered nothing until it does something.
    Missed,
    /// The agent is no longer there for new tickets: paused, invisible, offline, without a session; or
    /// the customer is gone for now.
    Withdrawn,
    /// Another agent accepted it.
    Taken,
    /// The ticket ended.
    Closed,
}

/// How a transfer that was asked ended without anybody having accepted it.
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
pub enum TransferEnd {
    /// The last one who was asked declined it.
    Declined,
    /// The last one who was asked let the time pass.
    Missed,
    /// The last one who was asked is no longer there, or had no free seat any more.
    Unavailable,
    /// The giver withdrew it.
    Withdrawn,
    /// The daemon has started anew, and nobody who was asked is there any more.
    Restarted,
    /// The giver has lost the ticket: it waits in the queue that it was meant for, or in its own.
    GiverGone,
}

/// How the wrap-up of a closed ticket ended.
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
pub enum WrapUpEnd {
    /// The agent is done.
    Done,
    /// The queue's limit was reached.
    Limit,
    /// The agent is gone: offline, or without a session beyond the grace period.
    AgentGone,
}
