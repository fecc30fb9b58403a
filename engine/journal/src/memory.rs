//! A log in memory, for simulators and for tests of what stands above a log.
//!
//! It survives nothing but what its owner says: [`MemoryLog::crash`] is the power cut.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::log::{Appended, GroupSource, Groups, Log, LogError};
use crate::place::GroupNumber;

/// Groups in memory. Clones share them, so that a simulator can look at what its writer wrote.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<GroupNumber, Arc<[u8]>>,
    tail: GroupNumber,
    appends_before_failure: Option<u64>,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Last group.
    #[must_use]
    pub fn tail(&self) -> GroupNumber {
        self.lock().tail
    }

    /// Drops every group after `tail`, as a crash drops what was not yet durable.
    pub fn crash(&self, tail: GroupNumber) {
        let mut state = self.lock();
        state.groups.split_off(&tail.next());
        state.tail = state.tail.min(tail);
    }

    /// Replaces the bytes of a group, as a lying disk does. An unknown number is ignored.
    pub fn damage(&self, number: GroupNumber, value: &[u8]) {
        if let Some(group) = self.lock().groups.get_mut(&number) {
            *group = Arc::from(value);
        }
    }

    /// Makes every append fail after `appends` more that succeed.
    pub fn fail_after(&self, appends: u64) {
        self.lock().appends_before_failure = Some(appends);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each operation leaves the state whole, also when it panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn append(&mut self, expected_tail: GroupNumber, value: &[u8]) -> Result<Appended, LogError> {
        let mut state = self.lock();
        if state.tail != expected_tail {
            return Err(LogError::TailMoved { expected: expected_tail, actual: state.tail });
        }
        if let Some(left) = &mut state.appends_before_failure {
            if *left == 0 {
                let source = std::io::Error::other("the memory log was told to fail");
                return Err(LogError::Io { during: "append", source });
            }
            *left -= 1;
        }
        state.tail = expected_tail.next();
        let number = state.tail;
        state.groups.insert(number, Arc::from(value));
        Ok(Appended::default())
    }

    fn read(&self, from: GroupNumber) -> Result<Groups<'_>, LogError> {
        let groups: Vec<_> = self
            .lock()
            .groups
            .range(from..)
            .map(|(number, value)| Ok((*number, Arc::clone(value))))
            .collect();
        Ok(Box::new(groups.into_iter()))
    }

    fn truncate(&mut self, upto: GroupNumber) -> Result<(), LogError> {
        let mut state = self.lock();
        state.groups = state.groups.split_off(&upto.next());
        Ok(())
    }
}

impl GroupSource for MemoryLog {
    fn group(&self, number: GroupNumber) -> Result<Option<Arc<[u8]>>, LogError> {
        Ok(self.lock().groups.get(&number).cloned())
    }
}
