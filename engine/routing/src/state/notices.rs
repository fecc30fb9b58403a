//! Notices to those who wait in a queue that not everybody has got yet.

use super::slab::Slot;
use crate::Micros;
use crate::event::NoticeWords;
use relevo_wire::QueueId;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most one of each queue.
pub(crate) type Notices = BTreeMap<QueueId, Running>;

/// A notice on its way through the waiting tickets of a queue, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) words: NoticeWords,
    /// Who began to wait later is not told.
    pub(crate) began: Micros,
    /// Nor are tickets from this one on, in order of creation.
    pub(crate) created: u64,
    /// Who was told last: since when it had waited, and where it is.
    pub(crate) told: Option<(Micros, Slot)>,
}
