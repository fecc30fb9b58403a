//! What the journal's tests share: a journal whose groups go into a channel.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use relevo_journal::{
    Failure, Fold, FoldError, FoldItem, Folding, Group, Hooks, JournalHandle, Options, Place,
    Recovered, SnapshotReport, Submission, open,
};

/// A record as tests compare it: number, public, private.
pub(crate) type Plain = (u64, Vec<u8>, Vec<u8>);

/// In memory where the system has such a place: these tests open journals hundreds of times.
pub(crate) fn tempdir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) struct Journal {
    pub(crate) handle: JournalHandle<u64>,
    pub(crate) groups: Receiver<Group<u64>>,
    pub(crate) failures: Receiver<Failure>,
}

pub(crate) fn hooks() -> (Hooks<u64>, Receiver<Group<u64>>, Receiver<Failure>) {
    let (group_sender, groups) = channel();
    let (failure_sender, failures) = channel();
    let hooks = Hooks {
        // A test may have stopped listening.
        sink: Box::new(move |group| drop(group_sender.send(group))),
        failed: Box::new(move |failure| drop(failure_sender.send(failure))),
    };
    (hooks, groups, failures)
}

pub(crate) fn start(recovered: Recovered) -> Journal {
    let (hooks, groups, failures) = hooks();
    let handle = recovered.start(hooks, None).unwrap();
    Journal { handle, groups, failures }
}

pub(crate) type Done = Receiver<Result<SnapshotReport, FoldError>>;

/// The simplest fold: a list of all records.
pub(crate) struct Append;

impl Fold for Append {
    fn fold(
        &mut self,
        previous: Option<&mut dyn Read>,
        records: &mut dyn Iterator<Item = FoldItem>,
        out: &mut dyn Write,
    ) -> Result<(), FoldError> {
        if let Some(previous) = previous {
            std::io::copy(previous, out)?;
        }
        for record in records {
            let (_, record) = record?;
            out.write_all(&line(record.number.0, record.public(), record.private()))?;
        }
        Ok(())
    }
}

fn line(number: u64, public: &[u8], private: &[u8]) -> Vec<u8> {
    let mut line = number.to_le_bytes().to_vec();
    for field in [public, private] {
        line.extend_from_slice(&(field.len() as u64).to_le_bytes());
        line.extend_from_slice(field);
    }
    line
}

pub(crate) fn lines(records: &[Plain]) -> Vec<u8> {
    records.iter().flat_map(|(number, public, private)| line(*number, public, private)).collect()
}

/// A journal whose snapshots are tried by `fold`, and what came of each.
pub(crate) fn start_folding(recovered: Recovered, fold: impl Fold + 'static) -> (Journal, Done) {
    let (hooks, groups, failures) = hooks();
    let (sender, done) = channel();
    let folding =
        Folding { fold: Box::new(fold), done: Box::new(move |result| drop(sender.send(result))) };
    let handle = recovered.start(hooks, Some(folding)).unwrap();
    (Journal { handle, groups, failures }, done)
}

pub(crate) fn next(done: &Done) -> SnapshotReport {
    done.recv_timeout(Duration::from_secs(60)).unwrap().unwrap()
}

pub(crate) fn small(dir: &Path) -> Options {
    Options { reserve_bytes: Some(0), snapshot_every_bytes: 1, ..Options::new(dir) }
}

pub(crate) fn record(payload: u64, public: &[u8], private: &[u8]) -> Submission<u64> {
    Submission { public: public.to_vec(), private: private.to_vec(), urgent: true, payload }
}

/// Bytes that differ from record to record.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

impl Journal {
    /// Closes the journal and lets go of its directory.
    pub(crate) fn close(self) {
        self.handle.close().unwrap();
    }

    /// Submits one batch and waits until all of it was delivered.
    pub(crate) fn write(&self, batch: Vec<Submission<u64>>) -> Vec<(u64, Option<Place>)> {
        let expected = batch.len();
        self.handle.submit(batch).unwrap();
        self.deliveries(expected)
    }

    pub(crate) fn deliveries(&self, expected: usize) -> Vec<(u64, Option<Place>)> {
        let mut deliveries = Vec::new();
        while deliveries.len() < expected {
            let group = self.groups.recv_timeout(Duration::from_secs(60)).unwrap();
            deliveries.extend(group.deliveries.into_iter().map(|one| (one.payload, one.place)));
        }
        deliveries
    }

    /// One group for each record.
    pub(crate) fn write_groups(&self, range: std::ops::Range<u64>) {
        for number in range {
            self.write(vec![numbered(number)]);
        }
    }
}

pub(crate) fn numbered(number: u64) -> Submission<u64> {
    record(number, format!("public {number}").as_bytes(), format!("private {number}").as_bytes())
}

pub(crate) fn recorded(recovered: &Recovered) -> Vec<Plain> {
    recovered
        .records()
        .map(|record| {
            let (_, record) = record.unwrap();
            (record.number.0, record.public().to_vec(), record.private().to_vec())
        })
        .collect()
}

pub(crate) fn numbered_records(range: std::ops::Range<u64>) -> Vec<Plain> {
    range
        .map(|number| {
            let submission = numbered(number);
            (number, submission.public, submission.private)
        })
        .collect()
}

/// A journal with `count` groups of one record each, closed.
pub(crate) fn written(dir: &Path, count: u64) {
    let journal = start(open(small(dir)).unwrap());
    journal.write_groups(1..count + 1);
    journal.close();
}

/// Every file below a directory with its bytes.
pub(crate) fn digest(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(dir, dir, &mut files);
    files
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.insert(format!("{name}/"), Vec::new());
            collect(root, &path, files);
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
