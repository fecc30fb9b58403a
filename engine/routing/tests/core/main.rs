//! The decisions of the core as values: inputs in, events out. One test per statement.

mod ageing;
mod assignment;
mod changes;
mod common;
mod directory;
mod explain;
mod fairness;
mod hand_off;
mod idempotency;
mod members;
mod messages;
mod outcomes;
mod positions;
mod preferred;
mod presence;
mod pull;
mod random;
mod record;
mod restart;
mod skills;
mod stats;
mod transfer;
mod traps;
mod world;
