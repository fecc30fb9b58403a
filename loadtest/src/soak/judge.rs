//! What must hold after a soak, line by line.
//!
//! Memory may grow in a life of the daemon for reasons that follow from the load, and no faster:
//! - the log: what was written to a generation stays in memory while it is open, and with the sealed
//!   ones that the daemon keeps open that are [`OPEN_GENERATIONS`]. Each takes [`LOG_PERCENT`] of its
//!   bytes, and [`BUFFERS`] segments;
//! - sled's page cache fills with [`CACHE_FACTOR`] bytes for each byte of the log (small groups are
//!   written into one leaf again and again) up to [`CACHE_BYTES`];
//! - every conversation leaves [`CONVERSATION_BYTES`]: remembered answers (idempotency keys are
//!   kept for 24 hours) and a closed ticket that a party has not confirmed;
//! - tables double and the allocator takes memory in pieces: [`STEP_BYTES`] in a life.
//!
//! The bound of a life is the sum of the four over its settled stretch, and what is held against it
//! is the least-squares line of resident memory over the same stretch. Cache and steps are
//! constants, so that a longer life is a finer test: at the default load a life of ten minutes
//! shows a leak of 4 KiB for each conversation, or of 7 KiB when a generation was begun in it.

use super::events::Kinds;
use super::sample::Sample;
use super::slope::slope;
use crate::checker::Verdict;

/// A generation of the log is sealed when its groups have this many bytes.
pub const GENERATION_BYTES: u64 = 32 * MIB;
/// A snapshot is made when sealed generations without one have so many bytes.
pub const SNAPSHOT_EVERY_BYTES: u64 = 256 * MIB;
/// What an open generation takes of memory in per cent of its bytes: a tenth for the heads of sled's
/// pages. 111 to 115 were measured.
pub const LOG_PERCENT: u64 = 120;
/// Segments that sled has buffers for, in each open generation.
pub const BUFFERS: u64 = 3;
/// sled's page cache.
pub const CACHE_BYTES: u64 = 32 * MIB;
/// Memory of the cache for each byte of the log.
pub const CACHE_FACTOR: u64 = 5;
/// Memory that a conversation leaves, in bytes.
pub const CONVERSATION_BYTES: u64 = 2 * 1024;
/// Memory that comes in steps, in bytes.
pub const STEP_BYTES: u64 = 8 * MIB;
/// Disk for each byte of the log: sled writes pages again. Of 579 MiB, 1.88 were measured.
pub const DISK_FACTOR: u64 = 2;
/// Disk beside that: segments that are begun, and such as hold pages that were written again and are
/// not free yet. 17 to 24 MiB were measured, with the least log as with the most.
pub const DISK_STEP_BYTES: u64 = 32 * MIB;
/// A segment, which a start of the daemon begins anew, and the last of each generation.
pub const SEGMENT_BYTES: u64 = 8 * MIB;
/// Descriptors that an open generation holds.
pub const PER_GENERATION: u64 = 2;
/// Descriptors that a fold holds: the snapshot before, and the one that it makes. On a busy machine a
/// fold, which goes last, takes as long as a third of a life.
pub const PER_FOLD: u64 = 2;
/// The most threads for blocking work that the daemon lets its runtime have.
pub const BLOCKING_THREADS: u64 = 16;
/// The present generation, the next one, the one before until the next is begun, and two sealed ones
/// that the daemon keeps open.
pub const OPEN_GENERATIONS: u64 = 5;
/// The log on disk with the retention `needed`: what the longest conversation reaches back into, what is
/// behind the older snapshot, what is being folded, and what comes meanwhile.
pub const KEPT_BYTES: u64 = 4 * SNAPSHOT_EVERY_BYTES;
/// Most generations of it.
pub const KEPT_GENERATIONS: u64 = KEPT_BYTES / GENERATION_BYTES;
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

/// No request was refused but those that crossed with the other side, or that a daemon without room
/// or one that drains may refuse.
#[must_use]
pub fn refused(unexpected: &[String]) -> Line {
    let measured = if unexpected.is_empty() { "none".into() } else { unexpected.join("; ") };
    Line::new("unexpected refusals", measured, "none".into(), unexpected.is_empty())
}

