//! Offers, hold and wrap-up.

use crate::Micros;
use relevo_wire::vocabulary::{OfferEnd, TransferEnd, WrapUpEnd};
use relevo_wire::{AgentId, QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A ticket is offered to an agent, of whom it holds a seat. One event for each of several agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Offered {
    /// The ticket.
    pub ticket: TicketId,
    /// The agent.
    pub agent: AgentId,
    /// Until when it may be accepted: the same for all agents.
    pub until: Micros,
}

/// An offer is over without the agent having the ticket; the seat is free. With the last one the ticket
/// is back at its place in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct OfferEnded {
    /// The ticket.
    pub ticket: TicketId,
    /// The agent.
    pub agent: AgentId,
    /// How.
    pub end: OfferEnd,
    /// Who declined or missed it is excluded until then (or until another had it).
    pub excluded_until: Option<Micros>,
}

/// An agent who had missed an offer did something: it is offered tickets again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Responding {
    /// The agent.
    pub agent: AgentId,
}

/// An agent put a ticket on hold, or took it up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Held {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// It is on hold now.
    pub on: bool,
}

/// The wrap-up of a closed ticket is over; the seat is free.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct WrappedUp {
    /// The ticket.
    pub ticket: TicketId,
    /// Who had it.
    pub agent: AgentId,
    /// How.
    pub end: WrapUpEnd,
    /// Further tags that the agent gave.
    pub tags: Vec<String>,
    /// Its queue wanted a tag, and it has none.
    pub untagged: bool,
}

/// The receiver is asked to accept a transfer: the ticket stays with its agent meanwhile. Offers of it
/// follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TransferAsked {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Into this queue.
    pub queue: QueueId,
    /// To this agent; absent: to whom the queue's strategy picks.
    pub agent: Option<AgentId>,
    /// For how long each is asked.
    pub wait_us: Micros,
    /// The private part holds the giver's note.
    pub private: bool,
}

/// A transfer that was asked is over without anybody having accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TransferEnded {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Why.
    pub end: TransferEnd,
}
