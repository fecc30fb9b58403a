//! The remembered tickets of a contact in order of creation. Most contacts have one ticket: only
//! those with a neighbour stand here. Derived: no snapshot holds it.

use super::slab::Slot;
use rustc_hash::FxHashMap;

/// Which ticket of the same contact is the next older, and which the next newer.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    older: FxHashMap<Slot, Slot>,
    newer: FxHashMap<Slot, Slot>,
}

impl Neighbours {
    /// A contact whose newest ticket was `before` has a newer one.
    pub(crate) fn follow(&mut self, before: Slot, newest: Slot) {
        self.older.insert(newest, before);
        self.newer.insert(before, newest);
    }

    /// A ticket goes, and its neighbours become each other's: gives back the older and the newer.
    pub(crate) fn take_out(&mut self, slot: Slot) -> (Option<Slot>, Option<Slot>) {
        let (older, newer) = (self.older.remove(&slot), self.newer.remove(&slot));
        match (older, newer) {
            (Some(older), Some(newer)) => self.follow(older, newer),
            (Some(older), None) => {
                self.newer.remove(&older);
            }
            (None, Some(newer)) => {
                self.older.remove(&newer);
            }
            (None, None) => {}
        }
        (older, newer)
    }
}