/// Of each kind that was planned at least one happened: a soak in which nothing does proves nothing.
#[must_use]
pub fn happened(planned: Kinds, happened: Kinds) -> Line {
    let pairs = [
        ("restarts", planned.restarts, happened.restarts),
        ("storms", planned.storms, happened.storms),
        ("changes", planned.changes, happened.changes),
    ];
    let told = pairs.map(|(name, planned, happened)| format!("{happened} of {planned} {name}"));
    let holds = pairs.iter().all(|(_, planned, happened)| *happened >= (*planned).min(1));
    Line::new("happened", told.join(", "), "one of each that was planned".into(), holds)
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

/// Everything about what the daemon uses on so many cores, where so many sessions are everyone.
#[must_use]
pub fn usage(samples: &[Sample], sessions: u64, cores: u32) -> Vec<Line> {
    let lives = lives(samples, sessions);
    let mut lines: Vec<Line> = lives.iter().map(|life| memory(life)).collect();
    if lives.is_empty() {
        let measured = format!("no life of the daemon has {SAMPLES} settled samples");
        lines.push(Line::new("memory", measured, "one at least".into(), false));
        return lines;
    }
    let folded = samples.iter().any(|sample| sample.snapshots > 0);
    let folds = if folded { PER_FOLD } else { 0 };
    lines.push(steady("descriptors", &lives, folds, |sample| {
        // What generations hold is not what stays for ever.
        let sealed = sample.generations.min(OPEN_GENERATIONS).saturating_sub(1);
        sample.descriptors.saturating_sub(sealed * PER_GENERATION)
    }));
    lines.push(steady("threads", &lives, 0, |sample| sample.threads.others));
    lines.push(sled_pool(&lives));
    lines.push(runtime(samples, cores));
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
    // A fold opens what was sealed before.
    let sealed = if last.snapshots > 0 { first.generations.saturating_sub(1) } else { 0 };
    let opened = last.generations.saturating_sub(first.generations) + sealed;
    let log = last.log_bytes - first.log_bytes + sealed * GENERATION_BYTES;
    let log = log.min(OPEN_GENERATIONS * GENERATION_BYTES) * LOG_PERCENT / 100
        + opened.min(OPEN_GENERATIONS) * BUFFERS * SEGMENT_BYTES;
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

/// The least of something in the first third of a life, and in the last. The least, as a scrape or a
/// file that is just read holds one for a moment.
fn ends(life: &[Sample], of: fn(&Sample) -> u64) -> [u64; 2] {
    let third = life.len().div_ceil(3);
    [&life[..third], &life[life.len() - third..]].map(|part| part.iter().map(of).min().unwrap_or(0))
}

fn shown(places: &[[u64; 2]]) -> String {
    let lives: Vec<String> = places.iter().map(|[from, to]| format!("{from} to {to}")).collect();
    lives.join(", ")
}

/// At equal sessions there is no more of something at the end of a life than at its start, and in
/// no life more than in the first, but for what comes and goes.
fn steady(what: &str, lives: &[Vec<Sample>], passing: u64, of: fn(&Sample) -> u64) -> Line {
    let places: Vec<[u64; 2]> = lives.iter().map(|life| ends(life, of)).collect();
    let allowed = places.first().map_or(0, |[start, _]| *start + passing);
    let holds = places.as_flattened().iter().all(|least| *least <= allowed);
    Line::new(what, shown(&places), format!("at most {allowed}"), holds)
}

/// sled starts a thread more when much work waits for its pool, as it does while the log is read at
/// the start, and hardly ever ends one: lives may differ. Within a life nothing is left behind.
fn sled_pool(lives: &[Vec<Sample>]) -> Line {
    let places: Vec<[u64; 2]> =
        lives.iter().map(|life| ends(life, |sample| sample.threads.sled)).collect();
    let holds = places.iter().all(|[start, end]| end <= start);
    Line::new("threads of sled", shown(&places), "no more at the end of a life".into(), holds)
}

/// The runtime has a thread for each core, and those of its pool for blocking work. How many of the
/// latter there are says nothing of a leak: one begins when a look at `/metrics` and a read of the
/// log meet, and goes after ten seconds without work; but each piece of work wakes the one that has
/// slept longest, so that a look each second keeps all of them.
fn runtime(samples: &[Sample], cores: u32) -> Line {
    let most = samples.iter().map(|sample| sample.threads.runtime).max().unwrap_or(0);
    let allowed = u64::from(cores) + BLOCKING_THREADS;
    let bound = format!("at most {allowed}: {cores} cores, {BLOCKING_THREADS} for blocking work");
    Line::new("threads of the runtime", most.to_string(), bound, most > 0 && most <= allowed)
}

/// The log has no more generations than follows from what was written and from the retention, and
/// takes no more disk than they may.
fn disk(samples: &[Sample]) -> Vec<Line> {
    // What a life wrote after its last sample is in the slack of the bounds.
    let written: u64 = samples
        .chunk_by(|a, b| a.life == b.life)
        .filter_map(|life| life.iter().map(|sample| sample.log_bytes).max())
        .sum();
    let most = |of: fn(&Sample) -> u64| samples.iter().map(of).max().unwrap_or(0);
    let (generations, snapshots) = (most(|s| s.generations), most(|s| s.snapshots));
    // The next one has no group yet.
    let allowed = (written / GENERATION_BYTES + 2).min(KEPT_GENERATIONS) + 1;
    let kept = written.min(generations * GENERATION_BYTES);
    let begun = most(|s| u64::from(s.life)) + generations.saturating_sub(1);
    let segments = DISK_STEP_BYTES + begun * SEGMENT_BYTES;
    let (disk, disk_allowed) = (most(|s| s.disk_bytes), kept * DISK_FACTOR + segments);
    let bound = format!(
        "at most {}: {DISK_FACTOR} times {}, {} of segments",
        mib(disk_allowed),
        mib(kept),
        mib(segments)
    );
    let seen = samples.iter().map(|sample| sample.snapshots).max() > Some(0);
    let rotated = if seen { "rotated, folded" } else { "not rotated" };
    vec![
        Line::new("log on disk", mib(disk), bound, disk <= disk_allowed && written > 0),
        Line::new(
            "generations",
            format!("{generations} ({rotated}; {} written)", mib(written)),
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
