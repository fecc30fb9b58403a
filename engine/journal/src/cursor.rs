//! What the writer shows to everybody else, as atomics: how far the log is durable, whether it runs,
//! whether there is space. Read without a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::place::{GroupNumber, RecordNumber};

/// Whether the journal takes submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalState {
    /// It writes.
    Running,
    /// A write failed, or the writer panicked. It is final: restart and recover.
    Poisoned,
    /// It was closed.
    Closed,
}

/// Whether there is space to go on taking new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageState {
    /// More than the reserve is free.
    Open,
    /// Less than the reserve was free, and twice the reserve is not free again yet.
    Full,
}

const RUNNING: u8 = 0;
const POISONED: u8 = 1;
const CLOSED: u8 = 2;

#[derive(Debug)]
pub(crate) struct Cursor {
    durable_group: AtomicU64,
    durable_record: AtomicU64,
    state: AtomicU8,
    storage: AtomicU8,
    turns: AtomicU64,
    pending: AtomicU64,
    seal_demanded: AtomicBool,
}

impl Cursor {
    pub(crate) fn new(group: GroupNumber, record: RecordNumber) -> Self {
        Self {
            durable_group: AtomicU64::new(group.0),
            durable_record: AtomicU64::new(record.0),
            state: AtomicU8::new(RUNNING),
            storage: AtomicU8::new(0),
            turns: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            seal_demanded: AtomicBool::new(false),
        }
    }

    pub(crate) fn advance(&self, group: GroupNumber, record: RecordNumber) {
        self.durable_record.store(record.0, Ordering::Release);
        self.durable_group.store(group.0, Ordering::Release);
    }

    pub(crate) fn durable_group(&self) -> GroupNumber {
        GroupNumber(self.durable_group.load(Ordering::Acquire))
    }

    pub(crate) fn durable_record(&self) -> RecordNumber {
        RecordNumber(self.durable_record.load(Ordering::Acquire))
    }

    pub(crate) fn state(&self) -> JournalState {
        match self.state.load(Ordering::Acquire) {
            RUNNING => JournalState::Running,
            POISONED => JournalState::Poisoned,
            _ => JournalState::Closed,
        }
    }

    pub(crate) fn show_state(&self, state: JournalState) {
        let code = match state {
            JournalState::Running => RUNNING,
            JournalState::Poisoned => POISONED,
            JournalState::Closed => CLOSED,
        };
        self.state.store(code, Ordering::Release);
    }

    /// A journal that failed stays failed when its writer ends.
    pub(crate) fn show_closed(&self) {
        // An error means that it is poisoned, which is the truth.
        let _ = self.state.compare_exchange(RUNNING, CLOSED, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(crate) fn storage(&self) -> StorageState {
        match self.storage.load(Ordering::Relaxed) {
            0 => StorageState::Open,
            _ => StorageState::Full,
        }
    }

    pub(crate) fn show_storage(&self, state: StorageState) {
        let code = match state {
            StorageState::Open => 0,
            StorageState::Full => 1,
        };
        self.storage.store(code, Ordering::Relaxed);
    }

    pub(crate) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub(crate) fn submitted(&self, submissions: usize) {
        self.pending.fetch_add(submissions as u64, Ordering::Relaxed);
    }

    pub(crate) fn delivered(&self, submissions: usize) {
        self.pending.fetch_sub(submissions as u64, Ordering::Relaxed);
    }

    pub(crate) fn demand_seal(&self) {
        self.seal_demanded.store(true, Ordering::Release);
    }

    pub(crate) fn take_seal_demand(&self) -> bool {
        self.seal_demanded.load(Ordering::Relaxed)
            && self.seal_demanded.swap(false, Ordering::Acquire)
    }

    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }
}
