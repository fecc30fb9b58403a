//! Whom a queue takes.

use rkyv::{Archive, Deserialize, Serialize};

/// Whom a queue takes by the word of whoever runs the desk, beside what its opening hours say.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum QueueMode {
    /// As its hours say.
    #[default]
    Open,
    /// Nobody new; who waits is served to the end.
    Drain,
    /// Nobody; what becomes of those who wait its `at_closing` says.
    Closed,
}

impl QueueMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Open, Self::Drain, Self::Closed];

    /// Its name, as it stands in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Drain => "drain",
            Self::Closed => "closed",
        }
    }
}
