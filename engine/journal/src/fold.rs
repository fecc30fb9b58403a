//! The thread that folds sealed generations into snapshots and removes what is no longer needed.
//!
//! It runs beside the writer and stops nothing. A fold that fails leaves everything as it was and is
//! tried again when the next one is due; a fold that panics is a bug and ends the journal.

use std::error::Error;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use thiserror::Error;

use crate::log::LogError;
use crate::options::Retention;
use crate::place::{GroupNumber, Place, RecordNumber, Tail};
use crate::record::{RecordBytes, RecordError};
use crate::replay::Records;
use crate::sled_log::Sealed;
use crate::snapshot::{SnapshotWriter, largest_bytes, newest, prune};
use crate::storage::Reserve;
use crate::store::Store;

/// A record and its place, or why there is none.
pub type FoldItem = Result<(Place, RecordBytes), RecordError>;

/// Makes the next snapshot of the one before and the records since.
pub trait Fold: Send {
    /// Reads `previous` and all of `records`, and writes the whole new snapshot to `out`.
    ///
    /// # Errors
    /// Whatever keeps it from writing a right snapshot; then none is made.
    fn fold(
        &mut self,
        previous: Option<&mut dyn Read>,
        records: &mut dyn Iterator<Item = FoldItem>,
        out: &mut dyn Write,
    ) -> Result<(), FoldError>;
}

/// Why a snapshot was not made.
#[derive(Debug, Error)]
pub enum FoldError {
    /// The records could not be read.
    #[error("reading the records: {0}")]
    Records(#[from] RecordError),
    /// A snapshot could not be read or written.
    #[error("reading or writing a snapshot: {0}")]
    Io(#[from] io::Error),
    /// What is older than the snapshot could not be removed.
    #[error("removing what the snapshot replaced: {0}")]
    Remove(LogError),
    /// The fold left records unread.
    #[error("the fold stopped before the record at {place}")]
    Unread {
        /// The first record that it did not read.
        place: Place,
    },
    /// The log does not hold all groups of the sealed generation.
    #[error("the log ends at group {reached}, the snapshot must reach {expected}")]
    Short {
        /// Last group that there is.
        reached: GroupNumber,
        /// Last group of the sealed generation.
        expected: GroupNumber,
    },
    /// The fold's own reason.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

/// A snapshot that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotReport {
    /// Last group in it.
    pub last_group: GroupNumber,
    /// Last record in it.
    pub last_record: RecordNumber,
    /// Bytes that the fold wrote.
    pub bytes: u64,
    /// Generations that are left on disk.
    pub generations: usize,
    /// Time that it took.
    pub duration: Duration,
}

/// How snapshots are made.
pub struct Folding {
    /// Makes them.
    pub fold: Box<dyn Fold>,
    /// Told of every snapshot that was tried, on the folding thread.
    pub done: Box<dyn FnMut(Result<SnapshotReport, FoldError>) + Send>,
}

pub(crate) struct Folder {
    pub(crate) store: Arc<Store>,
    pub(crate) schema: u16,
    pub(crate) retention: Retention,
    /// Told how large the snapshots are.
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) folding: Folding,
    pub(crate) sealed: Receiver<Sealed>,
    /// Set at close: what is not begun yet is left to the next start.
    pub(crate) closing: Arc<AtomicBool>,
}

impl Folder {
    /// Ends when the writer is gone.
    pub(crate) fn run(mut self) {
        while let Ok(mut sealed) = self.sealed.recv() {
            while let Ok(later) = self.sealed.try_recv() {
                sealed = later;
            }
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            match self.snapshot(sealed.last) {
                Ok(None) => {}
                Ok(Some(report)) => (self.folding.done)(Ok(report)),
                Err(error) => {
                    tracing::warn!(%error, "no snapshot was made");
                    (self.folding.done)(Err(error));
                }
            }
        }
    }

