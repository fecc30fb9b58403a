//! The command line.

use crate::daemon::{TENANT, Target};
use crate::run::Source;
use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Load test of Relevo: bots, customers and agents over real QUIC, open-loop. Exit code 0 when
/// every check passed, 1 when one failed, 2 when the run could not be made.
#[derive(Debug, Parser)]
#[command(name = "relevo-loadtest", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Without one: a load run.
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    /// Of a load run.
    #[command(flatten)]
    pub load: Load,
}

/// What else there is.
#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// A load run (the default)
    Run(Load),
    /// Holds one queue against the formulas of Erlang C and A
    Erlang(Erlang),
    /// Constant load for long, with restarts, cut sessions and changes of the directory: does the
    /// daemon stay right, and what does it use?
    Soak(Soak),
    /// Puts two reports side by side
    Compare {
        /// The first report: a folder, or its report.json
        first: PathBuf,
        /// The second report
        second: PathBuf,
    },
}

/// Which daemon is tested.
#[derive(Debug, Args, Clone)]
pub struct Against {
    /// The daemon's binary; without it, the one beside this program
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    pub daemon: Option<PathBuf>,
    /// A running daemon instead of one that is started on a temporary directory
    #[arg(long, value_name = "ADDRESS", requires = "fingerprint", requires = "key")]
    pub target: Option<SocketAddr>,
    /// SHA-256 of its certificate, as `relevo serve` prints it
    #[arg(long, value_name = "SHA256", requires = "target")]
    pub fingerprint: Option<String>,
    /// Key of an operator of it
    #[arg(long, value_name = "KEY", requires = "target")]
    pub key: Option<String>,
    /// Its HTTP listener, for the gauge of work conservation
    #[arg(long, value_name = "ADDRESS", requires = "target")]
    pub http: Option<SocketAddr>,
    /// Tenant on it, of which every run uses the same objects: without one, `loadtest`. Two runs at
    /// once need two
    #[arg(long, value_name = "NAME", requires = "target")]
    pub tenant: Option<String>,
}

/// How customers arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pattern {
    /// At equal distances
    Constant,
    /// Independent of each other
    Poisson,
    /// Poisson: half of the rate for half of the time, then all of it
    Step,
}

/// A load run.
#[derive(Debug, Args, Clone)]
pub struct Load {
    /// Which daemon
    #[command(flatten)]
    pub against: Against,
    /// Agents
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub agents: u32,
    /// Bots
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub bots: u32,
    /// Queues of each bot; the last one is pulled from where there are two or more
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub queues: u32,
    /// Tickets that an agent may have at once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=4095))]
    pub seats: u16,
    /// How long customers arrive, in seconds; an arrivals file has its own length
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400), value_name = "SECONDS")]
    pub duration: u64,
    /// Arrivals per second
    #[arg(long, default_value_t = 50.0, value_parser = above_zero)]
    pub rate: f64,
    /// How they arrive
    #[arg(long, value_enum, default_value_t = Pattern::Poisson)]
    pub pattern: Pattern,
    /// Replays a day: CSV with time_of_day,mean_calls_per_5min,max_calls_per_5min
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "pattern", "duration"])]
    pub arrivals: Option<PathBuf>,
    /// Finds the saturated rate, then Poisson arrivals at half of it
    #[arg(long, conflicts_with_all = ["rate", "pattern", "arrivals"])]
    pub half_of_saturated: bool,
    /// A day, patience and thresholds pass so many times faster
    #[arg(long, default_value_t = 60.0, value_parser = above_zero)]
    pub speed: f64,
    /// Share of the seats in use in the busiest hour: gives the service times
    #[arg(long, default_value_t = 0.9, value_parser = share)]
    pub occupancy: f64,
    /// Mean patience of a waiting customer in seconds, before it is divided by the speed
    #[arg(long, default_value_t = 180.0, value_parser = above_zero, value_name = "SECONDS")]
    pub patience: f64,
    /// Messages of customer and agent together in a conversation
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub messages_per_ticket: u32,
    /// Texts to be said: a JSON array of strings; without it they are generated
    #[arg(long, value_name = "FILE")]
    pub messages: Option<PathBuf>,
    /// Share of the customers who shall leave before they have an agent; the run fails below half
    /// of it
    #[arg(long, default_value_t = 0.02, value_parser = small_share)]
    pub lost: f64,
    /// Share of the conversations that shall be transferred; the run fails below two thirds of it
    #[arg(long, default_value_t = 0.03, value_parser = share)]
    pub transfers: f64,
    /// Share of the sessions whose connection shall be cut
    #[arg(long, default_value_t = 0.01, value_parser = share)]
    pub drops: f64,
    /// Everything random comes from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the report is written
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// A run against the formulas.
#[derive(Debug, Args, Clone)]
pub struct Erlang {
    /// Which daemon
    #[command(flatten)]
    pub against: Against,
    /// Agents, with one seat each
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub agents: u32,
    /// Mean service time in milliseconds: an hour of a real queue passes in a second or two
    #[arg(long, default_value_t = 50.0, value_parser = above_zero)]
    pub service_ms: f64,
    /// Mean patience in service times, for Erlang A
    #[arg(long, default_value_t = 4.0, value_parser = above_zero)]
    pub patience: f64,
    /// Seconds of each of the runs
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub duration: u64,
    /// Occupancies, below 1
    #[arg(long, value_delimiter = ',', default_values_t = [0.7, 0.85, 0.95], value_parser = share)]
    pub occupancy: Vec<f64>,
    /// Everything random comes from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A soak.
#[derive(Debug, Args, Clone)]
pub struct Soak {
    /// The daemon's binary; without it, the one beside this program
    #[arg(long, value_name = "PATH")]
    pub daemon: Option<PathBuf>,
    /// How long customers arrive
    #[arg(long, default_value_t = 10.0, value_parser = minutes)]
    pub minutes: f64,
    /// Seconds from one restart of the daemon to the next; without it, a third of the time
    #[arg(long, value_parser = above_zero, value_name = "SECONDS")]
    pub restart_every: Option<f64>,
    /// Agents
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub agents: u32,
    /// Bots
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub bots: u32,
    /// Queues of each bot
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub queues: u32,
    /// Tickets that an agent may have at once; changes of the directory give some of them more
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=4000))]
    pub seats: u16,
    /// Arrivals per second, Poisson
    #[arg(long, default_value_t = 20.0, value_parser = above_zero)]
    pub rate: f64,
    /// Messages of customer and agent together in a conversation
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub messages_per_ticket: u32,
    /// Length of each text; without it, as in real chats (51 bytes on average). Long texts fill
    /// generations of the log
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=60_000), value_name = "BYTES")]
    pub text_bytes: Option<u32>,
    /// Everything random comes from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where soak.json and soak.html are written
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

