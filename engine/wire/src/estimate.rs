//! How long a waiting customer will probably wait.

use rkyv::{Archive, Deserialize, Serialize};

/// An estimated wait: what an even half of those in this place wait at most, and nine of ten.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct EstimatedWait {
    /// Every other waits at most so long, in seconds.
    pub p50_seconds: u32,
    /// Nine of ten wait at most so long, in seconds.
    pub p90_seconds: u32,
}

impl EstimatedWait {
    /// For who does not wait.
    pub const NONE: Self = Self { p50_seconds: 0, p90_seconds: 0 };

    /// As much later.
    #[must_use]
    pub fn after(self, seconds: u32) -> Self {
        Self {
            p50_seconds: self.p50_seconds.saturating_add(seconds),
            p90_seconds: self.p90_seconds.saturating_add(seconds),
        }
    }
}
