//! The small journals that are damaged: made by the journal itself, with the daemon's records and
//! its fold, in three generations and two snapshots.

use crate::center::{self, Record};
use crate::harness::tree::tree;
use relevo::fold::{Fold, Folder};
use relevo_journal::{
    Folding, Group, Hooks, JournalHandle, Options, Place, Recovered, Submission, open,
};
use relevo_routing::record::SCHEMA_VERSION;
use relevo_routing::tenant::Settings;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// How a journal was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// Closed: its watermark names the last group.
    Closed,
    /// As a power cut may leave it: the watermark is some groups older than the log.
    Cut,
}

impl Left {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Closed, Self::Cut];

    /// The folder of a journal that was left so.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Cut => "cut",
        }
    }
}

/// Records that the watermark of [`Left::Cut`] does not know of.
const BEYOND_THE_WATERMARK: usize = 3;

/// How a specimen is opened.
#[must_use]
pub fn options(folder: &Path) -> Options {
    Options { schema: SCHEMA_VERSION, reserve_bytes: Some(0), ..Options::new(folder) }
}

/// Writes a journal into `folder`, which does not exist yet.
///
/// # Panics
/// The disk refuses.
pub fn make(folder: &Path, left: Left) {
    let records = center::few_records();
    let third = records.len().div_ceil(3);
    let (folded, last) = records.split_at(2 * third);
    let journal = Journal::start(open(options(folder)).expect("an empty folder is opened"));
    for generation in folded.chunks(third) {
        journal.write(generation);
        journal.fold();
    }
    match left {
        Left::Closed => {
            journal.write(last);
            journal.close();
        }
        Left::Cut => {
            let (known, unknown) = last.split_at(last.len() - BEYOND_THE_WATERMARK);
            journal.write(known);
            journal.close();
            // sled makes files of its own when it opens what it wrote.
            let journal = Journal::start(open(options(folder)).expect("it was closed well"));
            let path = folder.join("watermark");
            let watermark = fs::read(&path).expect("each commit writes it");
            journal.write(unknown);
            journal.close();
            fs::write(path, watermark).expect("the folder can be written");
        }
    }
}

/// A journal at work whose commits and snapshots are waited for.
struct Journal {
    handle: JournalHandle<()>,
    groups: Receiver<Group<()>>,
    folds: Receiver<()>,
}

impl Journal {
    fn start(recovered: Recovered) -> Self {
        let (sink, groups) = channel();
        let (done, folds) = channel();
        let hooks = Hooks {
            sink: Box::new(move |group| drop(sink.send(group))),
            failed: Box::new(|failure| panic!("the journal failed: {failure}")),
        };
        let folding = Folding {
            fold: Box::new(Folder::new(Settings::default(), Arc::default())),
            done: Box::new(move |made| {
                made.expect("a whole log is folded");
                // Who no longer waits needs it no more.
                let _ = done.send(());
            }),
        };
        let handle = recovered.start(hooks, Some(folding)).expect("the system gives threads");
        Self { handle, groups, folds }
    }

    /// One record a group, and two in each third one.
    fn write(&self, records: &[Record]) {
        let mut rest = records;
        for turn in 1.. {
            let (group, after) = rest.split_at(rest.len().min(if turn % 3 == 0 { 2 } else { 1 }));
            if group.is_empty() {
                return;
            }
            let submissions = group.iter().map(|record| Submission {
                public: record.public.clone(),
                private: record.private.clone(),
                urgent: true,
                payload: (),
            });
            self.handle.submit(submissions.collect()).expect("the journal takes them");
            self.groups.recv().expect("the group is committed");
            rest = after;
        }
    }

    /// Ends the generation and waits for its snapshot.
    fn fold(&self) {
        self.handle.snapshot_now();
        self.folds.recv().expect("the snapshot is made");
    }

    fn close(self) {
        self.handle.close().expect("the journal is whole");
    }
}

/// What was written, and the state after each record.
#[derive(Debug)]
pub struct Past {
    /// The records in order, with their places.
    pub records: Vec<(Place, Record)>,
    /// The fold of so many records, as it is saved.
    pub states: Vec<Vec<u8>>,
}

impl Past {
    /// Reads a whole journal from its first record on, in a copy at `aside`.
    ///
    /// # Panics
    /// It does not hold what [`make`] wrote.
    #[must_use]
    pub fn read(folder: &Path, aside: &Path) -> Self {
        write(&image(folder), aside);
        fs::remove_dir_all(aside.join("snapshots")).expect("the copy has snapshots");
        let recovered = open(options(aside)).expect("the journal is whole");
        let mut fold = Fold::new(Settings::default(), 0);
        let (mut records, mut states) = (Vec::new(), vec![saved(&fold)]);
        for item in recovered.records() {
            let (place, bytes) = item.expect("the journal is whole");
            fold.apply(place, &bytes).expect("the records are the daemon's");
            let (public, private) = (bytes.public().to_vec(), bytes.private().to_vec());
            records.push((place, Record { public, private }));
            states.push(saved(&fold));
        }
        drop(recovered);
        fs::remove_dir_all(aside).expect("the copy can be removed");
        let written = center::few_records();
        assert!(records.iter().map(|(_, record)| record).eq(&written), "not what was written");
        Self { records, states }
    }
}

/// A fold as a snapshot holds it.
#[must_use]
pub fn saved(fold: &Fold) -> Vec<u8> {
    let mut bytes = Vec::new();
    fold.save(&mut bytes).expect("memory takes everything");
    bytes
}

/// The files of a journal, and its folders, by their names within it.
pub type Image = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// Reads a journal's folder.
///
/// # Panics
/// Something in it cannot be read.
#[must_use]
pub fn image(folder: &Path) -> Image {
    let within = |path: &Path| path.strip_prefix(folder).map(Path::to_path_buf);
    let found = tree(folder).into_iter();
    found.map(|(path, bytes)| (within(&path).expect("it stands below the folder"), bytes)).collect()
}

/// Writes a journal's folder, which does not exist yet. Zeros that end a file become a hole: sled
/// fills a segment of 8 MiB with them when it opens it.
///
/// # Panics
/// The disk refuses.
pub fn write(image: &Image, folder: &Path) {
    fs::create_dir(folder).expect("the folder can be made");
    for (path, bytes) in image {
        let path = folder.join(path);
        let Some(bytes) = bytes else {
            fs::create_dir(path).expect("a folder comes before what it holds");
            continue;
        };
        let mut file = File::create(path).expect("the file can be made");
        file.write_all(&bytes[..used(bytes)]).expect("the file can be written");
        file.set_len(bytes.len() as u64).expect("the file can be written");
    }
}

/// Bytes up to the last that is not zero.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Records that recovery must find, as the watermark knows them.
#[must_use]
pub fn least(left: Left, past: &Past) -> u64 {
    let unknown = match left {
        Left::Closed => 0,
        Left::Cut => BEYOND_THE_WATERMARK,
    };
    (past.records.len() - unknown) as u64
}
