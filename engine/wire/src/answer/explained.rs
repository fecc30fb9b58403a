//! A ticket explained: what it waits for, or why its agent has it, and what put it where it is.

use crate::ids::TicketId;
use crate::vocabulary::TicketState;
use rkyv::{Archive, Deserialize, Serialize};

/// An agent of the ticket's queue, and why it is or is not the one.
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
pub struct AgentReason {
    /// Name of the agent.
    pub agent: String,
    /// `eligible`, or what stands in the way first: `inactive`, `offline`, `unreachable`, `paused`,
    /// `invisible`, `grace`, `accepts_no_tests`, `not_responding`, `offered`, `excluded`,
    /// `reserved_for_other`, `lacks_skill`, `delayed`, `closing` (its session has just paused or gone;
    /// never of a past instant), `no_seat`, `no_seat_for_bot`, `fairness`.
    pub reason: String,
}

/// A ticket explained.
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
pub struct Explained {
    /// The ticket.
    pub ticket: TicketId,
    /// The instant of which all of this holds, in microseconds since 1970.
    pub at: u64,
    /// Its state.
    pub state: TicketState,
    /// `bot/queue`.
    pub queue: String,
    /// Place in line, from 1; 0 when it does not wait.
    pub position: u32,
    /// In a sentence: what it waits for and which steps are to come, or why this agent has it.
    pub because: String,
    /// The agent who has it.
    pub agent: Option<String>,
    /// Since when that agent has it, in microseconds since 1970.
    pub assigned_at: Option<u64>,
    /// What put it into its queue at the hand-off. Absent where the record of the hand-off is gone.
    pub routing: Option<Box<RoutingExplained>>,
    /// Every agent of the queue (at most 1,000, the rest is counted in `because`).
    pub agents: Vec<AgentReason>,
}

/// Who chose a ticket's queue at its hand-off.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// Nobody: it is the bot's default queue.
    #[default]
    DefaultQueue,
    /// The hand-off named it.
    Bot,
    /// A rule of the directory.
    Rule,
    /// An agent transferred it there.
    Agent,
    /// A closed ticket was reopened, and goes on in its queue.
    Reopened,
}

/// Why an agent was to have a handed-over ticket first.
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
pub enum PreferredBy {
    /// The hand-off named it, or else the rule that chose the queue.
    Named,
    /// It served the contact last, and the bot has `last_agent`.
    LastAgent,
}

/// A rule that matched at the hand-off.
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
pub struct MatchedRule {
    /// Its place among the bot's rules then, from 1.
    pub number: u32,
    /// Its name then.
    pub name: String,
}

/// A rule held against the hand-off.
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
pub struct TriedRule {
    /// Its place among the bot's rules, from 1.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What came of it.
    pub matched: bool,
    /// The comparisons that made it so. No word of the hand-off.
    pub because: Vec<String>,
}

/// What put a ticket into its queue at the hand-off.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Default,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct RoutingExplained {
    /// Who chose the queue.
    pub chosen_by: ChosenBy,
    /// In a sentence: who chose it, and which rules are tried below.
    pub because: String,
    /// The agent who was to have it first.
    pub preferred_agent: Option<String>,
    /// Why that one.
    pub preferred_by: Option<PreferredBy>,
    /// The routing rule that matched at the hand-off.
    pub rule: Option<MatchedRule>,
    /// The priority rule that matched at the hand-off.
    pub priority_rule: Option<MatchedRule>,
    /// Version of the bot whose rules these were; 0: it had none.
    pub rules_version: u64,
    /// Version of the bot whose rules are tried below: that of the hand-off, or where the bot has
    /// changed since, that of the instant explained. Absent: none could be.
    pub tried_version: Option<u64>,
    /// The routing rules in their order, up to the first that matches.
    pub tried: Vec<TriedRule>,
    /// Likewise the priority rules of its queue.
    pub priority_tried: Vec<TriedRule>,
    /// How many of the rules tried are left out here for want of room.
    pub omitted: u32,
}
