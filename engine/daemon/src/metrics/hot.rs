//! Counters for what runs above 100,000 times a second: fixed atomics, padded by lane, rendered
//! beside the exporter's output. A thread adds to its own lane, so that no two cores share a cache
//! line; more threads than lanes share lanes and stay correct.

use super::buckets::ENGINE_NANOS;
use super::labels::{CommandName, Direction};
use super::names::Metric;
use super::names::engine::{
    COMMANDS, DECISION_SECONDS, DISPATCH_LAG_SECONDS, MESSAGES, REJECTED, RELAY_SECONDS,
};
use super::text::Writer;
use relevo_wire::ErrorCode;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Lanes of [`Hot`].
const LANES: usize = 16;

/// Results of a command: ok, then every error.
const RESULTS: usize = 1 + ErrorCode::ALL.len();

/// All lanes.
#[derive(Debug)]
pub struct Hot {
    lanes: Box<[Lane; LANES]>,
}

/// What one thread counts.
#[derive(Debug)]
#[repr(align(128))]
pub struct Lane {
    /// Decisions of routing.
    pub decision: Durations,
    /// Messages from frame read to frame written.
    pub relay: Durations,
    /// Commands from the ring's entry to being taken up.
    pub dispatch_lag: Durations,
    messages: [AtomicU64; Direction::ALL.len()],
    commands: [[AtomicU64; RESULTS]; CommandName::ALL.len()],
    rejected: [AtomicU64; ErrorCode::ALL.len()],
}

impl Default for Hot {
    fn default() -> Self {
        Self { lanes: Box::new(std::array::from_fn(|_| Lane::new())) }
    }
}

impl Hot {
    /// The calling thread's lane.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<Option<usize>> = const { Cell::new(None) };
        }
        let lane = MINE.with(|mine| {
            mine.get().unwrap_or_else(|| {
                let lane = NEXT.fetch_add(1, Relaxed) % LANES;
                mine.set(Some(lane));
                lane
            })
        });
        &self.lanes[lane]
    }

    /// Every series in text format.
    pub(super) fn render(&self, out: &mut Writer) {
        self.render_durations(out, &DECISION_SECONDS, |lane| &lane.decision);
        self.render_durations(out, &RELAY_SECONDS, |lane| &lane.relay);
        self.render_durations(out, &DISPATCH_LAG_SECONDS, |lane| &lane.dispatch_lag);
        out.family(&MESSAGES);
        for (index, direction) in Direction::ALL.into_iter().enumerate() {
            out.count(&MESSAGES, &[direction.name()], self.sum(|lane| &lane.messages[index]));
        }
        out.family(&COMMANDS);
        for (index, command) in CommandName::ALL.into_iter().enumerate() {
            for result in 0..RESULTS {
                let count = self.sum(|lane| &lane.commands[index][result]);
                // Good ones from the start, so that a rate sees the first; an error when it is
                // first made: 23 commands with 20 errors each would bury what matters.
                if result == 0 || count > 0 {
                    out.count(&COMMANDS, &[command.name(), result_name(result)], count);
                }
            }
        }
        out.family(&REJECTED);
        for (index, code) in ErrorCode::ALL.into_iter().enumerate() {
            out.count(&REJECTED, &[code.name()], self.sum(|lane| &lane.rejected[index]));
        }
    }

    fn render_durations(
        &self,
        out: &mut Writer,
        metric: &Metric,
        of: impl Fn(&Lane) -> &Durations,
    ) {
        let mut counts = [0; ENGINE_NANOS.len() + 1];
        let mut nanos: u64 = 0;
        for durations in self.lanes.iter().map(of) {
            for (sum, count) in counts.iter_mut().zip(&durations.counts) {
                *sum += count.load(Relaxed);
            }
            nanos = nanos.saturating_add(durations.nanos.load(Relaxed));
        }
        out.family(metric);
        out.durations(metric, &ENGINE_NANOS, &counts, nanos);
    }

    fn sum(&self, of: impl Fn(&Lane) -> &AtomicU64) -> u64 {
        self.lanes.iter().map(|lane| of(lane).load(Relaxed)).sum()
    }
}

