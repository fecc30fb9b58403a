//! `relevo-bench`: the side-by-side measurements.

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use relevo_bench::bare::{self, Bare};
use relevo_bench::driver::stage::Messages;
use relevo_bench::report::Report;
use relevo_bench::{limits, machine, memory};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use tokio::runtime::{Builder, Runtime};

/// That of the daemon, so that the raw limits have what it has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Relevo beside raw limits, over real QUIC on the loopback.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Messages, whole cycles and latency beside the bare relay.
    Limits(Limits),
    /// Resident memory of an idle session and a waiting ticket.
    Memory(Memory),
    /// A bare server: started by the others.
    #[command(hide = true)]
    Bare {
        /// Which.
        server: Bare,
        /// Worker threads.
        #[arg(long)]
        threads: usize,
        /// Where a log is made.
        #[arg(long)]
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// The daemon's program [default: `relevo` beside this program, built first under cargo].
    #[arg(long)]
    relevo: Option<PathBuf>,
    /// The raw limits alone, without the daemon.
    #[arg(long)]
    raw_only: bool,
    /// Small and short: that it runs, no claim.
    #[arg(long)]
    quick: bool,
    /// Writes the report here too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// A directory on the disk to measure [default: that of this program].
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Worker threads of the driver.
    #[arg(long, default_value_t = 2)]
    driver_threads: usize,
    /// Worker threads of a bare server.
    #[arg(long, default_value_t = 2)]
    server_threads: usize,
}

#[derive(Debug, Args)]
struct Limits {
    #[command(flatten)]
    common: Common,
    /// Only scenarios with this in their name: relay-16x16, relay-64x8, cycle.
    #[arg(long, default_value = "")]
    only: String,
    /// Alternating pairs of raw limit and Relevo.
    #[arg(long, default_value_t = 7)]
    pairs: usize,
    /// Length of each run in seconds.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Bytes of a message's packed body.
    #[arg(long, default_value_t = 256)]
    message_bytes: usize,
    /// Messages without ids of their own: a repeat would not be recognised.
    #[arg(long)]
    no_message_ids: bool,
    /// In cycles, nobody confirms what it got: the daemon keeps closed tickets resumable.
    #[arg(long)]
    no_cycle_receipts: bool,
}

#[derive(Debug, Args)]
struct Memory {
    #[command(flatten)]
    common: Common,
    /// Most sessions; memory is read at each fifth.
    #[arg(long, default_value_t = 5_000)]
    sessions: usize,
    /// Most waiting tickets; memory is read at each fifth.
    #[arg(long, default_value_t = 500_000)]
    tickets: usize,
}

/// Shorter runs make no claim.
const CLAIM_PAIRS: usize = 7;
const CLAIM_SECONDS: f64 = 5.0;
/// Fewer sessions and tickets make no claim.
const CLAIM_SESSIONS: usize = 5_000;
const CLAIM_TICKETS: usize = 500_000;

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Limits(task) => measure_limits(task),
        Task::Memory(task) => measure_memory(task),
        Task::Bare { server, threads, directory } => {
            end_with_the_parent();
            runtime(threads)?.block_on(bare::serve(server, &directory))
        }
    }
}

fn measure_limits(task: Limits) -> Result<()> {
    let quick = task.common.quick;
    let (pairs, seconds) = if quick { (1, 1.0) } else { (task.pairs, task.seconds) };
    let options = limits::Options {
        relevo: task.common.daemon()?,
        only: task.only,
        pairs,
        window: limits::window(seconds),
        claim: pairs >= CLAIM_PAIRS && seconds >= CLAIM_SECONDS,
        server_threads: task.common.server_threads,
        messages: Messages { body_bytes: task.message_bytes, ids: !task.no_message_ids },
        cycle_receipts: !task.no_cycle_receipts,
        directory: machine::directory(task.common.directory)?,
    };
    let mut report = Report::new();
    report.rows = runtime(task.common.driver_threads)?.block_on(limits::all(&options))?;
    ensure!(!report.rows.is_empty(), "no scenario has `{}` in its name", options.only);
    report.publish(task.common.json.as_deref())
}

fn measure_memory(task: Memory) -> Result<()> {
    let quick = task.common.quick;
    let (sessions, tickets) = if quick { (250, 10_000) } else { (task.sessions, task.tickets) };
    ensure!(sessions >= 5 && tickets >= 5, "a slope needs five points");
    let options = memory::Options {
        relevo: task.common.daemon()?,
        sessions,
        tickets,
        claim: sessions >= CLAIM_SESSIONS && tickets >= CLAIM_TICKETS,
        server_threads: task.common.server_threads,
        directory: machine::directory(task.common.directory)?,
    };
    let mut report = Report::new();
    report.rows = runtime(task.common.driver_threads)?.block_on(memory::all(&options))?;
    report.publish(task.common.json.as_deref())
}

impl Common {
    /// The daemon's program, unless only raw limits are wanted.
    fn daemon(&self) -> Result<Option<PathBuf>> {
        if self.raw_only {
            return Ok(None);
        }
        let program = match &self.relevo {
            Some(program) => program.clone(),
            None => built_beside()?,
        };
        ensure!(
            program.is_file(),
            "there is no {}: `cargo build --release -p relevo` makes it, `--relevo` names another, \
             `--raw-only` does without",
            program.display()
        );
        Ok(Some(program))
    }
}

/// `relevo` beside this program. Under `cargo run` it is built first: an old one would be measured
/// for the new.
fn built_beside() -> Result<PathBuf> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "-p", "relevo", "--manifest-path", manifest]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let status = build.status().context("cannot run cargo")?;
        ensure!(status.success(), "the daemon was not built");
    }
    Ok(std::env::current_exe()?.with_file_name("relevo"))
}

fn runtime(threads: usize) -> Result<Runtime> {
    let mut builder = match threads {
        0 | 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads.max(1)).enable_all().build().context("no runtime")
}

/// A server whose parent has ended has nobody left to serve.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        // The end of the input and an error say the same.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
