//! What nobody looks at when a journal opens: generations behind the newest snapshot, damaged.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use relevo_journal::{GroupNumber, Place, RecordError, open};
use support::{Append, bytes, copy_dir, next, record, small, start_folding};

/// Enough for two of sled's segments.
const GROUPS: u64 = 300;
const RECORD_BYTES: usize = 40_000;

#[test]
fn a_damaged_archive_is_told_to_its_reader_and_stays_as_it_is() {
    let whole = support::tempdir();
    let (journal, done) = start_folding(open(small(whole.path())).unwrap(), Append);
    for number in 1..=GROUPS {
        journal.write(vec![record(number, &bytes(number, RECORD_BYTES), b"")]);
    }
    journal.handle.snapshot_now();
    assert_eq!(next(&done).last_group, GroupNumber(GROUPS));
    journal.write_groups(GROUPS + 1..GROUPS + 3);
    journal.close();

    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = Arc::new(std::panic::take_hook());
    std::panic::set_hook(Box::new({
        let before = Arc::clone(&before);
        move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }
    }));
    let archived = format!("generations/{:020}/db", 1);
    let length = fs::metadata(whole.path().join(&archived)).unwrap().len() as usize;
    let mut refused = 0;
    for part in 1..12 {
        let at = length * part / 12;
        let dir = support::tempdir();
        copy_dir(whole.path(), dir.path());
        let mut flipped = fs::read(dir.path().join(&archived)).unwrap();
        flipped[at] ^= 0x10;
        fs::write(dir.path().join(&archived), &flipped).unwrap();
        let journal = support::start(open(small(dir.path())).unwrap());
        let reader = journal.handle.reader();
        for number in [1, 2, GROUPS / 2, GROUPS - 1, GROUPS] {
            match reader.read(Place { group: GroupNumber(number), index: 0 }) {
                Ok(read) => assert_eq!(read.public(), bytes(number, RECORD_BYTES), "byte {at}"),
                Err(RecordError::Absent { place }) => panic!("byte {at}: {place} was there"),
                Err(_) => refused += 1,
            }
        }
        let later = Place { group: GroupNumber(GROUPS + 1), index: 0 };
        assert!(reader.read(later).is_ok(), "byte {at}");
        drop(reader);
        journal.close();
        // A good copy of the damaged place makes it whole again: nothing else was lost by reading.
        let mut left = fs::read(dir.path().join(&archived)).unwrap();
        if left[at] == flipped[at] {
            left[at] ^= 0x10;
            fs::write(dir.path().join(&archived), left).unwrap();
        }
        let journal = support::start(open(small(dir.path())).unwrap());
        let reader = journal.handle.reader();
        for number in 1..=GROUPS {
            let read = reader.read(Place { group: GroupNumber(number), index: 0 });
            assert!(read.is_ok(), "byte {at}: reading has cost group {number}");
        }
        drop(reader);
        journal.close();
        let generations = fs::read_dir(dir.path().join("generations")).unwrap();
        assert_eq!(generations.count(), 2, "byte {at}: a copy was left behind");
    }
    assert!(refused > 0, "no flip was met");
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a panic would have ended the daemon");
}
