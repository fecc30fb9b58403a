//! A damaged journal yields a right beginning and says so, or refuses with place and remedy. It never
//! yields a wrong state, and a refusal changes nothing.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use relevo_journal::{
    ClaimError, Damage, DamageKind, FrameError, GroupNumber, OpenError, Options, Place, open,
};
use support::{copy_dir, digest, numbered_records, record, recorded, small, start, written};

fn generation(dir: &Path, first: u64) -> PathBuf {
    dir.join("generations").join(format!("{first:020}"))
}

/// Changes groups behind the journal's back, through sled: what sled itself finds right.
fn edit(dir: &Path, first: u64, change: impl FnOnce(&sled::Db)) {
    let config = sled::Config::new()
        .path(generation(dir, first))
        .flush_every_ms(None)
        .segment_size(8 * 1024 * 1024);
    // Threads of sled's may hold the directory for a moment after its journal was closed.
    let db = loop {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                std::thread::yield_now();
            }
            opened => break opened.unwrap(),
        }
    };
    change(&db);
    db.flush().unwrap();
}

fn group(db: &sled::Db, number: u64) -> Vec<u8> {
    db.get(number.to_be_bytes()).unwrap().unwrap().to_vec()
}

fn put(db: &sled::Db, number: u64, value: Vec<u8>) {
    db.insert(number.to_be_bytes(), value).unwrap();
}

/// Writes the watermark anew, as an older synced state of it.
fn wind_back_watermark(dir: &Path, older: &Path) {
    fs::copy(older.join("watermark"), dir.join("watermark")).unwrap();
}

fn refusal(options: Options) -> Damage {
    let before = digest(&options.dir);
    let Err(OpenError::Damaged(damage)) = open(options.clone()) else { panic!("not refused") };
    // Only the watched files count: the journal itself is as it was.
    assert!(before == digest(&options.dir), "a refusal changed something");
    damage
}

#[test]
fn a_torn_last_group_beyond_the_watermark_is_cut_and_reported() {
    let dir = support::tempdir();
    let older = support::tempdir();
    written(dir.path(), 4);
    copy_dir(dir.path(), older.path());
    let journal = start(open(small(dir.path())).unwrap());
    journal.write_groups(5..6);
    journal.close();
    wind_back_watermark(dir.path(), older.path());
    edit(dir.path(), 1, |db| {
        let mut value = group(db, 5);
        value.truncate(80);
        put(db, 5, value);
    });
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.torn_group, Some(GroupNumber(5)));
    assert_eq!(recorded(&recovered), numbered_records(1..5));
    // The next group takes its number.
    let journal = start(recovered);
    journal.write(vec![record(9, b"again", b"")]);
    assert_eq!(journal.handle.durable_group(), GroupNumber(5));
    journal.close();
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.torn_group, None);
    assert_eq!(recorded(&recovered)[4].1, b"again");
}

#[test]
fn a_damaged_last_group_below_the_watermark_is_refused() {
    let dir = support::tempdir();
    written(dir.path(), 4);
    edit(dir.path(), 1, |db| {
        let mut value = group(db, 4);
        value[90] ^= 1;
        put(db, 4, value);
    });
    let damage = refusal(small(dir.path()));
    assert!(matches!(damage.kind, DamageKind::Frame(FrameError::Crc { .. })), "{damage}");
    assert_eq!((damage.group, damage.lost_groups), (GroupNumber(4), 1));
}

#[test]
fn a_damaged_group_in_the_middle_is_refused_with_place_and_remedy() {
    let dir = support::tempdir();
    written(dir.path(), 6);
    edit(dir.path(), 1, |db| {
        let mut value = group(db, 3);
        value[80] ^= 1;
        put(db, 3, value);
    });
    let damage = refusal(small(dir.path()));
    assert_eq!((damage.generation, damage.group), (GroupNumber(1), GroupNumber(3)));
    assert_eq!(damage.lost_groups, 4);
    let text = damage.to_string();
    assert!(text.contains("generation 1, group 3") && text.contains("--accept-loss 4"), "{text}");
}

