//! The layout of one seat word, as pure functions from `u64` to `u64`.
//!
//! ```text
//!  63   62            45 44           27 26    25        24     23      12 11          0
//! [ - ][ reachable closes ][ intent closes ][grace][reachable][intent][ in use ][ capacity ]
//!  1          18                18            1        1         1       12          12
//! ```
//!
//! Nothing here touches an atomic: [`super::SeatWord`] decides how a step reaches the shared
//! word, this file decides which step it is.

use super::{CloseCount, SeatView};

const SEAT_BITS: u32 = 12;
const SEAT_MASK: u64 = (1 << SEAT_BITS) - 1;
const USED_SHIFT: u32 = SEAT_BITS;
const FLAG_SHIFT: u32 = 2 * SEAT_BITS;
const INTENT: u64 = 1 << FLAG_SHIFT;
const REACHABLE: u64 = 1 << (FLAG_SHIFT + 1);
const GRACE: u64 = 1 << (FLAG_SHIFT + 2);
const COUNT_BITS: u32 = 18;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const INTENT_COUNT_SHIFT: u32 = FLAG_SHIFT + 3;
const REACHABLE_COUNT_SHIFT: u32 = INTENT_COUNT_SHIFT + COUNT_BITS;

const _: () = assert!(REACHABLE_COUNT_SHIFT + COUNT_BITS <= u64::BITS);
const _: () = assert!(super::MAX_SEATS as u64 == SEAT_MASK);
const _: () = assert!(CloseCount::MASK as u64 == COUNT_MASK);

/// Which of the two facts that sessions may close at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Intent,
    Reachable,
}

impl Fact {
    const fn bit(self) -> u64 {
        match self {
            Self::Intent => INTENT,
            Self::Reachable => REACHABLE,
        }
    }

    const fn count_shift(self) -> u32 {
        match self {
            Self::Intent => INTENT_COUNT_SHIFT,
            Self::Reachable => REACHABLE_COUNT_SHIFT,
        }
    }
}

/// One value of the word; every method returns the next value and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed(pub(super) u64);

impl Packed {
    /// A closed agent with no seat in use.
    pub(super) fn closed(capacity: u16) -> Self {
        Self(0).with_capacity(capacity)
    }

    pub(super) const fn capacity(self) -> u16 {
        (self.0 & SEAT_MASK) as u16
    }

    pub(super) const fn used(self) -> u16 {
        ((self.0 >> USED_SHIFT) & SEAT_MASK) as u16
    }

    pub(super) const fn is_open(self) -> bool {
        self.0 & (INTENT | REACHABLE | GRACE) == INTENT | REACHABLE
    }

    pub(super) const fn closes(self, fact: Fact) -> CloseCount {
        CloseCount(((self.0 >> fact.count_shift()) & COUNT_MASK) as u32)
    }

    pub(super) const fn holds(self, fact: Fact) -> bool {
        self.0 & fact.bit() != 0
    }

    pub(super) const fn view(self) -> SeatView {
        SeatView {
            intent: self.holds(Fact::Intent),
            reachable: self.holds(Fact::Reachable),
            grace: self.0 & GRACE != 0,
            used: self.used(),
            capacity: self.capacity(),
            intent_closes: self.closes(Fact::Intent),
            reachable_closes: self.closes(Fact::Reachable),
        }
    }

    pub(super) fn claimed(self) -> Option<Self> {
        (self.is_open() && self.used() < self.capacity()).then(|| self.with_used(self.used() + 1))
    }

    pub(super) fn released(self) -> Option<Self> {
        Some(self.with_used(self.used().checked_sub(1)?))
    }

    pub(super) fn closing(self, fact: Fact) -> Self {
        self.without(fact).with_closes(fact, self.closes(fact).next())
    }

    pub(super) fn opening(self, fact: Fact, told: CloseCount) -> Option<Self> {
        (self.closes(fact) == told).then_some(Self(self.0 | fact.bit()))
    }

    pub(super) const fn without(self, fact: Fact) -> Self {
        Self(self.0 & !fact.bit())
    }

