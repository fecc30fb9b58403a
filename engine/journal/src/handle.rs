//! The writer's thread and the handle that everybody else holds.
//!
//! The thread drains the queue, makes one group of what is there, commits it and hands it to the
//! sink; the next group fills meanwhile. It delays no urgent submission, ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::committer::{CommitError, Committer, Group};
use crate::cursor::{Cursor, JournalState, StorageState};
use crate::fold::Folder;
use crate::limits::{IDLE_TURN, RECORD_BYTES_MAX};
use crate::log::{GroupSource, Log};
use crate::place::{GroupNumber, Place, RecordNumber, Tail};
use crate::queue::{Open, Queue};
use crate::record::{RecordBytes, RecordError, Submission, read_record};
use crate::storage::StorageWatch;
use crate::trial::panic_text;

/// What the journal calls on its writer's thread.
pub struct Hooks<T> {
    /// Takes every committed group, in order. It must not block: the next commit waits for it.
    pub sink: Box<dyn FnMut(Group<T>) + Send>,
    /// Called once when the writer stopped by itself. The daemon ends the process.
    pub failed: FailedHook,
}

/// Takes the reason why the journal stopped by itself.
pub type FailedHook = Box<dyn FnOnce(Failure) + Send>;

/// Why the writer stopped by itself.
#[derive(Debug, Error)]
pub enum Failure {
    /// The log failed (the daemon exits with 74).
    #[error(transparent)]
    Storage(#[from] CommitError),
    /// The writer or the sink panicked (the daemon exits with 70).
    #[error("the journal's thread panicked: {0}")]
    Panicked(String),
}

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
    /// It failed before or while it was closed; the failure went to [`Hooks::failed`].
    #[error("the journal failed before it was closed")]
    Poisoned,
}

/// Gives a journal its submissions and shows how it stands. Cheap to clone.
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
}

/// What only a journal on disk has.
pub(crate) struct Beside {
    pub(crate) storage: StorageWatch,
    pub(crate) folder: Option<Folder>,
    pub(crate) closing: Arc<AtomicBool>,
}

/// How a writer's thread is set up.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// Schema version written into every frame.
    pub schema: u16,
    /// Largest group in bytes.
    pub group_bytes: usize,
    /// How long submissions that are not urgent may wait.
    pub lazy_interval: Duration,
}

/// Starts a writer on any log that ends with `tail`; `source` reads single groups of the same log.
///
/// # Errors
/// When the system gives no thread.
pub fn start_on<T: Send + 'static, L: Log + 'static>(
    log: L,
    source: Arc<dyn GroupSource>,
    tail: Tail,
    options: WriterOptions,
    hooks: Hooks<T>,
) -> std::io::Result<JournalHandle<T>> {
    start_beside(log, source, tail, options, hooks, None)
}

pub(crate) fn start_beside<T: Send + 'static, L: Log + 'static>(
    log: L,
    source: Arc<dyn GroupSource>,
    tail: Tail,
    options: WriterOptions,
    hooks: Hooks<T>,
    beside: Option<Beside>,
) -> std::io::Result<JournalHandle<T>> {
    let (storage, folder, closing) = match beside {
        Some(beside) => (Some(beside.storage), beside.folder, beside.closing),
        None => (None, None, Arc::default()),
    };
    let queue = Arc::new(Queue::new());
    let cursor = Arc::new(Cursor::new(tail.group, tail.record));
    let mut writer = Writer {
        committer: Committer::new(log, tail, options.schema, options.group_bytes),
        queue: Arc::clone(&queue),
        cursor: Arc::clone(&cursor),
        lazy_interval: options.lazy_interval,
        storage,
        sink: hooks.sink,
    };
    if let Some(storage) = &mut writer.storage {
        cursor.show_storage(storage.look(Instant::now()));
    }
    let end = End {
        queue: Arc::clone(&queue),
        cursor: Arc::clone(&cursor),
        failed: Arc::new(Mutex::new(Some(hooks.failed))),
    };
    let mut threads = Vec::new();
    if let Some(folder) = folder {
        let end = end.clone();
        threads.push(thread::Builder::new().name("journal-fold".to_owned()).spawn(move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| folder.run())) {
                end.fail(Failure::Panicked(panic_text(panic.as_ref())));
            }
        })?);
    }
    threads.push(
        thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || writer.run_guarded(&end))?,
    );
    let threads = Mutex::new(threads);
    Ok(JournalHandle { shared: Arc::new(Shared { queue, cursor, source, threads, closing }) })
}

