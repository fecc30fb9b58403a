//! Generations are sealed, folded and removed, and what is left is worth as much as the whole.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use relevo_journal::{
    Failure, Fold, FoldError, FoldItem, GroupNumber, JournalState, Options, Place, RecordNumber,
    Recovered, Retention, open,
};
use support::{
    Append, Journal, bytes, lines, next, numbered, numbered_records, record, recorded, small,
    start_folding,
};

/// The snapshot's content and the records after it, as one list.
fn everything(recovered: &mut Recovered) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut snapshot) = recovered.snapshot.take() {
        snapshot.read_to_end(&mut all).unwrap();
    }
    all.extend(lines(&recorded(recovered)));
    all
}

/// The numbers that are names in a directory; the next generation has none until it is written to.
fn names(dir: &Path) -> Vec<u64> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("new-after-"))
        .map(|name| name.parse().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// Three snapshots, each behind ten groups, and five groups more.
fn three_snapshots(dir: &Path, retention: Retention) {
    let options = Options { retention, ..small(dir) };
    let (journal, done) = start_folding(open(options).unwrap(), Append);
    for round in 0..3 {
        journal.write_groups(round * 10 + 1..round * 10 + 11);
        journal.handle.snapshot_now();
        assert_eq!(next(&done).last_group, GroupNumber((round + 1) * 10));
    }
    journal.write_groups(31..36);
    journal.close();
}

#[test]
fn a_snapshot_and_the_records_after_it_are_all_records() {
    let dir = support::tempdir();
    three_snapshots(dir.path(), Retention::KeepAll);
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.snapshot, Some(GroupNumber(30)));
    assert_eq!((recovered.report.groups, recovered.report.records), (5, 5));
    assert_eq!(recovered.report.last_group, GroupNumber(35));
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..36)));
    drop(recovered);
    // Without any snapshot the generations tell the same.
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    fs::create_dir(dir.path().join("snapshots")).unwrap();
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!((recovered.report.snapshot, recovered.report.groups), (None, 35));
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..36)));
}

#[test]
fn the_last_two_snapshots_stay_and_by_default_every_generation() {
    let dir = support::tempdir();
    three_snapshots(dir.path(), Retention::KeepAll);
    assert_eq!(names(&dir.path().join("snapshots")), [20, 30]);
    assert_eq!(names(&dir.path().join("generations")), [1, 11, 21, 31]);
}

#[test]
fn generations_before_the_older_snapshot_go_when_nobody_needs_them() {
    let dir = support::tempdir();
    three_snapshots(dir.path(), Retention::RetainFrom(Arc::new(AtomicU64::new(u64::MAX))));
    assert_eq!(names(&dir.path().join("generations")), [21, 31]);
    // The older snapshot and what is left still make the whole.
    fs::remove_file(dir.path().join("snapshots").join(format!("{:020}", 30))).unwrap();
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.snapshot, Some(GroupNumber(20)));
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..36)));
}

#[test]
fn generations_that_are_still_needed_stay() {
    let dir = support::tempdir();
    let floor = Arc::new(AtomicU64::new(15));
    three_snapshots(dir.path(), Retention::RetainFrom(Arc::clone(&floor)));
    assert_eq!(names(&dir.path().join("generations")), [11, 21, 31]);
    floor.store(20, Ordering::Release);
    let options = Options { retention: Retention::RetainFrom(floor), ..small(dir.path()) };
    let (journal, done) = start_folding(open(options).unwrap(), Append);
    journal.handle.snapshot_now();
    assert_eq!(next(&done).last_group, GroupNumber(35));
    assert_eq!(names(&dir.path().join("generations")), [11, 21, 31, 36]);
}

#[test]
fn a_full_generation_is_sealed_and_its_records_stay_readable() {
    let dir = support::tempdir();
    let options = Options { generation_bytes: 100_000, ..small(dir.path()) };
    let (journal, done) = start_folding(open(options).unwrap(), Append);
    let mut places = Vec::new();
    for number in 1..=20 {
        let sent = record(number, &bytes(number, 40_000), b"");
        places.push(journal.write(vec![sent])[0].1.unwrap());
    }
    let generations = names(&dir.path().join("generations"));
    assert_eq!(generations, [1, 4, 7, 10, 13, 16, 19]);
    let reader = journal.handle.reader();
    for (place, number) in places.iter().zip(1..) {
        assert_eq!(reader.read(*place).unwrap().public(), bytes(number, 40_000));
    }
    journal.handle.snapshot_now();
    while next(&done).last_group != GroupNumber(20) {}
}