impl Against {
    /// The daemon that is meant.
    ///
    /// # Errors
    /// A target without fingerprint or key; the command line does not let that through.
    pub fn source(&self) -> Result<Source> {
        let Some(quic) = self.target else {
            return Ok(Source::Start { binary: self.daemon.clone(), settings: "" });
        };
        let (Some(fingerprint), Some(admin_key)) = (self.fingerprint.clone(), self.key.clone())
        else {
            bail!("--target needs --fingerprint and --key");
        };
        let tenant = self.tenant.clone().unwrap_or_else(|| TENANT.to_owned());
        Ok(Source::Running(Target { quic, http: self.http, fingerprint, admin_key, tenant }))
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    number(text, "above 0 and at most 1000000", |value| value > 0.0 && value <= 1e6)
}

fn minutes(text: &str) -> Result<f64, String> {
    number(text, "above 0 and at most 10080", |value| value > 0.0 && value <= 10_080.0)
}

fn share(text: &str) -> Result<f64, String> {
    number(text, "from 0 to below 1", |value| (0.0..1.0).contains(&value))
}

fn small_share(text: &str) -> Result<f64, String> {
    number(text, "from 0 to 0.09", |value| (0.0..=0.09).contains(&value))
}

fn number(text: &str, must: &str, holds: impl Fn(f64) -> bool) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|value| holds(*value)).ok_or(format!("must be a number {must}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_refuses_what_makes_no_sense() {
        Arguments::command().debug_assert();
        let parse = |line: &str| Arguments::try_parse_from(line.split(' '));
        assert!(parse("relevo-loadtest").unwrap().command.is_none());
        assert!(parse("relevo-loadtest --arrivals a.csv --speed 60 --messages m.json").is_ok());
        assert!(parse("relevo-loadtest erlang --occupancy 0.7,0.9").is_ok());
        assert!(parse("relevo-loadtest soak --minutes 0.5 --text-bytes 4096").is_ok());
        for wrong in [
            "relevo-loadtest --rate 0",
            "relevo-loadtest --rate nan",
            "relevo-loadtest --arrivals a.csv --rate 5",
            "relevo-loadtest --half-of-saturated --rate 5",
            "relevo-loadtest --target 127.0.0.1:1",
            "relevo-loadtest --lost 0.5",
            "relevo-loadtest erlang --occupancy 1",
            "relevo-loadtest soak --minutes 0",
            "relevo-loadtest compare a",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
