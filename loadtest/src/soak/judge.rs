//! What must hold after a soak, line by line.
//!
//! Memory may grow in a life of the daemon for reasons that follow from the load, and no faster:
//! - the log: sled keeps what it wrote to a generation in memory until the next one begins, so at
//!   most [`GENERATION_BYTES`] of it;
//! - sled's page cache fills with [`CACHE_FACTOR`] bytes for each byte of the log (small groups are
//!   written into one leaf again and again) up to [`CACHE_BYTES`];
//! - every conversation leaves [`CONVERSATION_BYTES`]: remembered answers (idempotency keys are
//!   kept for 24 hours) and a closed ticket that a party has not confirmed;
//! - tables double and the allocator takes memory in pieces: [`STEP_BYTES`] in a life.
//!
//! The bound of a life is the sum of the four over its settled stretch, and what is held against it
//! is the least-squares line of resident memory over the same stretch. Cache and steps are
//! constants, so that a longer life is a finer test: at the default load a life of ten minutes
//! shows a leak of 4 KiB for each conversation.

use super::sample::Sample;
use super::slope::slope;
use crate::checker::Verdict;

/// A generation of the log is sealed when its groups have this many bytes.
pub const GENERATION_BYTES: u64 = 256 * MIB;
/// sled's page cache.
pub const CACHE_BYTES: u64 = 32 * MIB;
/// Memory of the cache for each byte of the log.
pub const CACHE_FACTOR: u64 = 5;
/// Memory that a conversation leaves, in bytes.
pub const CONVERSATION_BYTES: u64 = 2 * 1024;
/// Memory that comes in steps, in bytes.
pub const STEP_BYTES: u64 = 8 * MIB;
/// Disk for each byte of the log: sled writes pages again.
pub const DISK_FACTOR: u64 = 3;
/// Disk that a generation takes at least: its first segments.
pub const GENERATION_LEAST_BYTES: u64 = 32 * MIB;
/// Descriptors that one more generation may hold open, and threads.
pub const PER_GENERATION: u64 = 4;
/// Sealed generations that the daemon keeps open, and the present one.
pub const OPEN_GENERATIONS: u64 = 3;
/// Snapshots that stay; one more while it is made.
const SNAPSHOTS: u64 = 3;
/// A life with fewer settled samples is not judged.
pub const SAMPLES: usize = 8;
/// The settling time is a quarter of a life within these, in seconds.
const SETTLING_S: (f64, f64) = (3.0, 60.0);
/// Share of the hand-offs that must be acknowledged. What is missing came while the daemon drained.
const REACHED: f64 = 0.99;
const MIB: u64 = 1024 * 1024;

/// A line of the verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// What must hold.
    pub what: String,
    /// What was measured.
    pub measured: String,
    /// What it is held against.
    pub bound: String,
    /// It holds.
    pub holds: bool,
}

impl Line {
    fn new(what: impl Into<String>, measured: String, bound: String, holds: bool) -> Self {
        Self { what: what.into(), measured, bound, holds }
    }
}

/// So long after all are back from a restart nothing is measured, in seconds.
#[must_use]
pub fn settling_s(life_s: f64) -> f64 {
    (life_s / 4.0).clamp(SETTLING_S.0, SETTLING_S.1)
}

/// A line for each correctness counter.
#[must_use]
pub fn correctness(verdict: &Verdict) -> Vec<Line> {
    let line = |(counter, count): (crate::checker::Counter, crate::checker::Count)| {
        let (wrong, checked) = (count.violations, count.checked);
        let measured = format!("{wrong} of {checked} {}", counter.base());
        Line::new(counter.name(), measured, "0 of some".into(), wrong == 0 && checked > 0)
    };
    verdict.iter().map(line).collect()
}

/// Nearly every hand-off is acknowledged, across the restarts too.
#[must_use]
pub fn hand_offs(accepted: u64, planned: u64) -> Line {
    let share = accepted as f64 / planned.max(1) as f64;
    let measured = format!("{accepted} of {planned} ({:.2} %)", share * 100.0);
    let bound = format!("at least {:.0} %", REACHED * 100.0);
    Line::new("hand-offs acknowledged", measured, bound, share >= REACHED)
}

/// What else went wrong: a line each.
#[must_use]
pub fn failures(failures: &[String]) -> Vec<Line> {
    if failures.is_empty() {
        let (what, measured) = ("restarts, storms, changes", "nothing went wrong".into());
        return vec![Line::new(what, measured, String::new(), true)];
    }
    let line = |why: &String| Line::new("went wrong", why.clone(), String::new(), false);
    failures.iter().map(line).collect()
}

/// Everything about what the daemon uses, where so many sessions are everyone.
#[must_use]
pub fn usage(samples: &[Sample], sessions: u64) -> Vec<Line> {
    let lives = lives(samples, sessions);
    let mut lines: Vec<Line> = lives.iter().map(|life| memory(life)).collect();
    if lives.is_empty() {
        let measured = format!("no life of the daemon has {SAMPLES} settled samples");
        lines.push(Line::new("memory", measured, "one at least".into(), false));
        return lines;
    }
    lines.push(steady("descriptors", &lives, |sample| sample.descriptors));
    lines.push(steady("threads", &lives, |sample| sample.threads));
    lines.extend(disk(samples));
    lines
}

