//! Whoever runs the desk acts on a queue.

use crate::vocabulary::QueueMode;
use rkyv::{Archive, Deserialize, Serialize};

/// Opens, drains or closes a queue, at once and until a time. It is no part of the directory: an `apply`
/// leaves it as it is.
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
pub struct SetQueueMode {
    /// As `bot/queue`.
    pub queue: String,
    /// Whom it takes from now on.
    pub mode: QueueMode,
    /// What whoever is refused is told, in place of the queue's text `closed`; empty: that one. Only
    /// with `drain` and `closed`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it is `open` again, in microseconds since 1970; absent: when somebody says so. Only with
    /// `drain` and `closed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Tells everybody who waits in a queue something, as a message of the system in each ticket.
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
pub struct NotifyWaiting {
    /// As `bot/queue`.
    pub queue: String,
    /// What whoever understands none of the languages below is told.
    pub text: String,
    /// What whoever understands one of the languages `en`, `es` and `pt-BR` is told.
    #[serde(default, with = "crate::pairs", skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<(String, String)>,
}
