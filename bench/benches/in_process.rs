//! `cargo bench -p relevo-bench`: what needs no network. Options after `--`.

use clap::Parser;
use relevo_bench::in_process::{self, Turns};
use relevo_bench::machine;
use relevo_bench::report::Report;
use std::path::PathBuf;
use std::time::Duration;

/// That of the daemon, so that the raw limits have what it has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Decisions, rules, codec and journal beside their raw limits.
#[derive(Debug, Parser)]
struct Options {
    /// Only what has this in its name: decisions, line long, line empty, rules, skills,
    /// codec, journal.
    #[arg(long, default_value = "")]
    only: String,
    /// Alternating pairs of raw limit and Relevo.
    #[arg(long, default_value_t = 7)]
    pairs: usize,
    /// Length of each run in seconds.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// One pair of a second: that it runs, no claim.
    #[arg(long)]
    quick: bool,
    /// Writes the report here too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// A directory on the disk to measure [default: that of this program].
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Given by `cargo bench`; without it, as under `cargo test`, the run is quick.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let turns = if options.quick || !options.bench {
        Turns { pairs: 1, each: Duration::from_secs(1), claim: false }
    } else {
        let each = Duration::from_secs_f64(options.seconds);
        Turns { pairs: options.pairs, each, claim: options.pairs >= 7 && options.seconds >= 5.0 }
    };
    let directory = machine::directory(options.directory)?;
    let mut report = Report::new();
    report.rows = in_process::all(turns, &options.only, &directory)?;
    report.publish(options.json.as_deref())
}
