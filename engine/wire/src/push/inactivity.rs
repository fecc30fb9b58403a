//! Somebody has been silent for too long.

use crate::vocabulary::Silent;
use rkyv::{Archive, Deserialize, Serialize};

/// A customer is warned, or an agent told, that the other side waits for an answer. The agent gets
/// both; the bot gets the customer's warning, to pass its text on.
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
pub struct Inactive {
    /// Who is silent.
    pub silent: Silent,
    /// What the customer is told; empty where the agent is silent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}
