//! What `least_active` and `longest_idle` compare of every agent, and the least of every 64 of them: who
//! looks for the least of a large queue passes over most.

use super::bits::{self, Bits};
use crate::Micros;

/// Tickets held, then the time of the last ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Load(u64);

impl Load {
    /// Microseconds since 1970 until the year 2112; the twelve bits above hold any number of seats.
    const IDLE_BITS: u32 = 52;
    const IDLE: u64 = (1 << Self::IDLE_BITS) - 1;
    /// Nobody has more.
    const MAX: Self = Self(u64::MAX);

    pub(super) fn new(tickets: usize, last_ticket_at: Micros) -> Self {
        Self(((tickets as u64) << Self::IDLE_BITS) | (last_ticket_at & Self::IDLE))
    }

    /// The part that `longest_idle` compares.
    pub(crate) fn idle(self) -> Self {
        Self(self.0 & Self::IDLE)
    }
}

/// What of a load is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compared {
    /// By `least_active`.
    Load,
    /// By `longest_idle`.
    Idle,
}

impl Compared {
    #[inline]
    pub(crate) fn of(self, load: Load) -> Load {
        match self {
            Self::Load => load,
            Self::Idle => load.idle(),
        }
    }
}

/// Of all agents by number.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    list: Vec<Load>,
    /// The least of the available agents of each word of their set, as [`Compared`] tells.
    floors: [Vec<Load>; 2],
}

impl Loads {
    #[inline]
    pub(crate) fn of(&self, agent: u32) -> Load {
        self.list[agent as usize]
    }

    /// The least of the available agents who are members too; ties go to the lowest number. Of a large
    /// queue most words have nobody below the least so far.
    // Within its caller the loop has no registers left, and takes twice the instructions.
    #[inline(never)]
    pub(crate) fn least(
        &self,
        available: &Bits,
        members: &Bits,
        compared: Compared,
    ) -> Option<u32> {
        let (mut least, mut found) = (Load::MAX, None);
        let words = available.common_words(members).zip(&self.floors[compared as usize]);
        for (at, (word, floor)) in words.enumerate() {
            if *floor < least {
                bits::numbers(at, word, |agent| {
                    let load = compared.of(self.of(agent));
                    if load < least {
                        (least, found) = (load, Some(agent));
                    }
                });
            }
        }
        found
    }

    /// The next agent, who is not available.
    pub(super) fn push(&mut self) {
        self.list.push(Load::default());
        let words = self.list.len().div_ceil(Bits::WORD);
        self.floors.iter_mut().for_each(|floors| floors.resize(words, Load::MAX));
    }

    pub(super) fn set(&mut self, agent: u32, load: Load, available: &Bits) {
        let before = std::mem::replace(&mut self.list[agent as usize], load);
        if available.holds(agent) {
            self.raise(agent, before, available);
            self.lower(agent);
        }
    }

    /// The agent has become available.
    pub(super) fn entered(&mut self, agent: u32) {
        self.lower(agent);
    }

    /// The agent is no longer available.
    pub(super) fn left(&mut self, agent: u32, available: &Bits) {
        self.raise(agent, self.of(agent), available);
    }

    fn lower(&mut self, agent: u32) {
        let load = self.of(agent);
        for compared in [Compared::Load, Compared::Idle] {
            let floor = &mut self.floors[compared as usize][Bits::word_of(agent)];
            *floor = compared.of(load).min(*floor);
        }
    }

    /// Nobody of this load is among the agent's word any more, or one less.
    fn raise(&mut self, agent: u32, load: Load, available: &Bits) {
        let word = Bits::word_of(agent);
        for compared in [Compared::Load, Compared::Idle] {
            if self.floors[compared as usize][word] == compared.of(load) {
                let mut floor = Load::MAX;
                available.for_each_in(word, |other| floor = floor.min(compared.of(self.of(other))));
                self.floors[compared as usize][word] = floor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever becomes of the agents, each floor is the least of those available in its word, and
        /// whoever is found is the least of all.
        #[test]
        fn the_least_is_found(
            those in prop::collection::vec(any::<bool>(), 150),
            steps in prop::collection::vec((0_u32..150, 0_usize..3, 0_u64..20, any::<bool>()), 1..400),
        ) {
            let (mut loads, mut available) = (Loads::default(), Bits::default());
            let mut members = Bits::default();
            for (agent, is_one) in (0..).zip(those) {
                loads.push();
                members.set(agent, is_one);
            }
            for (agent, tickets, at, toggles) in steps {
                if !toggles {
                    loads.set(agent, Load::new(tickets, at), &available);
                } else if available.holds(agent) {
                    available.set(agent, false);
                    loads.left(agent, &available);
                } else {
                    available.set(agent, true);
                    loads.entered(agent);
                }
                for compared in [Compared::Load, Compared::Idle] {
                    let key = |agent: &u32| (compared.of(loads.of(*agent)), *agent);
                    let there = || (0..150).filter(|agent| available.holds(*agent));
                    for word in 0..3 {
                        let of_word = there().filter(|agent| Bits::word_of(*agent) == word);
                        let least = of_word.map(|agent| key(&agent).0).min();
                        let floor = loads.floors[compared as usize][word];
                        prop_assert_eq!(floor, least.unwrap_or(Load::MAX));
                    }
                    let least = there().filter(|agent| members.holds(*agent)).min_by_key(key);
                    prop_assert_eq!(loads.least(&available, &members, compared), least);
                }
            }
        }
    }
}
