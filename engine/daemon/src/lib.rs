//! The daemon of Relevo, as a library: the shell around the routing core. It decides nothing.

pub mod admission;
pub mod config;
pub mod http;
pub mod keys;
pub mod metrics;
pub mod ring;
pub mod tls;
