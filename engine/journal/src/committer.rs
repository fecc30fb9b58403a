//! Group commit as a plain state machine: takes submissions, makes one group of what is there,
//! appends it to a log, hands it to a sink. A thread drives it in the daemon, a simulator may drive
//! it by hand.
//!
//! It waits for nothing and retries nothing: after one failed append it refuses everything.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::frame::{EntryKind, GroupBuilder};
use crate::limits::{GROUP_BYTES_MAX, GROUP_BYTES_MIN, PART_BYTES};
use crate::log::{Log, LogError};
use crate::place::{GroupNumber, Place, RecordNumber, Tail};
use crate::record::{Submission, name_parts};

/// A submission that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<T> {
    /// Where its record stands; `None` for an answer without a record.
    pub place: Option<Place>,
    /// Number of its record; for an answer without a record, of the last record before it.
    pub record: RecordNumber,
    /// What the submitter handed in.
    pub payload: T,
}

/// A committed group, or answers without a record that needed no group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<T> {
    /// Last durable group, this one included.
    pub number: GroupNumber,
    /// Last durable record.
    pub last_record: RecordNumber,
    /// Submissions in their order. Empty for a group that holds only parts of a large record.
    pub deliveries: Vec<Delivery<T>>,
    /// Bytes of the group on disk; 0 when nothing had to be written.
    pub bytes: usize,
    /// From the start of the append to its end.
    pub commit: Duration,
    /// Time in the sync alone.
    pub sync: Duration,
}

/// Why a group was not committed. The committer is finished then.
#[derive(Debug, Error)]
pub enum CommitError {
    /// The log failed now.
    #[error("group {group} of {bytes} bytes was not committed: {source}")]
    Log {
        /// Group that was to be written.
        group: GroupNumber,
        /// Its bytes.
        bytes: usize,
        /// What the log says.
        source: LogError,
    },
    /// The log failed before.
    #[error("the journal is poisoned by an earlier failure")]
    Poisoned,
}

/// Packs submissions into groups and appends them.
#[derive(Debug)]
pub struct Committer<T, L> {
    log: L,
    tail: Tail,
    schema: u16,
    builder: GroupBuilder,
    waiting: VecDeque<Submission<T>>,
    urgent_waiting: usize,
    large: Option<Large>,
    poisoned: bool,
}

/// The large record at the front of `waiting`, as far as its parts are written.
#[derive(Debug, Default)]
struct Large {
    written: usize,
    parts: Vec<Place>,
}

impl<T, L: Log> Committer<T, L> {
    /// Continues `log` after `tail`. `schema` is written into every frame; groups are at most
    /// `group_bytes` long, taken into the range of the format.
    pub fn new(log: L, tail: Tail, schema: u16, group_bytes: usize) -> Self {
        let limit = group_bytes.clamp(GROUP_BYTES_MIN, GROUP_BYTES_MAX);
        Self {
            log,
            tail,
            schema,
            builder: GroupBuilder::new(limit),
            waiting: VecDeque::new(),
            urgent_waiting: 0,
            large: None,
            poisoned: false,
        }
    }

    /// Adds submissions behind those that wait.
    pub fn push(&mut self, batch: impl IntoIterator<Item = Submission<T>>) {
        for submission in batch {
            self.urgent_waiting += usize::from(submission.urgent);
            self.waiting.push_back(submission);
        }
    }

    /// Submissions that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether one of them asks for a commit of its own.
    pub fn is_urgent(&self) -> bool {
        self.urgent_waiting > 0
    }

    /// Whether no large record is written in part.
    pub fn is_between_records(&self) -> bool {
        self.large.is_none()
    }

    /// Last durable group, record and hash.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// The log below.
    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// Offers the log a place where a unit of removal may end. Does nothing inside a large record:
    /// its parts and their name stay together.
    ///
    /// # Errors
    /// When the log failed; that is final.
    pub fn seal(&mut self, demanded: bool) -> Result<(), CommitError> {
        if self.poisoned {
            return Err(CommitError::Poisoned);
        }
        if !self.is_between_records() {
            return Ok(());
        }
        let group = self.tail.group.next();
        self.log.seal(demanded).map_err(|source| {
            self.poisoned = true;
            CommitError::Log { group, bytes: 0, source }
        })
    }

