//! Finds what a test runs: the daemon's binary.
//!
//! `RELEVO_BIN` names it; else it is the `relevo` beside this test's own binary (the same target
//! directory and profile). `cargo test --workspace` has made it; where it is missing or older than
//! the sources, `cargo build -p relevo --bin relevo` makes it, once per process, so that no test
//! runs yesterday's daemon.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The daemon's binary, built when it was not named.
///
/// # Panics
/// It cannot be built.
pub fn relevo() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("RELEVO_BIN") {
        Some(named) => named.into(),
        None => built("relevo", &["-p", "relevo", "--bin", "relevo"], &["engine"]),
    })
}

/// The binary of the campaigns: this process's own, or the one beside it, built.
///
/// # Panics
/// It cannot be built.
pub fn campaigns() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let own = env::current_exe().expect("a running process has a binary");
        if own.file_name().is_some_and(|name| name == "relevo-tests") {
            return own;
        }
        let arguments = ["-p", "relevo-tests", "--bin", "relevo-tests"];
        built("relevo-tests", &arguments, &["engine", "tests"])
    })
}

/// The library that stands between a process and its files, built.
///
/// # Panics
/// It cannot be built.
pub fn powercut() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        built("librelevo_powercut.so", &["-p", "relevo-powercut"], &["tests/powercut"])
    })
}

/// A file of the profile's folder, made when it is missing or older than what it is made of.
fn built(name: &str, arguments: &[&str], sources: &[&str]) -> PathBuf {
    let file = profile_folder().join(name);
    let newest = sources.iter().filter_map(|folder| newest(&root().join(folder))).max();
    let made = fs::metadata(&file).and_then(|file| file.modified()).ok();
    if made.is_none() || made < newest {
        build(arguments);
    }
    file
}

/// When the last change of a folder's sources was.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let changed = entries.filter_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            newest(&path)
        } else {
            let is_source = path.extension().is_some_and(|end| end == "rs" || end == "toml");
            entry.metadata().and_then(|file| file.modified()).ok().filter(|_| is_source)
        }
    });
    changed.max()
}

fn build(arguments: &[&str]) {
    let folder = profile_folder();
    let target = folder.parent().expect("a profile's folder stands in the target folder");
    let mut command = cargo();
    command.arg("build").args(arguments).arg("--target-dir").arg(target);
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(profile) => {
            command.args(["--profile", profile]);
        }
    }
    let output = command.output().expect("cargo can be run where its tests run");
    assert!(
        output.status.success(),
        "cargo build {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Cargo in the repository, as if no other cargo had started this process.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What the outer cargo told this process would make build scripts run again, here and there.
    for (name, _) in env::vars_os() {
        let told =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| told.iter().any(|told| name.starts_with(told))) {
            command.env_remove(name);
        }
    }
    command
}

/// The repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository")
}

/// `target/debug`, `target/release`, ...: this binary stands in it, or in its `deps`.
fn profile_folder() -> PathBuf {
    let own = env::current_exe().expect("a running process has a binary");
    let folder = own.parent().expect("a binary stands in a folder");
    if folder.ends_with("deps") { folder.parent().expect("deps has a parent") } else { folder }
        .to_path_buf()
}
