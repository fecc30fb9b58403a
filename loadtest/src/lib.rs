//! The load test of Relevo: many bots, customers and agents over real QUIC, open-loop, seeded.
//!
//! ```text
//! plan (seed) ─► pacer ─due─► desks (bots, agents) ─commands─► relevo-client ─► daemon
//!                               │  ▲                               │
//!                               │  └───────── entries, answers ◄───┘
//!                               └─► recorder (times), checker (right?) ─► report
//! ```
//! It knows of the daemon only what a client can know: everything in its report comes from what
//! the sessions saw, from the process that it started, and from the daemon's `/metrics`.

pub mod arguments;
pub mod arrivals;
pub mod bodies;
pub mod checker;
pub mod compare;
pub mod daemon;
pub mod desk;
pub mod erlang;
pub mod load;
pub mod machine;
pub mod pacer;
pub mod phases;
pub mod plan;
pub mod progress;
pub mod queueing;
pub mod ramp;
pub mod random;
pub mod report;
pub mod run;
pub mod scrape;
pub mod session;
pub mod setup;
pub mod soak;
pub mod stamp;
pub mod statistics;
pub mod tenant;
pub mod world;
