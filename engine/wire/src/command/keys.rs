//! Credentials: made, listed, revoked.

use crate::vocabulary::Role;
use rkyv::{Archive, Deserialize, Serialize};

/// Makes a credential. Its secret is in the answer and nowhere else.
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
pub struct CreateKey {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it may be used for.
    pub role: Role,
    /// Name of the bot or agent; empty for admins.
    #[serde(default)]
    pub owner: String,
    /// What it is for, to be shown in lists.
    #[serde(default)]
    pub label: String,
}

/// Lists credentials without their secrets.
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
pub struct ListKeys {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Ends a credential; its sessions are closed.
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
pub struct RevokeKey {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The prefix that lists show.
    pub prefix: String,
}
