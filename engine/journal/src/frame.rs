//! The bytes of one group: a frame and its entries. Encodes, decodes, checks and hashes; knows no
//! file, no thread and no order between groups beyond the hash it is handed.
//!
//! ```text
//! 0   format version u16 │ schema version u16 │ length of the whole value u32
//! 8   group number u64
//! 16  first record u64   │ last record u64 (first - 1 when the group has only parts)
//! 32  entries u32        │ CRC-32C of everything but this field u32
//! 40  hash of the previous group, 32 bytes
//! 72  entries: kind u8 │ public length u32 │ public │ private length u32 │ private
//! ```
//! All integers are little-endian. The chained hash covers the frame without length and CRC, the
//! public bytes and the SHA-256 of the private bytes: private bytes can be sealed or erased later
//! and the chain still holds.

use std::ops::Range;

use ring::digest::{Context, SHA256, digest};
use thiserror::Error;

use crate::limits::{FORMAT_VERSION, GROUP_BYTES_MAX};
use crate::place::{GroupHash, GroupNumber, RecordNumber, Tail};

pub(crate) const FRAME_BYTES: usize = 72;
const CRC_AT: Range<usize> = 36..40;
const ENTRY_OVERHEAD_BYTES: usize = 1 + 4 + 4;

/// Why the bytes of a group are not a group.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// Shorter than a frame, or not as long as the frame says.
    #[error("group value has {found} bytes, its frame says {stated}")]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes the frame states.
        stated: usize,
    },
    /// The CRC does not match.
    #[error("CRC-32C is {found:08x}, computed {computed:08x}")]
    Crc {
        /// CRC in the frame.
        found: u32,
        /// CRC of the bytes.
        computed: u32,
    },
    /// Written by another version of the journal.
    #[error("frame has format version {found}, this build reads {FORMAT_VERSION}")]
    Version {
        /// Version in the frame.
        found: u16,
    },
    /// The entries do not fill the value exactly, or have an unknown kind.
    #[error("entry {index} is malformed")]
    Entry {
        /// Position of the entry.
        index: u32,
    },
    /// Record numbers of the frame do not agree with its entries.
    #[error("frame counts records {first}..={last}, its entries hold {records}")]
    Count {
        /// First record stated.
        first: u64,
        /// Last record stated.
        last: u64,
        /// Records among the entries.
        records: u64,
    },
    /// The group is not the one that must follow.
    #[error("group {found} stands where {expected} must be")]
    Number {
        /// Number in the frame.
        found: GroupNumber,
        /// Number it must have.
        expected: GroupNumber,
    },
    /// Record numbers are not dense.
    #[error("first record is {found}, expected {expected}")]
    Record {
        /// First record stated.
        found: RecordNumber,
        /// First record it must have.
        expected: RecordNumber,
    },
    /// The previous group is not the one this group was written after.
    #[error("hash chain is broken: the previous group's hash is not the one written here")]
    Chain,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A record.
    Whole,
    /// Some bytes of a record; nothing until an entry names it.
    Part,
    /// A record whose bytes are the parts it names.
    Named,
}

impl EntryKind {
    const fn code(self) -> u8 {
        match self {
            Self::Whole => 1,
            Self::Part => 2,
            Self::Named => 3,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Whole),
            2 => Some(Self::Part),
            3 => Some(Self::Named),
            _ => None,
        }
    }

    const fn is_record(self) -> bool {
        match self {
            Self::Whole | Self::Named => true,
            Self::Part => false,
        }
    }
}

/// One entry as ranges of the group's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: EntryKind,
    pub(crate) public: Range<usize>,
    pub(crate) private: Range<usize>,
}

/// Collects entries until they are one value.
#[derive(Debug)]
pub(crate) struct GroupBuilder {
    value: Vec<u8>,
    limit: usize,
    entries: u32,
    records: u64,
}

