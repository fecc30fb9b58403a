//! The fairness limit: at most so many new tickets of an agent in some time.

use crate::Micros;
use relevo_wire::directory::Fairness;
use std::collections::VecDeque;

/// What the tenant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) tickets: usize,
    pub(crate) period_us: Micros,
}

impl From<Fairness> for Limit {
    fn from(fairness: Fairness) -> Self {
        let period_us = Micros::from(fairness.seconds) * 1_000_000;
        Self { tickets: usize::from(fairness.tickets), period_us }
    }
}

/// When an agent got its latest tickets, oldest first: no more than the limit counts, and none where
/// there is no limit.
#[derive(Debug, Default)]
pub(crate) struct Latest(VecDeque<Micros>);

impl Latest {
    /// The agent has got one more.
    pub(crate) fn note(&mut self, now: Micros, limit: Limit) {
        self.0.push_back(now);
        self.keep(Some(limit));
    }

    /// The agent has not got the one of that moment after all. False where none is known.
    pub(crate) fn take_back(&mut self, at: Micros) -> bool {
        let place = self.0.iter().rposition(|latest| *latest == at);
        place.and_then(|place| self.0.remove(place)).is_some()
    }

    /// Forgets what a limit does not count.
    pub(crate) fn keep(&mut self, limit: Option<Limit>) {
        let beyond = self.0.len().saturating_sub(limit.map_or(0, |limit| limit.tickets));
        self.0.drain(..beyond);
    }

    /// Until when the agent gets no more, as its latest ticket left it: the same whenever it is asked.
    pub(crate) fn full_until(&self, limit: Limit) -> Option<Micros> {
        let first = self.0.len().checked_sub(limit.tickets)?;
        let until = self.0.get(first)?.saturating_add(limit.period_us);
        self.0.back().filter(|latest| until > **latest).map(|_| until)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Micros> {
        self.0.iter().copied()
    }
}

impl From<Vec<Micros>> for Latest {
    fn from(times: Vec<Micros>) -> Self {
        Self(times.into())
    }
}
