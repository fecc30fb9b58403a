//! The decisions of the core as values: inputs in, events out. One test per statement.

mod ageing;
mod assignment;
mod changes;
mod common;
mod directory;
mod explain;
mod hand_off;
mod hours;
mod idempotency;
mod messages;
mod outcomes;
mod positions;
mod presence;
mod pull;
mod random;
mod record;
mod restart;
mod schedule;
mod skills;
mod stats;
mod transfer;
mod traps;
mod world;
