//! The command line: what there is, and how each command ends the process.
//!
//! `serve`, `check-config`, `config`, `rules` and `demo` work on this machine alone. Every other command is a
//! client of a running daemon: the daemon alone holds its data directory.

mod apply;
mod callbacks;
mod configuration;
mod contacts;
mod credentials;
mod demo;
mod diff;
mod directory;
mod explain;
mod healthcheck;
mod output;
mod probe;
mod queue;
mod remote;
mod rules;
mod serve;
mod span;
mod status;
mod version;

use crate::exit::{self, Exit, Failure};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Routing of customers between bots and human agents.
///
/// `relevo serve` without a file listens on loopback and prints what a client needs.
#[derive(Debug, Parser)]
#[command(name = "relevo", version, after_help = exit::HELP, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Serve {
        /// Configuration file; without it everything has its default
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: Option<PathBuf>,
        /// Go on without what is damaged of the log, if no more than so many groups are lost with it:
        /// the number that the refusal to start names. What is given up is kept under `lost/`
        #[arg(long, value_name = "GROUPS")]
        accept_loss: Option<u64>,
    },
    /// Check a configuration file and the files it names: every problem at once
    CheckConfig {
        /// Configuration file
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: PathBuf,
    },
    /// Show configurations
    #[command(subcommand)]
    Config(configuration::Config),
    /// Show a daemon at work: bots, agents and customers on this machine; ends with Ctrl-C
    Demo(demo::Demo),
    /// Make, list and revoke credentials
    #[command(subcommand)]
    Key(credentials::Key),
    /// Bring the directory of a tenant to what a file says: all of it or nothing
    ///
    /// Shows what is different, and changes it in one step: `+` is new, `~` is changed, `-` is deleted, `.`
    /// is kept though the file does not name it, `=` is the same. What somebody else changes meanwhile is
    /// not overwritten: then nothing is applied.
    Apply(apply::Apply),
    /// Change and list tenants, agents, bots and queues of a running daemon
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Block and unblock contacts
    #[command(subcommand)]
    Contact(contacts::Contact),
    /// List who came outside the hours or waited at closing time, newest first, for 7 days
    Callbacks(callbacks::Callbacks),
    /// Act on a queue of a running daemon
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Try the routing rules of a directory file, on this machine alone
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Show the live numbers of a running daemon
    Status(status::Status),
    /// Show what a ticket waits for, or why its agent has it
    Explain(explain::Explain),
    /// Send a test customer the whole way through a running daemon, and show the times
    Probe(probe::Probe),
    /// Ask a daemon whether it takes sessions (GET /readyz): exit code 0 yes, 1 no, 69 unreachable
    Healthcheck(healthcheck::Healthcheck),
    /// Show version and build
    Version,
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    exit::end_on_panic();
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    match run(command) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            if !failure.message.is_empty() {
                // There is nobody left to tell when this fails.
                let _ = writeln!(std::io::stderr(), "relevo: {failure}");
            }
            failure.exit.into()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { config, accept_loss } => serve::run(config.as_deref(), accept_loss),
        Command::CheckConfig { config } => configuration::check(&config),
        Command::Config(config) => configuration::run(&config),
        Command::Demo(demo) => demo.run(),
        Command::Key(key) => key.run(),
        Command::Apply(apply) => apply.run(),
        Command::Directory(directory) => directory.run(),
        Command::Contact(contact) => contact.run(),
        Command::Callbacks(callbacks) => callbacks.run(),
        Command::Queue(queue) => queue.run(),
        Command::Rules(rules) => rules.run(),
        Command::Status(status) => status.run(),
        Command::Explain(explain) => explain.run(),
        Command::Probe(probe) => probe.run(),
        Command::Healthcheck(healthcheck) => healthcheck.run(),
        Command::Version => version::run(),
    }
}

/// Help and version go to standard output and are no errors; everything else is.
fn usage(error: &clap::Error) -> ExitCode {
    // There is nobody left to tell when this fails.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}
