//! Offers, hold and wrap-up.

use crate::Micros;
use relevo_wire::vocabulary::{OfferEnd, WrapUpEnd};
use relevo_wire::{AgentId, TicketId};
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
