//! No agent has more tickets than seats: from the times in the entries that the clients saw.
//!
//! The order in which a client gets entries of different tickets says nothing after a reconnect
//! (missed entries come ticket by ticket); their times do.

use super::{Counter, Verdict};

/// An agent had a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Which agent.
    pub agent: u32,
    /// Since when, in microseconds since 1970.
    pub from: u64,
    /// Until when; the end of time while nobody saw an end.
    pub until: u64,
}

/// Counts each hold that began when the agent had all its seats in use. Sorts the holds.
pub fn check(holds: &mut [Hold], seats: u16, verdict: &mut Verdict) {
    holds.sort_unstable_by_key(|hold| (hold.agent, hold.from, hold.until));
    verdict.checked(Counter::OverCapacity, holds.len() as u64);
    for holds in holds.chunk_by(|a, b| a.agent == b.agent) {
        let mut running: Vec<u64> = Vec::new();
        for hold in holds {
            // A seat that is given back and claimed in the same microsecond was free in between.
            running.retain(|until| *until > hold.from);
            if running.len() >= usize::from(seats) {
                let Hold { agent, from, .. } = hold;
                let what = format!("agent {agent} has {} tickets at {from}", running.len() + 1);
                verdict.violated(Counter::OverCapacity, what);
            }
            running.push(hold.until);
        }
    }
}

/// Time that holds took within a window, in microseconds, over all agents.
#[must_use]
pub fn held_us(holds: &[Hold], from: u64, until: u64) -> u64 {
    holds.iter().map(|hold| hold.until.min(until).saturating_sub(hold.from.max(from))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(holds: &[(u32, u64, u64)], seats: u16) -> u64 {
        let mut holds: Vec<Hold> = holds
            .iter()
            .map(|(agent, from, until)| Hold { agent: *agent, from: *from, until: *until })
            .collect();
        let mut verdict = Verdict::default();
        check(&mut holds, seats, &mut verdict);
        verdict.count(Counter::OverCapacity).violations
    }

    #[test]
    fn as_many_tickets_as_seats_are_right_and_one_more_is_wrong() {
        let full = [(1, 0, 10), (1, 5, 15), (2, 0, 100), (1, 10, 20)];
        assert_eq!(violations(&full, 2), 0);
        assert_eq!(violations(&full, 1), 2);
        assert_eq!(violations(&[(1, 0, u64::MAX), (1, 7, 9), (1, 8, 9)], 2), 1);
    }

    #[test]
    fn held_time_is_cut_to_the_window() {
        let hold = |from, until| Hold { agent: 1, from, until };
        let holds = [hold(0, 10), hold(5, 30), hold(40, u64::MAX)];
        assert_eq!(held_us(&holds, 8, 50), 2 + 22 + 10);
    }
}
