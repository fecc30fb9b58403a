//! The oldest of many moments that begin in order and end in any order.

use super::slab::Slot;
use crate::Micros;
use std::collections::VecDeque;

/// Moments in the order in which they began. What has ended stays until it comes to the front or
/// there is more of it than of the rest.
#[derive(Debug, Default)]
pub(crate) struct Oldest {
    moments: VecDeque<(Micros, Slot)>,
}

impl Oldest {
    /// Least length at which ended moments are cleared out.
    const CLEARED: usize = 32;

    /// A moment begins for `slot`: not before any that began earlier.
    pub(crate) fn begin(&mut self, at: Micros, slot: Slot) {
        self.moments.push_back((at, slot));
    }

    /// Drops what has ended. `live` tells how many have not, `lives` which.
    pub(crate) fn settle(&mut self, live: usize, lives: impl Fn(Micros, Slot) -> bool) {
        while self.moments.front().is_some_and(|(at, slot)| !lives(*at, *slot)) {
            self.moments.pop_front();
        }
        if self.moments.len() > Self::CLEARED && self.moments.len() > 2 * live {
            self.moments.retain(|(at, slot)| lives(*at, *slot));
        }
    }

    pub(crate) fn first(&self) -> Option<Micros> {
        self.moments.front().map(|(at, _)| *at)
    }
}
