//! Sessions: a connection of a bot, an agent or an admin, from its bytes to commands and back.
//!
//! ```text
//! lane bytes ─► frames ─► checks, admission ─► shard ring          (lane.rs, command.rs)
//! publish ─► Session::outbox ─► lane writer ─► bytes               (outbox.rs, writer.rs)
//! ```
//! A session knows who it is and what it may ask. It decides nothing about tickets.

mod absence;
mod admin;
pub mod buffers;
mod catch_up;
pub mod command;
mod contacts;
mod directory;
mod explain;
mod hello;
pub mod intake;
pub mod lane;
pub mod outbox;
mod queues;
mod request;
pub mod serve;
mod state;

pub use state::{Codec, Party, REVOKED, Resume, Session};
