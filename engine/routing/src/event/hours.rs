//! Opening hours.

use crate::Micros;
use relevo_wire::QueueId;
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
