//! `relevo-tests simulate` and `swarm`: hours of simulated time, and what they came to.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::simulation::faults::Fault;
use crate::simulation::world::{Tally, World};

const HOUR_US: f64 = 3_600.0 * 1e6;

/// Runs one seed for so many simulated hours.
///
/// # Errors
/// Something does not hold.
pub fn run(seed: u64, hours: f64) -> Result<Tally> {
    attempt(seed, hours, false)
}

/// `run`, and with `trace` the last of what happened before a failure, in its error.
///
/// # Errors
/// Something does not hold.
pub fn attempt(seed: u64, hours: f64, trace: bool) -> Result<Tally> {
    let mut world = World::new(seed)?;
    if trace {
        world.trace();
    }
    let ended = world.run((hours * HOUR_US) as u64);
    let tally = world.tally();
    if let Err(violation) = ended {
        let happened: Vec<&str> = world.happened().collect();
        bail!(
            "{}\nseed {seed}: {violation}\nrepeat with: relevo-tests simulate --seed {seed} --hours {hours} --trace",
            happened.join("\n")
        );
    }
    Ok(tally)
}

/// Runs seeds from `first` on, so many simulated hours each, until the time is up or so many were
/// run.
///
/// # Errors
/// Something does not hold.
pub fn swarm(first: u64, hours: f64, time: Duration, seeds: u64) -> Result<(u64, Tally)> {
    let began = Instant::now();
    let mut sum = Tally::default();
    let mut count = 0;
    while count < seeds && began.elapsed() < time {
        let tally = run(first + count, hours)?;
        sum.simulated_us += tally.simulated_us;
        sum.steps += tally.steps;
        sum.commands += tally.commands;
        sum.records += tally.records;
        sum.tickets += tally.tickets;
        sum.faults.add(&tally.faults);
        sum.hash ^= tally.hash;
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
    let mut faults = String::new();
    for fault in Fault::ALL {
        let _ = write!(faults, "\n  {:<18} {:>8}", fault.name(), tally.faults.of(fault));
    }
    writeln!(
        out,
        "{hours:.1} simulated hours in {:.1} s: {} steps, {} commands ({:.1} a simulated second), {} \
         records, {} tickets, no invariant broken\nfaults:{faults}\nhash of all records: {:016x}",
        took.as_secs_f64(),
        tally.steps,
        tally.commands,
        tally.commands as f64 / (tally.simulated_us as f64 / 1e6),
        tally.records,
        tally.tickets,
        tally.hash,
    )
}
