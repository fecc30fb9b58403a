//! The bytes on disk of every format version ever shipped, kept as files. They are written as they
//! were, and read as they were. A change here is a new format version, with new files beside these.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::fs;
use std::path::PathBuf;

use relevo_journal::{
    Committer, GROUP_BYTES_MAX, GroupNumber, Log, MemoryLog, Options, Records, Tail, open,
};
use support::{Plain, bytes, copy_dir, record, recorded, start};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Two groups: one of two records and an answer without one, and one of a single record.
fn small_groups(log: &MemoryLog) -> Committer<u64, MemoryLog> {
    let mut committer = Committer::new(log.clone(), Tail::EMPTY, 3, GROUP_BYTES_MAX);
    committer.push([record(1, b"open", b"Ada"), record(2, b"", b""), record(3, b"close", b"")]);
    committer.commit().unwrap();
    committer.push([record(4, b"", b"only private")]);
    committer.commit().unwrap();
    committer
}

fn plain(log: &MemoryLog) -> Vec<Plain> {
    Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY)
        .map(|record| record.unwrap().1)
        .map(|record| (record.number.0, record.public().to_vec(), record.private().to_vec()))
        .collect()
}

#[test]
fn groups_of_format_1_have_these_bytes() {
    let log = MemoryLog::new();
    small_groups(&log);
    let values: Vec<_> = log.read(GroupNumber(1)).unwrap().map(|group| group.unwrap().1).collect();
    for (value, name) in values.iter().zip(["format_1_group_1.bin", "format_1_group_2.bin"]) {
        assert_eq!(value[..], fs::read(golden(name)).unwrap(), "{name}");
    }
}

#[test]
fn groups_of_format_1_are_read() {
    let mut log = MemoryLog::new();
    for (tail, name) in [(0, "format_1_group_1.bin"), (1, "format_1_group_2.bin")] {
        log.append(GroupNumber(tail), &fs::read(golden(name)).unwrap()).unwrap();
    }
    let expected = [
        (1, b"open".to_vec(), b"Ada".to_vec()),
        (2, b"close".to_vec(), vec![]),
        (3, vec![], b"only private".to_vec()),
    ];
    assert_eq!(plain(&log), expected);
}

#[test]
fn the_hash_chain_of_format_1_is_this_one_also_over_parts() {
    let log = MemoryLog::new();
    let mut committer = small_groups(&log);
    committer.push([record(5, &bytes(5, 70_000), &bytes(6, 70_000))]);
    while committer.commit().unwrap().is_some() {}
    let text = fs::read_to_string(golden("format_1_chain.txt")).unwrap();
    let tail = committer.tail();
    assert_eq!(format!("{} {} {:?}\n", tail.group, tail.record, tail.hash), text);
}

#[test]
fn private_bytes_are_in_the_chain_only_by_their_digest() {
    let hash_of = |private: &[u8]| {
        let mut committer = Committer::new(MemoryLog::new(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
        committer.push([record(1, b"public", private)]);
        committer.commit().unwrap();
        committer.tail().hash
    };
    assert_ne!(hash_of(b"Ada"), hash_of(b"Bob"));
    assert_ne!(hash_of(b"Ada"), hash_of(b""));
}

#[test]
fn a_directory_of_format_1_is_opened() {
    let dir = support::tempdir();
    copy_dir(&golden("format_1"), dir.path());
    let recovered = open(Options { reserve_bytes: Some(0), ..Options::new(dir.path()) }).unwrap();
    assert_eq!(recorded(&recovered), support::numbered_records(1..4));
    let journal = start(recovered);
    journal.write_groups(4..6);
    journal.close();
}
