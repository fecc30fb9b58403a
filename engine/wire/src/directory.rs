//! The directory: tenants, bots, queues and agents, as the bootstrap file and admin commands write
//! them. Objects name each other; the daemon gives them numbers.

mod rules;

pub use rules::{PriorityRule, Ring, Rule, Skill};

use crate::vocabulary::Texts;
use rkyv::{Archive, Deserialize, Serialize};

/// A directory object with the version that optimistic concurrency compares.
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
pub struct Versioned<T> {
    /// Counts the changes of the tenant's directory.
    pub version: u64,
    /// The object.
    pub object: T,
}

/// Any directory object.
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
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// An organization.
    Tenant(Tenant),
    /// A channel installation.
    Bot(Bot),
    /// A line of a bot.
    Queue(Queue),
    /// A human agent.
    Agent(Agent),
}

/// Names a directory object.
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
#[serde(rename_all = "snake_case")]
pub enum ObjectRef {
    /// A tenant by name.
    Tenant(String),
    /// A bot by name.
    Bot(String),
    /// A queue by bot and name.
    Queue(String, String),
    /// An agent by name.
    Agent(String),
}

fn yes() -> bool {
    true
}

/// An organization.
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
pub struct Tenant {
    /// Unique in the daemon; at most 64 bytes of `a-z A-Z 0-9 . _ -`.
    pub name: String,
    /// Takes new tickets.
    #[serde(default = "yes")]
    pub active: bool,
}

/// One channel installation ("number") of a tenant.
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
pub struct Bot {
    /// Unique in the tenant.
    pub name: String,
    /// `whatsapp`, `web`, ...
    #[serde(default)]
    pub channel: String,
    /// Where a hand-off without a queue goes.
    pub default_queue: String,
    /// Takes new tickets.
    #[serde(default = "yes")]
    pub active: bool,
    /// Highest priority that its hand-offs may ask for (0 to 1000).
    #[serde(default = "default_priority_cap")]
    pub priority_cap: u16,
    /// Most tickets of this bot that one agent may have; absent: only the agent's own seats count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats_per_agent: Option<u16>,
    /// IANA name of the time zone in which rules read the clock, such as `America/Sao_Paulo`
    /// (default `UTC`).
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// Tried in this order on a hand-off that names no queue; the first whose condition holds wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Tried in this order when the queue of a hand-off is known; the first that is for this queue and
    /// whose condition holds says the priority.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority_rules: Vec<PriorityRule>,
}

fn default_priority_cap() -> u16 {
    crate::limits::PRIORITY
}

fn default_time_zone() -> String {
    "UTC".into()
}

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
    /// Names of the agents who serve it.
    #[serde(default)]
    pub members: Vec<String>,
    /// What becomes of tickets in service whose agent is gone.
    #[serde(default)]
    pub agent_gone: AgentGone,
    /// How long `keep` keeps, beyond the grace period, in seconds (default 600).
    #[serde(default = "default_keep_seconds")]
    pub keep_seconds: u32,
    /// How long a ticket transferred to an agent without a free seat waits for it, in seconds
    /// (default 60).
    #[serde(default = "default_transfer_wait_seconds")]
    pub transfer_wait_seconds: u32,
    /// Points of priority that a waiting ticket gains a minute, up to the highest, 1000 (default 0,
    /// at most 1000). All the time counts in which its conversation has waited.
    #[serde(default)]
    pub ageing: u16,
    /// When nobody is online.
    #[serde(default)]
    pub nobody_online: NobodyOnline,
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
    /// Texts for the customer.
    #[serde(default)]
    pub texts: Texts,
    /// Has metric series of its own before others.
    #[serde(default)]
    pub own_metrics: bool,
}

fn default_keep_seconds() -> u32 {
    600
}

fn default_transfer_wait_seconds() -> u32 {
    60
}

fn default_threshold_seconds() -> u32 {
    60
}

fn default_short_loss_seconds() -> u32 {
    5
}

/// A human agent.
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
pub struct Agent {
    /// Unique in the tenant.
    pub name: String,
    /// Takes new tickets.
    #[serde(default = "yes")]
    pub active: bool,
    /// Most tickets at once over all bots (default 3, at most 4,095).
    #[serde(default = "default_seats")]
    pub seats: u16,
    /// Gets test tickets too.
    #[serde(default)]
    pub accepts_tests: bool,
    /// What it can do; at most 64, each skill once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Skill>,
}

fn default_seats() -> u16 {
    3
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
            transfer_wait_seconds: default_transfer_wait_seconds(),
            ageing: 0,
            nobody_online: NobodyOnline::default(),
            transfer_targets: None,
            threshold_seconds: default_threshold_seconds(),
            short_loss_seconds: default_short_loss_seconds(),
            texts: Texts::default(),
            own_metrics: false,
        }
    }
}

impl Agent {
    /// An agent with so many seats and every other default.
    #[must_use]
    pub fn new(name: impl Into<String>, seats: u16) -> Self {
        Self { name: name.into(), active: true, seats, accepts_tests: false, skills: Vec::new() }
    }
}

impl Bot {
    /// A bot with every default.
    #[must_use]
    pub fn new(name: impl Into<String>, default_queue: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            channel: String::new(),
            default_queue: default_queue.into(),
            active: true,
            priority_cap: default_priority_cap(),
            seats_per_agent: None,
            time_zone: default_time_zone(),
            rules: Vec::new(),
            priority_rules: Vec::new(),
        }
    }
}
