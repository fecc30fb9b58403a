//! Programs that may or may not be on this machine.

use std::io::{Write, stderr};
use std::path::PathBuf;

/// Where a program is; says loudly what is skipped when it is nowhere.
#[must_use]
pub fn find(program: &str, skipped: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&paths).map(|path| path.join(program)).find(|at| at.is_file());
    if found.is_none() {
        // There is nobody left to tell when this fails.
        let _ = writeln!(stderr(), "SKIPPED: {skipped}: `{program}` is not installed here");
    }
    found
}
