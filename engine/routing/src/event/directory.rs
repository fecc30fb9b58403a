//! Objects and credentials.

use relevo_wire::directory::{Object, ObjectRef};
use rkyv::{Archive, Deserialize, Serialize};

/// A directory object was created or changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ObjectPut {
    /// Version of the tenant's directory from now on.
    pub version: u64,
    /// Number of the bot, queue or agent (0 for the tenant itself).
    pub id: u32,
    /// What it is.
    pub object: Box<Object>,
}

/// A directory object was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ObjectDeleted {
    /// Version of the tenant's directory from now on.
    pub version: u64,
    /// Its number.
    pub id: u32,
    /// Which.
    pub object: ObjectRef,
}

/// A credential was ended.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// Its prefix.
    pub prefix: String,
}
