//! How many private bytes of a ticket a party has not confirmed.

use rkyv::{Archive, Deserialize, Serialize};
use smallvec::SmallVec;

/// Most parts; beyond it neighbours are put together.
const PARTS: usize = 16;

/// Lengths by entry number, in at most 16 parts: neighbours that are put together count until the
/// later one is confirmed, so that the sum is never too small and the memory is bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Unconfirmed {
    parts: SmallVec<[(u32, u32); 2]>,
}

impl Unconfirmed {
    pub(crate) fn add(&mut self, number: u32, bytes: u32) {
        if bytes == 0 {
            return;
        }
        if self.parts.len() == PARTS {
            let merged = self
                .parts
                .chunks_exact(2)
                .map(|pair| (pair[1].0, pair[0].1.saturating_add(pair[1].1)));
            self.parts = merged.collect();
        }
        self.parts.push((number, bytes));
    }

    pub(crate) fn confirm(&mut self, delivered: u32) {
        self.parts.retain(|(number, _)| *number > delivered);
    }

    pub(crate) fn bytes(&self) -> u32 {
        self.parts.iter().fold(0, |sum: u32, (_, bytes)| sum.saturating_add(*bytes))
    }

    pub(crate) fn clear(&mut self) {
        self.parts = SmallVec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_counts_no_more() {
        let mut unconfirmed = Unconfirmed::default();
        for number in 1..=5 {
            unconfirmed.add(number, 10);
        }
        unconfirmed.confirm(3);
        assert_eq!(unconfirmed.bytes(), 20);
        unconfirmed.confirm(5);
        assert_eq!(unconfirmed.bytes(), 0);
    }

    #[test]
    fn many_messages_take_bounded_room_and_never_count_too_little() {
        let mut unconfirmed = Unconfirmed::default();
        for number in 1..=10_000 {
            unconfirmed.add(number, 1);
            assert!(unconfirmed.parts.len() <= PARTS);
            assert_eq!(unconfirmed.bytes(), number);
        }
        for delivered in 0..=10_000 {
            unconfirmed.confirm(delivered);
            assert!(unconfirmed.bytes() >= 10_000 - delivered);
        }
        assert_eq!(unconfirmed.bytes(), 0);
    }
}
