//! The simulator: the daemon's own state machines, a disk that lies, clients that come and go, and
//! a clock that only the simulation moves.
//!
//! ```text
//! devices ─frames─► Link ─► session::intake ─► ring ─► ShardMachine ─► Committer ─► MemoryLog
//!    ▲                                                                    │            │
//!    └── judged against the Ledger ◄─ Link ◄─ Outbox ◄─ Publisher ◄───────┘        Ledger (bytes)
//! ```
//! A seed decides everything: which stage moves next and how far, what clients do, what goes wrong.
//! After every step what must hold is checked; the same seed gives the same hash of all records.

pub mod daemon;
pub mod device;
pub mod disk;
pub mod faults;
pub mod ledger;
pub mod link;
pub mod party;
pub mod trace;
pub mod world;

use std::fmt;

/// Something that must hold does not.
#[derive(Debug, Clone)]
pub struct Violation {
    /// What must hold.
    pub rule: &'static str,
    /// What was seen.
    pub detail: String,
}

impl Violation {
    /// `rule` does not hold.
    pub fn new(rule: &'static str, detail: impl fmt::Display) -> Self {
        Self { rule, detail: detail.to_string() }
    }

    /// Says where.
    #[must_use]
    pub fn at(self, place: String) -> Self {
        Self { detail: format!("{place}: {}", self.detail), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: broken by {}", self.rule, self.detail)
    }
}

impl std::error::Error for Violation {}
