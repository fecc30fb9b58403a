//! The directory: tenants, bots, queues and agents, as the bootstrap file and admin commands write
//! them. Objects name each other; the daemon gives them numbers.

mod hours;
mod inactivity;
mod labels;
mod member;
mod overflow;
mod queue;
mod rules;
mod shares;
mod targets;

pub use hours::{AtClosing, Holiday, Hours, OutsideHours};
pub use inactivity::Inactivity;
pub use member::Member;
pub use overflow::{Overflow, overflow_circle};
pub use queue::{AgentGone, Delivery, NobodyOnline, Queue, Strategy};
pub use rules::{PriorityRule, Ring, Rule, Skill};
pub use shares::{Overshared, overshared};
pub use targets::TicketTargets;

use crate::vocabulary::Language;
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
#[allow(clippy::large_enum_variant, reason = "few at a time, and boxed where they travel")]
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
    /// Most new tickets of an agent in some time; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
}

/// How many new tickets an agent gets in some time at most, whoever sends them: assigned, transferred,
/// and pulled ones.
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
#[serde(deny_unknown_fields)]
pub struct Fairness {
    /// 1 to 1,000.
    pub tickets: u16,
    /// In any time of so many seconds: 1 to 3,600.
    pub seconds: u32,
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
    /// Whom neither a hand-off nor a rule gives to an agent goes first to the one who served the contact
    /// last, within 30 days: for the queue's `preferred_wait_seconds`, and only while that agent is there
    /// (default false).
    #[serde(default)]
    pub last_agent: bool,
    /// Percent of the seats of the agents online who serve it that its customers get first while they
    /// wait (1 to 100); absent: none is guaranteed. What it does not use others borrow. The shares of
    /// the bots that one agent serves add up to at most 100 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guaranteed_share: Option<u8>,
    /// IANA name of the time zone in which rules read the clock, such as `America/Sao_Paulo`
    /// (default `UTC`).
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// What its contacts are told is in this language where their hand-off says none that there are
    /// texts in (default `en`).
    #[serde(default)]
    pub language: Language,
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

impl Tenant {
    /// A tenant with every default.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), active: true, fairness: None }
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
            last_agent: false,
            guaranteed_share: None,
            time_zone: default_time_zone(),
            language: Language::default(),
            rules: Vec::new(),
            priority_rules: Vec::new(),
        }
    }
}
