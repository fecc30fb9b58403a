//! The log on sled: appends to the newest generation, seals it when it is full or old, and keeps the
//! watermark. It never deletes a key and never writes to a sealed generation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;

use crate::frame::{read_u32, read_u64};
use crate::generation::Generation;
use crate::log::{Appended, Groups, Log, LogError};
use crate::place::{GroupNumber, RecordNumber};
use crate::store::Store;
use crate::watermark::{Mark, Watermark};

/// A generation was sealed; it ends with this group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) last: GroupNumber,
}

/// When a generation ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) bytes: u64,
    pub(crate) age: Duration,
}

#[derive(Debug)]
pub(crate) struct SledLog {
    store: Arc<Store>,
    current: Arc<Generation>,
    watermark: Watermark,
    tail: GroupNumber,
    rotation: Rotation,
    current_bytes: u64,
    current_ends: Instant,
    sealed: Option<Sender<Sealed>>,
}

impl SledLog {
    /// Continues in `current`, the store's newest generation, which holds `current_bytes` of groups.
    pub(crate) fn new(
        store: Arc<Store>,
        current: Arc<Generation>,
        current_bytes: u64,
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
            current_bytes,
            current_ends,
            sealed: None,
        })
    }

    /// Before the first append; each new generation does it again.
    pub(crate) fn shrink_pool(&self) {
        self.current.shrink_pool();
    }

    /// Who is told of sealed generations.
    pub(crate) fn notify_sealed(&mut self, sealed: Sender<Sealed>) {
        self.sealed = Some(sealed);
    }

    fn is_empty(&self) -> bool {
        self.tail < self.current.first()
    }

    fn rotate(&mut self) -> Result<(), LogError> {
        self.refuse_blobs(0)?;
        self.watermark.sync().map_err(LogError::io("sync the watermark"))?;
        let generations = self.store.layout().generations();
        let next = Arc::new(Generation::create(&generations, self.tail.next())?);
        self.store.add(&next);
        let before = std::mem::replace(&mut self.current, next);
        let first = before.first();
        drop(before);
        self.store.release(first);
        self.current_bytes = 0;
        self.current_ends = Instant::now() + self.rotation.age;
        self.shrink_pool();
        self.tell_sealed();
        Ok(())
    }

    fn tell_sealed(&self) {
        if let Some(sealed) = &self.sealed {
            // The folding thread ends only after the writer; if it is gone, so is the need.
            let _ = sealed.send(Sealed { last: self.tail });
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
        self.current_bytes += value.len() as u64;
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
        if self.is_empty() {
            if demanded {
                self.tell_sealed();
            }
            return Ok(());
        }
        let full = self.current_bytes >= self.rotation.bytes;
        if full || demanded || Instant::now() >= self.current_ends { self.rotate() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), LogError> {
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
