//! Finds the saturated rate: stairs of Poisson arrivals until the daemon, or this machine, does not
//! keep up.

use crate::arrivals::{InvalidSchedule, SECOND_US, Schedule};
use crate::phases::Phase;
use crate::run::Row;
use std::ops::ControlFlow;

/// First step, in hand-offs per second.
const FROM: f64 = 100.0;
/// Each step is so many times the one before.
const FACTOR: f64 = 1.25;
/// Most steps: up to 100,000 per second.
const STEPS: u32 = 32;
/// Length of a step.
const STEP_US: u64 = 4 * SECOND_US;
/// A step that acknowledges less than this share of its arrivals is above the saturated rate.
const REACHED: f64 = 0.97;
/// So is one whose hand-offs take this long, 99 of 100, in microseconds.
const P99_US: u64 = 500_000;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Hand-offs per second that were due.
    pub due: f64,
    /// Hand-offs per second that were acknowledged, without the step's first second.
    pub accepted: f64,
    /// Highest p99 of the hand-off's acknowledgement in a second of it, in microseconds.
    pub p99_us: u64,
    /// It was above the saturated rate.
    pub saturated: bool,
}

/// The search.
#[derive(Debug, Default)]
pub struct Ramp {
    rows: Vec<Row>,
    /// The steps that are over.
    pub steps: Vec<Step>,
}

/// The stairs.
///
/// # Errors
/// Never, unless the constants above are changed to something that is no schedule.
pub fn stairs() -> Result<Schedule, InvalidSchedule> {
    Schedule::stairs(FROM, FACTOR, STEPS, STEP_US)
}

impl Ramp {
    /// Takes a second of the run; breaks off above the saturated rate.
    pub fn look(&mut self, row: &Row) -> ControlFlow<()> {
        let step = (row.at_s * SECOND_US as f64 / STEP_US as f64) as usize;
        if step > self.steps.len() && !self.rows.is_empty() {
            let due = FROM * FACTOR.powi(i32::try_from(self.steps.len()).unwrap_or(i32::MAX));
            let over = Step::of(due, &self.rows);
            self.rows.clear();
            self.steps.push(over);
            if over.saturated {
                return ControlFlow::Break(());
            }
        }
        self.rows.push(row.clone());
        ControlFlow::Continue(())
    }

    /// The highest rate that was acknowledged over a step.
    #[must_use]
    pub fn saturated_rate(&self) -> Option<f64> {
        self.steps.iter().map(|step| step.accepted).reduce(f64::max)
    }

    /// Was the saturated rate passed?
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.steps.last().is_some_and(|step| step.saturated)
    }
}

impl Step {
    fn of(due: f64, rows: &[Row]) -> Self {
        let settled = if rows.len() > 1 { &rows[1..] } else { rows };
        let accepted = settled.iter().map(|row| row.rate).sum::<f64>() / settled.len() as f64;
        let p99 = |row: &Row| row.phase(Phase::HandOffAcknowledged).map(|figures| figures.p99_us);
        let p99_us = settled.iter().filter_map(p99).max().unwrap_or(0);
        let count = accepted * settled.len() as f64;
        // Poisson counts vary: three standard deviations are no sign of saturation.
        let least = due * REACHED - 3.0 * count.max(1.0).sqrt() / settled.len() as f64;
        Self { due, accepted, p99_us, saturated: accepted < least || p99_us > P99_US }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::Figures;

    fn row(at_s: f64, rate: f64, p99_us: u64) -> Row {
        let figures = Figures { count: 100, p50_us: 1, p99_us, max_us: p99_us };
        let phases = vec![figures; 3];
        Row { at_s, rate, waiting: 0, open: 0, phases, daemon: None }
    }

    /// Runs the search against a daemon that takes so many per second.
    fn search(limit: f64, p99_us: impl Fn(f64) -> u64) -> Ramp {
        let schedule = stairs().unwrap();
        let mut ramp = Ramp::default();
        for second in 1..=120 {
            let at_s = f64::from(second) + 0.001;
            let rate = schedule.rate_at((at_s * 1e6) as u64 - SECOND_US / 2);
            let rate = rate.min(limit);
            if ramp.look(&row(at_s, rate, p99_us(rate))).is_break() {
                break;
            }
        }
        ramp
    }

    #[test]
    fn the_search_ends_above_the_limit_and_tells_it() {
        let ramp = search(1000.0, |_| 900);
        assert!(ramp.is_saturated());
        let found = ramp.saturated_rate().unwrap();
        assert!((found - 1000.0).abs() < 1.0, "{found}");
        assert!(ramp.steps.iter().rev().skip(1).all(|step| !step.saturated));
    }

    #[test]
    fn hand_offs_that_take_too_long_end_the_search_too() {
        let ramp = search(1e9, |rate| if rate > 600.0 { P99_US + 1 } else { 900 });
        assert!(ramp.is_saturated());
        assert!(ramp.saturated_rate().unwrap() < 800.0);
    }
}
