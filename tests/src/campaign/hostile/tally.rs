//! What an attack did, what the daemon answered, and what of it was wrong.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Wrong things that are kept in words; the rest is only counted.
const KEPT: usize = 20;

/// What an attack came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Connections begun.
    pub connections: u64,
    /// Frames, lines or datagrams sent, as the attack counts them.
    pub frames: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// What came back, by its name.
    pub answers: BTreeMap<String, u64>,
    /// What must not have happened, the first of it in words.
    pub violations: Vec<String>,
    /// How often it happened.
    pub violated: u64,
    /// Processor time of the attacker, in seconds.
    pub cpu_seconds: f64,
}

/// A tally that several tasks of an attack write to. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tallying(Arc<Mutex<Tally>>);

impl Tallying {
    /// Another connection was begun.
    pub fn connection(&self) {
        self.lock().connections += 1;
    }

    /// So many frames went out, of so many bytes in all.
    pub fn sent(&self, frames: u64, bytes: usize) {
        let mut tally = self.lock();
        tally.frames += frames;
        tally.bytes += bytes as u64;
    }

    /// Something came back.
    pub fn answer(&self, name: impl Into<String>) {
        *self.lock().answers.entry(name.into()).or_default() += 1;
    }

    /// What came back, and what had to.
    pub fn expect(&self, expected: &[&str], name: impl Into<String>) {
        let name = name.into();
        if !expected.contains(&name.as_str()) {
            self.violation(format!("{name}, not {}", expected.join(" or ")));
        }
        self.answer(name);
    }

    /// Something happened that must not.
    pub fn violation(&self, what: impl Into<String>) {
        let mut tally = self.lock();
        tally.violated += 1;
        if tally.violations.len() < KEPT {
            tally.violations.push(what.into());
        }
    }

    /// As it stands.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// The answers in one line, the most frequent first.
    #[must_use]
    pub fn answered(&self) -> String {
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_by_key(|(name, count)| (u64::MAX - **count, *name));
        let shown: Vec<String> =
            answers.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if shown.is_empty() { "nothing".into() } else { shown.join(", ") }
    }

    /// How often something came back.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.answers.get(name).copied().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections, {} frames: {}", self.connections, self.frames, self.answered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_back_otherwise_than_it_had_to_is_a_violation() {
        let tallying = Tallying::default();
        tallying.expect(&["refused", "timed_out"], "refused");
        tallying.expect(&["refused"], "welcome");
        let tally = tallying.tally();
        assert_eq!(tally.answered(), "refused 1, welcome 1");
        assert_eq!(tally.violations, ["welcome, not refused"]);
        assert_eq!((tally.violated, tally.count("welcome")), (1, 1));
    }
}
