//! The writer's thread: drains the queue, makes one group of what is there, commits it and hands it to
//! the sink; the next group fills meanwhile. It delays no urgent submission, ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use crate::committer::{CommitError, Committer, Group};
use crate::cursor::{Cursor, JournalState};
use crate::fold::Folder;
use crate::handle::JournalHandle;
use crate::limits::IDLE_TURN;
use crate::log::{GroupSource, Log};
use crate::place::Tail;
use crate::queue::{Open, Queue};
use crate::storage::StorageWatch;
use crate::store::Store;
use crate::trial::panic_text;

/// What the journal calls on its own threads. None of them may close the journal: that waits for the
/// thread that calls it.
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

/// What only a journal on disk has.
pub(crate) struct Beside {
    pub(crate) storage: StorageWatch,
    pub(crate) folder: Option<Folder>,
    pub(crate) closing: Arc<AtomicBool>,
    pub(crate) store: Arc<Store>,
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
    let (storage, folder, closing, store) = match beside {
        Some(beside) => (Some(beside.storage), beside.folder, beside.closing, Some(beside.store)),
        None => (None, None, Arc::default(), None),
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
            yield_to_all();
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
    Ok(JournalHandle::new(queue, cursor, source, threads, closing, store))
}

/// A fold takes seconds of processor time and nobody waits for it: everything else of the daemon goes
/// first, and at once. As an equal it made commits wait for whole time slices: with it the p99 from
/// hand-off to agent under half load was 6.3 ms, without 4.3 ms. It holds for the calling thread, for
/// good.
pub fn yield_to_all() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) =
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
    {
        tracing::debug!(?error, "the past is read at normal priority");
    }
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
