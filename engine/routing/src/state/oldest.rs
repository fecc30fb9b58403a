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

    /// The first behind one, in the order of the moments and, where they are the same, of the slots; of
    /// all for none.
    pub(crate) fn next_after(&self, last: Option<(Micros, Slot)>) -> Option<(Micros, Slot)> {
        let first =
            last.map_or(0, |(at, _)| self.moments.partition_point(|(other, _)| *other < at));
        let behind = self.moments.range(first..).copied();
        let mut behind =
            behind.filter(|(_, slot)| *slot != Self::ENDED).filter(|it| Some(*it) > last);
        let next = behind.next()?;
        let same = behind.take_while(|(at, _)| *at == next.0);
        same.chain([next]).min()
    }

    pub(crate) fn first(&self) -> Option<(Micros, Slot)> {
        self.moments.front().copied()
    }

    /// All, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Micros, Slot)> {
        self.moments.iter().copied().filter(|(_, slot)| *slot != Self::ENDED)
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
    fn behind_one_comes_the_next_slot_of_its_moment_or_the_next_moment() {
        let mut oldest = Oldest::default();
        for (at, slot) in [(1, 11), (1, 10), (1, 12), (2, 9), (3, 8)] {
            oldest.begin(at, slot);
        }
        oldest.end(1, 12);
        oldest.end(2, 9);
        let mut last = None;
        let all = std::iter::from_fn(|| {
            last = oldest.next_after(last);
            last
        });
        assert_eq!(all.collect::<Vec<_>>(), [(1, 10), (1, 11), (3, 8)]);
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
