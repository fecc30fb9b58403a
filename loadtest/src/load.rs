//! A load run from the command line to its report.

use crate::arguments::{Load, Pattern};
use crate::arrivals::day_shape::DayShape;
use crate::arrivals::{Busiest, SECOND_US, Schedule, Spacing};
use crate::bodies::Bodies;
use crate::machine::Machine;
use crate::pacer::{ServiceMean, Stream};
use crate::plan::occupancy::service_mean_us;
use crate::plan::pull::pulls_per_second;
use crate::plan::staff::Staff;
use crate::plan::{Plan, ServiceShape};
use crate::progress::Progress;
use crate::ramp::{self, Ramp};
use crate::report::{FORMAT, Occupancy, PhaseReport, Report, Scenario};
use crate::run::{Finished, Row, Run};
use crate::setup::QueueTimes;
use crate::world::World;
use anyhow::{Context, Result, bail};
use std::path::Path;

mod judge;

/// Share of the arrivals that go to the queues that agents pull from.
const PULL_SHARE: f64 = 0.1;
/// Share of the customers who leave in the middle of the service.
const LEAVE_SHARE: f64 = 0.005;
/// Share of the seats in use while the saturated rate is searched: agents are no bottleneck.
const RAMP_OCCUPANCY: f64 = 0.3;
/// An hour in seconds: the busiest stretch, before it is divided by the speed.
const HOUR_S: f64 = 3600.0;
/// Service-level threshold and short loss of a queue in seconds, before they are divided.
const THRESHOLD_S: f64 = 60.0;
const SHORT_LOSS_S: f64 = 5.0;
/// How long a transfer waits for its agent in seconds, before it is divided.
const TRANSFER_WAIT_S: f64 = 60.0;
/// Thresholds that every daemon's metrics have a bucket for, in seconds.
const THRESHOLDS_S: [u32; 9] = [1, 2, 5, 10, 15, 20, 30, 45, 60];

/// What a run needs to know besides the command line.
struct Prepared {
    schedule: Schedule,
    arrivals: String,
    busiest: Busiest,
    service: ServiceMean,
    service_mean_s: f64,
}

/// What a run has made.
struct Made {
    finished: Finished,
    timeline: Vec<Row>,
    ramp: Ramp,
    planned: u64,
    /// Start of the arrivals, in microseconds from the start of the run.
    start_us: u64,
}

/// Makes a run and gives back its report.
///
/// # Errors
/// A file cannot be used, the daemon cannot be started, or it ends.
pub async fn load(load: &Load, command: String) -> Result<Report> {
    let (bodies, texts) = bodies(load)?;
    let (ramp, rate) = if load.half_of_saturated {
        let ramp = saturate(load, &bodies).await?;
        let rate = ramp.saturated_rate().context("the search for the saturated rate is empty")?;
        (ramp, rate / 2.0)
    } else {
        (Ramp::default(), load.rate)
    };
    let prepared = prepare(load, rate)?;
    let (plan, staff) = (plan(load), staff(load));
    let world = World::new(plan.clone(), staff.clone(), bodies);
    let pulls = pull_every_us(load, prepared.busiest.rate);
    let mut run = Run::prepare(&load.against.source()?, world, times(load), pulls).await?;
    let start_us = run.world().clock.now_us();
    run.plan_drops(load.drops, prepared.schedule.duration_us());
    let seconds = prepared.schedule.duration_us() / SECOND_US;
    let mut progress = Progress::new("load", seconds);
    let stream =
        Stream { schedule: prepared.schedule.clone(), start_us, service: prepared.service };
    let timeline = run
        .arrivals(stream, |row, _| {
            progress.row(row);
            std::ops::ControlFlow::Continue(())
        })
        .await?;
    progress.note("arrivals are over, conversations end");
    run.drain().await?;
    progress.end();
    let planned = run.planned();
    let finished = run.finish().await?;
    let scenario = scenario(load, &prepared, plan, staff, texts);
    let made = Made { finished, timeline, ramp, planned, start_us };
    report(load, command, scenario, &prepared, made)
}

