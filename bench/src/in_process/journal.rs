//! Durable events a second of 200 bytes, beside a bare file with the same bytes and the same sync.
//!
//! The bare file is written full and synced before the first run and overwritten round and round
//! from then on: a file that grows would sync its size with every group, which is no limit.

use super::Turns;
use crate::report::{Required, Row};
use crate::statistics::Spread;
use anyhow::{Context, Result, ensure};
use relevo_journal::{Group, Hooks, JournalHandle, Options, Submission, open};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// Bytes of the bare file.
const BARE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of an event.
const EVENT_BYTES: usize = 200;
/// Events handed in at once, as a shard hands in what it decided in one turn.
const BATCH: usize = 64;
/// Most events under way: the daemon's budget is of this order.
const UNDER_WAY: usize = 4096;

type Groups = Receiver<Group<()>>;

/// Measures on the disk of `directory`.
///
/// # Errors
/// The disk or the journal failed, or an event was lost.
pub fn row(turns: Turns, directory: &Path) -> Result<Row> {
    let home = tempfile::tempdir_in(directory)?;
    let (sender, groups) = channel();
    let hooks = Hooks {
        sink: Box::new(move |group| drop(sender.send(group))),
        failed: Box::new(|failure| panic!("the journal failed: {failure}")),
    };
    let handle = open(Options::new(home.path().join("journal")))?.start(hooks, None)?;
    let bare = bare_file(&home.path().join("bare"))?;
    let (mut raw, mut measured) = (Vec::new(), Vec::new());
    let mut groups_of = Vec::new();
    for _ in 0..turns.pairs {
        let run = events(&handle, &groups, turns)?;
        measured.push(run.per_second);
        groups_of.push(run.events_per_group);
        raw.push(bare_events(&bare, run.bytes_per_group, run.events_per_group, turns)?);
    }
    handle.close()?;
    let events = groups_of.iter().sum::<f64>() / groups_of.len().max(1) as f64;
    let over = Spread::of_ratios(&measured, &raw).is_some_and(|ratio| ratio.median > 1.0);
    let weak = over.then(|| "the bare file is the slower of the two".to_owned());
    Ok(Row::beside("journal: 200 B", "durable events/s", &measured, "bare file", &raw)
        .judged(Required::Nothing, turns.claim, weak)
        .note("events a group", format!("{events:.0}")))
}

struct Run {
    per_second: f64,
    bytes_per_group: usize,
    events_per_group: f64,
}

fn events(handle: &JournalHandle<()>, groups: &Groups, turns: Turns) -> Result<Run> {
    let began = Instant::now();
    let (mut handed_in, mut durable, mut bytes, mut commits) = (0, 0, 0, 0);
    while durable < handed_in || began.elapsed() < turns.each {
        while handed_in - durable + BATCH <= UNDER_WAY && began.elapsed() < turns.each {
            handle.submit((0..BATCH).map(|_| submission()).collect())?;
            handed_in += BATCH;
        }
        if durable == handed_in {
            break;
        }
        let group = groups.recv().context("the journal ended")?;
        durable += group.deliveries.len();
        bytes += group.bytes;
        commits += usize::from(group.bytes > 0);
    }
    let seconds = began.elapsed().as_secs_f64();
    ensure!(durable == handed_in, "{durable} of {handed_in} events came back");
    ensure!(commits > 0, "nothing was committed");
    Ok(Run {
        per_second: durable as f64 / seconds,
        bytes_per_group: bytes / commits,
        events_per_group: durable as f64 / commits as f64,
    })
}

fn bare_file(path: &Path) -> Result<File> {
    let file = File::create(path)?;
    let zeros = vec![0; 1024 * 1024];
    for at in (0..BARE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, at as u64)?;
    }
    file.sync_all()?;
    Ok(file)
}

fn bare_events(file: &File, bytes: usize, events: f64, turns: Turns) -> Result<f64> {
    let group = vec![7; bytes];
    let began = Instant::now();
    let (mut commits, mut at) = (0_u32, 0);
    while began.elapsed() < turns.each {
        if at + bytes > BARE_BYTES {
            at = 0;
        }
        file.write_all_at(&group, at as u64)?;
        file.sync_data()?;
        at += bytes;
        commits += 1;
    }
    Ok(f64::from(commits) * events / began.elapsed().as_secs_f64())
}

fn submission() -> Submission<()> {
    Submission { public: vec![7; EVENT_BYTES], private: Vec::new(), urgent: true, payload: () }
}
