//! Who is silent.

use rkyv::{Archive, Deserialize, Serialize};

/// Whose answer is awaited in a conversation with an agent.
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
pub enum Silent {
    /// The customer's.
    Customer,
    /// The agent's.
    Agent,
}
