//! Commands that change and list the directory.

use crate::directory::{Object, ObjectRef};
use rkyv::{Archive, Deserialize, Serialize};

/// Creates or changes a directory object.
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
pub struct Put {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it is to be.
    pub object: Box<Object>,
    /// Refuse unless the present version is this one (0: it must not exist).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
}

/// Deletes a directory object. What is in use is refused with counts.
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
pub struct Delete {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Which.
    pub object: ObjectRef,
}

/// Lists the directory, a page at a time.
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
pub struct ListDirectory {
    /// The tenant, for an operator; an admin's own otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Leaves out so many objects: what the page before gave as `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
}

/// Changes several objects of a tenant's directory at once: each as if those before it had been made,
/// and all of them or none.
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
pub struct Apply {
    /// The tenant, for an operator; an admin's own otherwise. It may be one that the first change
    /// makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// In this order; at most 4,096.
    pub changes: Vec<Change>,
    /// Answer as if, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// One change of an `apply`.
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
pub enum Change {
    /// Creates or changes an object.
    Put(PutChange),
    /// Deletes an object.
    Delete(DeleteChange),
}

/// Creates or changes an object.
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
pub struct PutChange {
    /// What it is to be.
    pub object: Box<Object>,
    /// Refuse unless the present version is this one (0: it must not exist).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
}

/// Deletes an object. What is in use is refused with counts.
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
pub struct DeleteChange {
    /// Which.
    pub object: ObjectRef,
    /// Refuse unless the present version is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
}
