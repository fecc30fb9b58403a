//! Shards: each owns the whole routing state of a set of tenants.
//!
//! ```text
//! ring ─► ShardMachine::handle ─► Submission<Outcome> ─► journal
//! ```
//! [`machine`] is the plain state machine; [`thread`] drives it with the ring and the clock.
//! Of what a shard finds only places in line go to a session past the journal: they are hints.

pub mod machine;
mod positions;
pub mod presence;
pub mod thread;

use std::time::Instant;

use bytes::Bytes;
use relevo_routing::input::Command;
use relevo_wire::ids::TenantId;

use crate::admission::Permit;
use crate::publish::outcome::Asker;

/// What a shard is asked.
#[derive(Debug)]
pub struct ShardInput {
    /// The tenant.
    pub tenant: TenantId,
    /// What happened.
    pub command: Command,
    /// Body, details or note: it passes by unread.
    pub private: Bytes,
    /// Who waits for the result.
    pub asker: Asker,
    /// When the frame was read.
    pub received: Instant,
    /// Budget that is held until publish has passed the result on.
    pub permit: Option<Permit>,
}

/// The shard of a tenant: stable for a number of shards. State and records are keyed by tenant, so
/// the number may change between starts.
#[must_use]
pub fn shard_of(tenant: TenantId, shards: usize) -> usize {
    // The id is a digest: its low bits are as good as any hash.
    usize::try_from(tenant.0 % shards as u64).expect("less than the number of shards")
}