/// How a journal ends by itself, from either of its threads.
struct End<T> {
    queue: Arc<Queue<T>>,
    cursor: Arc<Cursor>,
    failed: Arc<Mutex<Option<FailedHook>>>,
}

impl<T> Clone for End<T> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            cursor: Arc::clone(&self.cursor),
            failed: Arc::clone(&self.failed),
        }
    }
}

impl<T> End<T> {
    fn fail(&self, failure: Failure) {
        // The state first: whoever finds the queue closed asks for it.
        self.cursor.show_state(JournalState::Poisoned);
        self.queue.close();
        self.queue.clear();
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(failed) = failed {
            failed(failure);
        }
    }
}

impl<T> JournalHandle<T> {
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

    /// Seals the present generation and has it folded, also when it is neither full nor old. Does not
    /// wait: [`crate::Folding::done`] tells when the snapshot is durable.
    pub fn snapshot_now(&self) {
        self.shared.cursor.demand_seal();
        self.shared.queue.nudge();
    }

    /// Takes nothing more, commits what was handed in, makes all durable and joins the writer.
    /// A snapshot that is being made is finished, one that waits is left to the next start. The
    /// directory's lock goes with the last handle and reader.
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

struct Writer<T, L> {
    committer: Committer<T, L>,
    queue: Arc<Queue<T>>,
    cursor: Arc<Cursor>,
    lazy_interval: Duration,
    storage: Option<StorageWatch>,
    sink: Box<dyn FnMut(Group<T>) + Send>,
}

impl<T, L: Log> Writer<T, L> {
    fn run_guarded(mut self, end: &End<T>) {
        let result = catch_unwind(AssertUnwindSafe(|| self.run()));
        match result {
            Ok(Ok(())) => self.cursor.show_closed(),
            Ok(Err(error)) => end.fail(Failure::Storage(error)),
            Err(panic) => end.fail(Failure::Panicked(panic_text(panic.as_ref()))),
        }
    }

    fn run(&mut self) -> Result<(), CommitError> {
        let mut batches = Vec::new();
        let mut lazy_until: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let until = if self.committer.is_urgent() { now } else { now + IDLE_TURN };
            let until = lazy_until.map_or(until, |lazy| lazy.min(until));
            let lazy_waits = self.committer.waiting() > 0;
            let open = self.queue.take(&mut batches, until, lazy_waits);
            self.cursor.turn();
            for batch in batches.drain(..) {
                self.committer.push(batch);
            }
            let now = Instant::now();
            self.look_at_storage(now);
            // Inside a large record the demand stays for a later round.
            if self.committer.is_between_records() {
                let demanded = self.cursor.take_seal_demand();
                self.committer.seal(demanded)?;
            }
            if self.committer.waiting() > 0 {
                let lazy = *lazy_until.get_or_insert(now + self.lazy_interval);
                if self.committer.is_urgent() || now >= lazy || open == Open::No {
                    self.commit_one()?;
                }
            }
            if self.committer.waiting() == 0 {
                lazy_until = None;
                if open == Open::No {
                    return self.committer.close();
                }
            }
        }
    }

    fn commit_one(&mut self) -> Result<(), CommitError> {
        let Some(group) = self.committer.commit()? else { return Ok(()) };
        self.cursor.advance(group.number, group.last_record);
        self.cursor.delivered(group.deliveries.len());
        if let Some(storage) = &mut self.storage {
            storage.wrote(group.bytes);
        }
        (self.sink)(group);
        Ok(())
    }

    fn look_at_storage(&mut self, now: Instant) {
        let Some(storage) = &mut self.storage else { return };
        let state = storage.look(now);
        if state != self.cursor.storage() {
            tracing::warn!(?state, "free space for the journal");
            self.cursor.show_storage(state);
        }
    }
}
