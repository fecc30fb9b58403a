//! When the daemon was last there. The log tells of its last record only, and on a quiet night that is
//! hours old: all of them would count as time down, for which every deadline stands still.
//!
//! It is a number in a file of the data directory, written over every second and never synced: what a
//! kill leaves there the kernel has. After a power cut there is an older one or none, and a little more
//! counts as down.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Clock;
use crate::files;

/// Time between two of them. More than that of a time that was none counts as down.
const INTERVAL: Duration = Duration::from_secs(1);
/// Longest text of the file, in MiB.
const MIB_MAX: u64 = 1;

/// The file.
#[derive(Debug)]
pub(super) struct Alive {
    file: Option<File>,
    clock: Clock,
}

impl Alive {
    /// Begins to say that this daemon is there. Without the file it goes on too.
    pub(super) fn begin(data: &Path, clock: Clock) -> Arc<Self> {
        let path = path(data);
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened
            .inspect_err(
                |error| tracing::warn!(%error, file = %path.display(), "cannot be written"),
            )
            .ok();
        let alive = Self { file, clock };
        alive.say();
        Arc::new(alive)
    }

    /// Says it now. One that cannot be written is followed by the next.
    pub(super) fn say(&self) {
        let Some(file) = &self.file else { return };
        let text = format!("{:020}\n", self.clock.now_us());
        if let Err(error) = file.write_all_at(text.as_bytes(), 0) {
            tracing::debug!(%error, "cannot write that this daemon is there");
        }
    }

    /// Says it again and again.
    pub(super) async fn run(self: Arc<Self>, stopped: impl Future<Output = ()>) {
        let mut stopped = pin!(stopped);
        let mut interval = interval(INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = &mut stopped => return,
            }
            // A disk that stalls holds up none but this.
            let alive = Arc::clone(&self);
            let _ = spawn_blocking(move || alive.say()).await;
        }
    }
}

/// How long nobody was there before a start, in microseconds; `last_us` is the time of the last record,
/// 0 for none.
pub(super) fn down_us(data: &Path, last_us: u64, started_us: u64) -> u64 {
    if last_us == 0 {
        return 0;
    }
    // Another's, a torn one, or one of a clock that was ahead says nothing.
    let said = said(&path(data)).ok().flatten();
    let said = said.filter(|said| (last_us..=started_us).contains(said));
    started_us - said.unwrap_or(last_us)
}

fn said(file: &Path) -> io::Result<Option<u64>> {
    let text = files::read(file, MIB_MAX)?;
    Ok(std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok()))
}

fn path(data: &Path) -> PathBuf {
    data.join("alive")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn time_without_a_record_is_no_time_down() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::start(0);
        let before = clock.now_us();
        let alive = Alive::begin(folder.path(), clock);
        alive.say();
        let after = clock.now_us();
        let hour_us = 3_600_000_000;
        let down_us = down_us(folder.path(), before - hour_us, after + 7);
        assert!((7..=after + 7 - before).contains(&down_us), "{down_us}");
    }

    #[test]
    fn what_says_nothing_leaves_the_last_record() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(down_us(folder.path(), 0, 100), 0, "the first start");
        for text in ["", "soon", "\0\0\0\0", "9", "101", "-50", "99999999999999999999999"] {
            fs::write(path(folder.path()), text).unwrap();
            assert_eq!(down_us(folder.path(), 10, 100), 90, "{text:?}");
        }
        for (text, down) in [("10", 90), ("00000000000000000042\n", 58), ("100", 0)] {
            fs::write(path(folder.path()), text).unwrap();
            assert_eq!(down_us(folder.path(), 10, 100), down, "{text:?}");
        }
    }
}
