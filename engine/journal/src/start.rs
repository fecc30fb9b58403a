//! Starts the threads of a recovered journal.

use thiserror::Error;

use crate::handle::{Hooks, JournalHandle, WriterOptions, start_watched};
use crate::recovery::Recovered;
use crate::storage::{SPACE_PER_BYTE, StorageWatch};

/// Why a recovered journal did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The system gave no thread.
    #[error("no thread for the journal: {0}")]
    Thread(#[from] std::io::Error),
}

impl Recovered {
    /// Starts the writer behind what was recovered.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<T: Send + 'static>(self, hooks: Hooks<T>) -> Result<JournalHandle<T>, StartError> {
        let Self { store, log, tail, options, .. } = self;
        let generation_bytes = options.generation_bytes.saturating_mul(SPACE_PER_BYTE);
        let reserve_bytes = options.reserve_bytes.unwrap_or(generation_bytes.saturating_mul(2));
        let storage = StorageWatch::new(&options.dir, reserve_bytes);
        let writer = WriterOptions {
            schema: options.schema,
            group_bytes: options.group_bytes,
            lazy_interval: options.lazy_interval,
        };
        Ok(start_watched(log, store, tail, writer, hooks, Some(storage))?)
    }
}