    /// Closes the log: makes durable what may still be in flight.
    ///
    /// # Errors
    /// When the log failed, now or before.
    pub fn close(&mut self) -> Result<(), CommitError> {
        if self.poisoned {
            return Err(CommitError::Poisoned);
        }
        let group = self.tail.group;
        self.log.close().map_err(|source| {
            self.poisoned = true;
            CommitError::Log { group, bytes: 0, source }
        })
    }

    /// Makes one group of what waits and commits it. `None` when nothing waits.
    ///
    /// # Errors
    /// When the log failed. That is final: whether the group is on disk is unknown, it is delivered
    /// to nobody, and everything after it is refused.
    pub fn commit(&mut self) -> Result<Option<Group<T>>, CommitError> {
        if self.poisoned {
            return Err(CommitError::Poisoned);
        }
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let deliveries = self.pack();
        if self.builder.is_empty() {
            return Ok(Some(self.group(deliveries, 0, Duration::ZERO, Duration::ZERO)));
        }
        let (value, tail) = self.builder.seal(self.schema, &self.tail);
        let bytes = value.len();
        let start = Instant::now();
        #[cfg(planted)]
        if crate::planted::is(crate::planted::Bug::DeliveredFirst) {
            self.builder.clear();
            return Ok(Some(self.group(deliveries, bytes, Duration::ZERO, Duration::ZERO)));
        }
        let appended = self.log.append(self.tail.group, value).map_err(|source| {
            self.poisoned = true;
            CommitError::Log { group: tail.group, bytes, source }
        })?;
        self.builder.clear();
        self.tail = tail;
        Ok(Some(self.group(deliveries, bytes, start.elapsed(), appended.sync)))
    }

    fn group(
        &self,
        deliveries: Vec<Delivery<T>>,
        bytes: usize,
        commit: Duration,
        sync: Duration,
    ) -> Group<T> {
        let (number, last_record) = (self.tail.group, self.tail.record);
        Group { number, last_record, deliveries, bytes, commit, sync }
    }

    /// Fills the builder from the front of the queue; returns what the group completes.
    fn pack(&mut self) -> Vec<Delivery<T>> {
        let group = self.tail.group.next();
        let mut deliveries = Vec::with_capacity(self.waiting.len().min(1024));
        while let Some(front) = self.waiting.front() {
            let index = if front.is_large() {
                let Some(index) = pack_large(&mut self.builder, front, &mut self.large, group)
                else {
                    break;
                };
                Some(index)
            } else if front.is_record() {
                if !self.builder.fits(front.bytes()) {
                    break;
                }
                Some(self.builder.push(EntryKind::Whole, &front.public, &front.private))
            } else {
                None
            };
            let Some(submission) = self.waiting.pop_front() else { break };
            self.urgent_waiting -= usize::from(submission.urgent);
            deliveries.push(Delivery {
                place: index.map(|index| Place { group, index }),
                record: RecordNumber(self.tail.record.0 + self.builder.records()),
                payload: submission.payload,
            });
        }
        deliveries
    }
}

/// Writes parts of `front` until the group is full or the record is whole; then its name, whose
/// position is returned.
fn pack_large<T>(
    builder: &mut GroupBuilder,
    front: &Submission<T>,
    large: &mut Option<Large>,
    group: GroupNumber,
) -> Option<u32> {
    let progress = large.get_or_insert_default();
    while progress.written < front.bytes() {
        let end = front.bytes().min(progress.written + PART_BYTES);
        if !builder.fits(end - progress.written) {
            return None;
        }
        // Public and private bytes count as one row of bytes; a part is a window on it.
        let split = front.public.len();
        let public = &front.public[progress.written.min(split)..end.min(split)];
        let private = &front.private[progress.written.max(split) - split..end.max(split) - split];
        let index = builder.push(EntryKind::Part, public, private);
        progress.parts.push(Place { group, index });
        progress.written = end;
    }
    let name = name_parts(&progress.parts, front.public.len(), front.private.len());
    if !builder.fits(name.len()) {
        return None;
    }
    *large = None;
    Some(builder.push(EntryKind::Named, &name, &[]))
}
