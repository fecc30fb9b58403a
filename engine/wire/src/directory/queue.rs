//! A line of a bot, and how it is served.

use super::{AtClosing, Hours, Inactivity, Member, OutsideHours, Overflow, TicketTargets, yes};
use crate::vocabulary::Texts;
use rkyv::{Archive, Deserialize, Serialize};

/// How a push queue picks among eligible agents.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Fewest tickets; then longest since the last ticket; then lowest agent number.
    #[default]
    LeastActive,
    /// Longest since the last ticket; then lowest agent number.
    LongestIdle,
    /// The next agent number after the one served last.
    RoundRobin,
    /// The highest sum of levels in the skills that the ticket requires; then as `least_active`.
    MostSkilled,
}

/// Who moves a waiting ticket to an agent.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The queue pushes.
    #[default]
    Push,
    /// Agents pull with `next`.
    Pull,
    /// Both.
    Both,
}

/// What becomes of a ticket in service whose agent is gone beyond the grace period.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AgentGone {
    /// Stays with the agent for `keep_seconds`, then goes back to its line.
    #[default]
    Keep,
    /// Goes back to its line at once.
    Requeue,
}

/// What a hand-off gets when nobody is online.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NobodyOnline {
    /// A place in line, with the text for it.
    #[default]
    Queue,
    /// `rejected`.
    Refuse,
}