fn report(
    load: &Load,
    command: String,
    scenario: Scenario,
    prepared: &Prepared,
    made: Made,
) -> Result<Report> {
    let Made { finished, timeline, ramp, planned, start_us } = made;
    let world = &finished.world;
    let generator = judge::generator(world, planned);
    let mix = judge::mix(world);
    let from = finished.epoch_us + start_us + prepared.busiest.from_us;
    let until = finished.epoch_us + start_us + prepared.busiest.until_us;
    let held_us = crate::checker::capacity::held_us(&finished.holds, from, until) as f64;
    let seats = world.staff.seats_in_all() as f64;
    let occupancy = Occupancy {
        planned: load.occupancy,
        measured: held_us / ((until - from) as f64 * seats),
        window_s: [prepared.busiest.from_us, prepared.busiest.until_us].map(|us| us as f64 / 1e6),
    };
    let mut failures = finished.failures.clone();
    failures.extend(finished.verdict.failures(crate::report::without_base(&world.plan)));
    failures.extend(world.tally.failures());
    failures.extend(judge::promises(&generator));
    failures.extend(judge::shares(&mix, load, generator.accepted));
    if load.arrivals.is_some() {
        failures.extend(judge::occupancy(&occupancy));
    }
    if load.half_of_saturated && !ramp.is_saturated() {
        failures.push("the saturated rate was not reached by the last step".into());
    }
    Ok(Report {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        command,
        scenario,
        machine: Machine::here(),
        generator,
        phases: PhaseReport::all(&world.recorder)?,
        verdict: finished.verdict,
        mix,
        occupancy,
        timeline,
        ramp: ramp.steps,
        daemon: finished.daemon,
        errors: world.tally.errors(),
        failures,
    })
}

/// Goes up the stairs with people and conversations of its own, on a daemon of its own where one
/// is started here.
async fn saturate(load: &Load, bodies: &Bodies) -> Result<Ramp> {
    let plan = Plan { patience_mean_us: 0, pull_share: 0.0, ..plan(load) };
    let world = World::new(plan, staff(load), bodies.clone());
    let mut run = Run::prepare(&load.against.source()?, world, times(load), None).await?;
    let schedule = ramp::stairs()?;
    let mut progress = Progress::new("ramp", schedule.duration_us() / SECOND_US);
    let start_us = run.world().clock.now_us();
    let service = ServiceMean::SeatsInUse(RAMP_OCCUPANCY);
    let mut ramp = Ramp::default();
    run.arrivals(Stream { schedule, start_us, service }, |row, _| {
        progress.row(row);
        ramp.look(row)
    })
    .await?;
    run.drain().await?;
    progress.end();
    let finished = run.finish().await?;
    let wrong: Vec<String> = finished
        .verdict
        .iter()
        .filter(|(_, count)| count.violations > 0)
        .map(|(counter, count)| format!("{}: {}", counter.name(), count.violations))
        .collect();
    let wrong: Vec<String> = wrong.into_iter().chain(finished.world.tally.failures()).collect();
    if !wrong.is_empty() {
        let examples = finished.verdict.examples.join("; ");
        bail!("wrong on the way to the saturated rate: {}: {examples}", wrong.join(", "));
    }
    Ok(ramp)
}

