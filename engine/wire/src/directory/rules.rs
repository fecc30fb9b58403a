//! Rules of a bot, and the skills that they and agents name.

use rkyv::{Archive, Deserialize, Serialize};

/// A routing rule: where a condition holds of a hand-off, the rest follows.
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
pub struct Rule {
    /// Unique in the bot; at most 128 bytes.
    pub name: String,
    /// The condition, at most 4,096 bytes: `message contains "invoice" and language equals "es"`.
    pub when: String,
    /// Queue of the bot; absent, or not in the directory: the bot's default queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Priority of the ticket (0 to 1000), whatever the bot asks for and may ask for; absent: that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// What the ticket requires of an agent; at most 8, each skill once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Skill>,
    /// What it requires instead when it has waited for some time; at most 8, in rising order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<Ring>,
    /// Name of the agent who has it first, for the queue's `preferred_wait_seconds`, where it is a
    /// member of the ticket's queue and online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_agent: Option<String>,
}

impl Rule {
    /// A rule that ends the search, and says nothing of queue, priority or skills.
    #[must_use]
    pub fn new(name: impl Into<String>, when: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            when: when.into(),
            queue: None,
            priority: None,
            skills: Vec::new(),
            rings: Vec::new(),
            preferred_agent: None,
        }
    }
}

/// A skill with its level: what an agent has, or what a ticket requires at least.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// `billing`, `english`, ...: a name as every other.
    pub name: String,
    /// 1 (default) to 10.
    #[serde(default = "default_level")]
    pub level: u8,
}

fn default_level() -> u8 {
    1
}

/// Requirements from some time of waiting on.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Seconds since the ticket began to wait; 1 to a week.
    pub after_seconds: u32,
    /// What it requires from then on; empty: nothing.
    #[serde(default)]
    pub skills: Vec<Skill>,
}

/// A priority rule: where a condition holds of a hand-off to a queue, this is its priority.
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
pub struct PriorityRule {
    /// Unique among the bot's priority rules; at most 128 bytes.
    pub name: String,
    /// Only for hand-offs to this queue of the bot; absent: to any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The condition, as that of a [`Rule`].
    pub when: String,
    /// Priority of the ticket (0 to 1000), whatever its rule says and its bot asks for.
    pub priority: u16,
}