impl GroupBuilder {
    pub(crate) fn new(limit: usize) -> Self {
        debug_assert!(limit <= GROUP_BYTES_MAX, "a larger group would leave sled's log");
        let mut value = Vec::with_capacity(limit);
        value.resize(FRAME_BYTES, 0);
        Self { value, limit, entries: 0, records: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    pub(crate) fn fits(&self, payload_bytes: usize) -> bool {
        self.value.len() + ENTRY_OVERHEAD_BYTES + payload_bytes <= self.limit
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Adds an entry and returns its position. The caller asked [`Self::fits`] before.
    pub(crate) fn push(&mut self, kind: EntryKind, public: &[u8], private: &[u8]) -> u32 {
        debug_assert!(self.fits(public.len() + private.len()));
        self.value.push(kind.code());
        push_bytes(&mut self.value, public);
        push_bytes(&mut self.value, private);
        let index = self.entries;
        self.entries += 1;
        self.records += u64::from(kind.is_record());
        index
    }

    /// Writes the frame. The value is good until [`Self::clear`].
    pub(crate) fn seal(&mut self, schema: u16, previous: &Tail) -> (&[u8], Tail) {
        let group = previous.group.next();
        let first = previous.record.next();
        let last = RecordNumber(previous.record.0 + self.records);
        let length = length_u32(self.value.len());
        let frame = &mut self.value[..FRAME_BYTES];
        frame[0..2].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        frame[2..4].copy_from_slice(&schema.to_le_bytes());
        frame[4..8].copy_from_slice(&length.to_le_bytes());
        frame[8..16].copy_from_slice(&group.0.to_le_bytes());
        frame[16..24].copy_from_slice(&first.0.to_le_bytes());
        frame[24..32].copy_from_slice(&last.0.to_le_bytes());
        frame[32..36].copy_from_slice(&self.entries.to_le_bytes());
        frame[40..72].copy_from_slice(&previous.hash.0);
        let crc = value_crc(&self.value);
        self.value[CRC_AT].copy_from_slice(&crc.to_le_bytes());
        let hash = hash_entries(&self.value);
        (&self.value, Tail { group, record: last, hash })
    }

    /// Starts the next group in the same memory.
    pub(crate) fn clear(&mut self) {
        self.value.truncate(FRAME_BYTES);
        self.entries = 0;
        self.records = 0;
    }
}

/// A group whose length, CRC, version and entries were checked.
#[derive(Debug)]
pub(crate) struct DecodedGroup {
    pub(crate) schema: u16,
    pub(crate) group: GroupNumber,
    pub(crate) first_record: RecordNumber,
    pub(crate) last_record: RecordNumber,
    pub(crate) previous_hash: GroupHash,
    pub(crate) entries: Vec<Entry>,
}

impl DecodedGroup {
    /// Checks that this group follows `previous`, and returns the tail it makes.
    ///
    /// # Errors
    /// When number, record numbers or hash chain do not continue `previous`.
    pub(crate) fn follow(&self, value: &[u8], previous: &Tail) -> Result<Tail, FrameError> {
        let expected = previous.group.next();
        if self.group != expected {
            return Err(FrameError::Number { found: self.group, expected });
        }
        if self.previous_hash != previous.hash {
            return Err(FrameError::Chain);
        }
        let expected = previous.record.next();
        if self.first_record != expected {
            return Err(FrameError::Record { found: self.first_record, expected });
        }
        Ok(Tail { group: self.group, record: self.last_record, hash: hash_entries(value) })
    }
}

/// Decodes the value of a group: length and CRC first, then the fields.
///
/// # Errors
/// See [`FrameError`]; order between groups is checked by [`DecodedGroup::follow`].
pub(crate) fn decode(value: &[u8]) -> Result<DecodedGroup, FrameError> {
    if value.len() < FRAME_BYTES {
        return Err(FrameError::Length { found: value.len(), stated: FRAME_BYTES });
    }
    let stated = read_u32(value, 4) as usize;
    if stated != value.len() {
        return Err(FrameError::Length { found: value.len(), stated });
    }
    let found = read_u32(value, CRC_AT.start);
    let computed = value_crc(value);
    #[cfg(planted)]
    let found = if crate::planted::is(crate::planted::Bug::TornTaken) { computed } else { found };
    if found != computed {
        return Err(FrameError::Crc { found, computed });
    }
    let version = read_u16(value, 0);
    if version != FORMAT_VERSION {
        return Err(FrameError::Version { found: version });
    }
    let entries = decode_entries(value)?;
    let first_record = RecordNumber(read_u64(value, 16));
    let last_record = RecordNumber(read_u64(value, 24));
    let records = entries.iter().filter(|entry| entry.kind.is_record()).count() as u64;
    // One more than the last one may be no number any more: then it is none of ours.
    let after = first_record.0.checked_add(records);
    if after.is_none() || after != last_record.0.checked_add(1) {
        let (first, last) = (first_record.0, last_record.0);
        return Err(FrameError::Count { first, last, records });
    }
    let mut previous_hash = GroupHash::ZERO;
    previous_hash.0.copy_from_slice(&value[40..72]);
    Ok(DecodedGroup {
        schema: read_u16(value, 2),
        group: GroupNumber(read_u64(value, 8)),
        first_record,
        last_record,
        previous_hash,
        entries,
    })
}

fn decode_entries(value: &[u8]) -> Result<Vec<Entry>, FrameError> {
    let count = read_u32(value, 32);
    let mut at = FRAME_BYTES;
    // The count is bounded by the bytes there are, whatever the frame says.
    let most = (value.len() - FRAME_BYTES) / ENTRY_OVERHEAD_BYTES;
    let mut entries = Vec::with_capacity((count as usize).min(most));
    for index in 0..count {
        let malformed = FrameError::Entry { index };
        let Some(kind) = value.get(at).copied().and_then(EntryKind::of) else {
            return Err(malformed);
        };
        at += 1;
        let Some(public) = take_bytes(value, &mut at) else { return Err(malformed) };
        let Some(private) = take_bytes(value, &mut at) else { return Err(malformed) };
        entries.push(Entry { kind, public, private });
    }
    if at != value.len() {
        return Err(FrameError::Entry { index: count });
    }
    Ok(entries)
}

fn take_bytes(value: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let length = value.get(*at..*at + 4)?;
    let length = read_u32(length, 0) as usize;
    let start = *at + 4;
    let end = start.checked_add(length)?;
    if end > value.len() {
        return None;
    }
    *at = end;
    Some(start..end)
}

fn push_bytes(value: &mut Vec<u8>, bytes: &[u8]) {
    value.extend_from_slice(&length_u32(bytes.len()).to_le_bytes());
    value.extend_from_slice(bytes);
}

fn value_crc(value: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&value[..CRC_AT.start]);
    crc32c::crc32c_append(crc, &value[CRC_AT.end..])
}

/// Hashes a value whose frame is complete and whose entries are well-formed.
fn hash_entries(value: &[u8]) -> GroupHash {
    let mut context = Context::new(&SHA256);
    // Length and CRC cover the private bytes and stay outside.
    context.update(&value[0..4]);
    context.update(&value[8..CRC_AT.start]);
    context.update(&value[CRC_AT.end..FRAME_BYTES]);
    let mut at = FRAME_BYTES;
    while at < value.len() {
        let kind_at = at;
        at += 1;
        let Some(public) = take_bytes(value, &mut at) else { break };
        let Some(private) = take_bytes(value, &mut at) else { break };
        context.update(&value[kind_at..public.end]);
        if !private.is_empty() {
            context.update(digest(&SHA256, &value[private]).as_ref());
        }
    }
    let mut hash = GroupHash::ZERO;
    hash.0.copy_from_slice(context.finish().as_ref());
    hash
}

fn length_u32(length: usize) -> u32 {
    u32::try_from(length).expect("groups are at most 64 KiB")
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> u16 {
    let mut field = [0; 2];
    field.copy_from_slice(&bytes[at..at + 2]);
    u16::from_le_bytes(field)
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(field)
}

pub(crate) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group of two records with the numbers given, its CRC made right.
    fn numbered(group: u64, first: u64, last: u64) -> Vec<u8> {
        let mut builder = GroupBuilder::new(GROUP_BYTES_MAX);
        builder.push(EntryKind::Whole, b"first", b"");
        builder.push(EntryKind::Whole, b"second", b"");
        let mut value = builder.seal(1, &Tail::EMPTY).0.to_vec();
        value[8..16].copy_from_slice(&group.to_le_bytes());
        value[16..24].copy_from_slice(&first.to_le_bytes());
        value[24..32].copy_from_slice(&last.to_le_bytes());
        let crc = value_crc(&value);
        value[CRC_AT].copy_from_slice(&crc.to_le_bytes());
        value
    }

    #[test]
    fn record_numbers_that_go_beyond_the_last_number_are_refused() {
        assert!(decode(&numbered(1, u64::MAX - 2, u64::MAX - 1)).is_ok());
        let (first, last) = (u64::MAX, u64::MAX);
        let refused = decode(&numbered(1, first, last)).unwrap_err();
        assert_eq!(refused, FrameError::Count { first, last, records: 2 });
    }

    #[test]
    fn nothing_follows_the_last_number() {
        let tail = Tail {
            group: GroupNumber(u64::MAX),
            record: RecordNumber(u64::MAX),
            hash: GroupHash::ZERO,
        };
        for group in [0, 1, u64::MAX] {
            let value = numbered(group, 1, 2);
            assert!(decode(&value).unwrap().follow(&value, &tail).is_err(), "group {group}");
        }
    }
}