/// A line of a bot.
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
pub struct Queue {
    /// Its bot.
    pub bot: String,
    /// Unique in the bot.
    pub name: String,
    /// Takes new tickets.
    #[serde(default = "yes")]
    pub active: bool,
    /// How it picks among eligible agents.
    #[serde(default)]
    pub strategy: Strategy,
    /// Who moves tickets.
    #[serde(default)]
    pub delivery: Delivery,
    /// The agents who serve it, each once.
    #[serde(default)]
    pub members: Vec<Member>,
    /// What becomes of tickets in service whose agent is gone.
    #[serde(default)]
    pub agent_gone: AgentGone,
    /// How long `keep` keeps, beyond the grace period, in seconds (default 600).
    #[serde(default = "default_keep_seconds")]
    pub keep_seconds: u32,
    /// How long an offered ticket waits for an agent to accept it, in seconds; 0 (default): tickets
    /// are assigned at once. At most 3,600.
    #[serde(default)]
    pub offer_seconds: u32,
    /// To how many agents at once a ticket is offered (default 1, at most 16); the first who accepts
    /// has it.
    #[serde(default = "default_offer_agents")]
    pub offer_agents: u16,
    /// How long an agent keeps the seat after the close of a ticket in service, to wrap up, in
    /// seconds; 0 (default): not at all. At most 3,600.
    #[serde(default)]
    pub wrap_up_seconds: u32,
    /// A ticket needs at least one tag of its agent, given at the close or while it is wrapped up.
    #[serde(default)]
    pub mandatory_tags: bool,
    /// How long a ticket transferred to an agent without a free seat waits for it, in seconds
    /// (default 60).
    #[serde(default = "default_transfer_wait_seconds")]
    pub transfer_wait_seconds: u32,
    /// For how long the receiver of a transfer into this queue, or to an agent through it, is asked to
    /// accept it, in seconds; the ticket stays with its agent meanwhile. 0 (default): it goes at once. At
    /// most 3,600.
    #[serde(default)]
    pub transfer_accept_seconds: u32,
    /// How long a ticket with a preferred agent waits for it before it joins the line, in seconds
    /// (default 30, at most a week).
    #[serde(default = "default_preferred_wait_seconds")]
    pub preferred_wait_seconds: u32,
    /// Points of priority that a waiting ticket gains a minute, up to the highest, 1000 (default 0,
    /// at most 1000). All the time counts in which its conversation has waited.
    #[serde(default)]
    pub ageing: u16,
    /// When nobody is online.
    #[serde(default)]
    pub nobody_online: NobodyOnline,
    /// Where tickets go on that wait too long or in vain; absent: they wait here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// Most waiting tickets, without tests, beside which a hand-off, a transfer or an overflow is
    /// taken (at least 1); absent: any number. What goes back to its line always has its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_waiting: Option<u32>,
    /// Who has waited for so many seconds goes back to the bot as `no_agent` (1 to 604,800: a week);
    /// absent: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wait_seconds: Option<u32>,
    /// Who has waited for so many seconds goes back to the bot as `expired` (default 86,400: a day; 1
    /// to 604,800: a week).
    #[serde(default = "default_ttl_seconds")]
    pub ttl_seconds: u32,
    /// When it is open; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// What a hand-off gets while its hours have it closed.
    #[serde(default)]
    pub outside_hours: OutsideHours,
    /// What becomes of those who still wait when its hours close it.
    #[serde(default)]
    pub at_closing: AtClosing,
    /// So many seconds after its agent has closed a ticket, or the customer's silence, a message of the
    /// customer goes on with the conversation in a new ticket, first with the same agent (default 0:
    /// never; at most 86,400: a day).
    #[serde(default)]
    pub reopen_seconds: u32,
    /// A customer who leaves while he waits and is back within so many seconds has the same ticket and
    /// place; only then is it lost (default 60; 0: at once; at most 86,400: a day).
    #[serde(default = "default_resume_seconds")]
    pub resume_seconds: u32,
    /// How long a customer or an agent may be silent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub inactivity: Inactivity,
    /// How soon agents are to answer and to end a ticket. The service level is apart from it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub targets: TicketTargets,
    /// Queues of the same bot to which its tickets may go; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_targets: Option<Vec<String>>,
    /// Service-level threshold in seconds, to the first human message (default 60). Must be one of
    /// the bucket bounds of the metrics.
    #[serde(default = "default_threshold_seconds")]
    pub threshold_seconds: u32,
    /// A customer who leaves before so many seconds is a short loss (default 5).
    #[serde(default = "default_short_loss_seconds")]
    pub short_loss_seconds: u32,
    /// Texts for the customer instead of the shipped ones.
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub texts: Texts,
    /// What its owners want to know of it, in rising order of the names: at most 32, each of 1 to 64
    /// letters, digits, `.`, `_` and `-`, with up to 128 bytes. Nothing in Relevo reads them.
    #[serde(default, with = "super::labels", skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<(String, String)>,
    /// Has metric series of its own before others.
    #[serde(default)]
    pub own_metrics: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn default_keep_seconds() -> u32 {
    600
}

fn default_offer_agents() -> u16 {
    1
}

fn default_transfer_wait_seconds() -> u32 {
    60
}

fn default_ttl_seconds() -> u32 {
    86_400
}

fn default_preferred_wait_seconds() -> u32 {
    30
}

fn default_resume_seconds() -> u32 {
    60
}

fn default_threshold_seconds() -> u32 {
    60
}

fn default_short_loss_seconds() -> u32 {
    5
}

impl Queue {
    /// A queue with every default.
    #[must_use]
    pub fn new(bot: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            bot: bot.into(),
            name: name.into(),
            active: true,
            strategy: Strategy::default(),
            delivery: Delivery::default(),
            members: Vec::new(),
            agent_gone: AgentGone::default(),
            keep_seconds: default_keep_seconds(),
            offer_seconds: 0,
            offer_agents: default_offer_agents(),
            wrap_up_seconds: 0,
            mandatory_tags: false,
            transfer_wait_seconds: default_transfer_wait_seconds(),
            transfer_accept_seconds: 0,
            preferred_wait_seconds: default_preferred_wait_seconds(),
            ageing: 0,
            nobody_online: NobodyOnline::default(),
            overflow: None,
            max_waiting: None,
            max_wait_seconds: None,
            ttl_seconds: default_ttl_seconds(),
            hours: None,
            outside_hours: OutsideHours::default(),
            at_closing: AtClosing::default(),
            reopen_seconds: 0,
            resume_seconds: default_resume_seconds(),
            inactivity: Inactivity::default(),
            targets: TicketTargets::default(),
            transfer_targets: None,
            threshold_seconds: default_threshold_seconds(),
            short_loss_seconds: default_short_loss_seconds(),
            texts: Texts::default(),
            labels: Vec::new(),
            own_metrics: false,
        }
    }
}
