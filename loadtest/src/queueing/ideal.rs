//! The queue that the daemon should be: the same customers at the same times before agents who are
//! never late. What it shows beside a formula is chance in the plan and nobody's fault.

use crate::arrivals::Schedule;
use crate::plan::Plan;
use crate::world::Wait;

/// The waits of all customers of a schedule, in order.
#[must_use]
pub(super) fn waits(
    plan: &Plan,
    schedule: &Schedule,
    agents: u32,
    service_mean_us: u64,
) -> Vec<Wait> {
    let mut free_at = vec![0; agents as usize];
    let mut waits = Vec::new();
    for (index, from) in (0..).zip(schedule.arrivals(plan.seed)) {
        let conversation = plan.conversation(index, service_mean_us);
        let first = free_at.iter_mut().min().expect("a queue has an agent");
        let start = from.max(*first);
        let patience_us = conversation.patience_us.unwrap_or(u64::MAX);
        let left = start - from > patience_us;
        if !left {
            *first = start + conversation.service_us;
        }
        let waited_us = if left { patience_us } else { start - from };
        waits.push(Wait { index, from, waited_us, left });
    }
    waits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Erlang, Subcommands};
    use crate::checker::capacity::Hold;
    use crate::queueing::{Row, Setting, judge};
    use clap::Parser;

    fn defaults() -> Erlang {
        let arguments = Arguments::parse_from(["relevo-loadtest", "erlang"]);
        let Some(Subcommands::Erlang(erlang)) = arguments.command else { panic!("no erlang") };
        erlang
    }

    /// An ideal queue in the place of the daemon, with waits changed.
    fn rows(change: impl Fn(&mut Vec<Wait>)) -> Vec<Row> {
        let erlang = defaults();
        let mut rows = Vec::new();
        for patience in [None, Some(erlang.patience)] {
            for occupancy in &erlang.occupancy {
                let setting = Setting::new(&erlang, *occupancy, patience).unwrap();
                let mut ideal = setting.ideal();
                change(&mut ideal);
                let holds: Vec<Hold> = ideal
                    .iter()
                    .filter(|wait| !wait.left)
                    .map(|wait| {
                        let from = wait.from + wait.waited_us;
                        let service_us =
                            setting.plan.conversation(wait.index, setting.service_us).service_us;
                        Hold { agent: 0, from, until: from + service_us }
                    })
                    .collect();
                rows.push(judge(&setting, ideal, &holds).unwrap());
            }
        }
        rows
    }

    #[test]
    fn an_ideal_queue_passes_with_the_default_plan() {
        for row in rows(|_| {}) {
            assert_eq!(row.failures(), [""; 0], "{row:?}");
        }
    }

    #[test]
    fn a_queue_in_which_everybody_waits_a_while_longer_does_not_pass() {
        let late = |waits: &mut Vec<Wait>| {
            for wait in waits.iter_mut() {
                wait.waited_us += 20_000;
            }
        };
        for row in rows(late) {
            assert!(!row.failures().is_empty(), "{row:?}");
        }
    }
}
