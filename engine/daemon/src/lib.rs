//! The daemon: sessions, shards, publish, recovery, and what shows how they are.
//!
//! ```text
//! QUIC ─bytes─► session ─command─► shard ring ─► shard ─record─► journal ─► publish ─► outbox ─► QUIC
//! ```
//! It moves what the routing core decides; it decides nothing. A stage calls only to its right.

pub mod admission;
mod allocator;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod exit;
mod explain;
pub(crate) mod files;
pub mod fold;
pub mod http;
pub mod keys;
mod lobby;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod publish;
pub mod quic;
pub mod ring;
mod rules;
pub mod runtime;
pub mod session;
pub mod shard;
mod sync;
pub mod telemetry;
pub mod tenants;
pub mod tls;
pub mod views;
