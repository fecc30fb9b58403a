//! What brings a parked ticket back.

use rkyv::{Archive, Deserialize, Serialize};

/// What brings a parked ticket back.
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
#[serde(rename_all = "snake_case")]
pub enum UnparkCause {
    /// Its time came.
    Time,
    /// Its customer wrote.
    Customer,
    /// The agent who had parked it took it up again.
    Agent,
}
