//! The raw limit of decisions: a loop over deques and a hash map, with no feature at all. Lines are
//! first in, first out; who has the fewest tickets gets the next; a freed agent takes the longest
//! waiting of its queues.

use super::workload::Workload;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Its whole state.
#[derive(Debug)]
pub struct PlainLoop {
    lines: Vec<VecDeque<Waiting>>,
    members: Vec<Vec<u32>>,
    queues: Vec<Vec<u32>>,
    used: Vec<u16>,
    /// Members with a free seat, a queue each: a full queue is not searched.
    free: Vec<u32>,
    seats: u16,
    tickets: FxHashMap<u64, Ticket>,
    contacts: FxHashMap<u128, u64>,
    served: VecDeque<u64>,
    next: u64,
    log: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    ticket: u64,
    arrived: u64,
}

#[derive(Debug, Clone, Copy)]
struct Ticket {
    agent: u32,
    contact: u128,
}

const NOBODY: u32 = u32::MAX;
/// Where the record buffer is emptied, as a group commit would.
const LOG_BYTES: usize = 64 * 1024;

impl PlainLoop {
    /// Queues, members and seats of the workload, with nobody waiting.
    #[must_use]
    pub fn new(workload: &Workload) -> Self {
        let mut queues = vec![Vec::new(); workload.agents as usize];
        for (queue, members) in workload.members.iter().enumerate() {
            for agent in members {
                queues[*agent as usize].push(u32::try_from(queue).expect("few queues"));
            }
        }
        Self {
            lines: vec![VecDeque::new(); workload.members.len()],
            members: workload.members.clone(),
            queues,
            used: vec![0; workload.agents as usize],
            free: workload
                .members
                .iter()
                .map(|members| u32::try_from(members.len()).expect("few members"))
                .collect(),
            seats: workload.seats,
            tickets: FxHashMap::default(),
            contacts: FxHashMap::default(),
            served: VecDeque::new(),
            next: 0,
            log: Vec::with_capacity(2 * LOG_BYTES),
        }
    }

    /// Hands a contact over.
    pub fn hand_off(&mut self, queue: u32, contact: u128, private: &[u8]) {
        let ticket = self.next;
        self.next += 1;
        self.tickets.insert(ticket, Ticket { agent: NOBODY, contact });
        self.contacts.insert(contact, ticket);
        self.record(1, ticket, queue, private);
        let line = queue as usize;
        if self.free[line] == 0 {
            self.lines[line].push_back(Waiting { ticket, arrived: ticket });
            return;
        }
        let agent = self.members[line]
            .iter()
            .copied()
            .min_by_key(|agent| self.used[*agent as usize])
            .expect("a member has a free seat");
        self.assign(ticket, agent);
    }

    /// Closes the ticket that has been with its agent longest; its agent takes the next.
    pub fn close_oldest(&mut self) {
        let Some(ticket) = self.served.pop_front() else { return };
        let Some(Ticket { agent, contact }) = self.tickets.remove(&ticket) else { return };
        self.contacts.remove(&contact);
        self.record(2, ticket, agent, &[]);
        self.used[agent as usize] -= 1;
        if self.used[agent as usize] == self.seats - 1 {
            self.count_free(agent, 1);
        }
        let heads = self.queues[agent as usize].iter().filter_map(|queue| {
            self.lines[*queue as usize].front().map(|waiting| (waiting.arrived, *queue))
        });
        let Some((_, queue)) = heads.min() else { return };
        let waiting = self.lines[queue as usize].pop_front().expect("its head was just seen");
        self.assign(waiting.ticket, agent);
    }

    /// Tickets with agents.
    #[must_use]
    pub fn served(&self) -> usize {
        self.served.len()
    }

    /// Tickets in line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }

    fn assign(&mut self, ticket: u64, agent: u32) {
        self.record(3, ticket, agent, &[]);
        self.tickets.get_mut(&ticket).expect("it waits").agent = agent;
        self.served.push_back(ticket);
        self.used[agent as usize] += 1;
        if self.used[agent as usize] == self.seats {
            self.count_free(agent, -1);
        }
    }

    fn count_free(&mut self, agent: u32, change: i32) {
        for queue in &self.queues[agent as usize] {
            let free = &mut self.free[*queue as usize];
            *free = free.checked_add_signed(change).expect("a member is free once");
        }
    }

    fn record(&mut self, kind: u8, ticket: u64, other: u32, private: &[u8]) {
        if self.log.len() >= LOG_BYTES {
            self.log.clear();
        }
        self.log.push(kind);
        self.log.extend_from_slice(&ticket.to_le_bytes());
        self.log.extend_from_slice(&other.to_le_bytes());
        self.log.extend_from_slice(private);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(members: Vec<Vec<u32>>, seats: u16) -> Workload {
        Workload { members, queues_per_bot: 1, agents: 2, seats, filled: 0, served: 0 }
    }

    #[test]
    fn the_least_busy_member_is_assigned_and_a_freed_one_takes_the_longest_waiting() {
        let mut plain = PlainLoop::new(&workload(vec![vec![0, 1], vec![1]], 1));
        plain.hand_off(0, 10, b"");
        plain.hand_off(1, 11, b"");
        assert_eq!((plain.used[0], plain.used[1], plain.served()), (1, 1, 2));
        plain.hand_off(1, 12, b"");
        plain.hand_off(0, 13, b"");
        assert_eq!((plain.waiting(), plain.served()), (2, 2));
        // Agent 0 serves queue 0 only: it takes contact 13 although contact 12 waits longer.
        plain.close_oldest();
        assert_eq!(plain.lines[0].len(), 0);
        assert_eq!(plain.lines[1].len(), 1);
        plain.close_oldest();
        assert_eq!((plain.waiting(), plain.served()), (0, 2));
        assert_eq!(plain.tickets.len(), 2);
    }
}
