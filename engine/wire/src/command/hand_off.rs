//! A bot hands a customer over.

use crate::packed::Packed;
use crate::vocabulary::{HandOffDetails, HandOffReason, Texts};
use rkyv::{Archive, Deserialize, Serialize};

/// A bot hands a customer over.
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
pub struct HandOff {
    /// To this queue of the bot; absent: where the bot's rules say, else its default queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Why.
    pub reason: HandOffReason,
    /// Contact, message for the agent, transcript, context.
    pub details: Packed<HandOffDetails>,
    /// 0 to 1000, capped by the directory; that of a rule goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Name of the agent who has it first, for the queue's `preferred_wait_seconds`, where it is a
    /// member of the queue and online; goes before that of a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_agent: Option<String>,
    /// Language of the contact as a BCP 47 tag (`es-MX`); what it is told is in it. Absent, or one that
    /// there are no texts in: the `language` among the contact's fields, else that of the bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Texts instead of the queue's, for the answer of this hand-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// Push the position in line and the estimated wait when they change, at most every 10 s by default.
    #[serde(default)]
    pub position_updates: bool,
    /// A test: goes to members who accept tests, counts only in the probe's figures.
    #[serde(default)]
    pub test: bool,
    /// Answer as if, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}
