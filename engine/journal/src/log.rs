//! The seam below the writer: a log of whole groups. sled stands behind it in the daemon, memory in
//! simulators, and a replicated, fenced log may stand there one day.
//!
//! A log stores values under dense numbers. It does not look into them and never repeats a write
//! that failed.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use thiserror::Error;

use crate::place::GroupNumber;

/// Groups as they come out of a log, in order.
pub type Groups<'a> = Box<dyn Iterator<Item = Result<(GroupNumber, Arc<[u8]>), LogError>> + 'a>;

/// Why a log did not do what it was asked. After an error of `append`, `seal` or `close` the log is
/// finished: nobody knows what the disk holds.
#[derive(Debug, Error)]
pub enum LogError {
    /// The log has another tail than its writer believes: there is a second writer.
    #[error("log ends at group {actual}, its writer expected {expected}")]
    TailMoved {
        /// What the writer expected.
        expected: GroupNumber,
        /// Where the log ends.
        actual: GroupNumber,
    },
    /// sled refused.
    #[error("sled, {during}: {message}")]
    Sled {
        /// What was being done.
        during: &'static str,
        /// sled's own words.
        message: String,
    },
    /// The operating system refused.
    #[error("{during}: {source}")]
    Io {
        /// What was being done.
        during: &'static str,
        /// The error of the system.
        source: io::Error,
    },
    /// sled put a page into a file of its own that is never synced.
    #[error("sled moved a page out of its log into blobs/: group of {bytes} bytes")]
    Blob {
        /// Bytes of the group that was being written.
        bytes: usize,
    },
}

impl LogError {
    pub(crate) fn io(during: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { during, source }
    }

    pub(crate) fn sled(during: &'static str) -> impl FnOnce(sled::Error) -> Self {
        move |error| match error {
            sled::Error::Io(source) => Self::Io { during, source },
            error @ (sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Corruption { .. }) => Self::Sled { during, message: error.to_string() },
        }
    }

    /// The system lacks something, or forbids it: that tells nothing of what is in the log.
    pub(crate) fn is_of_the_system(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        let is_kind = matches!(
            source.kind(),
            ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::OutOfMemory
                | ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
        );
        is_kind || matches!(Errno::from_io_error(source), Some(Errno::MFILE | Errno::NFILE))
    }
}

/// What a durable append cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Time in the sync alone.
    pub sync: Duration,
}

/// A log of groups with one writer.
pub trait Log: Send {
    /// Writes `value` as the group after `expected_tail`. When this returns, the group is durable.
    ///
    /// # Errors
    /// Any error is final for the log.
    fn append(&mut self, expected_tail: GroupNumber, value: &[u8]) -> Result<Appended, LogError>;

    /// Every group from `from` on, in order.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn read(&self, from: GroupNumber) -> Result<Groups<'_>, LogError>;

    /// Lets go of groups up to and with `upto`, as far as the log's units of removal allow.
    ///
    /// # Errors
    /// When what is no longer needed could not be removed.
    fn truncate(&mut self, upto: GroupNumber) -> Result<(), LogError>;

    /// Called between two records when the next group may start a new unit of removal; `demanded`
    /// asks for it, else the log decides by size and age.
    ///
    /// # Errors
    /// Any error is final for the log.
    fn seal(&mut self, demanded: bool) -> Result<(), LogError> {
        let _ = demanded;
        Ok(())
    }

    /// Last call: makes durable what may still be in flight.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn close(&mut self) -> Result<(), LogError> {
        Ok(())
    }
}

/// Reads single groups off the hot path, beside the writer.
pub trait GroupSource: Send + Sync {
    /// The value of a group, or `None` when the log does not hold it.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn group(&self, number: GroupNumber) -> Result<Option<Arc<[u8]>>, LogError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_lacks_is_no_damage() {
        let sled = |error: sled::Error| LogError::sled("open a generation")(error);
        for errno in [Errno::NOSPC, Errno::DQUOT, Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            assert!(sled(sled::Error::Io(errno.into())).is_of_the_system(), "{errno}");
        }
        let missing = io::Error::from(ErrorKind::NotFound);
        assert!(!sled(sled::Error::Io(missing)).is_of_the_system(), "a file of the log");
        let torn = sled::Error::Corruption { at: None, bt: () };
        assert!(!sled(torn).is_of_the_system());
    }
}