    /// Makes the snapshot up to `last`; `None` when there is one already.
    fn snapshot(&mut self, last: GroupNumber) -> Result<Option<SnapshotReport>, FoldError> {
        let started = Instant::now();
        let dir = self.store.layout().snapshots();
        let mut found = newest(&dir)?;
        // What is made now may stand in the place of a damaged one.
        found.damaged.retain(|number| *number != last);
        let mut previous = found.newest;
        let start = previous.as_ref().map_or(Tail::EMPTY, |previous| previous.tail());
        if start.group >= last {
            return Ok(None);
        }
        let closing = Arc::clone(&self.closing);
        // Cut short by a close: it is made again when the next one is due.
        let groups = self
            .store
            .read(start.group.next(), last)
            .take_while(move |_| !closing.load(Ordering::Acquire));
        let mut records = Records::new(Box::new(groups), start);
        let mut out = SnapshotWriter::create(&dir, Arc::clone(&self.closing))?;
        let previous = previous.as_mut().map(|previous| previous as &mut dyn Read);
        self.folding.fold.fold(previous, &mut records, &mut out)?;
        if self.closing.load(Ordering::Acquire) {
            return Ok(None);
        }
        // Groups behind the last record may hold only parts that nobody names.
        if let Some(unread) = records.next() {
            let (place, _) = unread?;
            return Err(FoldError::Unread { place });
        }
        let tail = records.tail();
        if tail.group != last {
            return Err(FoldError::Short { reached: tail.group, expected: last });
        }
        let bytes = out.publish(tail, self.schema)?;
        let removed = self.remove_replaced(&dir, &found.damaged);
        self.reserve.take_snapshots(largest_bytes(&dir)?);
        removed?;
        Ok(Some(SnapshotReport {
            last_group: tail.group,
            last_record: tail.record,
            bytes,
            generations: self.store.generations().len(),
            duration: started.elapsed(),
        }))
    }

    fn remove_replaced(&self, snapshots: &Path, damaged: &[GroupNumber]) -> Result<(), FoldError> {
        let Some(older) = prune(snapshots, damaged)? else { return Ok(()) };
        let upto = match &self.retention {
            Retention::KeepAll => return Ok(()),
            Retention::RetainFrom(floor) => {
                let needed = floor.load(Ordering::Acquire);
                older.min(GroupNumber(needed.saturating_sub(1)))
            }
        };
        self.store.truncate(upto).map_err(FoldError::Remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::record::Submission;
    use crate::recovery::open;
    use crate::writer::Hooks;
    use crossbeam::channel::{never, unbounded};
    use std::fs;

    /// A snapshot of this many bytes.
    struct Of(usize);

    impl Fold for Of {
        fn fold(
            &mut self,
            _: Option<&mut dyn Read>,
            records: &mut dyn Iterator<Item = FoldItem>,
            out: &mut dyn Write,
        ) -> Result<(), FoldError> {
            for record in records {
                record?;
            }
            Ok(out.write_all(&vec![7; self.0])?)
        }
    }

    /// A journal of one more group.
    fn written(dir: &Path) -> crate::recovery::Recovered {
        let (sender, groups) = unbounded();
        let hooks = Hooks {
            sink: Box::new(move |group| sender.send(group).unwrap()),
            failed: Box::new(|failure| panic!("{failure}")),
        };
        let handle = open(Options::new(dir)).unwrap().start(hooks, None).unwrap();
        let (public, private) = (b"public".to_vec(), b"private".to_vec());
        handle.submit(vec![Submission { public, private, urgent: true, payload: () }]).unwrap();
        groups.recv().unwrap();
        handle.close().unwrap();
        drop(handle);
        open(Options::new(dir)).unwrap()
    }

    #[test]
    fn a_larger_snapshot_makes_a_larger_reserve_unless_one_was_set() {
        for (set, reckons) in [(None, true), (Some(5), false)] {
            let dir = tempfile::tempdir().unwrap();
            let reserve = Arc::new(Reserve::new(set, 1_000));
            reserve.take_snapshots(0);
            let empty = reserve.bytes();
            assert_eq!(empty, set.unwrap_or(6_000));
            for bytes in [200_000, 300_000] {
                let recovered = written(dir.path());
                let mut folder = Folder {
                    store: Arc::clone(&recovered.store),
                    schema: 1,
                    retention: Retention::KeepAll,
                    reserve: Arc::clone(&reserve),
                    folding: Folding { fold: Box::new(Of(bytes)), done: Box::new(drop) },
                    sealed: never(),
                    closing: Arc::default(),
                };
                let last = recovered.tail.group;
                folder.snapshot(last).unwrap().unwrap();
                let name = crate::layout::numbered(last);
                let file = dir.path().join("snapshots").join(name);
                let on_disk = fs::metadata(file).unwrap().len();
                let expected = if reckons { empty + 2 * on_disk } else { empty };
                assert_eq!(reserve.bytes(), expected);
            }
        }
    }
}
