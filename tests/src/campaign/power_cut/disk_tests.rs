//! What a disk keeps: each rule with a case in which it decides.

use super::*;

const ALL: u64 = 1000;
const NONE: u64 = 0;

fn empty(data_syncs: DataSyncs) -> (tempfile::TempDir, Disk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::load(folder.path(), data_syncs).unwrap();
    (folder, disk)
}

/// A disk with the synced file `a`, inode 7, two pages of ones.
fn with_file(data_syncs: DataSyncs) -> (tempfile::TempDir, Disk) {
    let (folder, mut disk) = empty(data_syncs);
    let root = inode(folder.path());
    disk.apply(Note::Open { path: folder.path().join("a"), inode: 7, emptied: false }).unwrap();
    write(&mut disk, 0, &[1; 2 * PAGE_BYTES]);
    sync(&mut disk, 7, 1, false);
    sync(&mut disk, root, 2, false);
    (folder, disk)
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

fn write(disk: &mut Disk, offset: u64, bytes: &[u8]) {
    disk.apply(Note::Write { inode: 7, offset, bytes: bytes.to_vec() }).unwrap();
}

fn sync(disk: &mut Disk, inode: u64, token: u64, data_only: bool) {
    disk.apply(Note::SyncBegins { inode, token, data_only }).unwrap();
    disk.apply(Note::SyncEnded { token }).unwrap();
}

fn cut(disk: &Disk, new_in_a_thousand: u64) -> Vec<(String, Option<Vec<u8>>)> {
    let named = |(path, bytes): (PathBuf, _)| {
        (path.strip_prefix(&disk.root).unwrap().to_string_lossy().into_owned(), bytes)
    };
    disk.cut(&mut Seeded::new(1), new_in_a_thousand).into_iter().map(named).collect()
}

fn file(disk: &Disk, new_in_a_thousand: u64) -> Vec<u8> {
    cut(disk, new_in_a_thousand).remove(0).1.unwrap()
}

#[test]
fn a_name_needs_its_folders_sync_and_bytes_need_their_files() {
    let (folder, mut disk) = empty(DataSyncs::Count);
    disk.apply(Note::Open { path: folder.path().join("a"), inode: 7, emptied: false }).unwrap();
    write(&mut disk, 0, b"hello");
    sync(&mut disk, 7, 1, true);
    assert_eq!(cut(&disk, ALL), [], "the name was not synced");
    sync(&mut disk, inode(folder.path()), 2, false);
    assert_eq!(cut(&disk, NONE), [("a".to_owned(), Some(b"hello".to_vec()))]);
}

#[test]
fn each_page_written_since_the_sync_is_the_old_or_the_new_one() {
    let (_folder, mut disk) = with_file(DataSyncs::Count);
    write(&mut disk, 10, &[2; PAGE_BYTES]);
    assert_eq!(file(&disk, NONE), [1; 2 * PAGE_BYTES]);
    assert_eq!(file(&disk, ALL)[10..10 + PAGE_BYTES], [2; PAGE_BYTES]);
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let bytes = disk.cut(&mut Seeded::new(seed), 500).into_values().next().unwrap().unwrap();
        seen.insert((bytes[PAGE_BYTES - 1], bytes[PAGE_BYTES]));
    }
    assert_eq!(seen, [(1, 1), (1, 2), (2, 1), (2, 2)].into());
}

#[test]
fn a_sync_counts_for_what_was_written_before_it_began_and_only_when_it_ended() {
    let (_folder, mut disk) = with_file(DataSyncs::Count);
    write(&mut disk, 0, &[2]);
    disk.apply(Note::SyncBegins { inode: 7, token: 9, data_only: true }).unwrap();
    write(&mut disk, 1, &[3]);
    assert_eq!(file(&disk, NONE)[..2], [1, 1]);
    disk.apply(Note::SyncEnded { token: 9 }).unwrap();
    assert_eq!(file(&disk, NONE)[..2], [2, 1]);
    assert_eq!(file(&disk, ALL)[..2], [2, 3]);
}

#[test]
fn without_data_syncs_only_whole_syncs_count() {
    let (_folder, mut disk) = with_file(DataSyncs::AreNothing);
    write(&mut disk, 0, &[2]);
    sync(&mut disk, 7, 9, true);
    assert_eq!(file(&disk, NONE)[0], 1);
    sync(&mut disk, 7, 10, false);
    assert_eq!(file(&disk, NONE)[0], 2);
}

#[test]
fn a_length_is_durable_only_with_a_sync() {
    let (_folder, mut disk) = with_file(DataSyncs::Count);
    disk.apply(Note::Truncate { inode: 7, length: 5 }).unwrap();
    assert_eq!(file(&disk, NONE).len(), 2 * PAGE_BYTES);
    sync(&mut disk, 7, 9, true);
    assert_eq!(file(&disk, NONE), [1; 5]);
    write(&mut disk, 3 * PAGE_BYTES as u64, &[4]);
    assert_eq!(file(&disk, NONE), [1; 5]);
    sync(&mut disk, 7, 10, true);
    let bytes = file(&disk, NONE);
    assert_eq!(
        (bytes.len(), bytes[4], bytes[5], bytes[3 * PAGE_BYTES]),
        (3 * PAGE_BYTES + 1, 1, 0, 4)
    );
}

#[test]
fn a_renamed_name_is_the_old_or_the_new_one_until_the_folder_is_synced() {
    let (folder, mut disk) = with_file(DataSyncs::Count);
    let at = |name| folder.path().join(name);
    disk.apply(Note::Open { path: at("b"), inode: 8, emptied: false }).unwrap();
    disk.apply(Note::Rename { from: at("b"), to: at("a"), swapped: false }).unwrap();
    assert_eq!(file(&disk, NONE), [1; 2 * PAGE_BYTES]);
    assert_eq!(file(&disk, ALL), b"");
    sync(&mut disk, inode(folder.path()), 9, false);
    assert_eq!(file(&disk, NONE), b"");
    disk.apply(Note::Remove { path: at("a") }).unwrap();
    assert_eq!(cut(&disk, NONE).len(), 1, "the removal was not synced");
    assert_eq!(cut(&disk, ALL), []);
}

#[test]
fn the_number_of_a_removed_file_may_come_again() {
    let (folder, mut disk) = with_file(DataSyncs::Count);
    disk.apply(Note::Remove { path: folder.path().join("a") }).unwrap();
    disk.apply(Note::Open { path: folder.path().join("c"), inode: 7, emptied: false }).unwrap();
    assert_eq!(disk.live().into_values().collect::<Vec<_>>(), [Some(Vec::new())]);
}
