//! The raw commit: one insert into sled, flush, `fdatasync`, and nothing else.

use crate::driver::latencies;
use anyhow::Result;
use hdrhistogram::Histogram;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// As the journal opens sled.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// Commits groups of so many bytes one after the other; how long each took, in microseconds.
///
/// # Errors
/// The disk failed.
pub fn latency(directory: &Path, group_bytes: usize, time: Duration) -> Result<Histogram<u64>> {
    let home = tempfile::tempdir_in(directory)?;
    let database = sled::Config::new()
        .path(home.path())
        .flush_every_ms(None)
        .segment_size(SEGMENT_BYTES)
        .open()?;
    let file = File::open(home.path().join("db"))?;
    let value = vec![7; group_bytes];
    let mut latencies = latencies();
    let began = Instant::now();
    let mut number = 0_u64;
    while began.elapsed() < time {
        let commit = Instant::now();
        database.insert(number.to_be_bytes(), value.as_slice())?;
        database.flush()?;
        file.sync_data()?;
        latencies.saturating_record(u64::try_from(commit.elapsed().as_micros())?);
        number += 1;
    }
    Ok(latencies)
}
