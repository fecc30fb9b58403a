//! Contacts of a bot whom an admin blocks, and who are to be called back.

use rkyv::{Archive, Deserialize, Serialize};

/// Blocks a contact of a bot: its hand-offs are refused until the end, or until somebody unblocks it. What
/// it has open goes on. Who is blocked already gets the new reason and end.
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
pub struct BlockContact {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whose contact.
    pub bot: String,
    /// Its id, as the bot hands it over.
    pub contact: String,
    /// Why, for people; the customer never sees it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Until when, in microseconds since 1970; absent: until somebody unblocks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Unblocks a contact.
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
pub struct UnblockContact {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whose contact.
    pub bot: String,
    /// Its id.
    pub contact: String,
}

/// Lists blocked contacts, newest first, a page at a time.
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
pub struct ListBlocked {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of this bot; absent: of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
    /// `next` of the page before; absent: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// Notes whether a customer wants to be called back, who waits or was refused outside the hours.
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
pub struct WantCallback {
    /// Who.
    pub contact: String,
    /// He wants to.
    pub yes: bool,
}

/// Lists who came outside the hours or waited at closing time, newest first, a page at a time.
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
pub struct ListCallbacks {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of this bot; absent: of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
    /// `next` of the page before; absent: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}
