//! The oldest of many moments that begin mostly in order and end in any order.

use super::slab::Slot;
use crate::Micros;
use std::collections::VecDeque;

/// Moments in order. What has ended is marked, and goes when it comes to
/// the front or when there is more of it than of the rest.
#[derive(Debug, Default)]
pub(crate) struct Oldest {
    moments: VecDeque<(Micros, Slot)>,
    ended: usize,
}

impl Oldest {
    /// In place of a slot: the moment has ended.
    const ENDED: Slot = Slot::MAX;
    /// Least number of ended moments that are cleared out.
    const CLEARED: usize = 32;

    /// A moment begins for `slot`: behind those that are as old. Mostly it is the newest.
    pub(crate) fn begin(&mut self, at: Micros, slot: Slot) {
        if self.moments.back().is_none_or(|(newest, _)| *newest <= at) {
            self.moments.push_back((at, slot));
        } else {
            let behind = self.moments.partition_point(|(other, _)| *other <= at);
            self.moments.insert(behind, (at, slot));
        }
    }

    /// The moment that began at `at` for `slot` ends.
    pub(crate) fn end(&mut self, at: Micros, slot: Slot) {
        if self.moments.front() == Some(&(at, slot)) {
            self.moments.pop_front();
            while self.moments.front().is_some_and(|(_, slot)| *slot == Self::ENDED) {
                self.moments.pop_front();
                self.ended -= 1;
            }
            return;
        }
        let first = self.moments.partition_point(|(other, _)| *other < at);
        let same = self.moments.iter_mut().skip(first).take_while(|(other, _)| *other == at);
        let mut same = same.filter(|(_, other)| *other == slot);
        same.next().expect("a moment ends once, and has begun").1 = Self::ENDED;
        self.ended += 1;
        if self.ended > Self::CLEARED && 2 * self.ended > self.moments.len() {
            self.moments.retain(|(_, slot)| *slot != Self::ENDED);
            self.ended = 0;
        }
    }

    pub(crate) fn first(&self) -> Option<(Micros, Slot)> {
        self.moments.front().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_oldest_that_has_not_ended() {
        let mut oldest = Oldest::default();
        for (at, slot) in [(1, 10), (1, 11), (2, 12), (3, 13)] {
            oldest.begin(at, slot);
        }
        oldest.end(1, 11);
        oldest.end(2, 12);
        assert_eq!(oldest.first(), Some((1, 10)));
        oldest.end(1, 10);
        assert_eq!(oldest.first(), Some((3, 13)));
        oldest.begin(2, 14);
        oldest.begin(3, 15);
        oldest.begin(2, 16);
        assert_eq!(oldest.first(), Some((2, 14)));
        oldest.end(2, 14);
        assert_eq!(oldest.first(), Some((2, 16)));
        oldest.end(2, 16);
        oldest.end(3, 13);
        assert_eq!(oldest.first(), Some((3, 15)));
        oldest.end(3, 15);
        assert_eq!(oldest.first(), None);
    }

    #[test]
    fn what_has_ended_takes_bounded_room() {
        let mut oldest = Oldest::default();
        oldest.begin(0, 0);
        for at in 1..10_000u32 {
            oldest.begin(u64::from(at), at);
            oldest.end(u64::from(at), at);
            assert!(oldest.moments.len() <= 2 * Oldest::CLEARED + 4);
        }
        assert_eq!(oldest.first(), Some((0, 0)));
    }
}
