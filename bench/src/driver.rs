//! The load: lean quinn connections that speak real frames, the same against every server.

pub mod admin;
pub mod cycle;
pub mod echo;
pub mod ledger;
pub mod pace;
pub mod relay;
pub mod session;
pub mod stage;

use hdrhistogram::Histogram;
use std::time::Duration;

/// How long a run may take to settle after its last request. Nothing is measured then.
pub(crate) const DRAIN_LIMIT: Duration = Duration::from_secs(20);

/// Latencies in microseconds, three digits, up to a minute.
#[must_use]
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid")
}

/// When a run measures.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Before it.
    pub warm_up: Duration,
    /// Its length.
    pub measured: Duration,
}
