//! Which service times make the agents as busy as wanted in the busiest stretch of a day.
//!
//! Agents follow the arrivals with the delay of a service, so the rate of the busiest hour alone
//! gives too little. The plan's own conversations are counted instead.

use super::Plan;
use crate::arrivals::{Busiest, Schedule};

/// The load is counted at so many points of the schedule.
const POINTS: u64 = 4000;
/// Halvings of the interval in which the service time is searched.
const HALVINGS: u32 = 24;
/// Longest service time that is tried, as a multiple of the one that a steady rate would need.
const LONGEST: f64 = 4.0;

/// Mean service time in microseconds, and the stretch in which so many seats are in use on average.
/// `staying` is the share of the customers who are served to the end.
#[must_use]
pub fn service_mean_us(
    plan: &Plan,
    schedule: &Schedule,
    window_us: u64,
    seats: f64,
    staying: f64,
) -> (u64, Busiest) {
    let steady = seats / schedule.busiest(window_us).rate * 1e6;
    let (mut short, mut long) = (0.0, steady * LONGEST);
    for _ in 0..HALVINGS {
        let middle = (short + long) / 2.0;
        let (load, _) = busiest_load(plan, schedule, window_us, middle as u64);
        if load * staying < seats { short = middle } else { long = middle }
    }
    let (_, stretch) = busiest_load(plan, schedule, window_us, long as u64);
    (long as u64, stretch)
}

/// Seats in use on average in the busiest stretch, if nobody waits or leaves, and the stretch.
fn busiest_load(plan: &Plan, schedule: &Schedule, window_us: u64, mean_us: u64) -> (f64, Busiest) {
    let duration_us = schedule.duration_us();
    let step_us = (duration_us / POINTS).max(1);
    let points = usize::try_from(duration_us / step_us).expect("few points") + 1;
    let point = |at_us: u64| usize::try_from(at_us / step_us).map_or(points, |at| at.min(points));
    let mut change = vec![0i64; points + 1];
    let mut arrived = vec![0i64; points + 1];
    for (index, at_us) in (0..).zip(schedule.arrivals(plan.seed)) {
        let service_us = plan.conversation(index, mean_us).service_us;
        arrived[point(at_us)] += 1;
        change[point(at_us)] += 1;
        change[point(at_us.saturating_add(service_us))] -= 1;
    }
    let (mut in_use, mut sum, mut sums) = (0, 0, vec![0]);
    for change in &change[..points] {
        in_use += change;
        sum += in_use;
        sums.push(sum);
    }
    let window = point(window_us.min(duration_us)).max(1);
    let (mut best, mut from) = (0, 0);
    for at in 0..=points - window {
        let held = sums[at + window] - sums[at];
        if held > best {
            (best, from) = (held, at);
        }
    }
    let arrivals: i64 = arrived[from..from + window].iter().sum();
    let (from_us, length_us) = (from as u64 * step_us, window as u64 * step_us);
    let rate = arrivals as f64 / (length_us as f64 / 1e6);
    (best as f64 / window as f64, Busiest { from_us, until_us: from_us + length_us, rate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::{Segment, Spacing};
    use crate::plan::ServiceShape;

    #[test]
    fn the_busiest_stretch_is_as_busy_as_wanted_and_later_than_the_busiest_arrivals() {
        let plan = Plan {
            seed: 3,
            bots: 1,
            queues_per_bot: 1,
            pull_share: 0.0,
            messages_per_ticket: 0,
            transfer_share: 0.0,
            leave_share: 0.0,
            patience_mean_us: 0,
            service: ServiceShape::LogNormal,
        };
        let rates = [20.0, 40.0, 60.0, 60.0, 40.0, 20.0];
        let segments = rates.map(|rate| Segment { duration_us: 60_000_000, rate }).to_vec();
        let schedule = Schedule::new(segments, Spacing::Poisson).unwrap();
        let (mean_us, stretch) = service_mean_us(&plan, &schedule, 60_000_000, 2700.0, 0.97);
        let (mut held_us, mut count) = (0, 0);
        for (index, at_us) in (0..).zip(schedule.arrivals(plan.seed)) {
            let end_us = at_us + plan.conversation(index, mean_us).service_us;
            held_us += end_us.min(stretch.until_us).saturating_sub(at_us.max(stretch.from_us));
            count += 1;
        }
        let seats = held_us as f64 / (stretch.until_us - stretch.from_us) as f64 * 0.97;
        assert!((seats - 2700.0).abs() < 15.0, "{seats} of {count}");
        assert!(stretch.from_us > schedule.busiest(60_000_000).from_us);
        assert!(mean_us as f64 > 2700.0 / 60.0 * 1e6);
    }
}