#[test]
fn a_snapshot_is_made_when_enough_is_sealed_in_this_life_or_the_one_before() {
    let dir = support::tempdir();
    let options = || Options {
        generation_bytes: 100_000,
        snapshot_every_bytes: 300_000,
        ..small(dir.path())
    };
    let snapshots = || names(&dir.path().join("snapshots"));
    let write = |journal: &Journal, numbers: std::ops::RangeInclusive<u64>| {
        for number in numbers {
            journal.write(vec![record(number, &bytes(number, 40_000), b"")]);
        }
    };
    // A generation has three records of 40,000 bytes: two are not enough, three are.
    let (journal, done) = start_folding(open(options()).unwrap(), Append);
    write(&journal, 1..=9);
    assert!(done.try_recv().is_err() && snapshots().is_empty());
    write(&journal, 10..=10);
    assert_eq!(next(&done).last_group, GroupNumber(9));
    write(&journal, 11..=18);
    journal.close();
    assert_eq!(snapshots(), [9]);
    // Of the last life two generations are sealed, and the third is full.
    let (journal, done) = start_folding(open(options()).unwrap(), Append);
    write(&journal, 19..=19);
    assert_eq!(next(&done).last_group, GroupNumber(18));
    journal.close();
    // It is due at once where the log alone has enough.
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    fs::create_dir(dir.path().join("snapshots")).unwrap();
    let (journal, done) = start_folding(open(options()).unwrap(), Append);
    assert_eq!(next(&done).last_group, GroupNumber(18));
    journal.close();
}

#[test]
fn a_generation_that_was_made_ahead_is_the_next_one_or_leaves_nothing() {
    let dir = support::tempdir();
    let options = || Options { generation_bytes: 100_000, ..small(dir.path()) };
    let found = || {
        let entries = fs::read_dir(dir.path().join("generations")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let ahead = || found().into_iter().find(|name| name.starts_with("new-after-"));
    let (journal, _done) = start_folding(open(options()).unwrap(), Append);
    let mut written = 0;
    let mut write = || {
        written += 1;
        journal.write(vec![record(written, &bytes(written, 40_000), b"")]);
    };
    write();
    assert_eq!(ahead(), None, "not half full");
    write();
    let patience = std::time::Instant::now();
    let made = loop {
        if let Some(made) = ahead() {
            break made;
        }
        assert!(patience.elapsed() < Duration::from_secs(60), "none was made");
        thread::yield_now();
    };
    let generations = dir.path().join("generations");
    fs::write(generations.join(made).join("mark"), "").unwrap();
    write();
    write();
    assert_eq!(names(&generations), [1, 4]);
    assert!(generations.join(format!("{:020}", 4)).join("mark").exists(), "another one was made");
    write();
    journal.close();
    assert_eq!(found().len(), 2, "{:?}", found());
    assert_eq!(open(options()).unwrap().report.last_record, RecordNumber(5));
}

#[test]
fn a_large_record_is_never_split_by_a_snapshot() {
    let dir = support::tempdir();
    let options = Options { generation_bytes: 1, ..small(dir.path()) };
    let (journal, done) = start_folding(open(options).unwrap(), Append);
    let large = bytes(1, 500_000);
    journal
        .handle
        .submit(vec![record(1, &large, b""), numbered(2), record(3, b"", &large)])
        .unwrap();
    journal.handle.snapshot_now();
    journal.deliveries(3);
    journal.handle.snapshot_now();
    let last = journal.handle.durable_group();
    while next(&done).last_group != last {}
    journal.close();
    let mut recovered = open(small(dir.path())).unwrap();
    let expected =
        [(1, large.clone(), vec![]), numbered_records(2..3)[0].clone(), (3, vec![], large)];
    assert!(everything(&mut recovered) == lines(&expected));
}

#[test]
fn a_sealed_generation_without_a_snapshot_is_folded_at_the_next_start() {
    let dir = support::tempdir();
    let journal = support::start(open(small(dir.path())).unwrap());
    journal.write_groups(1..8);
    journal.handle.snapshot_now();
    journal.write_groups(8..10);
    journal.close();
    assert_eq!(names(&dir.path().join("generations")), [1, 8]);
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Append);
    assert_eq!(next(&done).last_group, GroupNumber(7));
    journal.close();
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.groups, 2);
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..10)));
}