    pub(super) const fn with_fact(self, fact: Fact, holds: bool) -> Self {
        if holds { Self(self.0 | fact.bit()) } else { self.without(fact) }
    }

    pub(super) const fn with_grace(self, grace: bool) -> Self {
        if grace { Self(self.0 | GRACE) } else { Self(self.0 & !GRACE) }
    }

    pub(super) fn with_capacity(self, capacity: u16) -> Self {
        let capacity = u64::from(checked_seats(capacity));
        Self(self.0 & !SEAT_MASK | capacity)
    }

    pub(super) fn with_used(self, used: u16) -> Self {
        let used = u64::from(checked_seats(used));
        Self(self.0 & !(SEAT_MASK << USED_SHIFT) | used << USED_SHIFT)
    }

    const fn with_closes(self, fact: Fact, count: CloseCount) -> Self {
        let shift = fact.count_shift();
        Self(self.0 & !(COUNT_MASK << shift) | (count.0 as u64) << shift)
    }
}

/// The configuration refuses more seats than fit, so a larger number is a bug; in a release
/// build it must still not spill into the open bits.
fn checked_seats(seats: u16) -> u16 {
    debug_assert!(seats <= super::MAX_SEATS, "{seats} seats do not fit the word");
    seats.min(super::MAX_SEATS)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::seats::MAX_SEATS;

    /// Every field at its greatest.
    fn full() -> Packed {
        Packed(u64::MAX >> 1)
    }

    #[test]
    fn fields_do_not_overlap() {
        let fields = [
            full().0 ^ full().with_capacity(0).0,
            full().0 ^ full().with_used(0).0,
            INTENT,
            REACHABLE,
            GRACE,
            full().0 ^ full().with_closes(Fact::Intent, CloseCount(0)).0,
            full().0 ^ full().with_closes(Fact::Reachable, CloseCount(0)).0,
        ];
        let together = fields.iter().fold(0, |seen, field| {
            assert_eq!(seen & field, 0, "{field:#x} overlaps");
            seen | field
        });
        assert_eq!(together, u64::MAX >> 1, "one spare bit, at the top");
    }

    #[test]
    fn each_field_keeps_its_neighbours() {
        let word = Packed::closed(7).with_used(3).with_fact(Fact::Intent, true).with_grace(true);
        let view = word.view();
        assert_eq!((view.capacity, view.used), (7, 3));
        assert_eq!((view.intent, view.reachable, view.grace), (true, false, true));

        let changed = word.with_capacity(MAX_SEATS).with_used(MAX_SEATS).view();
        assert_eq!((changed.capacity, changed.used), (MAX_SEATS, MAX_SEATS));
        assert_eq!(changed.intent_closes, view.intent_closes);
        assert!(changed.intent && changed.grace && !changed.reachable);
    }

    #[test]
    fn a_count_wraps_into_nothing_else() {
        for fact in [Fact::Intent, Fact::Reachable] {
            let word = full();
            let closed = word.closing(fact);
            assert_eq!(closed.closes(fact), CloseCount(0));
            assert!(!closed.holds(fact));
            let restored =
                closed.with_fact(fact, true).with_closes(fact, CloseCount(CloseCount::MASK));
            assert_eq!(restored, word);
        }
    }

    #[test]
    fn a_claim_needs_every_bit_and_a_free_seat() {
        let open = Packed::closed(1).with_fact(Fact::Intent, true).with_fact(Fact::Reachable, true);
        assert_eq!(open.claimed().map(Packed::used), Some(1));
        assert_eq!(open.with_used(1).claimed(), None);
        assert_eq!(open.with_capacity(0).claimed(), None);
        assert_eq!(open.with_grace(true).claimed(), None);
        assert_eq!(open.without(Fact::Intent).claimed(), None);
        assert_eq!(open.without(Fact::Reachable).claimed(), None);
    }

    #[test]
    fn a_release_below_zero_is_refused() {
        assert_eq!(Packed::closed(4).released(), None);
    }
}
