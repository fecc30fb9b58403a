//! Did the run do what it promised? Besides the correctness counters.

use crate::arguments::Load;
use crate::phases::Phase;
use crate::report::{Generator, Mix, Occupancy};
use crate::world::World;
use std::sync::atomic::Ordering;

/// 99 of 100 acts are taken up within this, in microseconds; above, the generator itself slipped.
const SLIPPAGE_LIMIT_US: u64 = 10_000;
/// Least share of the arrivals that are acknowledged.
const REACHED: f64 = 0.99;
/// Shares of fewer conversations say nothing.
const CONVERSATIONS: u64 = 1000;
/// How far the occupancy may be off.
const OCCUPANCY_OFF: f64 = 0.05;

/// How well the generator kept its promise.
pub(super) fn generator(world: &World, planned: u64) -> Generator {
    let tally = &world.tally;
    let accepted = tally.accepted.load(Ordering::Relaxed);
    Generator {
        planned,
        issued: tally.issued.load(Ordering::Relaxed),
        accepted,
        refused: tally.refused.load(Ordering::Relaxed),
        reached: accepted as f64 / planned.max(1) as f64,
        slippage_p99_us: world.recorder.whole(Phase::Slippage).value_at_quantile(0.99),
        slippage_limit_us: SLIPPAGE_LIMIT_US,
    }
}

/// What kinds of conversations there were.
pub(super) fn mix(world: &World) -> Mix {
    let tally = &world.tally;
    let outcomes = tally.outcomes();
    let conversations = outcomes.values().sum::<u64>().max(1) as f64;
    let sessions = f64::from(world.staff.agents + world.staff.bots);
    let lost = outcomes.get("lost").copied().unwrap_or(0) as f64;
    let dropped = tally.dropped.load(Ordering::Relaxed);
    Mix {
        lost_share: lost / conversations,
        transferred_share: tally.transferred.load(Ordering::Relaxed) as f64 / conversations,
        dropped_share: dropped as f64 / sessions,
        messages: tally.messages.load(Ordering::Relaxed),
        lost_connections: tally.lost_connections.load(Ordering::Relaxed).saturating_sub(dropped),
        outcomes: outcomes.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
    }
}

/// Promises of the generator that it did not keep.
pub(super) fn promises(generator: &Generator) -> Vec<String> {
    let mut failures = Vec::new();
    let Generator { planned, accepted, reached, slippage_p99_us, slippage_limit_us, .. } =
        generator;
    if *planned == 0 || *reached < REACHED {
        failures.push(format!(
            "the rate was not reached: {accepted} of {planned} hand-offs were acknowledged"
        ));
    }
    if slippage_p99_us > slippage_limit_us {
        failures.push(format!(
            "the generator slipped: 99 of 100 acts were taken up within {slippage_p99_us} us, not \
             {slippage_limit_us}"
        ));
    }
    failures
}

/// Shares of the mix that are too small, and connections that nobody cut.
pub(super) fn shares(mix: &Mix, load: &Load, conversations: u64) -> Vec<String> {
    let mut failures = Vec::new();
    let mut least = |what: &str, share: f64, least: f64| {
        if share < least {
            let (share, least) = (share * 100.0, least * 100.0);
            failures.push(format!("only {share:.2} % {what}, wanted at least {least:.2} %"));
        }
    };
    if conversations >= CONVERSATIONS {
        if load.queues > 1 {
            least("of the customers were lost", mix.lost_share, load.lost / 2.0);
        }
        least("of the tickets were transferred", mix.transferred_share, load.transfers * 2.0 / 3.0);
    }
    least("of the sessions were dropped", mix.dropped_share, load.drops);
    if mix.lost_connections > 0 {
        failures.push(format!("{} connections were lost that nobody cut", mix.lost_connections));
    }
    failures
}

/// The busiest stretch was not as busy as planned.
pub(super) fn occupancy(occupancy: &Occupancy) -> Option<String> {
    let Occupancy { planned, measured, .. } = occupancy;
    ((measured - planned).abs() > OCCUPANCY_OFF).then(|| {
        format!(
            "the occupancy in the busiest stretch was {:.1} %, planned {:.1} %",
            measured * 100.0,
            planned * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn a_generator_that_slips_or_misses_its_rate_says_so() {
        let right = Generator {
            planned: 1000,
            issued: 1000,
            accepted: 995,
            refused: 5,
            reached: 0.995,
            slippage_p99_us: 900,
            slippage_limit_us: SLIPPAGE_LIMIT_US,
        };
        assert_eq!(promises(&right), [""; 0]);
        let slipped = Generator { slippage_p99_us: 10_001, ..right };
        assert!(promises(&slipped)[0].contains("slipped"));
        let missed = Generator { accepted: 985, reached: 0.985, ..right };
        assert!(promises(&missed)[0].contains("not reached"));
        let nothing = Generator { planned: 0, ..right };
        assert_eq!(promises(&nothing).len(), 1);
    }

    #[test]
    fn a_mix_without_losses_transfers_or_drops_is_told() {
        let load = crate::arguments::Arguments::parse_from(["relevo-loadtest"]).load;
        let right = Mix {
            lost_share: 0.012,
            transferred_share: 0.025,
            dropped_share: 0.011,
            ..Mix::default()
        };
        assert_eq!(shares(&right, &load, 5000), [""; 0]);
        for wrong in [
            Mix { lost_share: 0.009, ..right.clone() },
            Mix { transferred_share: 0.019, ..right.clone() },
            Mix { dropped_share: 0.0, ..right.clone() },
            Mix { lost_connections: 1, ..right },
        ] {
            assert_eq!(shares(&wrong, &load, 5000).len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn an_occupancy_that_is_off_is_told() {
        let of = |measured| Occupancy { planned: 0.9, measured, window_s: [0.0, 60.0] };
        assert_eq!(occupancy(&of(0.86)), None);
        assert!(occupancy(&of(0.84)).is_some() && occupancy(&of(0.96)).is_some());
    }
}
