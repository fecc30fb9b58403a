//! Who is there, what agents want, and the start of the daemon.

use crate::Micros;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{AgentId, BotId};
use rkyv::{Archive, Deserialize, Serialize};

/// The daemon started after some time down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Started {
    /// Deadlines that close or move a ticket move by this.
    pub down_us: Micros,
}

/// The daemon takes sessions. One event for all agents: those that were reachable or in their grace
/// period before the start have it anew. Between `Started` and this no deadline fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Ready {
    /// End of the grace period.
    pub grace_until: Micros,
    /// Deadlines that close or move a ticket move by this: the time since `Started`.
    pub starting_us: Micros,
}

/// A bot has its first session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct BotReachable {
    /// Which.
    pub bot: BotId,
}

/// A bot has lost its last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct BotUnreachable {
    /// Which.
    pub bot: BotId,
}

/// An agent has its first session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentReachable {
    /// Which.
    pub agent: AgentId,
}

/// An agent has lost its last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentGrace {
    /// Which.
    pub agent: AgentId,
    /// End of the grace period.
    pub until: Micros,
}

/// The grace period is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentUnreachable {
    /// Which.
    pub agent: AgentId,
    /// When its intent becomes offline.
    pub presence_expires: Micros,
}

/// Why an intent changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum IntentCause {
    /// The agent said so.
    Agent,
    /// First session after `offline`.
    Login,
    /// Unreachable for longer than the presence expiry.
    Expired,
}

/// An agent's intent changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct IntentSet {
    /// Which agent.
    pub agent: AgentId,
    /// What it wants.
    pub intent: Intent,
    /// Its reason for a pause.
    pub reason: String,
    /// Why it changed.
    pub cause: IntentCause,
}
