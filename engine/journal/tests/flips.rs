//! Every byte of a small journal flipped: the result is the right beginning of what was written, or a
//! refusal; never an uncaught panic, a hang or a wrong record.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::fs;
use std::path::Path;

use relevo_journal::{
    Committer, GROUP_BYTES_MAX, GroupNumber, Log, MemoryLog, OpenError, Records, Tail, open,
};
use support::{copy_dir, numbered, numbered_records, recorded, small, written};

const GROUPS: u64 = 6;

#[test]
fn every_flipped_byte_of_a_group_ends_the_replay_before_that_group() {
    let log = MemoryLog::new();
    let mut committer = Committer::new(log.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
    for number in 1..=GROUPS {
        committer.push([numbered(number)]);
        committer.commit().unwrap();
    }
    let values: Vec<_> = log.read(GroupNumber(1)).unwrap().map(|group| group.unwrap()).collect();
    for (number, value) in values {
        for at in 0..value.len() {
            for bit in [0x01, 0x80] {
                let mut flipped = value.to_vec();
                flipped[at] ^= bit;
                log.damage(number, &flipped);
                let mut records = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
                let good = records.by_ref().take_while(|record| record.is_ok()).count();
                assert_eq!(good as u64, number.0 - 1, "group {number}, byte {at}");
            }
        }
        for length in 0..value.len() {
            log.damage(number, &value[..length]);
            let mut records = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
            assert!(records.any(|record| record.is_err()), "group {number}, length {length}");
        }
        log.damage(number, &value);
    }
}

/// Opens a damaged journal. A right beginning that reaches the watermark or a refusal is fine.
fn prefix_or_refusal(dir: &Path, least: u64, what: &str) {
    match open(small(dir)) {
        Ok(recovered) => {
            let records = recorded(&recovered);
            assert!(records.len() as u64 >= least, "{what}: only {} records", records.len());
            assert!(records == numbered_records(1..records.len() as u64 + 1), "{what}");
        }
        Err(OpenError::Damaged(_) | OpenError::Claim(_)) => {}
        Err(error @ OpenError::Log(_)) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_flipped_byte_of_the_watermark_costs_nothing_and_a_shorter_one_is_found() {
    let whole = support::tempdir();
    written(whole.path(), GROUPS);
    let watermark = fs::read(whole.path().join("watermark")).unwrap();
    let used: Vec<_> = (0..40).chain(4096..4136).collect();
    assert_eq!(watermark.len(), 4136);
    let dir = support::tempdir();
    copy_dir(whole.path(), dir.path());
    for at in used {
        let mut flipped = watermark.clone();
        flipped[at] ^= 0x04;
        fs::write(dir.path().join("watermark"), flipped).unwrap();
        // The other slot is whole.
        assert_eq!(recorded(&open(small(dir.path())).unwrap()), numbered_records(1..GROUPS + 1));
    }
    for length in [0, 1, 39, 40, 4000, 4135] {
        fs::write(dir.path().join("watermark"), &watermark[..length]).unwrap();
        prefix_or_refusal(dir.path(), GROUPS, &format!("length {length}"));
    }
}

#[test]
fn flipped_bytes_inside_sleds_files_leave_the_whole_journal_or_a_refusal() {
    let whole = support::tempdir();
    written(whole.path(), GROUPS);
    let name = format!("generations/{:020}", 1);
    for file in fs::read_dir(whole.path().join(&name)).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        // A step that meets every field in some group, and every byte of the first header.
        let step = (used / 60).max(1) | 1;
        for at in (0..used.min(24)).chain((24..used).step_by(step)) {
            let dir = support::tempdir();
            copy_dir(whole.path(), dir.path());
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x20;
            let target = dir.path().join(path.strip_prefix(whole.path()).unwrap());
            fs::write(target, flipped).unwrap();
            prefix_or_refusal(dir.path(), GROUPS, &format!("{} byte {at}", path.display()));
        }
        for length in [0, 1, used / 2, used.saturating_sub(1)] {
            let dir = support::tempdir();
            copy_dir(whole.path(), dir.path());
            let target = dir.path().join(path.strip_prefix(whole.path()).unwrap());
            fs::write(target, &bytes[..length]).unwrap();
            prefix_or_refusal(dir.path(), GROUPS, &format!("{} length {length}", path.display()));
        }
    }
}