#[test]
fn a_hole_is_refused() {
    let dir = support::tempdir();
    written(dir.path(), 6);
    edit(dir.path(), 1, |db| drop(db.remove(4_u64.to_be_bytes()).unwrap()));
    let damage = refusal(small(dir.path()));
    assert_eq!((damage.kind, damage.group), (DamageKind::Hole, GroupNumber(4)));
}

#[test]
fn a_missing_generation_is_refused() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    for first in [1, 11, 21] {
        journal.write_groups(first..first + 10);
        journal.handle.snapshot_now();
    }
    journal.write_groups(31..33);
    journal.close();
    fs::remove_dir_all(generation(dir.path(), 11)).unwrap();
    let damage = refusal(small(dir.path()));
    assert_eq!((damage.kind, damage.group), (DamageKind::Hole, GroupNumber(11)));
}

#[test]
fn missing_directories_are_refused_when_they_held_something() {
    let dir = support::tempdir();
    written(dir.path(), 3);
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    assert_eq!(recorded(&open(small(dir.path())).unwrap()), numbered_records(1..4));
    fs::remove_dir_all(dir.path().join("generations")).unwrap();
    let watermark = GroupNumber(3);
    assert_eq!(refusal(small(dir.path())).kind, DamageKind::BehindWatermark { watermark });
    fs::remove_file(dir.path().join("watermark")).unwrap();
    assert_eq!(refusal(small(dir.path())).kind, DamageKind::NoWatermark);
}

#[test]
fn a_group_of_another_history_breaks_the_chain() {
    let dir = support::tempdir();
    let other = support::tempdir();
    written(dir.path(), 5);
    let journal = start(open(small(other.path())).unwrap());
    for number in 1..6 {
        journal.write(vec![record(number, b"another history", b"")]);
    }
    journal.close();
    let mut foreign = Vec::new();
    edit(other.path(), 1, |db| foreign = group(db, 3));
    edit(dir.path(), 1, |db| put(db, 3, foreign));
    let damage = refusal(small(dir.path()));
    assert_eq!((damage.kind, damage.group), (DamageKind::Frame(FrameError::Chain), GroupNumber(3)));
}

#[test]
fn a_log_that_ends_before_its_watermark_is_refused_until_the_loss_is_accepted() {
    let dir = support::tempdir();
    let older = support::tempdir();
    written(dir.path(), 4);
    copy_dir(dir.path(), older.path());
    let journal = start(open(small(dir.path())).unwrap());
    journal.write_groups(5..8);
    journal.close();
    // An older copy of the generation: all whole, but not all there.
    fs::remove_dir_all(generation(dir.path(), 1)).unwrap();
    copy_dir(&generation(older.path(), 1), &generation(dir.path(), 1));
    let damage = refusal(small(dir.path()));
    let watermark = GroupNumber(7);
    assert_eq!(damage.kind, DamageKind::BehindWatermark { watermark });
    assert_eq!((damage.group, damage.lost_groups), (GroupNumber(5), 3));
    let less = Options { accept_loss: Some(2), ..small(dir.path()) };
    assert_eq!(refusal(less), damage);
    let enough = Options { accept_loss: Some(3), ..small(dir.path()) };
    let recovered = open(enough).unwrap();
    assert_eq!(recovered.report.given_up, Some(damage));
    assert_eq!(recorded(&recovered), numbered_records(1..5));
    drop(recovered);
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..5));
}

#[test]
fn an_accepted_loss_keeps_what_is_good_and_moves_the_rest_aside() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    for first in [1, 11] {
        journal.write_groups(first..first + 10);
        journal.handle.snapshot_now();
    }
    journal.write_groups(21..23);
    journal.close();
    edit(dir.path(), 11, |db| {
        let mut value = group(db, 15);
        value[75] ^= 1;
        put(db, 15, value);
    });
    assert_eq!(refusal(small(dir.path())).lost_groups, 8);
    let accepting = Options { accept_loss: Some(8), ..small(dir.path()) };
    let recovered = open(accepting).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..15));
    let journal = start(recovered);
    journal.write_groups(15..17);
    journal.close();
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..17));
    assert_eq!(fs::read_dir(dir.path().join("lost")).unwrap().count(), 2);
}

