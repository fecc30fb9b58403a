//! Planted bugs, one chosen at run time. They exist in one extra build alone (`--cfg planted`), to
//! show that the simulator is not blind: each must make it fail.

use std::sync::atomic::{AtomicU8, Ordering};

/// A bug of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// A group is delivered before it is in the log.
    DeliveredFirst = 1,
    /// Recovery takes a torn group for a whole one.
    TornTaken,
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// From now on this bug is there, in the whole process.
pub fn choose(bug: Option<Bug>) {
    CHOSEN.store(bug.map_or(0, |bug| bug as u8), Ordering::Relaxed);
}

pub(crate) fn is(bug: Bug) -> bool {
    CHOSEN.load(Ordering::Relaxed) == bug as u8
}
