//! Exact percentiles: an hdrhistogram (3 digits) for each phase, for the whole run and for the last
//! interval. Samples come in groups, one lock a group; two runs are merged, never averaged.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longest sample that is told apart; longer ones count as this.
const LONGEST: Duration = Duration::from_secs(60);

/// How long an interval is, at least.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Routing's work for one command.
    Decision,
    /// Insert, flush and sync of a group.
    Commit,
    /// The sync alone.
    Fsync,
    /// A message from frame read to frame written.
    Relay,
    /// A command's wait for its shard, or a deadline's lateness.
    DispatchLag,
    /// Frame of a hand-off read to the frame of its assignment written to the agent, when nobody
    /// had to wait for a free agent.
    HandOffNotified,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 6] = [
        Self::Decision,
        Self::Commit,
        Self::Fsync,
        Self::Relay,
        Self::DispatchLag,
        Self::HandOffNotified,
    ];

    /// The name in the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Commit => "commit",
            Self::Fsync => "fsync",
            Self::Relay => "relay",
            Self::DispatchLag => "dispatch_lag",
            Self::HandOffNotified => "hand_off_notified",
        }
    }
}

/// The histograms of all phases.
#[derive(Debug)]
pub struct Latency {
    phases: [Mutex<Twin>; Phase::ALL.len()],
    interval: Mutex<Interval>,
}

#[derive(Debug)]
struct Interval {
    began: Instant,
    last: Duration,
}

/// A sample is recorded once, into `current`; the rest is made when the interval ends.
#[derive(Debug)]
struct Twin {
    whole: Histogram<u64>,
    last: Histogram<u64>,
    current: Histogram<u64>,
}

impl Latency {
    /// Empty histograms; the first interval begins at `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            phases: std::array::from_fn(|_| Mutex::new(Twin::new())),
            interval: Mutex::new(Interval { began: now, last: Duration::ZERO }),
        }
    }

    /// Records samples of a phase, in nanoseconds.
    pub fn record(&self, phase: Phase, samples_ns: &[u64]) {
        let mut twin = lock(&self.phases[phase as usize]);
        for sample in samples_ns {
            twin.current.saturating_record(*sample);
        }
    }

    /// Ends the interval if it has lasted [`INTERVAL`].
    pub fn rotate(&self, now: Instant) {
        let mut interval = lock(&self.interval);
        let lasted = now.saturating_duration_since(interval.began);
        if lasted < INTERVAL {
            return;
        }
        *interval = Interval { began: now, last: lasted };
        for phase in &self.phases {
            lock(phase).rotate();
        }
    }

    /// All percentiles.
    #[must_use]
    pub fn report(&self) -> LatencyReport {
        let interval_seconds = lock(&self.interval).last.as_secs_f64();
        let phases = Phase::ALL.into_iter().map(|phase| {
            let twin = lock(&self.phases[phase as usize]);
            (phase.name(), twin.report())
        });
        LatencyReport { unit: "us", interval_seconds, phases: phases.collect() }
    }
}

/// The body of `/admin/latency`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyReport {
    /// Microseconds.
    pub unit: &'static str,
    /// How long the last whole interval was; 0 before its end.
    pub interval_seconds: f64,
    /// By the name of the phase.
    pub phases: BTreeMap<&'static str, PhaseReport>,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseReport {
    /// Since the start.
    pub whole: Percentiles,
    /// In the last whole interval.
    pub interval: Percentiles,
}

/// Percentiles of a histogram in microseconds; all zero without samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Percentiles {
    /// Samples.
    pub count: u64,
    /// The least.
    pub min: f64,
    /// Half of them took at most this.
    pub p50: f64,
    /// 90 of 100 took at most this.
    pub p90: f64,
    /// 99 of 100 took at most this.
    pub p99: f64,
    /// 999 of 1,000 took at most this.
    pub p99_9: f64,
    /// The greatest.
    pub max: f64,
}

impl Twin {
    fn new() -> Self {
        Self { whole: histogram(), last: histogram(), current: histogram() }
    }

    fn rotate(&mut self) {
        add(&mut self.whole, &self.current);
        std::mem::swap(&mut self.last, &mut self.current);
        self.current.reset();
    }

    fn report(&self) -> PhaseReport {
        let mut whole = self.whole.clone();
        add(&mut whole, &self.current);
        PhaseReport { whole: percentiles(&whole), interval: percentiles(&self.last) }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)
        .expect("the bounds are constants that hdrhistogram accepts")
}

fn add(to: &mut Histogram<u64>, from: &Histogram<u64>) {
    to.add(from).expect("all histograms have the same bounds");
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let us = |nanos: u64| nanos as f64 / 1000.0;
    let quantile = |quantile| us(histogram.value_at_quantile(quantile));
    Percentiles {
        count: histogram.len(),
        min: us(if histogram.is_empty() { 0 } else { histogram.min() }),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        p99_9: quantile(0.999),
        max: us(histogram.max()),
    }
}

/// A histogram is whole after a panic of another thread: each sample is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_samples() {
        let latency = Latency::new(Instant::now());
        let samples: Vec<u64> = (1..=1000).map(|us| us * 1000).collect();
        latency.record(Phase::Decision, &samples);
        let report = latency.report();
        let whole = &report.phases["decision"].whole;
        assert_eq!(whole.count, 1000);
        for (value, right) in [
            (whole.min, 1.0),
            (whole.p50, 500.0),
            (whole.p90, 900.0),
            (whole.p99, 990.0),
            (whole.p99_9, 999.0),
            (whole.max, 1000.0),
        ] {
            assert!((value - right).abs() <= right / 1000.0, "{value} is not {right}");
        }
        assert_eq!(report.phases["relay"].whole.count, 0);
        assert!(report.phases["relay"].whole.min.abs() < f64::EPSILON);
    }

    #[test]
    fn an_interval_holds_only_its_own_and_the_whole_run_all() {
        let start = Instant::now();
        let latency = Latency::new(start);
        let counts = || {
            let report = latency.report();
            let commit = &report.phases["commit"];
            (commit.whole.count, commit.interval.count)
        };
        latency.record(Phase::Commit, &[1_000, 2_000]);
        latency.rotate(start + INTERVAL / 2);
        assert_eq!(counts(), (2, 0), "the interval has not ended");
        latency.rotate(start + INTERVAL);
        assert_eq!(counts(), (2, 2));
        latency.record(Phase::Commit, &[3_000]);
        assert_eq!(counts(), (3, 2));
        latency.rotate(start + INTERVAL * 2);
        assert_eq!(counts(), (3, 1));
        latency.rotate(start + INTERVAL * 3);
        assert_eq!(counts(), (3, 0));
    }

    #[test]
    fn a_sample_beyond_the_longest_still_counts() {
        let latency = Latency::new(Instant::now());
        latency.record(Phase::Relay, &[u64::MAX]);
        let whole = latency.report().phases["relay"].whole.clone();
        assert_eq!(whole.count, 1);
        assert!(whole.max >= 60e6);
    }
}
