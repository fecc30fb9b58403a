//! What is measured: one HDR histogram for each phase of a conversation, whole and second by
//! second. Percentiles are read from histograms and never averaged.

use crate::world::Clock;
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Longest time that is told apart, in microseconds: an hour. Longer ones count as this.
const LONGEST_US: u64 = 3_600_000_000;
/// Significant decimal digits of a histogram.
const DIGITS: u8 = 3;

/// A phase of a conversation. All times count from when something was meant to happen, so a
/// generator or a daemon that is late shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Arrival to the answer of the hand-off.
    HandOffAcknowledged,
    /// Arrival to the bot's news that an agent has the customer.
    Assigned,
    /// Arrival to the agent's news that it has the customer.
    AgentNotified,
    /// The same, only of customers who found a free agent: no time in line.
    NotifiedAtOnce,
    /// Arrival to the first words of the agent, at the bot.
    FirstReply,
    /// A message, from one side to the other.
    RelayOneWay,
    /// Close to its answer.
    CloseAcknowledged,
    /// How late the generator itself was.
    Slippage,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 8] = [
        Self::HandOffAcknowledged,
        Self::Assigned,
        Self::AgentNotified,
        Self::NotifiedAtOnce,
        Self::FirstReply,
        Self::RelayOneWay,
        Self::CloseAcknowledged,
        Self::Slippage,
    ];

    /// As it stands in reports and names of files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HandOffAcknowledged => "hand_off_acknowledged",
            Self::Assigned => "assigned",
            Self::AgentNotified => "agent_notified",
            Self::NotifiedAtOnce => "notified_at_once",
            Self::FirstReply => "first_reply",
            Self::RelayOneWay => "relay_one_way",
            Self::CloseAcknowledged => "close_acknowledged",
            Self::Slippage => "generator_slippage",
        }
    }

    /// What it lies between.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::HandOffAcknowledged => "intended arrival to the hand-off's answer",
            Self::Assigned => {
                "intended arrival to the bot's news of the agent, time in line included"
            }
            Self::AgentNotified => {
                "intended arrival to the agent's news of the customer, time in line included"
            }
            Self::NotifiedAtOnce => "as agent_notified, of customers who found a free agent",
            Self::FirstReply => "intended arrival to the agent's first words at the bot",
            Self::RelayOneWay => "intended send of a message to its arrival on the other side",
            Self::CloseAcknowledged => "intended close to its answer",
            Self::Slippage => "intended time of an act to the moment the generator took it up",
        }
    }
}

/// The phases that are kept second by second.
pub const TIMELINE: [Phase; 3] =
    [Phase::HandOffAcknowledged, Phase::NotifiedAtOnce, Phase::RelayOneWay];

/// Takes times from every session.
///
/// What began before the end of a planned disturbance (the daemon is restarted, sessions are cut)
/// is kept apart: it is open-loop all the same and counts from its intended start, but it tells of
/// the disturbance and not of the daemon.
#[derive(Debug)]
pub struct Recorder {
    phases: Vec<Mutex<Recorded>>,
    clock: Clock,
    /// What began before this is kept apart, in microseconds from the start of the run.
    undisturbed_from_us: AtomicU64,
}

#[derive(Debug)]
struct Recorded {
    whole: Histogram<u64>,
    /// What began before the end of a disturbance; made with the first of them.
    apart: Option<Histogram<u64>>,
    /// Since the last look.
    recent: Histogram<u64>,
}

/// A few figures of a histogram.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Figures {
    /// Values.
    pub count: u64,
    /// Half of them are at most this, in microseconds.
    pub p50_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// All.
    pub max_us: u64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new(Clock::default())
    }
}