#[test]
fn a_damaged_newest_snapshot_is_passed_over() {
    let dir = support::tempdir();
    three_snapshots(dir.path(), Retention::RetainFrom(Arc::new(AtomicU64::new(u64::MAX))));
    let newest = dir.path().join("snapshots").join(format!("{:020}", 30));
    let whole = fs::read(&newest).unwrap();
    for at in [0, 9, 20, 40, 66, 68, 72, 80, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&newest, flipped).unwrap();
        let mut recovered = open(small(dir.path())).unwrap();
        assert_eq!(recovered.report.snapshot, Some(GroupNumber(20)), "byte {at}");
        assert_eq!(recovered.report.damaged_snapshots, [GroupNumber(30)]);
        assert_eq!(everything(&mut recovered), lines(&numbered_records(1..36)));
    }
    fs::write(&newest, &whole).unwrap();
    let misnamed = dir.path().join("snapshots").join(format!("{:020}", 33));
    fs::rename(&newest, &misnamed).unwrap();
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.damaged_snapshots, [GroupNumber(33)]);
    drop(recovered);
    fs::rename(&misnamed, &newest).unwrap();
    for length in [0, 67, 68, whole.len() / 2, whole.len() - 1] {
        fs::write(&newest, &whole[..length]).unwrap();
        let recovered = open(small(dir.path())).unwrap();
        assert_eq!(recovered.report.snapshot, Some(GroupNumber(20)), "length {length}");
    }
}

#[test]
fn a_damaged_snapshot_is_none_of_the_two_that_stay() {
    let dir = support::tempdir();
    let retention = || Retention::RetainFrom(Arc::new(AtomicU64::new(u64::MAX)));
    three_snapshots(dir.path(), retention());
    let snapshot = |number: u64| dir.path().join("snapshots").join(format!("{number:020}"));
    fs::write(snapshot(30), b"damaged").unwrap();
    let options =
        Options { retention: retention(), snapshot_every_bytes: u64::MAX, ..small(dir.path()) };
    let (journal, done) = start_folding(open(options).unwrap(), Append);
    journal.write_groups(36..40);
    journal.handle.snapshot_now();
    assert_eq!(next(&done).last_group, GroupNumber(39));
    journal.close();
    // One of two good ones may be damaged.
    fs::write(snapshot(39), b"damaged").unwrap();
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..40)));
}

/// What is sealed ends where the damaged one ended.
#[test]
fn a_snapshot_in_the_place_of_a_damaged_one_stays() {
    let dir = support::tempdir();
    three_snapshots(dir.path(), Retention::KeepAll);
    let damaged = dir.path().join("snapshots").join(format!("{:020}", 30));
    fs::write(damaged, b"damaged").unwrap();
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Append);
    assert_eq!(next(&done).last_group, GroupNumber(30));
    journal.close();
    assert_eq!(names(&dir.path().join("snapshots")), [20, 30]);
}

#[test]
fn a_start_that_writes_nothing_leaves_what_recovery_compares() {
    let dir = support::tempdir();
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Append);
    for first in [1, 11] {
        journal.write_groups(first..first + 10);
        journal.handle.snapshot_now();
        next(&done);
    }
    journal.close();
    drop(open(small(dir.path())).unwrap());
    fs::write(dir.path().join("snapshots").join(format!("{:020}", 20)), b"damaged").unwrap();
    let mut recovered = open(small(dir.path())).unwrap();
    assert_eq!(everything(&mut recovered), lines(&numbered_records(1..21)));
}

struct Refuse;

impl Fold for Refuse {
    fn fold(
        &mut self,
        _: Option<&mut dyn Read>,
        _: &mut dyn Iterator<Item = FoldItem>,
        _: &mut dyn Write,
    ) -> Result<(), FoldError> {
        Err(FoldError::Other("no".into()))
    }
}

