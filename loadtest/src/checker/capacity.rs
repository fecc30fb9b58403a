//! No agent has more tickets than seats: from the times in the entries that the clients saw.
//!
//! The order in which a client gets entries of different tickets says nothing after a reconnect
//! (missed entries come ticket by ticket); their times do.

use super::{Counter, Verdict};
use std::collections::HashMap;

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

/// How many seats the agents have, and had.
#[derive(Debug, Clone, Default)]
pub struct Seats {
    /// Of an agent whose seats were never changed.
    first: u16,
    /// Of the others, in order.
    changes: HashMap<u32, Vec<SeatChange>>,
}

/// The seats of an agent were changed. Times in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatChange {
    /// How many it has from then on.
    pub seats: u16,
    /// When that was asked for: not before.
    pub asked: u64,
    /// When it was acknowledged: not after. The end of time where nobody knows.
    pub acknowledged: u64,
}

impl Seats {
    /// So many for everyone.
    #[must_use]
    pub fn new(first: u16) -> Self {
        Self { first, changes: HashMap::new() }
    }

    /// An agent has another number of seats.
    pub fn changed(&mut self, agent: u32, change: SeatChange) {
        self.changes.entry(agent).or_default().push(change);
    }

    /// The most that an agent can have had at a time: between question and answer the old number
    /// or the new one.
    #[must_use]
    pub fn most_at(&self, agent: u32, at: u64) -> u16 {
        let changes = self.changes.get(&agent).map_or(&[][..], Vec::as_slice);
        changes.iter().fold(self.first, |most, change| {
            if at > change.acknowledged {
                change.seats
            } else if at >= change.asked {
                most.max(change.seats)
            } else {
                most
            }
        })
    }
}

/// Counts each hold that began when the agent had all its seats in use. Sorts the holds.
pub fn check(holds: &mut [Hold], seats: &Seats, verdict: &mut Verdict) {
    holds.sort_unstable_by_key(|hold| (hold.agent, hold.from, hold.until));
    verdict.checked(Counter::OverCapacity, holds.len() as u64);
    for holds in holds.chunk_by(|a, b| a.agent == b.agent) {
        let mut running: Vec<u64> = Vec::new();
        for hold in holds {
            // A seat that is given back and claimed in the same microsecond was free in between.
            running.retain(|until| *until > hold.from);
            let Hold { agent, from, .. } = hold;
            if running.len() >= usize::from(seats.most_at(*agent, *from)) {
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
        violations_of(holds, &Seats::new(seats))
    }

    fn violations_of(holds: &[(u32, u64, u64)], seats: &Seats) -> u64 {
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
    fn an_agent_whose_seats_change_may_have_the_old_number_until_the_answer_and_then_the_new() {
        let change = |seats, asked, acknowledged| SeatChange { seats, asked, acknowledged };
        let mut seats = Seats::new(1);
        seats.changed(1, change(2, 10, 20));
        seats.changed(1, change(1, 30, 40));
        let second_at = |at| violations_of(&[(1, 0, 100), (1, at, 100)], &seats);
        let violations: Vec<u64> = [9, 10, 20, 21, 30, 40, 41].map(second_at).into();
        assert_eq!(violations, [1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(violations_of(&[(2, 0, 100), (2, 15, 100)], &seats), 1);
        // Nobody knows whether the change was made: what it allows stays allowed.
        let mut unknown = Seats::new(1);
        unknown.changed(1, change(2, 10, u64::MAX));
        assert_eq!(violations_of(&[(1, 0, 100), (1, 50, 100)], &unknown), 0);
    }

    #[test]
    fn held_time_is_cut_to_the_window() {
        let hold = |from, until| Hold { agent: 1, from, until };
        let holds = [hold(0, 10), hold(5, 30), hold(40, u64::MAX)];
        assert_eq!(held_us(&holds, 8, 50), 2 + 22 + 10);
    }
}
