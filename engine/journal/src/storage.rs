//! Watches the free space of the journal's file system: asks the system each second and counts what
//! was written since. It refuses nothing itself; the daemon asks for the state and refuses early.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use crate::cursor::StorageState;

const INTERVAL: Duration = Duration::from_secs(1);

/// sled rewrites a leaf now and then: on disk full groups took 1.84 times their bytes, and small ones
/// take more. The reserve reckons with this many times.
const SPACE_PER_BYTE: u64 = 3;

/// Free bytes below which nothing new is to be taken.
#[derive(Debug)]
pub(crate) struct Reserve {
    set_bytes: Option<u64>,
    between_bytes: u64,
    bytes: AtomicU64,
}

impl Reserve {
    /// As the operator has set it, or from what is written between two snapshots.
    pub(crate) fn new(set_bytes: Option<u64>, between_bytes: u64) -> Self {
        let between_bytes = between_bytes.saturating_mul(SPACE_PER_BYTE);
        Self { set_bytes, between_bytes, bytes: AtomicU64::new(set_bytes.unwrap_or(0)) }
    }

    /// The largest snapshot has so many bytes now: as many are written anew beside it.
    pub(crate) fn take_snapshots(&self, largest_bytes: u64) {
        let reckoned = self.between_bytes.saturating_add(largest_bytes).saturating_mul(2);
        self.bytes.store(self.set_bytes.unwrap_or(reckoned), Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(crate) struct StorageWatch {
    dir: PathBuf,
    reserve: Arc<Reserve>,
    available_bytes: u64,
    asked: Option<Instant>,
    state: StorageState,
}

impl StorageWatch {
    pub(crate) fn new(dir: &Path, reserve: Arc<Reserve>) -> Self {
        Self {
            dir: dir.to_path_buf(),
            reserve,
            available_bytes: u64::MAX,
            asked: None,
            state: StorageState::Open,
        }
    }

    /// Asks the system when a second has passed, and says how it stands.
    pub(crate) fn look(&mut self, now: Instant) -> StorageState {
        if self.asked.is_none_or(|asked| now.duration_since(asked) >= INTERVAL) {
            self.asked = Some(now);
            match statvfs(&self.dir) {
                Ok(space) => {
                    self.available_bytes = space.f_bavail.saturating_mul(space.f_frsize);
                }
                Err(error) => tracing::warn!(%error, "cannot ask for free space"),
            }
        }
        self.state = next_state(self.state, self.available_bytes, self.reserve.bytes());
        self.state
    }

    /// Counts bytes of groups written since the system was asked.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        let space = (bytes as u64).saturating_mul(SPACE_PER_BYTE);
        self.available_bytes = self.available_bytes.saturating_sub(space);
    }
}

fn next_state(state: StorageState, available_bytes: u64, reserve_bytes: u64) -> StorageState {
    let enough_bytes = match state {
        StorageState::Open => reserve_bytes,
        StorageState::Full => reserve_bytes.saturating_mul(2),
    };
    if available_bytes < enough_bytes { StorageState::Full } else { StorageState::Open }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_full_below_the_reserve_and_open_again_at_twice_of_it() {
        let steps = [
            (StorageState::Open, 100, StorageState::Open),
            (StorageState::Open, 99, StorageState::Full),
            (StorageState::Full, 100, StorageState::Full),
            (StorageState::Full, 199, StorageState::Full),
            (StorageState::Full, 200, StorageState::Open),
        ];
        for (state, available_bytes, expected) in steps {
            assert_eq!(next_state(state, available_bytes, 100), expected, "{available_bytes}");
        }
    }
}
