//! The router against the formulas: one queue, agents with one seat, Poisson arrivals, exponential
//! service and, for Erlang A, exponential patience.
//!
//! The load that goes into a formula is the measured one (rate of arrivals times mean time that a
//! ticket held its agent), so that chance in the arrivals does not pass for a fault of the router;
//! that an agent is not held longer than planned is checked beside it.

use crate::arguments::Erlang;
use crate::arrivals::{SECOND_US, Schedule, Spacing};
use crate::bodies::Bodies;
use crate::checker::capacity::Hold;
use crate::erlang::{self, Forecast};
use crate::pacer::{ServiceMean, Stream};
use crate::plan::staff::Staff;
use crate::plan::{Plan, ServiceShape};
use crate::progress::Progress;
use crate::run::Run;
use crate::setup::QueueTimes;
use crate::statistics::Estimate;
use crate::world::{Wait, World};
use anyhow::{Context, Result};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

mod ideal;

/// Share of the customers at the start who still see the empty queue.
const WARM_UP: f64 = 0.1;
/// Tickets may hold their agents so much longer than planned: the way of close and answer.
const HOLD_OVER: f64 = 0.1;

/// One run beside its formula.
#[derive(Debug, Clone)]
pub struct Row {
    /// Erlang C or A.
    pub formula: &'static str,
    /// Planned occupancy.
    pub planned: f64,
    /// Measured occupancy: the load by the agents.
    pub measured: f64,
    /// Customers that count.
    pub customers: usize,
    /// Mean time that a ticket held its agent, by the planned service time.
    pub hold_ratio: f64,
    /// Share of the customers who wait.
    pub waiting: Estimate,
    /// Mean wait, in seconds.
    pub wait_s: Estimate,
    /// Mean wait in a queue without delays on the same customers, in seconds.
    pub ideal_s: f64,
    /// Share of the customers who left.
    pub abandoned: f64,
    /// What the formula says; waits in service times.
    pub forecast: Forecast,
    /// Mean time that a ticket held its agent, in seconds.
    pub hold_s: f64,
    /// What else went wrong.
    pub failures: Vec<String>,
}

/// Makes all runs and gives back a row for each.
///
/// # Errors
/// A run cannot be made, or is too short to say anything.
pub async fn erlang(arguments: &Erlang) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for patience in [None, Some(arguments.patience)] {
        for occupancy in &arguments.occupancy {
            let setting = Setting::new(arguments, *occupancy, patience)?;
            rows.push(measure(arguments, setting).await?);
        }
    }
    Ok(rows)
}

/// One queue, and how long it is looked at.
struct Setting {
    formula: &'static str,
    occupancy: f64,
    /// Mean patience in service times.
    patience: Option<f64>,
    plan: Plan,
    agents: u32,
    service_us: u64,
    schedule: Schedule,
}

impl Setting {
    fn new(arguments: &Erlang, occupancy: f64, patience: Option<f64>) -> Result<Self> {
        let service_us = (arguments.service_ms * 1e3) as u64;
        let plan = Plan {
            seed: arguments.seed,
            bots: 1,
            queues_per_bot: 1,
            pull_share: 0.0,
            messages_per_ticket: 0,
            transfer_share: 0.0,
            leave_share: 0.0,
            patience_mean_us: patience.map_or(0, |times| (times * service_us as f64) as u64),
            service: ServiceShape::Exponential,
        };
        let rate = occupancy * f64::from(arguments.agents) / (arguments.service_ms / 1e3);
        let schedule = Schedule::flat(rate, arguments.duration * SECOND_US, Spacing::Poisson)?;
        let formula = if patience.is_some() { "Erlang A" } else { "Erlang C" };
        let agents = arguments.agents;
        Ok(Self { formula, occupancy, patience, plan, agents, service_us, schedule })
    }

    fn ideal(&self) -> Vec<Wait> {
        ideal::waits(&self.plan, &self.schedule, self.agents, self.service_us)
    }
}

async fn measure(arguments: &Erlang, setting: Setting) -> Result<Row> {
    let staff = Staff { agents: setting.agents, seats: 1, bots: 1, queues_per_bot: 1 };
    let bodies = Bodies::generated(arguments.seed);
    let world = World::new(setting.plan.clone(), staff, bodies).exact();
    let times =
        QueueTimes { threshold_seconds: 1, short_loss_seconds: 0, transfer_wait_seconds: 1 };
    let mut run = Run::prepare(&arguments.against.source()?, world, times, None).await?;
    let start_us = run.world().clock.now_us();
    let name = format!("{} {}", setting.formula, setting.occupancy);
    let mut progress = Progress::new(&name, arguments.duration);
    let service = ServiceMean::Fixed(setting.service_us);
    run.arrivals(Stream { schedule: setting.schedule.clone(), start_us, service }, |row, _| {
        progress.row(row);
        ControlFlow::Continue(())
    })
    .await?;
    run.drain().await?;
    progress.end();
    let planned = run.planned();
    let finished = run.finish().await?;
    let waits = finished.world.waits.as_ref().context("the run kept no waits")?;
    let waits = waits.lock().expect("no thread panicked while it kept a wait").clone();
    let mut row = judge(&setting, waits, &finished.holds)?;
    row.failures.extend(finished.failures.iter().cloned());
    let without = crate::report::without_base(&setting.plan);
    row.failures.extend(finished.verdict.failures(without));
    let tally = &finished.world.tally;
    row.failures.extend(tally.failures());
    let accepted = tally.accepted.load(Ordering::Relaxed);
    if (accepted as f64) < planned as f64 * 0.99 {
        row.failures.push(format!("{accepted} of {planned} hand-offs were acknowledged"));
    }
    let lost = tally.lost_connections.load(Ordering::Relaxed);
    if lost > 0 {
        row.failures.push(format!("{lost} connections were lost: {:?}", tally.errors()));
    }
    Ok(row)
}

