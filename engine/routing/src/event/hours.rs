//! Opening hours, and the modes of queues.

use crate::Micros;
use relevo_wire::vocabulary::QueueMode;
use relevo_wire::{QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A queue was opened or closed by its hours or its mode, or will be at another time than was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct QueueHours {
    /// The queue.
    pub queue: QueueId,
    /// Open from now on.
    pub open: bool,
    /// When that changes; absent: never.
    pub until: Option<Micros>,
}

/// A queue has another mode from now on. What that makes of a queue that is open or closed by its hours
/// another event tells.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct QueueModeSet {
    /// The queue.
    pub queue: QueueId,
    /// Whom it takes.
    pub mode: QueueMode,
    /// What whoever is refused is told; empty: the queue's text.
    pub text: String,
    /// When it is open again; absent: when somebody says so.
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
