//! What every end-to-end test stands on: the real daemon as a process, its directory, its parties.
//!
//! Nothing here waits for a time to pass: everything waits for what can be seen, with a bound
//! ([`wait::PATIENCE`]) after which the test fails and says what was missing.

pub mod binary;
pub mod config;
pub mod daemon;
pub mod deployment;
pub mod http;
pub mod inbox;
pub mod party;
pub mod raw;
pub mod scrape;
pub mod tools;
pub mod tree;
pub mod wait;

pub use config::Settings;
pub use daemon::{Daemon, Ready};
pub use deployment::{Deployment, Site};
pub use inbox::Inbox;
pub use party::{Agent, Bot};