fn prepare(load: &Load, rate: f64) -> Result<Prepared> {
    let duration_us = load.duration * SECOND_US;
    let (schedule, arrivals) = if let Some(path) = &load.arrivals {
        let text = read(path)?;
        let shape = DayShape::parse(&text).with_context(|| path.display().to_string())?;
        (shape.schedule(load.speed)?, format!("a day of {} intervals", shape.means.len()))
    } else if load.half_of_saturated {
        let schedule = Schedule::flat(rate, duration_us, Spacing::Poisson)?;
        (schedule, "Poisson at half of the saturated rate".into())
    } else {
        match load.pattern {
            Pattern::Constant => {
                (Schedule::flat(rate, duration_us, Spacing::Even)?, "constant".into())
            }
            Pattern::Poisson => {
                (Schedule::flat(rate, duration_us, Spacing::Poisson)?, "Poisson".into())
            }
            Pattern::Step => (Schedule::step(rate, duration_us)?, "step".into()),
        }
    };
    let window_us = (HOUR_S / load.speed * SECOND_US as f64) as u64;
    let seats = load.occupancy * f64::from(load.agents) * f64::from(load.seats);
    let (service_mean_us, busiest) = if load.arrivals.is_some() {
        let staying = 1.0 - load.lost - LEAVE_SHARE / 2.0;
        service_mean_us(&plan(load), &schedule, window_us, seats, staying)
    } else {
        let busiest = schedule.busiest(window_us);
        ((seats / busiest.rate * SECOND_US as f64) as u64, busiest)
    };
    let service = ServiceMean::Fixed(service_mean_us);
    let service_mean_s = service_mean_us as f64 / SECOND_US as f64;
    Ok(Prepared { schedule, arrivals, busiest, service, service_mean_s })
}

fn scenario(
    load: &Load,
    prepared: &Prepared,
    plan: Plan,
    staff: Staff,
    bodies: String,
) -> Scenario {
    let duration_s = prepared.schedule.duration_us() as f64 / SECOND_US as f64;
    Scenario {
        plan,
        staff,
        arrivals: prepared.arrivals.clone(),
        rate: prepared.schedule.expected() / duration_s,
        duration_s,
        speed: load.speed,
        service_mean_s: prepared.service_mean_s,
        bodies,
    }
}

fn plan(load: &Load) -> Plan {
    Plan {
        seed: load.seed,
        bots: load.bots,
        queues_per_bot: load.queues,
        pull_share: if load.queues > 1 && load.lost > 0.0 { PULL_SHARE } else { 0.0 },
        messages_per_ticket: load.messages_per_ticket,
        transfer_share: load.transfers,
        leave_share: LEAVE_SHARE,
        patience_mean_us: (load.patience / load.speed * SECOND_US as f64) as u64,
        service: ServiceShape::LogNormal,
    }
}

fn staff(load: &Load) -> Staff {
    Staff { agents: load.agents, seats: load.seats, bots: load.bots, queues_per_bot: load.queues }
}

/// Agents pull so rarely that the wanted share of all customers loses patience in those queues.
fn pull_every_us(load: &Load, rate: f64) -> Option<u64> {
    if plan(load).pull_share == 0.0 {
        return None;
    }
    let of_bot = rate * PULL_SHARE / f64::from(load.bots);
    let lost = load.lost / PULL_SHARE;
    let pulls = pulls_per_second(of_bot, load.patience / load.speed, lost);
    // An agent pulls for its own bot only, and finds its seats taken as often as they are.
    let agents = f64::from(load.agents) / f64::from(load.bots);
    Some((agents / pulls * SECOND_US as f64) as u64)
}

fn times(load: &Load) -> QueueTimes {
    let seconds = |of: f64| (of / load.speed) as u32;
    let threshold = seconds(THRESHOLD_S).max(1);
    QueueTimes {
        threshold_seconds: THRESHOLDS_S
            .into_iter()
            .rev()
            .find(|bucket| *bucket <= threshold)
            .unwrap_or(1),
        short_loss_seconds: seconds(SHORT_LOSS_S),
        transfer_wait_seconds: seconds(TRANSFER_WAIT_S).max(1),
    }
}

fn bodies(load: &Load) -> Result<(Bodies, String)> {
    let Some(path) = &load.messages else {
        return Ok((Bodies::generated(load.seed), "generated".into()));
    };
    let bodies = Bodies::parse(&read(path)?).with_context(|| path.display().to_string())?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    let mean = bodies.mean_bytes();
    Ok((bodies, format!("{name}, {mean:.1} bytes on average")))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