/// What is left of the log begins behind a gap: nothing of it can be used.
#[test]
fn an_accepted_loss_of_the_beginning_leaves_a_log_that_goes_on() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    for first in [1, 11] {
        journal.write_groups(first..first + 10);
        journal.handle.snapshot_now();
    }
    journal.write_groups(21..26);
    journal.close();
    fs::remove_dir_all(generation(dir.path(), 1)).unwrap();
    let damage = refusal(small(dir.path()));
    assert_eq!((&damage.kind, damage.group), (&DamageKind::Hole, GroupNumber(1)));
    let accepting = Options { accept_loss: Some(damage.lost_groups), ..small(dir.path()) };
    let journal = start(open(accepting).unwrap());
    // Beyond the numbers at which the generations that were given up began.
    journal.write_groups(1..31);
    let reader = journal.handle.reader();
    for group in 1..31 {
        let place = Place { group: GroupNumber(group), index: 0 };
        assert!(reader.read(place).is_ok(), "group {group}");
    }
    drop(reader);
    journal.close();
    assert_eq!(recorded(&open(small(dir.path())).unwrap()), numbered_records(1..31));
    assert_eq!(fs::read_dir(dir.path().join("lost")).unwrap().count(), 2);
}

/// Whether what the system refuses is damage, nobody knows: nothing is given up for it.
#[test]
fn a_snapshot_that_the_system_refuses_is_no_damage() {
    let dir = support::tempdir();
    written(dir.path(), 3);
    let snapshot = dir.path().join("snapshots").join(format!("{:020}", 2));
    std::os::unix::fs::symlink(&snapshot, &snapshot).unwrap();
    let before = digest_of_log(dir.path());
    let refused = open(small(dir.path())).err().unwrap();
    assert!(matches!(refused, OpenError::Log(_)), "{refused}");
    assert!(refused.to_string().contains(&snapshot.display().to_string()), "{refused}");
    assert!(before == digest_of_log(dir.path()));
    fs::remove_file(&snapshot).unwrap();
    assert_eq!(recorded(&open(small(dir.path())).unwrap()), numbered_records(1..4));
}

fn digest_of_log(dir: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    digest(&dir.join("generations"))
}

/// A power cut between the exchange of the damaged generation and its move to `lost/`.
#[test]
fn what_a_repair_cut_short_has_left_is_kept_with_what_is_lost() {
    let dir = support::tempdir();
    written(dir.path(), 3);
    copy_dir(
        &generation(dir.path(), 1),
        &dir.path().join("generations").join(format!("repair-{:020}", 1)),
    );
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..4));
    assert_eq!(fs::read_dir(dir.path().join("generations")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(dir.path().join("lost")).unwrap().count(), 1);
}

#[test]
fn a_generation_that_sled_cannot_open_is_refused_and_can_be_given_up() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    journal.write_groups(1..6);
    journal.handle.snapshot_now();
    journal.write_groups(6..9);
    journal.close();
    fs::write(generation(dir.path(), 6).join("conf"), b"not sled's configuration").unwrap();
    let damage = refusal(small(dir.path()));
    assert!(matches!(damage.kind, DamageKind::Unreadable(_)), "{damage}");
    assert_eq!((damage.generation, damage.lost_groups), (GroupNumber(6), 3));
    let accepting = Options { accept_loss: Some(3), ..small(dir.path()) };
    let recovered = open(accepting).unwrap();
    assert_eq!(recorded(&recovered), numbered_records(1..6));
}

#[test]
fn a_generation_without_one_of_sleds_files_is_refused() {
    for name in ["conf", "db"] {
        let dir = support::tempdir();
        written(dir.path(), 3);
        fs::remove_file(generation(dir.path(), 1).join(name)).unwrap();
        let damage = refusal(small(dir.path()));
        assert!(matches!(damage.kind, DamageKind::Unreadable(_)), "{name}: {damage}");
    }
}

