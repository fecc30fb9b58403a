//! The bound of the daemon's resident memory: the sum of its own limits, part by part.
//!
//! Each part is a number that a limit allows, times what one of them takes at most. The worst cases
//! of the parts do not come together in practice; the bound is what an operator may rely on, and
//! what `memory_max_mib` is compared with. `relevo serve` logs the parts at its start.

use crate::config::{Config, MIB};
use crate::metrics::board::EVER_SERIES;
use crate::{http, quic, runtime};
use std::fmt;

/// One part of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What takes the memory.
    pub name: &'static str,
    /// How many of it the limits allow.
    pub count: u64,
    /// What one takes at most, in bytes.
    pub each_bytes: u64,
    /// Why no more.
    pub reason: &'static str,
}

impl Part {
    /// What all of it takes at most.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.count.saturating_mul(self.each_bytes)
    }
}

/// The bound of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound(Vec<Part>);

const KIB: u64 = 1024;

impl Bound {
    /// The one table of it.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let (server, limits) = (&config.server, &config.limits);
        let sessions = u64::from(server.max_sessions);
        let shards = server.shards() as u64;
        Self(vec![
            part(
                "program",
                1,
                64 * MIB,
                "code, runtime, threads' stacks and TLS: 25 MiB when idle",
            ),
            part(
                "metrics",
                EVER_SERIES as u64,
                64 * KIB,
                "queues that ever had series of their own, some 20 histograms of 40 buckets",
            ),
            part(
                "sessions",
                sessions,
                48 * KIB,
                "an idle session with its QUIC connection: 46.5 KB by `relevo-bench memory`",
            ),
            part(
                "received",
                sessions,
                quic::RECEIVED_BYTES,
                "what a client may have sent out of order or ahead of its reader",
            ),
            part(
                "buffers",
                limits.buffers_bytes,
                2,
                "frames that are half read or not taken; a frame is decoded beside its bytes",
            ),
            part("ring", shards * ring_entries(limits.budget_entries), 512, "places for commands"),
            part(
                "pipeline",
                limits.budget_bytes,
                3,
                "an admitted command: as it was decoded, as its record, and as publish passes it on",
            ),
            part(
                "messages",
                limits.messages_memory_bytes,
                2,
                "bodies of resumable tickets; the least of them is as large as its place in line",
            ),
            part(
                "journal",
                relevo_journal::OPEN_GENERATIONS_MAX,
                relevo_journal::OPEN_GENERATION_BYTES,
                "sled keeps nearly all of an open generation whatever its cache is set to",
            ),
            part(
                "HTTP",
                http::CONNECTIONS as u64,
                http::CONNECTION_BYTES,
                "a head that is being read, and a scrape that is not taken",
            ),
        ])
    }

    /// The parts of the sum.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The sum.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.iter().fold(0, |sum, part| sum.saturating_add(part.bytes()))
    }

    /// The sum in MiB, rounded up.
    #[must_use]
    pub fn mib(&self) -> u64 {
        self.bytes().div_ceil(MIB)
    }
}

impl fmt::Display for Bound {
    /// The largest parts first, in MiB.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&Part> = self.0.iter().collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.bytes()));
        for (at, part) in parts.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} {}", part.name, part.bytes().div_ceil(MIB))?;
        }
        Ok(())
    }
}

fn ring_entries(budget_entries: u32) -> u64 {
    u64::from(budget_entries) + runtime::RING_SLACK as u64
}

fn part(name: &'static str, count: u64, each_bytes: u64, reason: &'static str) -> Part {
    Part { name, count, each_bytes, reason }
}

/// Memory of the machine, or of the container if that is less; `None` where the kernel tells none.
#[must_use]
pub fn machine_bytes() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    // Without a limit the file says `max`.
    let container = container.and_then(|text| text.trim().parse().ok()).unwrap_or(u64::MAX);
    Some(container.min(kib * KIB))
}