#[test]
fn a_refused_fold_leaves_no_snapshot_and_the_journal_goes_on() {
    let dir = support::tempdir();
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Refuse);
    journal.write_groups(1..4);
    journal.handle.snapshot_now();
    assert!(matches!(done.recv().unwrap(), Err(FoldError::Other(_))));
    journal.write_groups(4..6);
    journal.close();
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.snapshot, None);
    assert_eq!(recorded(&recovered), numbered_records(1..6));
}

struct Forget;

impl Fold for Forget {
    fn fold(
        &mut self,
        _: Option<&mut dyn Read>,
        records: &mut dyn Iterator<Item = FoldItem>,
        _: &mut dyn Write,
    ) -> Result<(), FoldError> {
        // All but the last record of the last group.
        for _ in 0..4 {
            records.next();
        }
        Ok(())
    }
}

#[test]
fn a_fold_that_leaves_records_unread_makes_no_snapshot() {
    let dir = support::tempdir();
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Forget);
    journal.write((1..6).map(numbered).collect());
    journal.handle.snapshot_now();
    let error = done.recv().unwrap().unwrap_err();
    assert!(matches!(error, FoldError::Unread { place } if place.index == 4), "{error}");
    assert_eq!(names(&dir.path().join("snapshots")).len(), 0);
}

struct Panic;

impl Fold for Panic {
    fn fold(
        &mut self,
        _: Option<&mut dyn Read>,
        _: &mut dyn Iterator<Item = FoldItem>,
        _: &mut dyn Write,
    ) -> Result<(), FoldError> {
        panic!("a bug in the fold")
    }
}

#[test]
fn a_panic_in_the_fold_ends_the_journal() {
    let dir = support::tempdir();
    let (journal, _done) = start_folding(open(small(dir.path())).unwrap(), Panic);
    journal.write_groups(1..3);
    journal.handle.snapshot_now();
    let failure = journal.failures.recv().unwrap();
    assert!(matches!(failure, Failure::Panicked(text) if text.contains("a bug in the fold")));
    assert!(journal.handle.close().is_err());
    assert_eq!(journal.handle.state(), JournalState::Poisoned);
}

/// Tells when it has begun, and goes on when it may.
struct Slow {
    begun: Sender<()>,
    go_on: Receiver<()>,
    taken: Sender<usize>,
}

impl Fold for Slow {
    fn fold(
        &mut self,
        _: Option<&mut dyn Read>,
        records: &mut dyn Iterator<Item = FoldItem>,
        _: &mut dyn Write,
    ) -> Result<(), FoldError> {
        self.begun.send(()).unwrap();
        self.go_on.recv().unwrap();
        self.taken.send(records.count()).unwrap();
        Ok(())
    }
}

#[test]
fn a_close_does_not_wait_for_a_snapshot_that_is_being_made() {
    let dir = support::tempdir();
    let ((begun, has_begun), (may_go_on, go_on), (taken, counted)) =
        (channel(), channel(), channel());
    let (journal, _done) =
        start_folding(open(small(dir.path())).unwrap(), Slow { begun, go_on, taken });
    journal.write_groups(1..50);
    journal.handle.snapshot_now();
    has_begun.recv().unwrap();
    let closing = thread::spawn({
        let handle = journal.handle.clone();
        move || handle.close()
    });
    while journal.handle.submit(vec![numbered(50)]).is_ok() {
        thread::yield_now();
    }
    may_go_on.send(()).unwrap();
    closing.join().unwrap().unwrap();
    drop(journal);
    assert_eq!(counted.recv().unwrap(), 0, "groups that were read after the close began");
    assert_eq!(names(&dir.path().join("snapshots")).len(), 0);
    let (journal, done) = start_folding(open(small(dir.path())).unwrap(), Append);
    assert_eq!(next(&done).last_group, GroupNumber(49));
    journal.close();
}

#[test]
fn a_place_in_a_removed_generation_is_absent() {
    let dir = support::tempdir();
    let retention = Retention::RetainFrom(Arc::new(AtomicU64::new(u64::MAX)));
    three_snapshots(dir.path(), retention);
    let journal = support::start(open(small(dir.path())).unwrap());
    let reader = journal.handle.reader();
    let place = |group| Place { group: GroupNumber(group), index: 0 };
    assert!(reader.read(place(5)).is_err());
    assert!(reader.read(place(25)).is_ok());
    assert_eq!(names(&dir.path().join("generations")), [21, 31]);
}
