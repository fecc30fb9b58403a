//! The fuzz targets of `tests/fuzz` under libFuzzer, each for so many seconds, and what came of it.
//!
//! Stable Rust instruments: the pass is LLVM's own, and libFuzzer comes with a crate. The inputs that a
//! search finds stay in `target/fuzz` for the next one. A finding ends its target's search; the input
//! lies where the report says.

use crate::harness::binary;
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// One input may take so long; most take microseconds.
const INPUT_SECONDS: u32 = 5;
/// What a target's process may hold.
const MEMORY_MIB: u32 = 1024;

/// What the compiler adds to every crate: counters of edges, and what is compared with what.
const INSTRUMENTATION: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// The release profile, quicker to build, our own crates fast, and with every check that only tests pay
/// for. Not a profile of its own: what only the build runs is the same, and is built once.
const PROFILE: [&str; 9] = [
    "opt-level=1",
    "lto=\"off\"",
    "codegen-units=16",
    "debug-assertions=true",
    "overflow-checks=true",
    "package.relevo.opt-level=3",
    "package.relevo-journal.opt-level=3",
    "package.relevo-routing.opt-level=3",
    "package.relevo-wire.opt-level=3",
];

/// How long and on what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Seconds for each target.
    pub seconds: u32,
    /// Targets by name; none: all.
    pub targets: Vec<String>,
    /// Targets that run at the same time.
    pub jobs: usize,
    /// What chance is made of.
    pub seed: u32,
}

/// What became of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Its name.
    pub target: String,
    /// How long it ran.
    pub took: Duration,
    /// Inputs tried.
    pub executions: u64,
    /// Edges of the program that were seen.
    pub edges: u64,
    /// Inputs that are kept, as each shows something of its own.
    pub kept: u64,
    /// Inputs that were findings.
    pub findings: Vec<PathBuf>,
    /// It ended as it must: its time was over.
    pub ended_well: bool,
    /// What it printed.
    pub log: PathBuf,
}

impl Search {
    /// It searched and found nothing wrong.
    #[must_use]
    pub fn held(&self) -> bool {
        self.ended_well && self.findings.is_empty() && self.executions > 0
    }
}

/// What a campaign came to.
#[derive(Debug)]
pub struct Report {
    /// Each target.
    pub searches: Vec<Search>,
}

impl Report {
    /// Every target searched and found nothing wrong.
    #[must_use]
    pub fn held(&self) -> bool {
        !self.searches.is_empty() && self.searches.iter().all(Search::held)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["seconds", "executions", "a second", "edges", "kept", "findings"];
        let [seconds, executions, rate, edges, kept, findings] = head;
        write!(
            f,
            "{:<14} {seconds:>8} {executions:>12} {rate:>10} {edges:>7} {kept:>6} {findings:>9}",
            "target"
        )?;
        for search in &self.searches {
            let seconds = search.took.as_secs();
            let rate = search.executions / seconds.max(1);
            let Search { target, executions, edges, kept, findings, .. } = search;
            let findings = findings.len();
            write!(
                f,
                "\n{target:<14} {seconds:>8} {executions:>12} {rate:>10} {edges:>7} {kept:>6} \
                 {findings:>9}"
            )?;
        }
        for search in self.searches.iter().filter(|search| !search.held()) {
            write!(f, "\n{}: see {}", search.target, search.log.display())?;
            for finding in &search.findings {
                write!(f, "\n  {}", finding.display())?;
            }
        }
        Ok(())
    }
}

/// Builds the targets and runs them.
///
/// # Errors
/// They cannot be built, a name is that of no target, or the disk refuses.
pub fn run(plan: &Plan) -> io::Result<Report> {
    let program = build()?;
    let all = corpora()?;
    if let Some(unknown) = plan.targets.iter().find(|name| !all.contains(name)) {
        let known = all.join(", ");
        return Err(io::Error::other(format!("no target has the name {unknown}: {known}")));
    }
    let chosen = if plan.targets.is_empty() { all } else { plan.targets.clone() };
    let waiting = Mutex::new(chosen.iter().cloned().enumerate().collect::<VecDeque<_>>());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let searched = thread::scope(|scope| {
        let searchers: Vec<_> = (0..plan.jobs)
            .map(|_| {
                scope.spawn(|| -> io::Result<Vec<(usize, Search)>> {
                    std::iter::from_fn(next)
                        .map(|(number, name)| Ok((number, search(&program, &name, plan)?)))
                        .collect()
                })
            })
            .collect();
        let joined = searchers
            .into_iter()
            .map(|searcher| searcher.join().expect("a searcher panics at nothing"));
        joined.collect::<io::Result<Vec<_>>>()
    })?;
    let mut searched: Vec<_> = searched.into_iter().flatten().collect();
    searched.sort_by_key(|(number, _)| *number);
    Ok(Report { searches: searched.into_iter().map(|(_, search)| search).collect() })
}

