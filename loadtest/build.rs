//! Tells the program which compiler built it, for the machine's description in a report.

use std::process::Command;

#[allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map_or_else(
        |_| "rustc of an unknown version".into(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    println!("cargo::rustc-env=LOADTEST_RUSTC={version}");
    println!("cargo::rerun-if-changed=build.rs");
}
