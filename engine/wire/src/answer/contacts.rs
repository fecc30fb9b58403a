//! Contacts in lists.

use crate::vocabulary::Callback;
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

/// Contacts who came outside the hours or waited at closing time, newest first.
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
pub struct Callbacks {
    /// A page of them; it may be short, or empty, before the last.
    pub callbacks: Vec<CallbackEntry>,
    /// `after` of the next page; absent: this is the last.
    pub next: Option<u64>,
}

/// A contact in a call-back list.
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
pub struct CallbackEntry {
    /// When it came, in microseconds since 1970.
    pub at: u64,
    /// Its bot.
    pub bot: String,
    /// The queue that was closed.
    pub queue: String,
    /// Its id: where to reach it.
    pub contact: String,
    /// Its name, or empty.
    pub name: String,
    /// Whether it wants to be called back.
    pub callback: Callback,
}
