//! The auditor: looks for waiting tickets beside agents who could have them.

use relevo_wire::{AgentId, QueueId, TicketId};

/// What one turn of the auditor found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Tickets that wait beside an eligible agent. Each is a fault of ours.
    pub violations: Vec<Violation>,
    /// Nothing was looked at: matching is not finished, a tick is due.
    pub unfinished: bool,
}

/// A waiting ticket and an agent who is eligible for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Its queue.
    pub queue: QueueId,
    /// Who waits.
    pub ticket: TicketId,
    /// Who could have it.
    pub agent: AgentId,
}
