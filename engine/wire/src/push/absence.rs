//! An agent is away for a bot.

use rkyv::{Archive, Deserialize, Serialize};

/// As long as it is on, the agent gets no ticket of the bot.
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
pub struct Absence {
    /// Name of the bot.
    pub bot: String,
    /// Away; if not: no longer.
    pub on: bool,
    /// What whoever asks for the agent is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Name of the agent who helps meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colleague: Option<String>,
}
