//! The protocol of Relevo: commands, answers, pushes and errors, and their two codecs.
//!
//! One set of types travels three ways (QUIC with rkyv frames, QUIC with JSON lines, and later
//! WebSocket with the same JSON). This crate knows no daemon, no journal and no socket: bytes in,
//! values out. Every byte from outside is hostile: lengths are capped before allocation, rkyv is
//! read with checked access only, and there are no hash maps, shared pointers or recursive types.

pub mod answer;
pub mod catalogue;
pub mod command;
pub mod directory;
pub mod error;
pub mod estimate;
pub mod failures;
pub mod frame;
pub mod ids;
pub mod json;
pub mod limits;
pub mod packed;
mod pairs;
pub mod push;
mod reference;
pub mod validate;
pub mod vocabulary;

pub use answer::Answer;
pub use command::{Command, Request};
pub use error::{ErrorCode, WireError};
pub use estimate::EstimatedWait;
pub use ids::{AgentId, BotId, ContactKey, QueueId, RequestId, SessionId, TenantId, TicketId};
pub use packed::Packed;
pub use push::{Entry, EntryEvent, Push};
