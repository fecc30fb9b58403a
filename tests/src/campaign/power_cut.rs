//! The power fails under a loaded daemon, again and again.
//!
//! A library below the process notes every write and every sync ([`notes`]); after a kill the
//! directory is made anew as a disk might have it that lost everything that was not synced
//! ([`disk`]). Then the daemon starts on it, and everything that was acknowledged must be there.
//! Without `fdatasync` the same campaign has to fail, or it would show nothing.

pub mod disk;
pub mod notes;

use super::crash::{Report, report, resumed, settled};
use super::seeded::Seeded;
use super::traffic::{self, Load, Traffic};
use crate::harness::binary;
use crate::harness::wait::let_pass;
use crate::harness::{Daemon, Deployment, Settings};
use disk::{DataSyncs, Disk};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Of what may be old or new after the cut, how much is new: nothing, some, most, all.
const NEW_IN_A_THOUSAND: [u64; 5] = [0, 100, 500, 900, 1000];

/// A daemon whose writes and syncs are noted.
///
/// # Panics
/// It did not become ready, or the library cannot be built.
pub async fn watched(settings: Settings) -> (Daemon, Watch, Disk) {
    watched_with(settings, DataSyncs::Count).await
}

async fn watched_with(settings: Settings, data_syncs: DataSyncs) -> (Daemon, Watch, Disk) {
    let mut watch = None;
    let mut empty = None;
    let daemon = Daemon::start_with(settings, |root, folder| {
        fs::create_dir_all(root).expect("the temporary folder can be written");
        let root = root.canonicalize().expect("the folder was just made");
        let log = folder.join("notes");
        empty = Some(Disk::load(&root, data_syncs).expect("the folder was just made"));
        let environment = vec![
            ("LD_PRELOAD".to_owned(), text(binary::powercut())),
            ("POWERCUT_DIRECTORY".to_owned(), text(&root)),
            ("POWERCUT_LOG".to_owned(), text(&log)),
        ];
        watch = Some(Watch { root, log, data_syncs });
        environment
    })
    .await;
    let made = "the environment was made before the daemon started";
    (daemon, watch.expect(made), empty.expect(made))
}

fn text(path: &Path) -> String {
    path.to_str().expect("temporary folders have plain names").to_owned()
}

/// Where the notes about a disk are.
#[derive(Debug)]
pub struct Watch {
    root: PathBuf,
    log: PathBuf,
    data_syncs: DataSyncs,
}

impl Watch {
    /// What the disk holds and what the process sees of it, after everything that was noted.
    ///
    /// # Errors
    /// The notes cannot be read, or are not whole.
    pub fn replay(&self, mut disk: Disk) -> io::Result<Disk> {
        for note in notes::read(&self.log)? {
            let shown = format!("{note:.200?}");
            disk.apply(note).map_err(|error| io::Error::other(format!("{shown}: {error}")))?;
        }
        Ok(disk)
    }

    /// Takes what stands on the disk now, which somebody else has changed, as durable.
    ///
    /// # Errors
    /// It cannot be read, or the notes cannot be removed.
    pub fn begin_again(&self) -> io::Result<Disk> {
        fs::remove_file(&self.log)?;
        Disk::load(&self.root, self.data_syncs)
    }

    /// Makes the directory what it would be had the power failed; the disk from here on.
    fn cut(&self, disk: Disk, random: &mut Seeded) -> io::Result<Disk> {
        let disk = self.replay(disk)?;
        let new = NEW_IN_A_THOUSAND[random.below(NEW_IN_A_THOUSAND.len() as u64) as usize];
        disk::replace(&self.root, &disk.cut(random, new))?;
        self.begin_again()
    }
}

/// Runs so many cycles; stops at the first that does not hold.
///
/// # Panics
/// The daemon does not become ready for the first time, or the disk cannot be made anew.
pub async fn run(cycles: u32, load: Load, data_syncs: DataSyncs) -> Report {
    let (daemon, watch, mut disk) = watched_with(Settings::default(), data_syncs).await;
    let mut deployment = Deployment::of(daemon);
    deployment.put(&traffic::site(load)).await;
    let traffic = Traffic::start(&deployment, load).await;
    let mut random = Seeded::new(load.seed ^ 0x0ff);
    for cycle in 0..cycles {
        let_pass(Duration::from_millis(100 + random.below(700))).await;
        deployment.daemon.kill().await;
        let (acknowledged, open) = (traffic.ledger_size(), traffic.ledger().open());
        let before = traffic.reconnects();
        disk = watch.cut(disk, &mut random).expect("the disk can be made anew from the notes");
        match deployment.daemon.try_restart().await {
            Ok(ready) if ready.fingerprint != deployment.daemon.ready().fingerprint => {
                let what = format!("cycle {cycle}: the certificate was lost");
                return report(traffic, cycle, vec![what]).await;
            }
            Ok(_) => {}
            Err(ended) => {
                let what =
                    format!("cycle {cycle}: {:?}: {}", ended.code, last_lines(&ended.stderr));
                return report(traffic, cycle, vec![what]).await;
            }
        }
        let missing = resumed(&deployment, &traffic, before, acknowledged, &open).await;
        if !missing.is_empty() {
            return report(traffic, cycle, missing).await;
        }
    }
    let wrong = settled(&traffic).await;
    report(traffic, cycles, wrong.into_iter().collect()).await
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(3)..].join("\n")
}
