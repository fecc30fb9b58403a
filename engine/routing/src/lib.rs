//! The decisions of Relevo: tickets, queues, agents, timers, seats.
//!
//! ```text
//! Input + now ──► Tenant::handle ──► Step { events, reply }      (live traffic)
//!                        │ apply(&Event)  ◄──── the log           (recovery: the same apply)
//! ```
//!
//! A tenant's state is a plain value. `handle` validates an input against it, makes events, and
//! every change of state happens in `apply`, which live traffic and recovery share. Nothing here
//! knows tokio, sockets, files, a clock, randomness or locks; no hash map is ever iterated. The one
//! thing that other threads touch is a seat word ([`seats`]), which is handed to `handle` as an
//! argument and is no part of the state.

mod apply;
pub mod audit;
pub mod directory;
mod estimate;
pub mod event;
mod handle;
pub mod hours;
pub mod input;
mod matching;
mod origin;
mod overflow;
mod past;
#[cfg(planted)]
pub mod planted;
mod positions;
pub mod record;
pub mod rules;
pub mod seats;
mod settings;
pub mod snapshot;
mod state;
pub mod stats;
pub mod step;
pub mod tenant;
pub mod texts;

pub use event::Event;
pub use input::Input;
pub use step::{Reply, Step};
pub use tenant::{Origin, Settings, Tenant};

/// Microseconds since 1970 by the daemon's clock, which never goes back.
pub type Micros = u64;
