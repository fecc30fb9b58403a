//! The daemon's own HTTP listener: `/metrics`, `/livez`, `/readyz`, `/admin/latency`.
//!
//! It reads and never changes anything, and listens on loopback unless the configuration says
//! otherwise: nobody is asked for a credential here. Connections, heads and times are bounded, so
//! that a stalled client takes nothing from the others.

mod routes;
mod serve;

pub use routes::{Health, HttpState};
pub use serve::serve;
pub(crate) use serve::{CONNECTION_BYTES, CONNECTIONS};
