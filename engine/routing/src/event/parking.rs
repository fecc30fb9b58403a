//! Tickets that their agents park.

use crate::Micros;
use relevo_wire::vocabulary::UnparkCause;
use relevo_wire::{AgentId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// An agent parked a ticket: its seat is free. The ticket stays with the agent, and the epoch as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Parked {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// The agent.
    pub agent: AgentId,
    /// Until when at most.
    pub until: Micros,
}

/// A parked ticket waits again, at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Unparked {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// The agent who had parked it.
    pub agent: AgentId,
    /// What brought it back.
    pub cause: UnparkCause,
    /// Reserved for this agent until then.
    pub reserved: Option<(AgentId, Micros)>,
}
