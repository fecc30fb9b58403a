//! Measurements of Relevo against raw limits in the same run.
//!
//! A figure here is a ratio: the same work against the bare library on the same machine in the same
//! minute. In process: decisions, codec, journal (`cargo bench`). Over real QUIC on the loopback,
//! each server in a process of its own: [`limits`] and [`memory`]. A lost or doubled answer fails
//! the run.

pub mod bare;
pub mod driver;
pub mod frames;
pub mod in_process;
pub mod lane;
pub mod limits;
pub mod machine;
pub mod memory;
pub mod process;
pub mod report;
pub mod scrape;
pub mod splitter;
pub mod statistics;
pub mod transport;
