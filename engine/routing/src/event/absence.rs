//! Agents who are away.

use relevo_wire::{AgentId, BotId};
use rkyv::{Archive, Deserialize, Serialize};

/// An agent is away for a bot, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AbsenceSet {
    /// The agent.
    pub agent: AgentId,
    /// The bot.
    pub bot: BotId,
    /// Away, with this; none: no longer.
    pub absence: Option<Absence>,
}

/// What stands in for an agent who is away.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Absence {
    /// What whoever asks for the agent is told.
    pub text: String,
    /// Who helps meanwhile.
    pub colleague: Option<AgentId>,
}