/// sled writes its snapshot under another name first, and takes one cut short for the newest snapshot.
#[test]
fn what_a_crash_left_of_sleds_own_snapshot_is_no_damage() {
    for left in [vec![], vec![1; 5], vec![7; 100]] {
        let dir = support::tempdir();
        let journal = start(open(small(dir.path())).unwrap());
        journal.write_groups(1..4);
        journal.handle.snapshot_now();
        journal.write_groups(4..6);
        journal.close();
        for first in [1, 4] {
            let cut_short = generation(dir.path(), first).join("snap.7FFFFFFFFFFFFFFF.generating");
            fs::write(cut_short, &left).unwrap();
        }
        let recovered = open(small(dir.path())).unwrap();
        assert_eq!(recorded(&recovered), numbered_records(1..6));
        drop(recovered);
        assert_eq!(recorded(&open(small(dir.path())).unwrap()), numbered_records(1..6));
    }
}

#[test]
fn pages_outside_of_sleds_log_are_refused() {
    let dir = support::tempdir();
    written(dir.path(), 3);
    fs::write(generation(dir.path(), 1).join("blobs").join("7"), b"x").unwrap();
    assert_eq!(refusal(small(dir.path())).kind, DamageKind::Blobs);
}

#[test]
fn a_journal_of_another_format_is_refused_unchanged_and_both_versions_are_named() {
    let dir = support::tempdir();
    written(dir.path(), 3);
    for (text, named) in
        [("relevo-journal 2\n", "2"), ("relevo-journal", "unknown"), ("", "unknown")]
    {
        fs::write(dir.path().join("format"), text).unwrap();
        let before = digest(dir.path());
        let refused = open(small(dir.path())).err().unwrap();
        let OpenError::Claim(ClaimError::Format { found, supported: 1, .. }) = &refused else {
            panic!("{refused}")
        };
        assert_eq!(found, named);
        assert!(refused.to_string().contains("reads and writes format 1"), "{refused}");
        assert!(before == digest(dir.path()));
    }
}

#[test]
fn a_directory_of_something_else_is_refused_unchanged() {
    let dir = support::tempdir();
    fs::write(dir.path().join("thesis.txt"), b"years of work").unwrap();
    let before = digest(dir.path());
    let refused = open(small(dir.path())).err().unwrap();
    assert!(matches!(refused, OpenError::Claim(ClaimError::Foreign { .. })), "{refused}");
    assert!(before == digest(dir.path()));
}

#[test]
fn a_second_opener_is_refused_while_the_first_has_the_journal() {
    let dir = support::tempdir();
    let recovered = open(small(dir.path())).unwrap();
    let busy = |refused: OpenError| matches!(refused, OpenError::Claim(ClaimError::Busy { .. }));
    assert!(busy(open(small(dir.path())).err().unwrap()));
    let journal = start(recovered);
    assert!(busy(open(small(dir.path())).err().unwrap()));
    journal.close();
    assert!(open(small(dir.path())).is_ok());
}

#[test]
fn a_creation_that_was_cut_short_is_begun_again() {
    let dir = support::tempdir();
    written(dir.path(), 0);
    for missing in ["format", "watermark"] {
        fs::remove_file(dir.path().join(missing)).unwrap();
    }
    fs::remove_dir_all(dir.path().join("generations")).unwrap();
    let recovered = open(small(dir.path())).unwrap();
    assert!(recovered.report.created);
}

#[test]
fn groups_of_the_largest_size_stay_in_sleds_log() {
    let dir = support::tempdir();
    let journal = start(open(small(dir.path())).unwrap());
    for number in 0..60 {
        // Two of them fill a group to its last bytes.
        let half = |seed| record(number, &support::bytes(seed, 32_000), &support::bytes(seed, 700));
        journal.write(vec![half(number), half(number + 1000)]);
    }
    assert_eq!(journal.handle.durable_group(), GroupNumber(60));
    journal.close();
    assert_eq!(fs::read_dir(generation(dir.path(), 1).join("blobs")).unwrap().count(), 0);
    let recovered = open(small(dir.path())).unwrap();
    assert_eq!(recovered.report.records, 120);
    drop(recovered);
    assert_eq!(fs::read_dir(generation(dir.path(), 1).join("blobs")).unwrap().count(), 0);
}
