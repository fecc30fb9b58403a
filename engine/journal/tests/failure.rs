//! A failed write ends the journal: nothing of it is delivered, nothing is tried again, everybody is
//! told. Damage on the way to the disk is made by a log that fails.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use relevo_journal::{
    CommitError, Committer, Failure, GROUP_BYTES_MAX, GroupNumber, Hooks, JournalState, Log,
    LogError, MemoryLog, Options, Place, RecordError, Records, StorageState, SubmitError, Tail,
    WriterOptions, open, start_on,
};
use support::{Journal, hooks, numbered, record};

const OPTIONS: WriterOptions = WriterOptions {
    schema: 1,
    group_bytes: GROUP_BYTES_MAX,
    lazy_interval: Duration::from_secs(1),
};

fn start(log: &MemoryLog) -> Journal {
    let (hooks, groups, failures) = hooks();
    let source = Arc::new(log.clone());
    let handle = start_on(log.clone(), source, Tail::EMPTY, OPTIONS, hooks).unwrap();
    Journal { handle, groups, failures }
}

#[test]
fn a_failed_append_poisons_the_journal_and_delivers_nothing_more() {
    let log = MemoryLog::new();
    log.fail_after(3);
    let journal = start(&log);
    journal.write_groups(1..4);
    journal.handle.submit(vec![numbered(4)]).unwrap();
    let failure = journal.failures.recv().unwrap();
    assert!(matches!(failure, Failure::Storage(CommitError::Log { group: GroupNumber(4), .. })));
    assert_eq!(journal.handle.state(), JournalState::Poisoned);
    assert_eq!(journal.handle.submit(vec![numbered(5)]), Err(SubmitError::Poisoned));
    assert!(journal.handle.close().is_err());
    assert_eq!(journal.handle.durable_group(), GroupNumber(3));
    assert_eq!(journal.groups.try_iter().count(), 0);
    assert_eq!(log.tail(), GroupNumber(3));
}

#[test]
fn a_committer_never_repeats_a_failed_append() {
    let log = MemoryLog::new();
    log.fail_after(0);
    let mut committer = Committer::new(log.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
    committer.push([numbered(1)]);
    assert!(matches!(committer.commit(), Err(CommitError::Log { .. })));
    log.fail_after(100);
    assert!(matches!(committer.commit(), Err(CommitError::Poisoned)));
    assert!(matches!(committer.seal(true), Err(CommitError::Poisoned)));
    assert!(matches!(committer.close(), Err(CommitError::Poisoned)));
    assert_eq!(log.tail(), GroupNumber(0));
}

#[test]
fn a_second_writer_is_fenced_off() {
    let log = MemoryLog::new();
    let mut first = Committer::new(log.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
    let mut second = Committer::new(log, Tail::EMPTY, 1, GROUP_BYTES_MAX);
    first.push([numbered(1)]);
    first.commit().unwrap();
    second.push([numbered(2)]);
    let Err(CommitError::Log { source, .. }) = second.commit() else { panic!("not fenced") };
    let expected = (GroupNumber(0), GroupNumber(1));
    assert!(matches!(source, LogError::TailMoved { expected: e, actual: a } if (e, a) == expected));
}

#[test]
fn a_panic_in_the_sink_ends_the_journal_and_is_told() {
    let log = MemoryLog::new();
    let (sender, failures) = channel();
    let hooks = Hooks {
        sink: Box::new(|_| panic!("a bug behind the journal")),
        failed: Box::new(move |failure| drop(sender.send(failure))),
    };
    let handle = start_on(log.clone(), Arc::new(log), Tail::EMPTY, OPTIONS, hooks).unwrap();
    handle.submit(vec![record(1, b"a", b"")]).unwrap();
    let failure = failures.recv().unwrap();
    assert!(matches!(failure, Failure::Panicked(text) if text == "a bug behind the journal"));
    assert_eq!(handle.submit(vec![record(2, b"b", b"")]), Err(SubmitError::Poisoned));
    assert!(handle.close().is_err());
}

#[test]
fn a_crash_between_parts_and_their_name_leaves_no_record() {
    let log = MemoryLog::new();
    let large = support::bytes(1, 200_000);
    let mut committer = Committer::new(log.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
    committer.push([record(1, &large, b""), numbered(2)]);
    while committer.commit().unwrap().is_some() {}
    let whole = log.tail();
    for tail in 0..whole.0 {
        log.crash(GroupNumber(tail));
        let mut records = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
        assert_eq!(records.by_ref().count(), 0, "{tail}");
        let tail = records.tail();
        drop(records);
        // A writer that goes on there loses nothing of its own.
        let mut committer = Committer::new(log.clone(), tail, 1, GROUP_BYTES_MAX);
        committer.push([record(7, &large, b"x"), numbered(8)]);
        while committer.commit().unwrap().is_some() {}
        let read: Vec<_> = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY)
            .map(|record| record.unwrap().1)
            .collect();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].public(), read[0].private()), (&large[..], &b"x"[..]));
        assert_eq!((read[0].number.0, read[1].number.0), (1, 2));
        // Back to what was there before, for the next round.
        log.crash(GroupNumber(0));
        let mut committer = Committer::new(log.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
        committer.push([record(1, &large, b""), numbered(2)]);
        while committer.commit().unwrap().is_some() {}
    }
}

#[test]
fn the_reserve_decides_whether_storage_is_full() {
    let dir = support::tempdir();
    for (reserve, expected) in [(u64::MAX, StorageState::Full), (0, StorageState::Open)] {
        let options = Options { reserve_bytes: Some(reserve), ..Options::new(dir.path()) };
        let journal = support::start(open(options).unwrap());
        assert_eq!(journal.handle.storage(), expected);
        // The journal itself goes on.
        journal.write_groups(1..2);
        journal.close();
    }
}

#[test]
fn a_journal_without_handles_finishes_what_was_handed_in() {
    let log = MemoryLog::new();
    let journal = start(&log);
    let Journal { handle, groups, .. } = journal;
    handle.submit((1..=100).map(numbered).collect()).unwrap();
    drop(handle);
    let delivered: usize = groups.iter().map(|group| group.deliveries.len()).sum();
    assert_eq!(delivered, 100);
}

#[test]
fn a_reader_does_not_see_groups_that_are_not_durable() {
    let (ahead, log) = (MemoryLog::new(), MemoryLog::new());
    let mut committer = Committer::new(ahead.clone(), Tail::EMPTY, 1, GROUP_BYTES_MAX);
    committer.push([numbered(1)]);
    committer.commit().unwrap();
    let (hooks, _groups, _failures) = hooks();
    let handle = start_on(log, Arc::new(ahead), Tail::EMPTY, OPTIONS, hooks).unwrap();
    let place = Place { group: GroupNumber(1), index: 0 };
    let read = handle.reader().read(place);
    assert!(matches!(read, Err(RecordError::Absent { .. })));
    handle.submit(vec![numbered(1)]).unwrap();
    handle.close().unwrap();
    assert_eq!(handle.reader().read(place).unwrap().number.0, 1);
}
