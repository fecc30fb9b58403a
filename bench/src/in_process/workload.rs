//! The decisions to be made, for Relevo and the plain loop alike: the same queues, members and order.

use std::ops::Range;

/// How the contact center stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Every seat taken, 500,000 tickets in line: each close frees a seat and assigns the next.
    LineLong,
    /// Nobody waits, agents are idle: each hand-off is assigned at once.
    LineEmpty,
}

impl Shape {
    /// Its name on the command line and in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LineLong => "decisions: line long",
            Self::LineEmpty => "decisions: line empty",
        }
    }
}

/// Agents, queues and seats.
#[derive(Debug)]
pub struct Workload {
    /// Agents that each queue has, in rising order.
    pub members: Vec<Vec<u32>>,
    /// Queues of each bot; queues are numbered through.
    pub queues_per_bot: usize,
    /// Number of agents, all online.
    pub agents: u32,
    /// Seats of each.
    pub seats: u16,
    /// Tickets to hand off before the measurement.
    pub filled: usize,
    /// Tickets with agents at which a measured round begins to close.
    pub served: usize,
}

/// Agents of both shapes.
const AGENTS: u32 = 15_000;
/// Seats of an agent.
const SEATS: u16 = 3;

impl Workload {
    /// 15,000 agents; 5,000 queues with 30 members each and 500,000 waiting, or 300 queues with 20
    /// to 2,000 members and nobody waiting.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        match shape {
            Shape::LineLong => {
                let members = (0..5_000).map(|queue| spread(queue, 30, AGENTS)).collect();
                let served = AGENTS as usize * usize::from(SEATS);
                Self::of(members, 500_000 + served, served)
            }
            Shape::LineEmpty => {
                let members =
                    (0..300).map(|queue| spread(queue, sizes(queue, 300), AGENTS)).collect();
                Self::of(members, 0, 2_000)
            }
        }
    }

    /// One queue that every agent serves, one seat each: whoever is free may have everybody.
    #[must_use]
    pub fn one_line() -> Self {
        Self { seats: 1, ..Self::of(vec![(0..AGENTS).collect()], 0, 0) }
    }

    fn of(members: Vec<Vec<u32>>, filled: usize, served: usize) -> Self {
        Self { members, queues_per_bot: 50, agents: AGENTS, seats: SEATS, filled, served }
    }

    /// The queue of the `index`-th hand-off.
    #[must_use]
    pub fn queue_of(&self, index: u64) -> u32 {
        u32::try_from(mix(index) % self.members.len() as u64).expect("there are few queues")
    }

    /// Queues of a bot.
    #[must_use]
    pub fn queues_of(&self, bot: usize) -> Range<usize> {
        let begin = bot * self.queues_per_bot;
        begin..(begin + self.queues_per_bot).min(self.members.len())
    }

    /// Number of bots.
    #[must_use]
    pub fn bots(&self) -> usize {
        self.members.len().div_ceil(self.queues_per_bot)
    }

    /// The bot of a queue.
    #[must_use]
    pub fn bot_of(&self, queue: u32) -> u32 {
        u32::try_from(queue as usize / self.queues_per_bot).expect("there are few bots")
    }
}

/// A number that shows no pattern, always the same for the same index.
#[must_use]
pub fn mix(index: u64) -> u64 {
    let mut value = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// From 20 to 2,000 at even ratios.
fn sizes(queue: usize, queues: usize) -> usize {
    let share = queue as f64 / (queues - 1) as f64;
    (20.0 * 100_f64.powf(share)).round() as usize
}

/// `count` different agents of `agents`, evenly apart, shifted by queue: every agent serves about as
/// many queues.
fn spread(queue: usize, count: usize, agents: u32) -> Vec<u32> {
    let agents = agents as usize;
    let shift = queue * 7_919 % agents;
    let mut members: Vec<u32> = (0..count)
        .map(|at| u32::try_from((shift + at * agents / count) % agents).expect("few agents"))
        .collect();
    members.sort_unstable();
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_line_is_as_large_as_promised() {
        let workload = Workload::new(Shape::LineLong);
        assert_eq!(workload.members.len(), 5_000);
        assert_eq!(workload.filled - workload.served, 500_000);
        assert_eq!(workload.bots(), 100);
        let mut served = vec![0; 15_000];
        for members in &workload.members {
            assert_eq!(members.len(), 30);
            assert!(members.windows(2).all(|pair| pair[0] < pair[1]), "each member once");
            members.iter().for_each(|agent| served[*agent as usize] += 1);
        }
        assert!(served.iter().all(|queues| (1..=30).contains(queues)), "nobody without a queue");
    }

    #[test]
    fn the_empty_lines_have_20_to_2_000_members() {
        let workload = Workload::new(Shape::LineEmpty);
        let sizes: Vec<usize> = workload.members.iter().map(Vec::len).collect();
        assert_eq!((sizes[0], sizes[299]), (20, 2_000));
        assert!(workload.members.iter().all(|m| m.windows(2).all(|pair| pair[0] < pair[1])));
        assert!(workload.served < 15_000, "agents stay idle");
    }
}
