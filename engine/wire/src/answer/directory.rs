//! Answers about the directory.

use crate::directory::{Object, Versioned};
use rkyv::{Archive, Deserialize, Serialize};

/// A directory object was stored.
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
pub struct Stored {
    /// Its version now.
    pub version: u64,
}

/// A page of a tenant's directory. Pages of one version are one directory: where another page has
/// another version, it has changed meanwhile, and is to be listed anew.
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
pub struct DirectoryAnswer {
    /// Version of the directory that this is a page of.
    pub version: u64,
    /// Objects with their versions.
    pub objects: Vec<Versioned<Object>>,
    /// What `after` of the next page is; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// What an `apply` came to.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Applied {
    /// Version of the tenant's directory now.
    pub version: u64,
    /// Objects that were not there before.
    pub created: u32,
    /// Objects that were there and are other ones now.
    pub changed: u32,
    /// Objects that are there no more.
    pub deleted: u32,
    /// Changes that changed nothing.
    pub unchanged: u32,
}