impl Recorder {
    /// Nothing is recorded yet; the clock tells what lies in a disturbance.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let recorded = || Recorded { whole: histogram(), apart: None, recent: histogram() };
        let phases = Phase::ALL.iter().map(|_| Mutex::new(recorded())).collect();
        Self { phases, clock, undisturbed_from_us: AtomicU64::new(0) }
    }

    /// A time of a phase, which ends now.
    pub fn record(&self, phase: Phase, took_us: u64) {
        let began_us = self.clock.now_us().saturating_sub(took_us);
        let apart = began_us < self.undisturbed_from_us.load(Ordering::Relaxed);
        let mut recorded = self.phase(phase);
        if apart {
            recorded.apart.get_or_insert_with(histogram).saturating_record(took_us.max(1));
        } else {
            recorded.whole.saturating_record(took_us.max(1));
        }
        recorded.recent.saturating_record(took_us.max(1));
    }

    /// A planned disturbance begins.
    pub fn disturbed(&self) {
        self.undisturbed_from_us.store(u64::MAX, Ordering::Relaxed);
    }

    /// The disturbance is over.
    pub fn undisturbed(&self) {
        self.undisturbed_from_us.store(self.clock.now_us(), Ordering::Relaxed);
    }

    /// Is a disturbance under way?
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        self.undisturbed_from_us.load(Ordering::Relaxed) == u64::MAX
    }

    /// Figures since the last call, of one phase.
    pub fn take_recent(&self, phase: Phase) -> Figures {
        let mut recorded = self.phase(phase);
        let figures = Figures::of(&recorded.recent);
        recorded.recent.reset();
        figures
    }

    /// The histogram of a phase so far, without what is kept apart.
    #[must_use]
    pub fn whole(&self, phase: Phase) -> Histogram<u64> {
        self.phase(phase).whole.clone()
    }

    /// What is kept apart of a phase.
    #[must_use]
    pub fn apart(&self, phase: Phase) -> Histogram<u64> {
        self.phase(phase).apart.clone().unwrap_or_else(histogram)
    }

    fn phase(&self, phase: Phase) -> MutexGuard<'_, Recorded> {
        self.phases[phase as usize].lock().expect("no thread panicked while it recorded")
    }
}

impl Figures {
    /// Of a histogram.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            count: histogram.len(),
            p50_us: histogram.value_at_quantile(0.5),
            p99_us: histogram.value_at_quantile(0.99),
            max_us: histogram.max(),
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS)
        .expect("constant bounds: 1 is above 0 and far below the longest time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_keeps_everything_and_the_recent_part_starts_anew() {
        let recorder = Recorder::default();
        for time in 1..=1000 {
            recorder.record(Phase::Assigned, time);
        }
        let recent = recorder.take_recent(Phase::Assigned);
        assert_eq!((recent.count, recent.p50_us, recent.p99_us), (1000, 500, 990));
        assert_eq!(recorder.take_recent(Phase::Assigned).count, 0);
        recorder.record(Phase::Assigned, u64::MAX);
        assert_eq!(recorder.take_recent(Phase::Assigned).count, 1);
        assert_eq!(recorder.whole(Phase::Assigned).len(), 1001);
        assert_eq!(recorder.whole(Phase::FirstReply).len(), 0);
    }

    #[test]
    fn what_began_before_the_end_of_a_disturbance_is_kept_apart() {
        let recorder = Recorder::default();
        let counts = || {
            let phase = Phase::RelayOneWay;
            (recorder.whole(phase).len(), recorder.apart(phase).len())
        };
        recorder.record(Phase::RelayOneWay, 1);
        recorder.disturbed();
        assert!(recorder.is_disturbed());
        recorder.record(Phase::RelayOneWay, 1);
        assert_eq!(counts(), (1, 1));
        recorder.undisturbed();
        assert!(!recorder.is_disturbed());
        // It ends after the disturbance and began before: an hour ago.
        recorder.record(Phase::RelayOneWay, 3_600_000_000);
        assert_eq!(counts(), (1, 2));
        recorder.record(Phase::RelayOneWay, 0);
        assert_eq!(counts(), (2, 2));
        assert_eq!(recorder.take_recent(Phase::RelayOneWay).count, 4);
    }
}
