//! `relevo-tests`: the campaigns. Each ends with 0 when everything held and 1 when something did
//! not, after saying what.

use clap::{Parser, Subcommand};
use relevo_tests::campaign::bit_flip::damage::Choice;
use relevo_tests::campaign::bit_flip::worker::{self, Share};
use relevo_tests::campaign::bit_flip::{self, Counts};
use relevo_tests::campaign::crash::{self, Report};
use relevo_tests::campaign::hostile::attack::Attack;
use relevo_tests::campaign::hostile::{self, attacker};
use relevo_tests::campaign::power_cut::{self, disk::DataSyncs};
use relevo_tests::campaign::simulate::{Failed, Run};
use relevo_tests::campaign::traffic::Load;
use relevo_tests::campaign::{fuzz, resume, simulate, syncs};
use relevo_tests::simulation::faults::Fault;
use relevo_tests::simulation::world::Tally;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// Cycles of a daemon on one log. Each start reads what no snapshot holds yet, and a daemon that is
/// killed every second never comes to make one: a round of a thousand cycles would measure that.
const ROUND_CYCLES: u32 = 100;

/// Campaigns against a real daemon.
#[derive(Debug, Parser)]
#[command(name = "relevo-tests")]
struct Cli {
    #[command(subcommand)]
    campaign: Campaign,
}

#[derive(Debug, Subcommand)]
enum Campaign {
    /// kill -9 of a loaded daemon at random moments; everything acknowledged is there once
    Crash {
        #[command(flatten)]
        size: Size,
    },
    /// The power fails under a loaded daemon: what was not synced is lost, page by page; everything
    /// acknowledged is there once. Then the same without fdatasync, which must fail
    PowerCut {
        #[command(flatten)]
        size: Size,
        /// Only the part that must fail: exits with 1 when it does
        #[arg(long)]
        without_sync: bool,
    },
    /// Every agent is back within the grace period after a kill -9, and none counts as gone
    Resume {
        /// Agents, each with a ticket it has not answered yet
        #[arg(long, default_value_t = 5000)]
        agents: usize,
    },
    /// The daemon's own state machines with a lying disk, clients that come and go and a clock of
    /// their own: everything from a seed
    Simulate {
        /// What chance is made of
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Simulated hours
        #[arg(long, default_value_t = 1.0)]
        hours: f64,
        /// Only these kinds of faults, separated by commas [default: all]
        #[arg(long, value_delimiter = ',', value_parser = Fault::named)]
        faults: Option<Vec<Fault>>,
        /// Prints the last of what happened before a failure, and looks for no smaller one
        #[arg(long)]
        trace: bool,
    },
    /// Seed after seed, until the time is up or a seed fails
    Swarm {
        /// The first seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Simulated hours of each seed
        #[arg(long, default_value_t = 0.5)]
        hours: f64,
        /// Minutes of real time
        #[arg(long, default_value_t = 1.0)]
        minutes: f64,
        /// Most seeds
        #[arg(long, default_value_t = u64::MAX)]
        seeds: u64,
    },
    /// Looks for each bug that this build has planted; the simulator must find all of them
    #[cfg(planted)]
    Planted {
        /// Simulated hours of each seed
        #[arg(long, default_value_t = 0.25)]
        hours: f64,
        /// Most seeds for each bug
        #[arg(long, default_value_t = 10_000)]
        seeds: u64,
    },
    /// Every byte of a small journal flipped, every length cut: opening it yields the whole, a right
    /// beginning, or a refusal that names the place
    BitFlip(BitFlip),
    /// Every decoder under libFuzzer, for some time each
    Fuzz {
        /// Seconds for each target
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Only this target; may be given several times
        #[arg(long)]
        target: Vec<String>,
        /// Targets that run at the same time; absent: one per core
        #[arg(long)]
        jobs: Option<NonZero<usize>>,
        /// What chance is made of
        #[arg(long, default_value_t = 1)]
        seed: u32,
    },
    /// One fdatasync a group commit, and answers only after it, as strace sees it
    Syncs,
    /// Hostile clients: each is answered or ended by name, the daemon stays below its memory bound,
    /// and a bot and an agent beside them stay within three times their calm latency
    Hostile {
        /// How long each attack lasts, and the calm beside it
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// What chance is made of
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only these attacks
        #[arg(long, value_delimiter = ',')]
        only: Vec<Attack>,
    },
    /// One attacker of the campaign `hostile`, which starts it
    #[command(name = attacker::COMMAND, hide = true)]
    Attacker,
}

