//! The log on sled: appends to the newest generation, seals it when it is full or old, and keeps the
//! watermark. It never deletes a key and never writes to a sealed generation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;

use crate::frame::{read_u32, read_u64};
use crate::generation::Generation;
use crate::log::{Appended, Groups, Log, LogError};
use crate::place::{GroupNumber, RecordNumber};
use crate::spare::Spare;
use crate::store::Store;
use crate::watermark::{Mark, Watermark};

/// A generation was sealed; it ends with this group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) last: GroupNumber,
}

/// When a generation ends, and when a snapshot is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) bytes: u64,
    pub(crate) age: Duration,
    pub(crate) snapshot_every_bytes: u64,
}

/// What a log holds of groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// In the generation that is written to.
    pub(crate) current_bytes: u64,
    /// In sealed ones that no snapshot holds yet, nor was told to.
    pub(crate) unfolded_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct SledLog {
    store: Arc<Store>,
    current: Arc<Generation>,
    watermark: Watermark,
    tail: GroupNumber,
    rotation: Rotation,
    written: Written,
    current_ends: Instant,
    /// The next generation, from the middle of the present one on.
    spare: Option<Spare>,
    /// Sealed, and not yet let go of.
    behind: Option<GroupNumber>,
    sealed: Option<Sender<Sealed>>,
}

impl SledLog {
    /// Continues in `current`, the store's newest generation.
    pub(crate) fn new(
        store: Arc<Store>,
        current: Arc<Generation>,
        written: Written,
        watermark: Watermark,
        tail: GroupNumber,
        rotation: Rotation,
    ) -> Result<Self, LogError> {
        let current_ends = Instant::now() + rotation.age.saturating_sub(current.age()?);
        Ok(Self {
            store,
            current,
            watermark,
            tail,
            rotation,
            written,
            current_ends,
            spare: None,
            behind: None,
            sealed: None,
        })
    }

    /// Before the first append; each new generation does it again.
    pub(crate) fn shrink_pool(&self) {
        self.current.shrink_pool();
    }

    /// Who is told that a snapshot is due; at once, if one is.
    pub(crate) fn notify_sealed(&mut self, sealed: Sender<Sealed>) {
        self.sealed = Some(sealed);
        if self.written.unfolded_bytes >= self.rotation.snapshot_every_bytes {
            self.tell_sealed(GroupNumber(self.current.first().0 - 1));
        }
    }

    fn is_empty(&self) -> bool {
        self.tail < self.current.first()
    }

    fn rotate(&mut self) -> Result<(), LogError> {
        self.refuse_blobs(0)?;
        self.watermark.sync().map_err(LogError::io("sync the watermark"))?;
        let next = self.next()?;
        self.store.add(&next);
        let before = std::mem::replace(&mut self.current, next);
        if let Some(behind) = self.behind.replace(before.first()) {
            self.store.release(behind);
        }
        drop(before);
        self.written.unfolded_bytes += std::mem::take(&mut self.written.current_bytes);
        self.current_ends = Instant::now() + self.rotation.age;
        self.shrink_pool();
        Ok(())
    }

    /// The generation behind this one: prepared, or made now.
    fn next(&mut self) -> Result<Arc<Generation>, LogError> {
        let generations = self.store.layout().generations();
        let first = self.tail.next();
        let next = match self.spare.take().and_then(Spare::take) {
            Some(spare) => spare.named(&generations, first)?,
            // None was wanted yet, or it failed: then this says why.
            None => Generation::create(&generations, first)?,
        };
        Ok(Arc::new(next))
    }

    /// Beside the writer: a generation takes as long to make as many commits, and one that is closed
    /// gives back what it had in memory.
    fn prepare_next(&mut self) {
        let half_full = self.written.current_bytes >= self.rotation.bytes / 2;
        if half_full && self.spare.is_none() {
            let spare = Spare::begin(Arc::clone(&self.store), self.current.first(), self.behind);
            if spare.is_begun() {
                self.behind = None;
            }
            // Not tried again for this generation.
            self.spare = Some(spare);
        }
    }

    fn tell_sealed(&mut self, last: GroupNumber) {
        if let Some(sealed) = &self.sealed {
            self.written.unfolded_bytes = 0;
            // The folding thread ends only after the writer; if it is gone, so is the need.
            let _ = sealed.send(Sealed { last });
        }
    }

    fn refuse_blobs(&self, bytes: usize) -> Result<(), LogError> {
        if self.current.has_blobs()? { Err(LogError::Blob { bytes }) } else { Ok(()) }
    }
}

impl Log for SledLog {
    fn append(&mut self, expected_tail: GroupNumber, value: &[u8]) -> Result<Appended, LogError> {
        if expected_tail != self.tail {
            return Err(LogError::TailMoved { expected: expected_tail, actual: self.tail });
        }
        let number = expected_tail.next();
        let sync = self.current.append(number, value)?;
        self.tail = number;
        self.written.current_bytes += value.len() as u64;
        self.prepare_next();
        let mark = mark_of(value);
        self.watermark.write(mark).map_err(LogError::io("write the watermark"))?;
        Ok(Appended { sync })
    }

    fn read(&self, from: GroupNumber) -> Result<Groups<'_>, LogError> {
        Ok(self.store.read(from, self.tail))
    }

    fn truncate(&mut self, upto: GroupNumber) -> Result<(), LogError> {
        self.store.truncate(upto)
    }

    fn seal(&mut self, demanded: bool) -> Result<(), LogError> {
        let full = self.written.current_bytes >= self.rotation.bytes;
        let aged = demanded || Instant::now() >= self.current_ends;
        let sealed = !self.is_empty() && (full || aged);
        if sealed {
            self.rotate()?;
        }
        let due = self.written.unfolded_bytes >= self.rotation.snapshot_every_bytes;
        if demanded || sealed && (aged || due) {
            self.tell_sealed(self.tail);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), LogError> {
        drop(self.spare.take());
        self.refuse_blobs(0)?;
        self.current.sync_opened()?;
        self.watermark.sync().map_err(LogError::io("sync the watermark"))
    }
}

/// What the watermark says of a group just written.
pub(crate) fn mark_of(value: &[u8]) -> Mark {
    Mark {
        group: GroupNumber(read_u64(value, 8)),
        record: RecordNumber(read_u64(value, 24)),
        value_crc: read_u32(value, 36),
    }
}