impl Lane {
    /// A message became durable.
    pub fn message(&self, direction: Direction) {
        self.messages[direction as usize].fetch_add(1, Relaxed);
    }

    /// A command was answered: well, or with an error.
    pub fn command(&self, command: CommandName, error: Option<ErrorCode>) {
        let result = error.map_or(0, |code| 1 + code as usize);
        self.commands[command as usize][result].fetch_add(1, Relaxed);
    }

    /// A frame or command was refused before routing saw it.
    pub fn rejected(&self, reason: ErrorCode) {
        self.rejected[reason as usize].fetch_add(1, Relaxed);
    }

    fn new() -> Self {
        Self {
            decision: Durations::default(),
            relay: Durations::default(),
            dispatch_lag: Durations::default(),
            messages: Default::default(),
            commands: std::array::from_fn(|_| Default::default()),
            rejected: Default::default(),
        }
    }
}

/// Samples counted by engine bucket.
#[derive(Debug, Default)]
pub struct Durations {
    counts: [AtomicU64; ENGINE_NANOS.len() + 1],
    nanos: AtomicU64,
}

impl Durations {
    /// Counts one sample, in nanoseconds.
    pub fn record(&self, nanos: u64) {
        let bucket = ENGINE_NANOS.partition_point(|bound| *bound < nanos);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos, Relaxed);
    }
}

fn result_name(result: usize) -> &'static str {
    match result.checked_sub(1) {
        None => "ok",
        Some(code) => ErrorCode::ALL[code].name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::text::Scrape;

    fn scrape(hot: &Hot) -> Scrape {
        let mut out = Writer::default();
        hot.render(&mut out);
        Scrape::parse(&out.into_text()).expect("text format")
    }

    #[test]
    fn error_codes_are_numbered_as_the_table_lists_them() {
        for (index, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index);
        }
    }

    #[test]
    fn a_sample_on_a_bound_counts_in_it() {
        let hot = Hot::default();
        hot.lane().relay.record(25_000);
        hot.lane().relay.record(25_001);
        hot.lane().relay.record(u64::MAX / 2);
        let scrape = scrape(&hot);
        let bucket = |le| scrape.value("relevo_relay_seconds_bucket", &[("le", le)]);
        assert_eq!(bucket("0.000025"), Some(1.0));
        assert_eq!(bucket("0.00005"), Some(2.0));
        assert_eq!(bucket("5"), Some(2.0));
        assert_eq!(bucket("+Inf"), Some(3.0));
        assert_eq!(scrape.value("relevo_relay_seconds_count", &[]), Some(3.0));
    }

    #[test]
    fn counts_of_many_threads_are_all_there() {
        let hot = Hot::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * LANES {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        hot.lane().message(Direction::Inbound);
                        hot.lane().command(CommandName::Send, None);
                        hot.lane().command(CommandName::Close, Some(ErrorCode::StaleEpoch));
                        hot.lane().rejected(ErrorCode::Overloaded);
                    }
                });
            }
        });
        let scrape = scrape(&hot);
        let all = Some(2.0 * LANES as f64 * 1000.0);
        let value = |name, labels: &[(&str, &str)]| scrape.value(name, labels);
        assert_eq!(value("relevo_messages_total", &[("direction", "inbound")]), all);
        let sent = [("command", "send"), ("result", "ok")];
        assert_eq!(value("relevo_commands_total", &sent), all);
        let stale = [("command", "close"), ("result", "stale_epoch")];
        assert_eq!(value("relevo_commands_total", &stale), all);
        assert_eq!(value("relevo_rejected_total", &[("reason", "overloaded")]), all);
        assert_eq!(value("relevo_rejected_total", &[("reason", "internal")]), Some(0.0));
    }
}
