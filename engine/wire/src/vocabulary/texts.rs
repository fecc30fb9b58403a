//! What a customer is told in a queue's name.

use rkyv::{Archive, Deserialize, Serialize};

/// Texts for the customer at a hand-off.
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
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Said when an agent is online.
    pub online: String,
    /// Said when nobody is.
    pub offline: String,
    /// Said when the line is full.
    pub full: String,
    /// Said while the queue's opening hours have it closed.
    pub closed: String,
    /// Said to a customer who has been silent for too long.
    pub inactive: String,
}

impl Default for Texts {
    /// Blip Desk's texts, and those for what it does not have.
    fn default() -> Self {
        Self {
            online: "Let's send you to an available agent".into(),
            offline: "There are no agents available at this time. When one becomes available, \
                      we'll connect you."
                .into(),
            full: "All our agents are busy at the moment. Please try again later.".into(),
            closed:
                "We are closed at the moment. Please write to us again during our opening hours."
                    .into(),
            inactive: "Are you still there? Without an answer we will end this conversation."
                .into(),
        }
    }
}
