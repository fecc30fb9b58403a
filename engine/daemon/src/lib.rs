//! The daemon of Relevo, as a library: the shell around the routing core. It decides nothing.

pub mod admission;
pub mod config;
pub mod keys;
pub mod ring;
pub mod tls;
