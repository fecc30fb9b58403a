//! Who was asked for and is away.

use rkyv::{Archive, Deserialize, Serialize};

/// The agent whom a hand-off prefers is away.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Absent {
    /// Name of the agent.
    pub agent: String,
    /// What the agent says; may be empty.
    pub text: String,
    /// Name of the agent who helps meanwhile, and to whom the ticket goes first.
    pub colleague: Option<String>,
}
