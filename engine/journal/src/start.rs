//! Starts the threads of a recovered journal.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossbeam::channel::unbounded;
use thiserror::Error;

use crate::fold::{Folder, Folding};
use crate::handle::JournalHandle;
use crate::recovery::Recovered;
use crate::snapshot::largest_bytes;
use crate::storage::{Reserve, StorageWatch};
use crate::writer::{Beside, Hooks, WriterOptions, start_beside};

/// Why a recovered journal did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The system gave no thread, or the directory could not be read.
    #[error("starting the journal: {0}")]
    Io(#[from] std::io::Error),
}

impl Recovered {
    /// Starts the writer behind what was recovered, and with `folding` the thread that makes
    /// snapshots. Where one is due, it is made at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<T: Send + 'static>(
        self,
        hooks: Hooks<T>,
        folding: Option<Folding>,
    ) -> Result<JournalHandle<T>, StartError> {
        let Self { store, mut log, tail, options, .. } = self;
        log.shrink_pool();
        let between = options.generation_bytes.max(options.snapshot_every_bytes);
        let reserve = Arc::new(Reserve::new(options.reserve_bytes, between));
        reserve.take_snapshots(largest_bytes(&store.layout().snapshots())?);
        let closing = Arc::new(AtomicBool::new(false));
        let folder = folding.map(|folding| {
            let (sender, sealed) = unbounded();
            log.notify_sealed(sender);
            Folder {
                store: Arc::clone(&store),
                schema: options.schema,
                retention: options.retention.clone(),
                reserve: Arc::clone(&reserve),
                folding,
                sealed,
                closing: Arc::clone(&closing),
            }
        });
        let storage = StorageWatch::new(&options.dir, reserve);
        let beside = Beside { storage, folder, closing, store: Arc::clone(&store) };
        let writer = WriterOptions {
            schema: options.schema,
            group_bytes: options.group_bytes,
            lazy_interval: options.lazy_interval,
        };
        Ok(start_beside(log, store, tail, writer, hooks, Some(beside))?)
    }
}