/// The settled samples of each life that has enough of them, with every session there.
fn lives(samples: &[Sample], sessions: u64) -> Vec<Vec<Sample>> {
    samples
        .chunk_by(|a, b| a.life == b.life)
        .map(|life| {
            let settled = |sample: &&Sample| sample.settled && sample.sessions == sessions;
            life.iter().filter(settled).copied().collect::<Vec<_>>()
        })
        .filter(|life| life.len() >= SAMPLES)
        .collect()
}

fn memory(life: &[Sample]) -> Line {
    let (Some(first), Some(last)) = (life.first(), life.last()) else {
        return Line::new("memory", "no samples".into(), "some".into(), false);
    };
    let what = format!("memory, life {}", first.life + 1);
    let span_s = last.at_s - first.at_s;
    let resident: Vec<(f64, f64)> =
        life.iter().map(|sample| (sample.at_s, sample.resident_bytes as f64)).collect();
    let Some(per_second) = slope(&resident) else {
        return Line::new(what, "one moment only".into(), "a stretch".into(), false);
    };
    let log = (last.log_bytes - first.log_bytes).min(GENERATION_BYTES);
    let cached = |sample: &Sample| (sample.log_bytes * CACHE_FACTOR).min(CACHE_BYTES);
    let cache = cached(last) - cached(first);
    let conversations = (last.accepted - first.accepted) * CONVERSATION_BYTES;
    let allowed = (log + cache + conversations + STEP_BYTES) as f64;
    let measured = format!(
        "{} at {:.0} s, {:+.1} KiB/s over {span_s:.0} s",
        mib(first.resident_bytes),
        first.at_s,
        per_second / 1024.0
    );
    let bound = format!(
        "at most {:+.1} KiB/s: log {}, its cache {}, conversations {}, steps {}",
        allowed / span_s / 1024.0,
        mib(log),
        mib(cache),
        mib(conversations),
        mib(STEP_BYTES)
    );
    Line::new(what, measured, bound, per_second * span_s <= allowed)
}

/// At equal sessions there is no more of something at the end of a life than at its start, and in
/// no life more than in the first, but for what generations of the log hold open.
fn steady(what: &str, lives: &[Vec<Sample>], of: fn(&Sample) -> u64) -> Line {
    let mut places = Vec::new();
    for life in lives {
        let third = life.len().div_ceil(3);
        for part in [&life[..third], &life[life.len() - third..]] {
            // A scrape or a file that is just read holds one for a moment: the least counts.
            let least = part.iter().map(of).min().unwrap_or(0);
            let open = part.iter().map(|sample| sample.generations).max().unwrap_or(0);
            places.push((least, open.min(OPEN_GENERATIONS)));
        }
    }
    let (first, first_open) = places.first().copied().unwrap_or_default();
    let allowed = |open: u64| first + open.saturating_sub(first_open) * PER_GENERATION;
    let holds = places.iter().all(|(least, open)| *least <= allowed(*open));
    let shown: Vec<String> = places
        .chunks(2)
        .map(|life| {
            life.iter().map(|(least, _)| least.to_string()).collect::<Vec<_>>().join(" to ")
        })
        .collect();
    let most = places.iter().map(|(_, open)| allowed(*open)).max().unwrap_or(first);
    Line::new(what, shown.join(", "), format!("at most {most}"), holds)
}

/// The log takes no more disk than follows from what was written, and has no more generations.
fn disk(samples: &[Sample]) -> Vec<Line> {
    let lives = samples.chunk_by(|a, b| a.life == b.life);
    // What a life wrote after its last sample is in the slack of the bounds.
    let written: u64 =
        lives.filter_map(|life| life.iter().map(|sample| sample.log_bytes).max()).sum();
    let most = |of: fn(&Sample) -> u64| samples.iter().map(of).max().unwrap_or(0);
    let (generations, snapshots) = (most(|s| s.generations), most(|s| s.snapshots));
    let allowed = written / GENERATION_BYTES + 2;
    let (disk, disk_allowed) =
        (most(|s| s.disk_bytes), written * DISK_FACTOR + generations * GENERATION_LEAST_BYTES);
    let bound = format!("at most {}: {DISK_FACTOR} times {}", mib(disk_allowed), mib(written));
    let seen = samples.iter().map(|sample| sample.snapshots).max() > Some(0);
    let rotated = if seen { "rotated, folded" } else { "not rotated" };
    vec![
        Line::new("log on disk", mib(disk), bound, disk <= disk_allowed && written > 0),
        Line::new(
            "generations",
            format!("{generations} ({rotated})"),
            format!("at most {allowed}"),
            generations <= allowed,
        ),
        Line::new(
            "snapshots",
            format!("{snapshots}, {}", mib(most(|s| s.snapshot_bytes))),
            format!("at most {SNAPSHOTS}"),
            snapshots <= SNAPSHOTS,
        ),
    ]
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB as f64)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
