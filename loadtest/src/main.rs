//! `relevo-loadtest`: see `--help`.

use anyhow::Result;
use clap::Parser;
use relevo_loadtest::arguments::{Arguments, Subcommands};
use relevo_loadtest::report::Report;
use relevo_loadtest::{compare, load, queueing, soak};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// A check failed.
const FAILED: u8 = 1;
/// The run could not be made.
const IMPOSSIBLE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "relevo-loadtest: {error:#}");
            ExitCode::from(IMPOSSIBLE)
        }
    }
}

/// Tells whether every check passed.
fn run(arguments: Arguments) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.command {
        None => runtime.block_on(Box::pin(run_load(arguments.load))),
        Some(Subcommands::Run(load)) => runtime.block_on(Box::pin(run_load(load))),
        Some(Subcommands::Erlang(arguments)) => {
            let rows = runtime.block_on(Box::pin(queueing::erlang(&arguments)))?;
            say(&queueing::table(&rows))?;
            let failures: Vec<String> = rows.iter().flat_map(queueing::Row::failures).collect();
            failures.iter().try_for_each(|why| say(&format!("FAILED: {why}")))?;
            Ok(failures.is_empty())
        }
        Some(Subcommands::Soak(arguments)) => runtime.block_on(Box::pin(run_soak(arguments))),
        Some(Subcommands::Compare { first, second }) => run_compare(&first, &second),
    }
}

async fn run_load(arguments: relevo_loadtest::arguments::Load) -> Result<bool> {
    let report = load::load(&arguments, without_key(&command(), &arguments)).await?;
    say(&report.summary()?)?;
    if let Some(folder) = &arguments.out {
        report.write(folder)?;
        say(&format!("report: {}", folder.join("report.html").display()))?;
    }
    Ok(report.passed())
}

async fn run_soak(arguments: relevo_loadtest::arguments::Soak) -> Result<bool> {
    let report = soak::soak(&arguments, command()).await?;
    say(&report.summary())?;
    if let Some(folder) = &arguments.out {
        report.write(folder)?;
        say(&format!("report: {}", folder.join("soak.html").display()))?;
    }
    Ok(report.passed())
}

/// The command line, as it is shown in a report.
fn command() -> String {
    let arguments = std::env::args().enumerate();
    let shown = arguments.map(|(at, text)| if at == 0 { program(&text) } else { text });
    shown.collect::<Vec<_>>().join(" ")
}

fn run_compare(first: &Path, second: &Path) -> Result<bool> {
    let (first, second) = (Report::read(first)?, Report::read(second)?);
    let obstacles = compare::obstacles(&first, &second);
    if obstacles.is_empty() {
        say(&compare::table(&compare::compare(&first, &second)?))?;
        return Ok(true);
    }
    say("these runs cannot be compared:")?;
    obstacles.iter().try_for_each(|why| say(&format!("  {why}")))?;
    Ok(false)
}

/// The name of this program without the folder that it lies in.
fn program(path: &str) -> String {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.to_owned())
}

/// A report holds no secrets.
fn without_key(command: &str, arguments: &relevo_loadtest::arguments::Load) -> String {
    match &arguments.against.key {
        Some(key) => command.replace(key.as_str(), "KEY"),
        None => command.to_owned(),
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
