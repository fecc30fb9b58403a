//! What came of an act on a queue.

use rkyv::{Archive, Deserialize, Serialize};

/// Those who wait are being told.
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
pub struct Notifying {
    /// How many wait, tests apart. Who has an agent or leaves before the turn comes is not told.
    pub tickets: u32,
}
