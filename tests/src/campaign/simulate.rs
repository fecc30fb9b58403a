//! `relevo-tests simulate` and `swarm`: hours of simulated time, and what they came to.

#[cfg(planted)]
pub mod planted;
pub mod search;
mod shrink;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::simulation::Violation;
use crate::simulation::faults::Fault;
use crate::simulation::world::{Tally, World};

const HOUR_US: f64 = 3_600.0 * 1e6;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What chance is made of.
    pub seed: u64,
    /// Simulated hours.
    pub hours: f64,
    /// The faults that happen.
    pub faults: Vec<Fault>,
}

impl Run {
    /// A run with every fault.
    #[must_use]
    pub fn new(seed: u64, hours: f64) -> Self {
        Self { seed, hours, faults: Fault::ALL.to_vec() }
    }

    /// The command that repeats it.
    #[must_use]
    pub fn command(&self) -> String {
        let mut command = format!("relevo-tests simulate --seed {}", self.seed);
        let _ = write!(command, " --hours {}", self.hours);
        if self.faults.len() < Fault::ALL.len() {
            let names: Vec<&str> = self.faults.iter().map(|fault| fault.name()).collect();
            let _ = write!(command, " --faults '{}'", names.join(","));
        }
        command
    }

    /// Runs it.
    ///
    /// # Errors
    /// Something does not hold.
    pub fn run(&self) -> Result<Tally, Failed> {
        self.run_at_most(u64::MAX, false)
    }

    /// Runs at most so many steps; with `trace` a failure has the last of what happened.
    ///
    /// # Errors
    /// Something does not hold.
    pub fn run_at_most(&self, steps: u64, trace: bool) -> Result<Tally, Failed> {
        let failed =
            |violation, steps, happened| Failed { run: self.clone(), violation, steps, happened };
        let mut world = World::new(self.seed).map_err(|broken| failed(broken, 0, Vec::new()))?;
        world.allow(&self.faults);
        if trace {
            world.trace();
        }
        world.run((self.hours * HOUR_US) as u64, steps).map_err(|violation| {
            let happened = world.happened().map(str::to_owned).collect();
            failed(violation, world.tally().steps, happened)
        })?;
        Ok(world.tally())
    }
}

/// A run in which something did not hold.
#[derive(Debug)]
pub struct Failed {
    /// The run.
    pub run: Run,
    /// What did not hold.
    pub violation: Violation,
    /// After so many steps.
    pub steps: u64,
    /// The last of what happened, if it was traced.
    pub happened: Vec<String>,
}

impl Failed {
    /// Looks for the shortest run that breaks the same rule with the fewest kinds of faults, and
    /// writes its end and the command that repeats it.
    ///
    /// # Errors
    /// The output failed.
    pub fn explain(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}\nrepeat with: {}", self.violation, self.run.command())?;
        let small = shrink::shrink(self);
        for line in &small.happened {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}\n{} steps: {}", small.violation, small.steps, small.run.command())
    }
}

/// Runs seeds from `first` on, so many simulated hours each, until the time is up or so many were
/// run. Gives back how many, and what they came to together.
///
/// # Errors
/// Something does not hold.
pub fn swarm(
    first: u64,
    hours: f64,
    time: Duration,
    seeds: u64,
) -> Result<(u64, Tally), Box<Failed>> {
    let began = Instant::now();
    let mut sum = Tally::default();
    let mut count = 0;
    while count < seeds && began.elapsed() < time {
        sum.add(&Run::new(first + count, hours).run().map_err(Box::new)?);
        count += 1;
    }
    Ok((count, sum))
}

/// What a run came to, in lines.
///
/// # Errors
/// The output failed.
pub fn show(out: &mut impl Write, tally: &Tally, took: Duration) -> io::Result<()> {
    let hours = tally.simulated_us as f64 / HOUR_US;
    let seconds = tally.simulated_us as f64 / 1e6;
    writeln!(
        out,
        "{hours:.1} simulated hours in {:.1} s: {} steps, {} commands ({:.1} a simulated second), {} \
         records, {} groups of the log let go, {} tickets, no invariant broken",
        took.as_secs_f64(),
        tally.steps,
        tally.commands,
        tally.commands as f64 / seconds,
        tally.records,
        tally.forgotten,
        tally.tickets,
    )?;
    for fault in Fault::ALL {
        writeln!(out, "  {:<18} {:>8}", fault.name(), tally.faults.of(fault))?;
    }
    writeln!(out, "hash of all records: {:016x}", tally.hash)
}
