//! From a run that fails to a small one that breaks the same rule.

use super::{Failed, Run};

/// Seeds that are tried for each kind of fault that may be left out.
const SEEDS: u64 = 5;
/// Seeds that are tried with what is left.
const LAST_SEEDS: u64 = 50;

/// Leaves out one kind of fault after the other, then looks for the seed that fails soonest. Every
/// try is at most as long as the shortest failure so far.
pub(super) fn shrink(failed: &Failed) -> Failed {
    let mut best = copy(failed);
    for fault in failed.run.faults.clone() {
        let mut run = best.run.clone();
        run.faults.retain(|other| *other != fault);
        let seeds = std::iter::once(best.run.seed).chain(1..=SEEDS);
        if let Some(found) =
            seeds.map(|seed| Run { seed, ..run.clone() }).find_map(|run| again(&best, &run))
        {
            best = found;
        }
    }
    for seed in 1..=LAST_SEEDS {
        if let Some(found) = again(&best, &Run { seed, ..best.run.clone() }) {
            best = found;
        }
    }
    best.run.run_at_most(best.steps, true).err().unwrap_or(best)
}

/// Does this run break the same rule, no later?
fn again(best: &Failed, run: &Run) -> Option<Failed> {
    let found = run.run_at_most(best.steps, false).err()?;
    (found.violation.rule == best.violation.rule && found.steps <= best.steps).then_some(found)
}

fn copy(failed: &Failed) -> Failed {
    Failed {
        run: failed.run.clone(),
        violation: failed.violation.clone(),
        steps: failed.steps,
        happened: Vec::new(),
    }
}
