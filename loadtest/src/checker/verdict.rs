//! The counters: what was checked, what was wrong.

use super::EXAMPLES;

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// A ticket with two owners at a time.
    AssignedTwice,
    /// An agent with more tickets than seats.
    OverCapacity,
    /// An agent with a ticket of a queue that it does not serve.
    WrongMember,
    /// Acknowledged and never seen (again).
    Lost,
    /// Seen twice, or stored twice.
    Duplicated,
    /// Not in the order of its numbers, of its author, or of time; two truths about one number.
    OutOfOrder,
    /// A text that is not the one that was sent.
    Altered,
    /// A ticket waits while an agent who may have it is free.
    WorkConservation,
}

/// One counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    /// How often it was looked at.
    pub checked: u64,
    /// How often it was wrong.
    pub violations: u64,
}

/// All counters, with examples of what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    /// In the order of [`Counter::ALL`].
    counts: [Count; Counter::ALL.len()],
    /// The first few violations in words.
    pub examples: Vec<String>,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 8] = [
        Self::AssignedTwice,
        Self::OverCapacity,
        Self::WrongMember,
        Self::Lost,
        Self::Duplicated,
        Self::OutOfOrder,
        Self::Altered,
        Self::WorkConservation,
    ];

    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AssignedTwice => "assigned twice",
            Self::OverCapacity => "over capacity",
            Self::WrongMember => "wrong member",
            Self::Lost => "lost after acknowledgement",
            Self::Duplicated => "duplicated",
            Self::OutOfOrder => "out of order",
            Self::Altered => "altered",
            Self::WorkConservation => "work conservation",
        }
    }

    /// What one check of it looks at.
    #[must_use]
    pub fn base(self) -> &'static str {
        match self {
            Self::AssignedTwice | Self::WrongMember => "assignments",
            Self::OverCapacity => "seats held",
            Self::Lost => "acknowledged hand-offs and messages",
            Self::Duplicated | Self::OutOfOrder => "entries pushed",
            Self::Altered => "texts received",
            Self::WorkConservation => "looks at a line",
        }
    }
}

impl Verdict {
    /// One counter.
    #[must_use]
    pub fn count(&self, counter: Counter) -> Count {
        self.counts[counter as usize]
    }

    /// Every counter with its figures.
    pub fn iter(&self) -> impl Iterator<Item = (Counter, Count)> + '_ {
        Counter::ALL.into_iter().zip(self.counts)
    }

    /// So many were looked at.
    pub fn checked(&mut self, counter: Counter, times: u64) {
        self.counts[counter as usize].checked += times;
    }

    /// One was wrong.
    pub fn violated(&mut self, counter: Counter, what: String) {
        self.counts[counter as usize].violations += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{}: {what}", counter.name()));
        }
    }

    /// Adds another's counts to one's own.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.checked += theirs.checked;
            mine.violations += theirs.violations;
        }
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }

    /// Why the run has failed by its counters; empty when all are zero and none is without a base,
    /// but for those that the run could have none for.
    #[must_use]
    pub fn failures(&self, without_base: &[Counter]) -> Vec<String> {
        self.iter()
            .filter_map(|(counter, count)| {
                let name = counter.name();
                if count.violations > 0 {
                    return Some(format!("{name}: {} of {}", count.violations, count.checked));
                }
                let empty = count.checked == 0 && !without_base.contains(&counter);
                empty.then(|| format!("{name}: nothing was checked"))
            })
            .collect()
    }
}
