//! Measures group commits against a bare file with the same bytes and the same sync, in turns in one
//! run; then how long a million records take to write and to recover.
//!
//! `cargo run --release -p relevo-journal --example group_commit [directory on the disk to measure]`
#![allow(clippy::print_stdout, reason = "its output is a table")]
#![allow(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::env;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use relevo_journal::{GROUP_BYTES_MAX, Group, Hooks, JournalHandle, Options, Submission, open};

const ROUNDS: usize = 7;
const COMMITS_PER_ROUND: usize = 300;
const EVENTS: usize = 1_000_000;
const EVENT_BYTES: usize = 200;

fn main() {
    let base = env::args().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let dir = tempfile::tempdir_in(base).unwrap();
    // Frame and entry around one record, so that a group has about the bytes named.
    let overhead = 81;
    println!(
        "group bytes | journal p50 ms | p99 ms | of it sync p50 | bare p50 ms | p99 ms | ratio p50"
    );
    for bytes in [200, 4096, 16 * 1024, GROUP_BYTES_MAX] {
        // A record above 48 KiB would go in parts: two records make the largest group.
        let records = if bytes > 32 * 1024 { 2 } else { 1 };
        let record = (bytes - overhead - 9) / records;
        row(&dir.path().join(bytes.to_string()), bytes, record, records);
    }
    events(dir.path());
}

fn row(dir: &Path, group_bytes: usize, record_bytes: usize, records: usize) {
    let (handle, groups) = journal(dir);
    let mut bare = File::create(dir.with_extension("bare")).unwrap();
    let (mut commits, mut syncs, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut bytes = 0;
        for commit in 0..COMMITS_PER_ROUND {
            let batch = (0..records).map(|_| submission(record_bytes, commit)).collect();
            handle.submit(batch).unwrap();
            let group = groups.recv().unwrap();
            bytes = group.bytes;
            commits.push(group.commit);
            syncs.push(group.sync);
        }
        let value = vec![7; bytes];
        for _ in 0..COMMITS_PER_ROUND {
            let start = Instant::now();
            bare.write_all(&value).unwrap();
            bare.sync_data().unwrap();
            bares.push(start.elapsed());
        }
    }
    handle.close().unwrap();
    let ratio = at(&mut commits, 50) / at(&mut bares, 50);
    println!(
        "{group_bytes:>11} | {:>14.3} | {:>6.2} | {:>14.3} | {:>11.3} | {:>6.2} | {ratio:>9.2}",
        at(&mut commits, 50),
        at(&mut commits, 99),
        at(&mut syncs, 50),
        at(&mut bares, 50),
        at(&mut bares, 99),
    );
}

fn events(dir: &Path) {
    let dir = dir.join("events");
    let (handle, groups) = journal(&dir);
    let start = Instant::now();
    for batch in 0..EVENTS / 1000 {
        let batch = (0..1000).map(|event| submission(EVENT_BYTES, batch * 1000 + event)).collect();
        handle.submit(batch).unwrap();
    }
    let (mut delivered, mut bytes, mut commits, mut syncs) = (0, 0, 0, Duration::ZERO);
    while delivered < EVENTS {
        let group = groups.recv().unwrap();
        delivered += group.deliveries.len();
        bytes += group.bytes;
        syncs += group.sync;
        commits += 1;
    }
    let elapsed = start.elapsed().as_secs_f64();
    println!(
        "{EVENTS} events of {EVENT_BYTES} B: {:.0} durable/s in {commits} groups, {:.0} % in sync",
        EVENTS as f64 / elapsed,
        100.0 * syncs.as_secs_f64() / elapsed
    );
    handle.close().unwrap();
    drop(handle);
    bare_events(&dir, bytes / commits, commits);
    let disk: u64 = std::fs::read_dir(dir.join("generations"))
        .unwrap()
        .map(|one| std::fs::metadata(one.unwrap().path().join("db")).unwrap().len())
        .sum();
    println!("bytes of groups {bytes}, of sled {disk}: {:.2} times", disk as f64 / bytes as f64);
    // The first one may touch memory that the machine never touched before.
    for _ in 0..3 {
        let start = Instant::now();
        let recovered = open(options(&dir)).unwrap();
        let opened = start.elapsed();
        let records = recovered.records().inspect(|record| assert!(record.is_ok())).count();
        assert_eq!(records, EVENTS);
        println!("recovery: opened in {opened:.2?}, replayed after {:.2?}", start.elapsed());
    }
}

fn bare_events(dir: &Path, group_bytes: usize, commits: usize) {
    let mut bare = File::create(dir.with_extension("bare")).unwrap();
    let value = vec![7; group_bytes];
    let start = Instant::now();
    for _ in 0..commits {
        bare.write_all(&value).unwrap();
        bare.sync_data().unwrap();
    }
    println!(
        "bare file, same groups: {:.0} events/s",
        EVENTS as f64 / start.elapsed().as_secs_f64()
    );
}

fn options(dir: &Path) -> Options {
    Options { generation_bytes: 1 << 30, ..Options::new(dir) }
}

type Groups = std::sync::mpsc::Receiver<Group<()>>;

fn journal(dir: &Path) -> (JournalHandle<()>, Groups) {
    let (sender, groups) = channel();
    let hooks = Hooks {
        sink: Box::new(move |group| drop(sender.send(group))),
        failed: Box::new(|failure| panic!("{failure}")),
    };
    (open(options(dir)).unwrap().start(hooks, None).unwrap(), groups)
}

fn submission(bytes: usize, seed: usize) -> Submission<()> {
    let mut public = vec![0; bytes];
    for (position, byte) in public.iter_mut().enumerate() {
        *byte = (position.wrapping_mul(31) ^ seed) as u8;
    }
    Submission { public, private: Vec::new(), urgent: true, payload: () }
}

fn at(times: &mut [Duration], percentile: usize) -> f64 {
    times.sort_unstable();
    times[times.len() * percentile / 100].as_secs_f64() * 1000.0
}
