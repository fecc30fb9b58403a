//! Opening hours.

use crate::Micros;
use relevo_wire::{QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A queue was opened or closed by its hours, or will be at another time than was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct QueueHours {
    /// The queue.
    pub queue: QueueId,
    /// Open from now on.
    pub open: bool,
    /// When that changes; absent: never.
    pub until: Option<Micros>,
}

/// The service-level threshold of a conversation passes later, for its queue was closed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TargetMoved {
    /// The ticket.
    pub ticket: TicketId,
    /// When it passes now.
    pub target_at: Micros,
    /// How long the queue will have been closed in all by then, as far as that is known, in microseconds.
    pub closed_us: Micros,
}
