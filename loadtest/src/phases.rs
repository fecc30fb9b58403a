//! What is measured: one HDR histogram for each phase of a conversation, whole and second by
//! second. Percentiles are read from histograms and never averaged.

use hdrhistogram::Histogram;
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
#[derive(Debug)]
pub struct Recorder {
    phases: Vec<Mutex<Recorded>>,
}

#[derive(Debug)]
struct Recorded {
    whole: Histogram<u64>,
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
        let phases = Phase::ALL
            .iter()
            .map(|_| Mutex::new(Recorded { whole: histogram(), recent: histogram() }))
            .collect();
        Self { phases }
    }
}

impl Recorder {
    /// A time of a phase.
    pub fn record(&self, phase: Phase, took_us: u64) {
        let mut recorded = self.phase(phase);
        recorded.whole.saturating_record(took_us.max(1));
        recorded.recent.saturating_record(took_us.max(1));
    }

    /// Figures since the last call, of one phase.
    pub fn take_recent(&self, phase: Phase) -> Figures {
        let mut recorded = self.phase(phase);
        let figures = Figures::of(&recorded.recent);
        recorded.recent.reset();
        figures
    }

    /// The histogram of a phase so far.
    #[must_use]
    pub fn whole(&self, phase: Phase) -> Histogram<u64> {
        self.phase(phase).whole.clone()
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
}
