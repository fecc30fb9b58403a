//! Why a customer is handed over.

use rkyv::{Archive, Deserialize, Serialize};

/// Why the bot handed the customer over.
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
pub enum HandOffReason {
    /// The dialogue foresees it.
    Planned,
    /// The bot could not go on.
    Fallback,
    /// The customer asked for a human.
    Requested,
}