fn sources() -> PathBuf {
    binary::root().join("tests/fuzz")
}

fn results() -> PathBuf {
    binary::root().join("target/fuzz")
}

/// The targets: each has a corpus of its name.
fn corpora() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(sources().join("corpus"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The instrumented program.
fn build() -> io::Result<PathBuf> {
    let host = host()?;
    let mut cargo = binary::cargo();
    cargo.args(["build", "-p", "relevo-fuzz", "--features", "libfuzzer", "--release"]);
    for setting in PROFILE {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    // With a named target the flags are for the program alone, not for what builds it.
    let target = binary::root().join("target");
    cargo.args(["--target", &host]).arg("--target-dir").arg(&target);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTATION.join("\x1f"));
    let status = cargo.status()?;
    if !status.success() {
        return Err(io::Error::other(format!("building the targets: {status} (needs c++)")));
    }
    Ok(target.join(host).join("release/relevo-fuzz"))
}

/// The machine that this is, in the compiler's words.
fn host() -> io::Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| io::Error::other("rustc -vV names no host"))
}

fn search(program: &Path, name: &str, plan: &Plan) -> io::Result<Search> {
    let folder = |kind: &str| results().join(kind).join(name);
    let (found, findings) = (folder("found"), folder("findings"));
    for folder in [&found, &findings] {
        fs::create_dir_all(folder)?;
    }
    let log = results().join(format!("{name}.log"));
    let dictionary = sources().join("dictionaries").join(name);
    let mut command = Command::new(program);
    command.env("RELEVO_FUZZ_TARGET", name);
    command.arg(format!("-max_total_time={}", plan.seconds));
    command.arg(format!("-timeout={INPUT_SECONDS}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-seed={}", plan.seed));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    command.arg("-print_final_stats=1");
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    // New inputs go to the first folder.
    command.arg(&found).arg(sources().join("corpus").join(name));
    let output = File::create(&log)?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let before = listed(&findings)?;
    let started = Instant::now();
    let status = command.status()?;
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let mut new = listed(&findings)?;
    new.retain(|finding| !before.contains(finding));
    Ok(Search {
        target: name.to_owned(),
        took,
        executions: final_number(&said, "stat::number_of_executed_units:"),
        edges: last_number(&said, "cov: "),
        kept: last_number(&said, "corp: "),
        findings: new,
        ended_well: status.success(),
        log,
    })
}

fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The number on the line of the closing statistics that begins so.
fn final_number(said: &str, begins: &str) -> u64 {
    let line = said.lines().rev().find_map(|line| line.strip_prefix(begins));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The number behind a word in the last status line that has it.
fn last_number(said: &str, word: &str) -> u64 {
    let status = said.lines().rev().filter(|line| line.starts_with('#'));
    let after = status.filter_map(|line| line.split_once(word)).map(|(_, after)| after).next();
    let digits = after.and_then(|after| after.split(|sign: char| !sign.is_ascii_digit()).next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
#2\tINITED cov: 8 ft: 8 corp: 1/1b exec/s: 0 rss: 27Mb
#19519\tREDUCE cov: 10 ft: 12 corp: 3/14b lim: 184 exec/s: 0 rss: 27Mb L: 9/9 MS: 1 EraseBytes-
#20000\tDONE   cov: 11 ft: 12 corp: 4/14b lim: 184 exec/s: 0 rss: 27Mb
stat::number_of_executed_units: 148547
stat::average_exec_per_sec:     0
";

    #[test]
    fn the_figures_of_a_search_are_those_that_libfuzzer_says_last() {
        assert_eq!(final_number(SAID, "stat::number_of_executed_units:"), 148_547);
        assert_eq!((last_number(SAID, "cov: "), last_number(SAID, "corp: ")), (11, 4));
        assert_eq!((final_number("", "stat::"), last_number("", "cov: ")), (0, 0));
    }

    #[test]
    fn a_search_without_executions_or_with_findings_does_not_hold() {
        let held = Search {
            target: "frames".into(),
            took: Duration::from_secs(60),
            executions: 1,
            edges: 1,
            kept: 1,
            findings: vec![],
            ended_well: true,
            log: PathBuf::new(),
        };
        assert!(held.held());
        assert!(!Search { executions: 0, ..held.clone() }.held());
        assert!(!Search { ended_well: false, ..held.clone() }.held());
        assert!(!Search { findings: vec!["crash-1".into()], ..held }.held());
        assert!(!Report { searches: vec![] }.held());
    }
}