fn judge(setting: &Setting, waits: Vec<Wait>, holds: &[Hold]) -> Result<Row> {
    let settled = settled(waits);
    let service_s = setting.service_us as f64 / 1e6;
    let hold_s = mean_hold_s(holds, settled.first().map_or(0, |wait| wait.from))
        .context("no ticket held an agent")?;
    let (waiting, wait_s) = estimates(&settled).context("too few customers to say anything")?;
    let (_, ideal_s) = estimates(&self::settled(setting.ideal())).context("too few customers")?;
    let left = settled.iter().filter(|wait| wait.left).count();
    let load = rate(&settled) * hold_s;
    let agents = setting.agents;
    let forecast = match setting.patience {
        None => erlang::patient(agents, load),
        Some(times) => erlang::impatient(agents, load, times * service_s / hold_s),
    };
    let mut failures = Vec::new();
    if forecast.is_none() {
        failures.push(format!("the measured load {load:.3} is not below the {agents} agents"));
    }
    Ok(Row {
        formula: setting.formula,
        planned: setting.occupancy,
        measured: load / f64::from(agents),
        customers: settled.len(),
        hold_ratio: hold_s / service_s,
        waiting,
        wait_s,
        ideal_s: ideal_s.mean,
        abandoned: left as f64 / settled.len() as f64,
        // A line that grows for ever.
        forecast: forecast.unwrap_or(Forecast {
            waiting_share: 1.0,
            mean_wait: f64::INFINITY,
            abandoned_share: 0.0,
        }),
        hold_s,
        failures,
    })
}

/// In order, without the customers who still saw the empty queue.
fn settled(mut waits: Vec<Wait>) -> Vec<Wait> {
    waits.sort_unstable_by_key(|wait| wait.index);
    waits.split_off((waits.len() as f64 * WARM_UP) as usize)
}

impl Row {
    /// What is outside its interval, and what else went wrong.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.clone();
        let name = format!("{} at {}", self.formula, self.planned);
        if !self.waiting.holds(self.forecast.waiting_share) {
            failures.push(format!("{name}: share of waiting is outside of the interval"));
        }
        if !self.wait_s.holds(self.forecast.mean_wait * self.hold_s) {
            failures.push(format!("{name}: mean wait is outside of the interval"));
        }
        if self.hold_ratio > 1.0 + HOLD_OVER && self.abandoned == 0.0 {
            let ratio = self.hold_ratio;
            failures.push(format!("{name}: tickets held agents {ratio:.3} times the service time"));
        }
        failures
    }
}

/// All rows as a table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        format!(
            "{:>29} {:>10} {:>32} {:>42} {:>16}",
            "occupancy", "", "share who wait", "mean wait, ms", "left, %"
        ),
        format!(
            "{:<10} {:>8} {:>9} {:>10} {:>9}    {:>8} {:>10} {:>9}    {:>8} {:>10} {:>10} {:>8} {:>7}",
            "formula",
            "planned",
            "measured",
            "customers",
            "measured",
            "99 %",
            "formula",
            "measured",
            "99 %",
            "formula",
            "ideal",
            "measured",
            "formula"
        ),
    ];
    for row in rows {
        let ms = |seconds: f64| seconds * 1e3;
        let outside = if row.failures().is_empty() { "" } else { "  OUTSIDE" };
        lines.push(format!(
            "{:<10} {:>8.3} {:>9.4} {:>10} {:>9.5} +- {:>8.5} {:>10.5} {:>9.3} +- {:>8.3} {:>10.3} {:>10.3} {:>8.3} {:>7.3}{outside}",
            row.formula,
            row.planned,
            row.measured,
            row.customers,
            row.waiting.mean,
            row.waiting.half_width,
            row.forecast.waiting_share,
            ms(row.wait_s.mean),
            ms(row.wait_s.half_width),
            ms(row.forecast.mean_wait * row.hold_s),
            ms(row.ideal_s),
            row.abandoned * 100.0,
            row.forecast.abandoned_share * 100.0,
        ));
    }
    lines.join("\n")
}

/// Share of waiting, and mean wait in seconds.
fn estimates(waits: &[Wait]) -> Option<(Estimate, Estimate)> {
    let waited: Vec<f64> = waits.iter().map(|wait| f64::from(wait.waited_us > 0)).collect();
    let seconds: Vec<f64> = waits.iter().map(|wait| wait.waited_us as f64 / 1e6).collect();
    Some((Estimate::of_series(&waited)?, Estimate::of_series(&seconds)?))
}

/// Arrivals per second.
fn rate(waits: &[Wait]) -> f64 {
    let first = waits.iter().map(|wait| wait.from).min().unwrap_or(0);
    let last = waits.iter().map(|wait| wait.from).max().unwrap_or(0);
    waits.len().saturating_sub(1) as f64 / ((last - first).max(1) as f64 / 1e6)
}

/// Mean length of the holds that began later than this, in seconds.
fn mean_hold_s(holds: &[Hold], from: u64) -> Option<f64> {
    let lengths: Vec<f64> = holds
        .iter()
        .filter(|hold| hold.from >= from && hold.until < u64::MAX)
        .map(|hold| (hold.until - hold.from) as f64 / 1e6)
        .collect();
    (!lengths.is_empty()).then(|| lengths.iter().sum::<f64>() / lengths.len() as f64)
}
