//! Targets of tickets that agents have. The service level of a conversation is apart from them.

use crate::Micros;
use relevo_wire::TicketId;
use relevo_wire::vocabulary::{TargetState, TicketTarget};
use rkyv::{Archive, Deserialize, Serialize};

/// A target of a ticket is at risk or missed: each once a clock, and missed alone where both were found
/// at once. Who has the ticket is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TargetTold {
    /// The ticket.
    pub ticket: TicketId,
    /// Which target.
    pub which: TicketTarget,
    /// How far it is gone.
    pub state: TargetState,
    /// When it is missed, or was; of one at risk, if its queue is open until then.
    pub due: Micros,
}
