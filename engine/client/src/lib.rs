//! The client of Relevo: bots, agents and admins over QUIC, typed and asynchronous.
//!
//! ```text
//! BotClient, AgentClient, AdminClient ─frames─► Shared ─► Session (one task) ─► QUIC
//! Events ◄──────── pushes, in order, once ───── Shared ◄─ Tickets (cursors) ◄──┘
//! ```
//! A [`Connector`] owns the sockets; many sessions share one. A session is one connection and one
//! task: its first lane carries `hello` and the pushes, a second one the commands and answers, so
//! that a consumer that does not take its events still gets its answers. A lost connection is
//! replaced (full jitter), the cursors of all tickets are told, and what was unanswered is repeated
//! in order; idempotency keys and client message ids keep a repeat from being a duplicate.
//!
//! A session is over when the program closes it, when its key is revoked or refused, or when there is
//! no reconnect: [`Events::next`] then gives `None`, requests end as [`ClientError::Closed`], and a
//! [`Connector`] opens another. What the daemon refuses ([`ClientError::Refused`]) was not carried out
//! and is not repeated: `overloaded`, `unavailable` and `storage_full` are worth another try later.
//!
//! This crate knows neither routing nor the daemon, and keeps nothing on disk.

mod backoff;
mod client;
mod connector;
mod events;
mod inbound;
mod options;
mod roles;
mod session;
mod shared;
mod tickets;
mod tls;
mod typed;
mod unanswered;

pub use client::{Client, ClientError, Pending};
pub use connector::{ConnectError, Connector};
pub use events::{ClientEvent, Events};
pub use options::{InvalidFingerprint, Options, Receipts, Reconnect, Trust};
pub use relevo_wire as wire;
pub use roles::{AdminClient, AgentClient, BotClient, HandOffAnswer, Listing, MessageOptions};
