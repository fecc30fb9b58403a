//! Customers and agents who do not answer.

use relevo_wire::TicketId;
use relevo_wire::vocabulary::Silent;
use rkyv::{Archive, Deserialize, Serialize};

/// Somebody has been silent for too long and was told so.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Inactive {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Who is silent.
    pub silent: Silent,
    /// What the customer is told; empty where the agent is silent.
    pub text: String,
}
