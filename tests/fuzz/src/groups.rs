//! Groups of the journal, one after the other, and the records that they make.
//!
//! An input is read as it is, and then with every checksum and every link of the chain made right:
//! what a group may hold is looked at only behind those.

use crate::memory::Bound;
use relevo_journal::{
    Committer, GROUP_BYTES_MAX, GroupHash, GroupNumber, Log, MemoryLog, RecordBytes, RecordNumber,
    Records, Submission, Tail,
};
use std::sync::Arc;

const FRAME_BYTES: usize = 72;
/// Groups of an input; what follows them is their last one's.
const GROUPS: usize = 6;
/// An entry of nine bytes is some 40 in the list of a group's entries, and some 100 in a list of
/// records that doubles.
const BOUND: Bound = Bound { per_byte: 40, fixed: 4096 };

type Plain = (u64, Vec<u8>, Vec<u8>);

pub(crate) fn run(bytes: &[u8]) {
    let groups = split(bytes);
    let Some(first) = groups.first() else { return };
    let before = tail_before(first);
    replay(bytes, &groups, Tail::EMPTY);
    replay(bytes, &groups, before);
    let repaired = chained(groups, before);
    let records = replay(bytes, &repaired, before);
    let numbers_go_on = before.record.0 < u64::MAX / 2;
    if numbers_go_on
        && records.iter().all(|(_, public, private)| !public.is_empty() || !private.is_empty())
    {
        assert_eq!(committed(&records, before), records, "committed again");
    }
}

/// Groups as their lengths say; the last one has what is left.
fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut groups = Vec::new();
    while !bytes.is_empty() {
        let stated = read_u32(bytes, 4).map_or(usize::MAX, |length| length as usize);
        let is_last = groups.len() + 1 == GROUPS || stated < FRAME_BYTES || stated > bytes.len();
        let (group, rest) = bytes.split_at(if is_last { bytes.len() } else { stated });
        groups.push(group.to_vec());
        bytes = rest;
    }
    groups
}

/// The tail that a group says it follows.
fn tail_before(group: &[u8]) -> Tail {
    let Some(frame) = group.first_chunk::<FRAME_BYTES>() else { return Tail::EMPTY };
    let mut hash = GroupHash::ZERO;
    hash.0.copy_from_slice(&frame[40..72]);
    let before = |at| read_u64(frame, at).unwrap_or_default().saturating_sub(1);
    Tail { group: GroupNumber(before(8)), record: RecordNumber(before(16)), hash }
}

/// The groups with length, numbers, previous hash and CRC as they must be after `tail`.
fn chained(groups: Vec<Vec<u8>>, before: Tail) -> Vec<Vec<u8>> {
    let mut chained: Vec<Vec<u8>> = Vec::new();
    let mut tail = before;
    for mut group in groups {
        if group.len() < FRAME_BYTES {
            break;
        }
        let (entries, records) = count(&group);
        let length = u32::try_from(group.len()).expect("inputs are short");
        let first = tail.record.0.wrapping_add(1);
        group[0..2].copy_from_slice(&relevo_journal::FORMAT_VERSION.to_le_bytes());
        group[4..8].copy_from_slice(&length.to_le_bytes());
        group[8..16].copy_from_slice(&tail.group.0.wrapping_add(1).to_le_bytes());
        group[16..24].copy_from_slice(&first.to_le_bytes());
        group[24..32].copy_from_slice(&first.wrapping_add(records).wrapping_sub(1).to_le_bytes());
        group[32..36].copy_from_slice(&entries.to_le_bytes());
        group[40..72].copy_from_slice(&tail.hash.0);
        let crc = crc32c::crc32c(&group[..36]);
        let crc = crc32c::crc32c_append(crc, &group[40..]);
        group[36..40].copy_from_slice(&crc.to_le_bytes());
        chained.push(group);
        let mut records = Records::new(source(&chained, before), before);
        while records.by_ref().next().is_some_and(|record| record.is_ok()) {}
        if records.tail().group == tail.group {
            break;
        }
        tail = records.tail();
    }
    chained
}

/// Entries, and records among them, as far as they are well-formed.
fn count(group: &[u8]) -> (u32, u64) {
    const PART: u8 = 2;
    let (mut at, mut entries, mut records) = (FRAME_BYTES, 0, 0);
    while at < group.len() {
        entries += 1;
        records += u64::from(group[at] != PART);
        at += 1;
        for _ in 0..2 {
            let Some(length) = read_u32(group, at) else { return (entries, records) };
            at = at.saturating_add(4).saturating_add(length as usize);
        }
    }
    (entries, records)
}

/// The records of the groups, up to the first that is refused.
fn replay(bytes: &[u8], groups: &[Vec<u8>], tail: Tail) -> Vec<Plain> {
    let source = source(groups, tail);
    let read: Vec<RecordBytes> = BOUND.hold(bytes, || {
        let records = Records::new(source, tail);
        records
            .map_while(|record| match record {
                Ok((_, record)) => Some(record),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    None
                }
            })
            .collect()
    });
    let plain = |record: &RecordBytes| {
        (record.number.0, record.public().to_vec(), record.private().to_vec())
    };
    let read: Vec<Plain> = read.iter().map(plain).collect();
    let numbers = read.iter().map(|(number, ..)| *number);
    assert!(numbers.eq((1..).map(|n| tail.record.0.saturating_add(n)).take(read.len())), "dense");
    read
}

fn source(groups: &[Vec<u8>], tail: Tail) -> relevo_journal::Groups<'static> {
    let numbered: Vec<_> = (1..)
        .zip(groups)
        .map(|(n, group)| (GroupNumber(tail.group.0.wrapping_add(n)), Arc::from(&group[..])))
        .collect();
    Box::new(numbered.into_iter().map(Ok))
}

/// The records as a committer packs them, read again.
fn committed(records: &[Plain], before: Tail) -> Vec<Plain> {
    let log = MemoryLog::new();
    let start = Tail { group: GroupNumber::ZERO, ..before };
    let mut committer = Committer::new(log.clone(), start, 1, GROUP_BYTES_MAX);
    committer.push(records.iter().map(|(number, public, private)| Submission {
        public: public.clone(),
        private: private.clone(),
        urgent: true,
        payload: *number,
    }));
    while committer.commit().expect("memory takes everything").is_some() {}
    let groups = log.read(GroupNumber(1)).expect("memory is read");
    let read = Records::new(groups, start).map(|record| record.expect("what was written is read"));
    read.map(|(_, record)| (record.number.0, record.public().to_vec(), record.private().to_vec()))
        .collect()
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u32::from_le_bytes(*field))
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|field| u64::from_le_bytes(*field))
}
