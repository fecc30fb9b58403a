//! What the daemon uses at a moment, seen from outside: procfs, its data directory, `/metrics`.

use crate::daemon::Daemon;
use crate::machine::Usage;
use crate::scrape;
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes of a block of `stat`, whatever the file system's own are.
const BLOCK_BYTES: u64 = 512;
/// Where the generations of the log lie in the data directory, and the snapshots.
const GENERATIONS: &str = "generations";
const SNAPSHOTS: &str = "snapshots";
/// Name of all threads of tokio, those that run tasks and those of its pool for blocking work.
const RUNTIME: &str = "tokio-rt-worker";
/// How the names of the threads of sled's pool begin.
const SLED: &str = "sled-io-";

/// What the daemon uses at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sample {
    /// When, in seconds from the start of the arrivals.
    pub at_s: f64,
    /// Which start of the daemon, from 0.
    pub life: u32,
    /// Nothing was disturbed for the settling time.
    pub settled: bool,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Threads.
    pub threads: Threads,
    /// What the generations of the log take on disk.
    pub disk_bytes: u64,
    /// Generations of the log.
    pub generations: u64,
    /// What the snapshots take on disk.
    pub snapshot_bytes: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// Sessions of bots and agents, as the daemon counts them.
    pub sessions: u64,
    /// Open tickets, as the daemon counts them.
    pub open_tickets: u64,
    /// Bytes of groups that this life of the daemon has written to the log.
    pub log_bytes: u64,
    /// Hand-offs acknowledged so far.
    pub accepted: u64,
    /// Hand-offs acknowledged per second.
    pub rate: f64,
}

/// Threads by what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Threads {
    /// Of the runtime: for tasks, and for blocking work.
    pub runtime: u64,
    /// Of sled's pool.
    pub sled: u64,
    /// All others.
    pub others: u64,
}

impl Threads {
    /// Of a process. One that ends meanwhile is none.
    fn of(process: u32) -> std::io::Result<Self> {
        let mut threads = Self::default();
        for thread in fs::read_dir(format!("/proc/{process}/task"))?.filter_map(Result::ok) {
            let Ok(name) = fs::read_to_string(thread.path().join("comm")) else { continue };
            let count = if name.trim_end() == RUNTIME {
                &mut threads.runtime
            } else if name.starts_with(SLED) {
                &mut threads.sled
            } else {
                &mut threads.others
            };
            *count += 1;
        }
        Ok(threads)
    }
}

impl Sample {
    /// Looks at a daemon. What it cannot know (time, life, load) is left at zero.
    ///
    /// # Errors
    /// The daemon has ended, or `/metrics` does not answer.
    pub async fn take(daemon: &Daemon, http: SocketAddr) -> Result<Self> {
        let process = daemon.process().context("the daemon has ended")?;
        let usage = Usage::of(process).context("the kernel does not tell")?;
        let descriptors = fs::read_dir(format!("/proc/{process}/fd"))?.count() as u64;
        let threads = Threads::of(process)?;
        let data = daemon.data();
        let (generations, snapshots) = (data.join(GENERATIONS), data.join(SNAPSHOTS));
        let text = scrape::metrics(http).await?;
        let sum = |name| scrape::sum(&text, name) as u64;
        Ok(Self {
            resident_bytes: usage.resident_bytes,
            descriptors,
            threads,
            disk_bytes: taken(&generations),
            generations: entries(&generations),
            snapshot_bytes: taken(&snapshots),
            snapshots: entries(&snapshots),
            sessions: sessions(&text),
            open_tickets: sum("relevo_tickets"),
            log_bytes: sum("relevo_journal_bytes_total"),
            ..Self::default()
        })
    }
}

/// Sessions of bots and agents: the one that changes the directory is no part of the load.
fn sessions(text: &str) -> u64 {
    let lines = text
        .lines()
        .filter(|line| line.contains("role=\"bot\"") || line.contains("role=\"agent\""));
    scrape::sum(&lines.collect::<Vec<_>>().join("\n"), "relevo_sessions") as u64
}

fn entries(folder: &Path) -> u64 {
    fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
}

/// What a folder takes on disk. A file that goes meanwhile takes nothing.
fn taken(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(Result::ok).map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => taken(&entry.path()),
        Ok(metadata) => metadata.blocks() * BLOCK_BYTES,
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier, Mutex};

    #[test]
    fn only_sessions_of_the_load_are_counted() {
        let text = "relevo_sessions{transport=\"quic\",role=\"bot\"} 4\n\
                    relevo_sessions{transport=\"quic\",role=\"agent\"} 50\n\
                    relevo_sessions{transport=\"quic\",role=\"operator\"} 1\n\
                    relevo_sessions_closed_total{role=\"bot\"} 9\n";
        assert_eq!(sessions(text), 54);
    }

    #[test]
    fn threads_are_counted_by_their_names() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap();
        // A thread gives itself its name: each has done so when it is here.
        let all_named = Arc::new(Barrier::new(6));
        for _ in 0..3 {
            let all_named = Arc::clone(&all_named);
            runtime.spawn(async move { all_named.wait() });
        }
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        for number in 0..2 {
            let (all_named, ended) = (Arc::clone(&all_named), Arc::clone(&ended));
            let named = std::thread::Builder::new().name(format!("sled-io-{number}"));
            named
                .spawn(move || {
                    all_named.wait();
                    let _ = ended.lock().unwrap().recv();
                })
                .unwrap();
        }
        all_named.wait();
        let Threads { runtime: of_the_runtime, sled, others } =
            Threads::of(std::process::id()).unwrap();
        assert_eq!((of_the_runtime, sled), (3, 2));
        assert!(others >= 1);
        drop((runtime, end));
        assert!(Threads::of(u32::MAX).is_err());
    }

    #[test]
    fn what_a_folder_takes_is_counted_with_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((taken(folder.path()), entries(folder.path())), (0, 0));
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/file"), vec![1; 10_000]).unwrap();
        fs::File::open(folder.path().join("inner/file")).unwrap().sync_all().unwrap();
        assert!(taken(folder.path()) >= 10_000);
        assert_eq!(entries(folder.path()), 1);
        assert_eq!(taken(&folder.path().join("gone")), 0);
    }
}
