//! `relevo version`: what this binary is.

use super::output;
use crate::exit::Failure;
use std::env::consts::{ARCH, OS};

pub(super) fn run() -> Result<(), Failure> {
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let version = env!("CARGO_PKG_VERSION");
    output::line(&format!(
        "relevo {version} ({build}, {ARCH}-{OS})\nprotocols relevo/1, relevo-json/1"
    ))
}
