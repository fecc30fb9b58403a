//! The demonstration: a daemon with bots, agents and customers in one process.

use crate::exit::{Exit, Failure};

/// Runs the demonstration until Ctrl-C.
///
/// # Errors
/// This build has none.
pub fn run() -> Result<(), Failure> {
    Err(Failure::new(Exit::Failed, "this build has no demo yet"))
}
