//! An agent is away for a while.

use rkyv::{Archive, Deserialize, Serialize};

/// Switches an agent's absence for a bot on or off. As long as it is on the agent gets no ticket of the
/// bot; who asks for it is told, and goes first to the colleague.
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
#[serde(deny_unknown_fields)]
pub struct SetAbsence {
    /// Its bot.
    pub bot: String,
    /// Away from now on.
    pub on: bool,
    /// What whoever asks for the agent is told; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Name of the agent who helps meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colleague: Option<String>,
    /// Whose, where an admin asks; an agent's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Which tenant's, where the operator asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}
