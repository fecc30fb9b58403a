//! What goes in comes out: after a commit, after a restart, whole or in parts, in order.

mod support;

use relevo_journal::{
    GroupNumber, JournalState, Place, RECORD_BYTES_MAX, RecordError, Submission, SubmitError,
    WHOLE_RECORD_BYTES_MAX, open,
};
use support::{bytes, numbered_records, record, recorded, small, start, written};

#[test]
fn records_come_back_after_a_restart_dense_and_in_order() {
    let dir = support::tempdir();
    written(dir.path(), 20);
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..21));
    assert_eq!(recovered.report.records, 20);
    assert_eq!(recovered.report.last_group, GroupNumber(20));
    assert!(!recovered.report.created);
    let journal = start(recovered);
    journal.write_groups(21..31);
    journal.close();
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..31));
}

#[test]
fn a_batch_is_one_group_and_a_full_group_starts_the_next() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    let batch = (0..10).map(|n| record(n, &bytes(n, 20_000), b"")).collect();
    let delivered = journal.write(batch);
    let groups: Vec<_> = delivered.iter().map(|(_, place)| place.unwrap().group.0).collect();
    assert_eq!(groups, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);
    assert_eq!(journal.handle.durable_group(), GroupNumber(4));
    assert_eq!(journal.handle.durable_record().0, 10);
    assert_eq!(journal.handle.pending(), 0);
}

#[test]
fn records_of_every_size_up_to_the_limit_come_back_whole() {
    let sizes = [
        (1, 0),
        (0, 1),
        (WHOLE_RECORD_BYTES_MAX, 0),
        (WHOLE_RECORD_BYTES_MAX + 1, 0),
        (10, WHOLE_RECORD_BYTES_MAX),
        (100_000, 300_000),
        (0, 200_000),
        (RECORD_BYTES_MAX, 0),
        (RECORD_BYTES_MAX / 2, RECORD_BYTES_MAX / 2),
        (3, 3),
    ];
    let records: Vec<_> =
        (1..).zip(sizes).map(|(n, (a, b))| (n, bytes(n, a), bytes(n + 100, b))).collect();
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    let batch = records.iter().map(|(n, public, private)| record(*n, public, private)).collect();
    let delivered = journal.write(batch);
    let reader = journal.handle.reader();
    for ((payload, place), (number, public, private)) in delivered.iter().zip(&records) {
        assert_eq!(payload, number);
        let read = reader.read(place.unwrap()).unwrap();
        assert_eq!(
            (read.number.0, read.public(), read.private()),
            (*number, &public[..], &private[..])
        );
    }
    journal.handle.close().unwrap();
    drop((journal, reader));
    let recovered = open(small(dir.path())).unwrap();
    assert!(recorded(&recovered) == records);
    let places: Vec<_> = recovered.records().map(|record| record.unwrap().0).collect();
    let delivered: Vec<_> = delivered.iter().map(|(_, place)| place.unwrap()).collect();
    assert_eq!(places, delivered);
}

#[test]
fn a_record_above_the_limit_is_refused_and_its_batch_with_it() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    let batch = vec![record(1, b"a", b""), record(2, &vec![0; RECORD_BYTES_MAX], b"x")];
    let refused = journal.handle.submit(batch).unwrap_err();
    assert_eq!(refused, SubmitError::TooLarge { index: 1, bytes: RECORD_BYTES_MAX + 1 });
    assert_eq!(journal.handle.pending(), 0);
    assert_eq!(journal.write(vec![record(3, b"b", b"")])[0].0, 3);
    assert_eq!(journal.handle.durable_record().0, 1);
}

#[test]
fn answers_without_a_record_keep_their_order_and_need_no_group() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    assert_eq!(journal.write(vec![record(1, b"", b"")]), [(1, None)]);
    assert_eq!(journal.handle.durable_group(), GroupNumber(0));
    let batch = vec![
        record(2, b"", b""),
        record(3, &bytes(3, 40_000), b""),
        record(4, b"", b""),
        record(5, &bytes(5, 40_000), b""),
        record(6, b"", b""),
    ];
    let delivered = journal.write(batch);
    let place = |group| Some(Place { group: GroupNumber(group), index: 0 });
    assert_eq!(delivered, [(2, None), (3, place(1)), (4, None), (5, place(2)), (6, None)]);
}

#[test]
fn lazy_submissions_ride_with_the_next_group() {
    let dir = support::tempdir();
    // So long that only riding explains their delivery.
    let options = relevo_journal::Options {
        lazy_interval: std::time::Duration::from_secs(3600),
        ..small(dir.path())
    };
    let journal = start(open(options).unwrap());
    let lazy = |payload| Submission { urgent: false, ..record(payload, b"lazy", b"") };
    journal.handle.submit(vec![lazy(1)]).unwrap();
    journal.handle.submit(vec![lazy(2)]).unwrap();
    assert_eq!(journal.handle.pending(), 2);
    journal.handle.submit(vec![record(3, b"urgent", b"")]).unwrap();
    let group = journal.groups.recv().unwrap();
    let payloads: Vec<_> = group.deliveries.iter().map(|one| one.payload).collect();
    assert_eq!((payloads, group.number.0), (vec![1, 2, 3], 1));
    // Those that nothing urgent follows are committed at close.
    journal.handle.submit(vec![lazy(4)]).unwrap();
    journal.handle.close().unwrap();
    assert_eq!(journal.groups.recv().unwrap().deliveries[0].payload, 4);
}

#[test]
fn lazy_submissions_alone_are_committed_after_the_interval() {
    let dir = support::tempdir();
    let options = relevo_journal::Options {
        lazy_interval: std::time::Duration::from_millis(1),
        ..small(dir.path())
    };
    let journal = start(open(options).unwrap());
    let lazy = Submission { urgent: false, ..record(1, b"lazy", b"") };
    journal.handle.submit(vec![lazy]).unwrap();
    assert_eq!(journal.deliveries(1)[0].0, 1);
}

#[test]
fn a_closed_journal_has_written_everything_and_takes_nothing() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    let batch: Vec<_> = (1..=500).map(support::numbered).collect();
    journal.handle.submit(batch).unwrap();
    journal.handle.close().unwrap();
    assert_eq!(journal.handle.state(), JournalState::Closed);
    assert_eq!(journal.handle.submit(vec![record(1, b"a", b"")]), Err(SubmitError::Closed));
    drop(journal);
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..501));
}

#[test]
fn a_reader_sees_no_place_without_a_durable_record() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    journal.write_groups(1..3);
    let reader = journal.handle.reader();
    for (group, index) in [(0, 0), (1, 1), (3, 0), (u64::MAX, 0)] {
        let place = Place { group: GroupNumber(group), index };
        assert!(matches!(reader.read(place), Err(RecordError::Absent { .. })), "{place}");
    }
}
