//! The raw commit: one insert into sled, flush, `fdatasync`, and nothing else.

use crate::driver::latencies;
use anyhow::Result;
use hdrhistogram::Histogram;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// As the journal opens sled.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// A log of nothing but groups.
#[derive(Debug)]
pub struct Log {
    database: sled::Db,
    file: File,
    groups: u64,
}

impl Log {
    /// Makes one in a directory.
    ///
    /// # Errors
    /// The disk failed.
    pub fn create(directory: &Path) -> Result<Self> {
        let database = sled::Config::new()
            .path(directory)
            .flush_every_ms(None)
            .segment_size(SEGMENT_BYTES)
            .open()?;
        Ok(Self { database, file: File::open(directory.join("db"))?, groups: 0 })
    }

    /// Comes back when the group is on disk.
    ///
    /// # Errors
    /// The disk failed.
    pub fn commit(&mut self, group: &[u8]) -> Result<()> {
        self.database.insert(self.groups.to_be_bytes(), group)?;
        self.database.flush()?;
        self.file.sync_data()?;
        self.groups += 1;
        Ok(())
    }
}

/// Commits groups of so many bytes one after the other; how long each took, in microseconds.
///
/// # Errors
/// The disk failed.
pub fn latency(directory: &Path, group_bytes: usize, time: Duration) -> Result<Histogram<u64>> {
    let home = tempfile::tempdir_in(directory)?;
    let mut log = Log::create(home.path())?;
    let value = vec![7; group_bytes];
    let mut latencies = latencies();
    let began = Instant::now();
    while began.elapsed() < time {
        let commit = Instant::now();
        log.commit(&value)?;
        latencies.saturating_record(u64::try_from(commit.elapsed().as_micros())?);
    }
    Ok(latencies)
}
