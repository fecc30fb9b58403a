//! Work conservation seen from outside: no ticket waits in a pushing line while an agent who may
//! have it is free.
//!
//! Clients learn of things a little later than the daemon does, so only what has been so on both
//! sides for [`PERSISTED_US`] counts.

use super::{Counter, Verdict};
use crate::plan::staff::Staff;
use relevo_client::wire::TicketId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// How long a ticket must have waited and an agent been free, in microseconds.
pub const PERSISTED_US: u64 = 2_000_000;

/// Who waits and who is free, as the clients know it.
#[derive(Debug)]
pub struct Floor {
    /// Since when each agent is free, in microseconds from the start of the run plus 1; 0: it is
    /// not.
    free_since: Vec<AtomicU64>,
    /// The members of each bot's queues.
    members: Vec<Vec<u32>>,
    /// The lines, bot by bot.
    lines: Vec<Mutex<HashMap<TicketId, Waiting>>>,
    queues_per_bot: u32,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    since_us: u64,
    /// Who gave the ticket away is not given it back at once.
    excluded: Option<u32>,
}

impl Floor {
    /// Nobody waits and nobody is free.
    #[must_use]
    pub fn new(staff: &Staff) -> Self {
        Self {
            free_since: (0..staff.agents).map(|_| AtomicU64::new(0)).collect(),
            members: (0..staff.bots).map(|bot| staff.members(bot).collect()).collect(),
            lines: (0..staff.bots * staff.queues_per_bot).map(|_| Mutex::default()).collect(),
            queues_per_bot: staff.queues_per_bot,
        }
    }

    /// An agent can be given a ticket from now on, or cannot.
    pub fn set_free(&self, agent: u32, free: bool, now_us: u64) {
        let since = &self.free_since[agent as usize];
        if !free {
            since.store(0, Ordering::Relaxed);
        } else if since.load(Ordering::Relaxed) == 0 {
            since.store(now_us + 1, Ordering::Relaxed);
        }
    }

    /// A ticket waits in a queue of a bot from now on.
    pub fn waits(
        &self,
        bot: u32,
        queue: u32,
        ticket: TicketId,
        now_us: u64,
        excluded: Option<u32>,
    ) {
        self.line(bot, queue).insert(ticket, Waiting { since_us: now_us, excluded });
    }

    /// A ticket waits no longer.
    pub fn left(&self, bot: u32, queue: u32, ticket: TicketId) {
        self.line(bot, queue).remove(&ticket);
    }

    /// Tickets in all lines.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lines.iter().map(|line| lock(line).len()).sum()
    }

    /// Looks at the queues of each bot that push, the first `pushing` ones.
    pub fn look(&self, pushing: u32, now_us: u64, verdict: &mut Verdict) {
        for (at, line) in (0u32..).zip(&self.lines) {
            let (bot, queue) = (at / self.queues_per_bot, at % self.queues_per_bot);
            if queue >= pushing {
                continue;
            }
            verdict.checked(Counter::WorkConservation, 1);
            let line = lock(line);
            let stuck = line.iter().find_map(|(ticket, waiting)| {
                let agent = self.idle_agent(bot, *waiting, now_us)?;
                Some((*ticket, agent, now_us - waiting.since_us))
            });
            if let Some((ticket, agent, waited_us)) = stuck {
                let what = format!(
                    "{ticket} has waited {waited_us} us in queue {queue} of bot {bot} while agent \
                     {agent} is free"
                );
                verdict.violated(Counter::WorkConservation, what);
            }
        }
    }

    fn idle_agent(&self, bot: u32, waiting: Waiting, now_us: u64) -> Option<u32> {
        if now_us.saturating_sub(waiting.since_us) < PERSISTED_US {
            return None;
        }
        self.members[bot as usize].iter().copied().find(|agent| {
            let since = self.free_since[*agent as usize].load(Ordering::Relaxed);
            since > 0
                && now_us.saturating_sub(since - 1) >= PERSISTED_US
                && waiting.excluded != Some(*agent)
        })
    }

    fn line(&self, bot: u32, queue: u32) -> MutexGuard<'_, HashMap<TicketId, Waiting>> {
        lock(&self.lines[(bot * self.queues_per_bot + queue) as usize])
    }
}

fn lock(line: &Mutex<HashMap<TicketId, Waiting>>) -> MutexGuard<'_, HashMap<TicketId, Waiting>> {
    line.lock().expect("no thread panicked while it looked at a line")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: TicketId = TicketId(1);

    fn violations(prepare: impl Fn(&Floor), now_us: u64) -> u64 {
        let floor = Floor::new(&Staff { agents: 4, seats: 1, bots: 4, queues_per_bot: 2 });
        prepare(&floor);
        let mut verdict = Verdict::default();
        floor.look(1, now_us, &mut verdict);
        assert_eq!(verdict.count(Counter::WorkConservation).checked, 4);
        verdict.count(Counter::WorkConservation).violations
    }

    #[test]
    fn a_ticket_that_waits_beside_a_free_member_is_told_once_it_lasts() {
        let both = |floor: &Floor| {
            floor.waits(1, 0, TICKET, 0, None);
            floor.set_free(1, true, 10);
            // Being free again does not start anew.
            floor.set_free(1, true, PERSISTED_US);
        };
        assert_eq!(violations(both, PERSISTED_US + 9), 0);
        assert_eq!(violations(both, PERSISTED_US + 10), 1);
    }

    #[test]
    fn neither_a_busy_nor_a_foreign_nor_an_excluded_agent_counts() {
        let late = 10 * PERSISTED_US;
        let busy = |floor: &Floor| {
            floor.waits(1, 0, TICKET, 0, None);
            floor.set_free(1, true, 0);
            floor.set_free(1, false, 5);
        };
        assert_eq!(violations(busy, late), 0);
        let foreign = |floor: &Floor| {
            floor.waits(1, 0, TICKET, 0, None);
            floor.set_free(2, true, 0);
        };
        assert_eq!(violations(foreign, late), 0);
        let excluded = |floor: &Floor| {
            floor.waits(1, 0, TICKET, 0, Some(1));
            floor.set_free(1, true, 0);
        };
        assert_eq!(violations(excluded, late), 0);
        let pulled = |floor: &Floor| {
            floor.waits(1, 1, TICKET, 0, None);
            floor.set_free(1, true, 0);
        };
        assert_eq!(violations(pulled, late), 0);
        let gone = |floor: &Floor| {
            floor.waits(1, 0, TICKET, 0, None);
            floor.set_free(1, true, 0);
            floor.left(1, 0, TICKET);
        };
        assert_eq!(violations(gone, late), 0);
    }
}
