//! Durable events a second of 200 bytes, beside a bare file with the same bytes and the same sync.

use super::Turns;
use crate::report::Row;
use anyhow::{Context, Result, ensure};
use relevo_journal::{Group, Hooks, JournalHandle, Options, Submission, open};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

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
    let mut bare = File::create(home.path().join("bare"))?;
    let (mut raw, mut measured) = (Vec::new(), Vec::new());
    let mut groups_of = Vec::new();
    for _ in 0..turns.pairs {
        let run = events(&handle, &groups, turns)?;
        measured.push(run.per_second);
        groups_of.push(run.events_per_group);
        raw.push(bare_events(&mut bare, run.bytes_per_group, run.events_per_group, turns)?);
    }
    handle.close()?;
    let events = groups_of.iter().sum::<f64>() / groups_of.len().max(1) as f64;
    Ok(Row::beside("journal: 200 B", "durable events/s", &measured, "bare file", &raw)
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

fn bare_events(file: &mut File, bytes: usize, events: f64, turns: Turns) -> Result<f64> {
    let group = vec![7; bytes];
    let began = Instant::now();
    let mut commits = 0_u32;
    while began.elapsed() < turns.each {
        file.write_all(&group)?;
        file.sync_data()?;
        commits += 1;
    }
    Ok(f64::from(commits) * events / began.elapsed().as_secs_f64())
}

fn submission() -> Submission<()> {
    Submission { public: vec![7; EVENT_BYTES], private: Vec::new(), urgent: true, payload: () }
}
