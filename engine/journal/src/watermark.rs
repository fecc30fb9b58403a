//! The watermark: a small file outside sled that says how far the log reached. A lower bound after a
//! power cut, exact after kill -9.
//!
//! It has two slots, written in turn, so that a torn write leaves the other. It is written after each
//! commit and synced only at rotation and close. It holds no data of the log and decides nothing.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::frame::{read_u32, read_u64};
use crate::place::{GroupNumber, RecordNumber};

const MAGIC: &[u8; 8] = b"rlvmark1";
const SLOT_BYTES: usize = 40;
/// Slots lie in different sectors: a torn sector takes only one of them.
const SLOT_STRIDE: u64 = 4096;

/// How far the log reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) group: GroupNumber,
    pub(crate) record: RecordNumber,
    /// CRC-32C of that group's value; 0 for an empty log.
    pub(crate) value_crc: u32,
}

impl Mark {
    pub(crate) const EMPTY: Self =
        Self { group: GroupNumber::ZERO, record: RecordNumber::ZERO, value_crc: 0 };
}

#[derive(Debug)]
pub(crate) struct Watermark {
    file: File,
    turn: u64,
}

impl Watermark {
    /// Makes the file with `mark` in both slots, synced.
    pub(crate) fn create(path: &Path, mark: Mark) -> io::Result<Self> {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        let mut watermark = Self { file, turn: 0 };
        watermark.reset(mark)?;
        Ok(watermark)
    }

    /// Writes `mark` into both slots, one after the other synced. What was there before is forgotten.
    fn reset(&mut self, mark: Mark) -> io::Result<()> {
        self.write(mark)?;
        self.sync()?;
        self.write(mark)?;
        self.sync()
    }

    /// The farther of the two slots, or `None` when neither holds a mark.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Mark>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let slots = [0, SLOT_STRIDE as usize];
        let marks = slots.into_iter().filter_map(|at| decode(bytes.get(at..at + SLOT_BYTES)?));
        Ok(marks.max_by_key(|mark| mark.group))
    }

    pub(crate) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.turn += 1;
        self.file.write_all_at(&encode(mark), (self.turn % 2) * SLOT_STRIDE)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn encode(mark: Mark) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[0..8].copy_from_slice(MAGIC);
    slot[8..16].copy_from_slice(&mark.group.0.to_le_bytes());
    slot[16..24].copy_from_slice(&mark.record.0.to_le_bytes());
    slot[24..28].copy_from_slice(&mark.value_crc.to_le_bytes());
    let crc = crc32c::crc32c(&slot[..36]);
    slot[36..40].copy_from_slice(&crc.to_le_bytes());
    slot
}

fn decode(slot: &[u8]) -> Option<Mark> {
    if &slot[0..8] != MAGIC || read_u32(slot, 36) != crc32c::crc32c(&slot[..36]) {
        return None;
    }
    Some(Mark {
        group: GroupNumber(read_u64(slot, 8)),
        record: RecordNumber(read_u64(slot, 16)),
        value_crc: read_u32(slot, 24),
    })
}
