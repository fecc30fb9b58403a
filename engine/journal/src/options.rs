//! What the owner of a journal chooses.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::limits::{GENERATION_BYTES, GROUP_BYTES_MAX, SNAPSHOT_EVERY_BYTES};

/// How a journal is opened and kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory of the journal. It is made when it does not exist; its parent must exist.
    pub dir: PathBuf,
    /// Schema version of the records, written into every frame and handed back with each record.
    pub schema: u16,
    /// Largest group in bytes, taken into `GROUP_BYTES_MIN..=GROUP_BYTES_MAX`.
    pub group_bytes: usize,
    /// A generation is sealed when its groups have this many bytes.
    pub generation_bytes: u64,
    /// A generation is sealed when it is this old and not empty.
    pub generation_age: Duration,
    /// A snapshot is made when the sealed generations that none holds yet have this many bytes, or
    /// the last of them was sealed for its age.
    pub snapshot_every_bytes: u64,
    /// Submissions that are not urgent wait at most this long.
    pub lazy_interval: Duration,
    /// Free bytes below which [`crate::StorageState::Full`] is shown; `None` means twice what is
    /// written between two snapshots, and two snapshots of the present size.
    pub reserve_bytes: Option<u64>,
    /// What may be removed.
    pub retention: Retention,
    /// How many groups the operator agrees to give up, at most, when the journal is damaged.
    pub accept_loss: Option<u64>,
}

/// What may be removed once it is folded into a durable snapshot.
#[derive(Debug, Clone, Default)]
pub enum Retention {
    /// Nothing, ever: the log is the archive.
    #[default]
    KeepAll,
    /// Generations wholly below the lowest group number that their user still needs, and not after
    /// the older kept snapshot.
    RetainFrom(Arc<AtomicU64>),
}

impl Options {
    /// The defaults for a directory.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            schema: 1,
            group_bytes: GROUP_BYTES_MAX,
            generation_bytes: GENERATION_BYTES,
            generation_age: Duration::from_secs(24 * 60 * 60),
            snapshot_every_bytes: SNAPSHOT_EVERY_BYTES,
            lazy_interval: Duration::from_secs(1),
            reserve_bytes: None,
            retention: Retention::KeepAll,
            accept_loss: None,
        }
    }
}
