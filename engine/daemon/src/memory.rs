//! The bound of the daemon's resident memory: the sum of its own limits, part by part.
//!
//! Each part is a number that a limit allows, times what one of them takes at most. The worst cases
//! of the parts do not come together in practice; the bound is what an operator may rely on, and
//! what `memory_max_mib` is compared with. `relevo serve` logs the parts at its start.

use crate::config::{Config, MIB};
use crate::metrics::board::EVER_SERIES;
use crate::{http, quic, rules, runtime};
use relevo_wire::limits;
use std::cmp::Reverse;
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
const LANES: u64 = limits::LANES as u64;

impl Bound {
    /// The one table of it.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let (server, limits) = (&config.server, &config.limits);
        let settings = runtime::settings(config);
        let connections = quic::connections(server.max_sessions as usize) as u64;
        let (shards, tenants) = (server.shards() as u64, u64::from(limits.max_tenants));
        // What is admitted before the first of it is counted may come on top.
        let under_way = u64::from(limits.budget_entries);
        let (tickets, entries) = (limits.max_tickets + under_way, limits.max_entries + under_way);
        let objects = u64::from(limits.max_objects).max(config.directory.objects.len() as u64);
        let blocked = settings.blocked_contacts as u64 * tenants;
        let callbacks = settings.callbacks as u64 * tenants;
        let idempotency_keys = settings.idempotency_keys as u64 * tenants;
        let mut parts = vec![
            part("program", 1, 256 * MIB, "code, stacks, TLS, huge pages begun: 87 MiB when idle"),
            part("metrics", EVER_SERIES as u64, 64 * KIB, "series of a queue: 20 histograms"),
            part("packets in line", quic::PACKETS_IN_LINE as u64, 1, "what they take beside too"),
            part("first packets", quic::INCOMING as u64, 8 * KIB, "a datagram and its state"),
            part("packets behind them", quic::INCOMING_BYTES_IN_ALL, 1, "quinn counts them"),
            part("handshakes", quic::HANDSHAKES as u64, quic::HANDSHAKE_BYTES, "pieces of them"),
            part("connections", connections, 48 * KIB, "41 KB idle, by `relevo-bench memory`"),
            part("lanes", connections * (LANES - 1), 6 * KIB, "a lane's task and stream"),
            part("received", connections, quic::RECEIVED_BYTES, "the window of an agent"),
            part("wide windows", quic::WIDE_WINDOWS as u64, quic::WIDER_BYTES, "those of bots"),
            part("sent", connections, 256 * KIB, "heads of packets that are not acknowledged"),
            part("buffers", limits.buffers_bytes, 2, "a frame is decoded beside its bytes"),
            part("rings", shards * (under_way + runtime::RING_SLACK as u64), 512, "their places"),
            part(
                "demands",
                under_way,
                8 * KIB,
                "72 skills of a rule and the names of two, with each hand-off under way",
            ),
            part("pipeline", limits.budget_bytes, 3, "decoded, in its record, and passed on"),
            part("bodies", limits.messages_memory_bytes, 1, "counted with what each takes beside"),
            part("tickets", tickets, 2 * KIB, "1.0 KB with one entry, by `relevo-bench memory`"),
            part("entries", entries, 272, "96 bytes in a vector that may have doubled, and its id"),
            part("directory", objects, 4 * KIB, "an object in the core, published, and in metrics"),
            part("skills", objects, 12 * KIB, "64 of an agent, in the core and published"),
            part("fairness", objects, 8 * KIB, "when an agent got its latest 1,000 tickets"),
            part(
                "rules",
                rules::ALL_BYTES as u64,
                rules::MEMORY_FACTOR as u64,
                "compiled, and written",
            ),
            part("keys", settings.keys as u64 * tenants, KIB, "a credential, likewise"),
            part("idempotency", idempotency_keys, 1536, "a key and the longest answer"),
            part("contacts", settings.contact_message_ids as u64 * tenants, 64, "an id, twice"),
            part("callbacks", callbacks, 640, "a contact in the core, and in a list"),
            part("blocked", blocked, 512, "a contact in the core, and in a list"),
        ];
        let state = [
            "tickets",
            "entries",
            "directory",
            "skills",
            "fairness",
            "rules",
            "keys",
            "idempotency",
            "contacts",
            "blocked",
            "callbacks",
        ];
        let folded = parts.iter().filter(|part| state.contains(&part.name)).map(Part::bytes).sum();
        parts.extend([
            part("snapshot", folded, 2, "a second state while one is made or the past explained"),
            part(
                "journal",
                relevo_journal::OPEN_GENERATIONS_MAX,
                relevo_journal::OPEN_GENERATION_BYTES,
                "sled keeps nearly all of an open generation, whatever its cache is set to",
            ),
            part(
                "HTTP",
                2 * http::CONNECTIONS as u64,
                http::CONNECTION_BYTES,
                "a scrape not taken",
            ),
        ]);
        let sum: u64 = parts.iter().map(Part::bytes).sum();
        parts.push(part("allocator", sum / 8, 1, "free pieces between those in use"));
        Self(parts)
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
    /// The largest parts, in MiB, and the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&Part> = self.0.iter().collect();
        parts.sort_by_key(|part| Reverse(part.bytes()));
        let (largest, rest) = parts.split_at(parts.len().min(SHOWN));
        for part in largest {
            write!(f, "{} {}, ", part.name, part.bytes().div_ceil(MIB))?;
        }
        let rest: u64 = rest.iter().map(|part| part.bytes()).sum();
        write!(f, "the rest {}", rest.div_ceil(MIB))
    }
}

/// Parts that are shown by name.
const SHOWN: usize = 10;

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