#[derive(Debug, clap::Args)]
struct BitFlip {
    /// Only each so-many-th damage, beginning at one that the seed says
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    sample: u64,
    /// All eight bits of each byte instead of one by chance
    #[arg(long)]
    all_bits: bool,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Processes that open journals at the same time; absent: one per core
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
    /// Open the journals in this folder and say what came of it: what the campaign starts
    #[arg(long, hide = true)]
    worker: Option<PathBuf>,
    /// Number of the first damage of a worker
    #[arg(long, hide = true, default_value_t = 0)]
    from: usize,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct Size {
    /// Kills and restarts; after each hundred with a new log and the next seed
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    cycles: u32,
    /// Agents
    #[arg(long, default_value_t = 20)]
    agents: usize,
    /// Bots
    #[arg(long, default_value_t = 4)]
    bots: usize,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Size {
    fn load(&self) -> Load {
        Load { bots: self.bots, agents: self.agents, seed: self.seed }
    }

    /// The campaign in rounds.
    fn rounds(self) -> impl Iterator<Item = Self> {
        (0..self.cycles.div_ceil(ROUND_CYCLES)).map(move |round| {
            let cycles = ROUND_CYCLES.min(self.cycles - round * ROUND_CYCLES);
            Self { cycles, seed: self.seed + u64::from(round), ..self }
        })
    }
}

#[tokio::main]
async fn main() -> io::Result<ExitCode> {
    match Cli::parse().campaign {
        Campaign::Crash { size } => {
            for round in size.rounds() {
                let report = crash::run(round.cycles, round.load()).await;
                tell("crash", &round, &report)?;
                if !report.violations.is_empty() {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Campaign::PowerCut { size, without_sync: true } => {
            let blind = power_cut::run(size.cycles, size.load(), DataSyncs::AreNothing).await;
            tell("power-cut without fdatasync", &size, &blind)?;
            Ok(if blind.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Campaign::PowerCut { size, without_sync: false } => power_cut(size).await,
        Campaign::Resume { agents } => {
            let report = resume::run(agents).await;
            writeln!(io::stdout(), "{report}")?;
            Ok(if report.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Campaign::Simulate { seed, hours, faults, trace } => {
            let began = Instant::now();
            let all = Run::new(seed, hours);
            let run = Run { faults: faults.unwrap_or_else(|| all.faults.clone()), ..all };
            if trace && let Err(failed) = run.run_at_most(u64::MAX, true) {
                let mut out = io::stdout().lock();
                failed.happened.iter().try_for_each(|line| writeln!(out, "{line}"))?;
                writeln!(out, "{}", failed.violation)?;
                return Ok(ExitCode::FAILURE);
            }
            simulated(run.run().map_err(Box::new), began)
        }
        Campaign::Swarm { seed, hours, minutes, seeds } => {
            let began = Instant::now();
            let time = Duration::from_secs_f64(minutes * 60.0);
            let ended = simulate::swarm(seed, hours, time, seeds);
            if let Ok((count, _)) = &ended {
                writeln!(io::stdout(), "{count} seeds from {seed} on, {hours} hours each")?;
            }
            simulated(ended.map(|(_, tally)| tally), began)
        }
        #[cfg(planted)]
        Campaign::Planted { hours, seeds } => {
            let all = simulate::planted::find(&mut io::stdout(), hours, seeds)?;
            Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Campaign::BitFlip(arguments) => bit_flip(&arguments),
        Campaign::Fuzz { seconds, target, jobs, seed } => {
            let plan = fuzz::Plan { seconds, targets: target, jobs: cores(jobs)?, seed };
            let report = fuzz::run(&plan)?;
            writeln!(io::stdout(), "{report}")?;
            Ok(if report.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Campaign::Syncs => match syncs::run().await {
            None => Ok(ExitCode::SUCCESS),
            Some(report) => {
                writeln!(io::stdout(), "{report}")?;
                let wrong = report.wrong();
                wrong.iter().try_for_each(|wrong| writeln!(io::stdout(), "  {wrong}"))?;
                Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        },
        Campaign::Hostile { seconds, seed, only } => {
            let attacks = if only.is_empty() { Attack::ALL.to_vec() } else { only };
            let time = Duration::from_secs(seconds);
            let campaign = hostile::Campaign { attacks, time, seed };
            let mut told = Ok(());
            let held = hostile::run(&campaign, |line| {
                if told.is_ok() {
                    told = writeln!(io::stdout(), "{line}");
                }
            });
            let held = held.await;
            told?;
            Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Campaign::Attacker => attacker::main().await.map(|()| ExitCode::SUCCESS),
    }
}

fn simulated(ended: Result<Tally, Box<Failed>>, began: Instant) -> io::Result<ExitCode> {
    match ended {
        Ok(tally) => {
            simulate::show(&mut io::stdout().lock(), &tally, began.elapsed())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failed) => {
            failed.explain(&mut io::stdout().lock())?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// As many as were asked for, or as there are cores.
fn cores(asked: Option<NonZero<usize>>) -> io::Result<usize> {
    asked.map_or_else(thread::available_parallelism, Ok).map(NonZero::get)
}

fn bit_flip(arguments: &BitFlip) -> io::Result<ExitCode> {
    let BitFlip { sample, all_bits, seed, .. } = *arguments;
    let choice = Choice { seed, sample, all_bits };
    let jobs = cores(arguments.jobs)?;
    if let Some(folder) = &arguments.worker {
        worker::work(folder, choice, Share { from: arguments.from, of: jobs })?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = bit_flip::run(choice, jobs)?;
    writeln!(io::stdout(), "bit-flip: seed {seed}, sample {sample}, {jobs} at once\n{report}")?;
    let held = report.all().faults == 0 && report.all() != Counts::default();
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn power_cut(size: Size) -> io::Result<ExitCode> {
    for round in size.rounds() {
        let held = power_cut::run(round.cycles, round.load(), DataSyncs::Count).await;
        tell("power-cut", &round, &held)?;
        if !held.violations.is_empty() {
            return Ok(ExitCode::FAILURE);
        }
    }
    let blind = power_cut::run(size.cycles, size.load(), DataSyncs::AreNothing).await;
    tell("power-cut without fdatasync, which must fail", &size, &blind)?;
    if blind.violations.is_empty() {
        writeln!(io::stdout(), "it did not fail: the campaign is blind")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(campaign: &str, size: &Size, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let acknowledged = report.acknowledged;
    writeln!(
        out,
        "{campaign}: {} of {} cycles, seed {}, {} agents, {} bots; acknowledged: {} hand-offs, {} \
         messages, {} closes; violations: {}",
        report.cycles,
        size.cycles,
        size.seed,
        size.agents,
        size.bots,
        acknowledged.tickets,
        acknowledged.messages,
        acknowledged.closes,
        report.violations.len()
    )?;
    for violation in report.violations.iter().take(20) {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}
