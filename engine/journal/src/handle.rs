//! The handle that everybody holds: hands in batches, shows how the journal stands, reads old records,
//! closes. It never blocks on the disk, save for reading and closing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use thiserror::Error;

use crate::cursor::{Cursor, JournalState, StorageState};
use crate::history::History;
use crate::limits::RECORD_BYTES_MAX;
use crate::log::GroupSource;
use crate::place::{GroupNumber, Place, RecordNumber};
use crate::queue::Queue;
use crate::record::{RecordBytes, RecordError, Submission, read_record};
use crate::store::Store;

/// Why submissions were not taken. None of the batch was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// The journal is finished.
    #[error("the journal is poisoned by a failed write")]
    Poisoned,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// A record is larger than [`RECORD_BYTES_MAX`].
    #[error("record {index} of the batch has {bytes} bytes, at most {RECORD_BYTES_MAX} are taken")]
    TooLarge {
        /// Position in the batch.
        index: usize,
        /// Its public and private bytes.
        bytes: usize,
    },
}

/// Why a journal did not close well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CloseError {
    /// It failed before or while it was closed; the failure went to [`crate::Hooks::failed`].
    #[error("the journal failed before it was closed")]
    Poisoned,
}

/// Gives a journal its submissions and shows how it stands. Cheap to clone. When the last one is
/// dropped the journal closes by itself, but nobody waits for it.
pub struct JournalHandle<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for JournalHandle<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<T> {
    queue: Arc<Queue<T>>,
    cursor: Arc<Cursor>,
    source: Arc<dyn GroupSource>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    closing: Arc<AtomicBool>,
    /// All generations; none where the log is no directory.
    store: Option<Arc<Store>>,
}

/// Without a handle nothing more can be handed in: the writer commits what is there and ends.
impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        self.queue.close();
    }
}

impl<T> JournalHandle<T> {
    pub(crate) fn new(
        queue: Arc<Queue<T>>,
        cursor: Arc<Cursor>,
        source: Arc<dyn GroupSource>,
        threads: Vec<JoinHandle<()>>,
        closing: Arc<AtomicBool>,
        store: Option<Arc<Store>>,
    ) -> Self {
        let threads = Mutex::new(threads);
        Self { shared: Arc::new(Shared { queue, cursor, source, threads, closing, store }) }
    }

    /// Hands in a batch, whole and in order, behind everything handed in before.
    ///
    /// # Errors
    /// When the journal takes nothing any more, or a record is too large; then the whole batch is
    /// refused.
    pub fn submit(&self, batch: Vec<Submission<T>>) -> Result<(), SubmitError> {
        let sizes = batch.iter().map(Submission::bytes).enumerate();
        for (index, bytes) in sizes {
            if bytes > RECORD_BYTES_MAX {
                return Err(SubmitError::TooLarge { index, bytes });
            }
        }
        let submissions = batch.len();
        if submissions == 0 {
            return Ok(());
        }
        self.shared.cursor.submitted(submissions);
        self.shared.queue.push(batch).map_err(|_refused| {
            self.shared.cursor.delivered(submissions);
            match self.state() {
                JournalState::Poisoned => SubmitError::Poisoned,
                JournalState::Running | JournalState::Closed => SubmitError::Closed,
            }
        })
    }

    /// Last durable group.
    pub fn durable_group(&self) -> GroupNumber {
        self.shared.cursor.durable_group()
    }

    /// Last durable record.
    pub fn durable_record(&self) -> RecordNumber {
        self.shared.cursor.durable_record()
    }

    /// Whether the journal takes submissions.
    pub fn state(&self) -> JournalState {
        self.shared.cursor.state()
    }

    /// Whether there is space for new work. The journal itself goes on in any case.
    pub fn storage(&self) -> StorageState {
        self.shared.cursor.storage()
    }

    /// Rounds of the writer. It comes round at least each second; one that stands still while
    /// [`Self::pending`] is not 0 is stuck.
    pub fn turns(&self) -> u64 {
        self.shared.cursor.turns()
    }

    /// Submissions handed in and not yet delivered.
    pub fn pending(&self) -> u64 {
        self.shared.cursor.pending()
    }

    /// Reads old records.
    pub fn reader(&self) -> JournalReader {
        let shared = &self.shared;
        JournalReader { source: Arc::clone(&shared.source), cursor: Arc::clone(&shared.cursor) }
    }

    /// What the journal still holds, up to what is durable now; none where it is no directory.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        let store = self.shared.store.as_ref()?;
        Some(History::new(Arc::clone(store), self.durable_group()))
    }

    /// Seals the present generation and has it folded, also when it is neither full nor old. Does not
    /// wait: [`crate::Folding::done`] tells when the snapshot is durable.
    pub fn snapshot_now(&self) {
        self.shared.cursor.demand_seal();
        self.shared.queue.nudge();
    }

    /// Takes nothing more, commits what was handed in, makes all durable and joins the writer.
    /// A snapshot that is being made, or waits, is left: the next start makes one if as much is sealed as
    /// makes one due. The directory's lock goes with the last handle and reader.
    ///
    /// # Errors
    /// When the journal had failed, or fails now.
    pub fn close(&self) -> Result<(), CloseError> {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.queue.close();
        // Held while joining: a second caller returns when the journal is closed, not before.
        let mut threads = self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                return Err(CloseError::Poisoned);
            }
        }
        match self.state() {
            JournalState::Poisoned => Err(CloseError::Poisoned),
            JournalState::Running | JournalState::Closed => Ok(()),
        }
    }
}

/// Reads single records by their place, off the hot path. Cheap to clone.
#[derive(Clone)]
pub struct JournalReader {
    source: Arc<dyn GroupSource>,
    cursor: Arc<Cursor>,
}

impl JournalReader {
    /// Reads one durable record. It may open an older generation and block for that.
    ///
    /// # Errors
    /// [`RecordError::Absent`] when no durable record is there.
    pub fn read(&self, place: Place) -> Result<RecordBytes, RecordError> {
        if place.group > self.cursor.durable_group() {
            return Err(RecordError::Absent { place });
        }
        read_record(self.source.as_ref(), place)
    }
}
