//! Contacts in lists.

use rkyv::{Archive, Deserialize, Serialize};

/// Blocked contacts, newest first.
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
pub struct BlockedContacts {
    /// A page of them; it may be short, or empty, before the last.
    pub blocked: Vec<BlockedContact>,
    /// `after` of the next page; absent: this is the last.
    pub next: Option<u64>,
}

/// A blocked contact.
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
pub struct BlockedContact {
    /// Whose contact.
    pub bot: String,
    /// Its id.
    pub contact: String,
    /// Why.
    pub reason: String,
    /// Since when, in microseconds since 1970.
    pub since: u64,
    /// Until when; absent: until somebody unblocks it.
    pub until: Option<u64>,
}
