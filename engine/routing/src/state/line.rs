//! A line: waiting tickets in the order in which they are served.

use super::slab::Slot;
use super::ticket::Ticket;
use relevo_wire::limits::PRIORITY;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Place in a line: priority descending, arrived ascending, id (by the order of creation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineKey(u128);

impl LineKey {
    /// Behind every ticket: the head of an empty line.
    pub(crate) const LAST: Self = Self(u128::MAX);
    /// Microseconds since 1970 until the year 2540.
    const ARRIVED_BITS: u32 = 54;

    pub(crate) fn of(ticket: &Ticket) -> Self {
        let urgency = u128::from(PRIORITY.saturating_sub(ticket.priority));
        let arrived = u128::from(ticket.arrived) & ((1 << Self::ARRIVED_BITS) - 1);
        let order = u128::from(ticket.order);
        Self((urgency << (Self::ARRIVED_BITS + 64)) | (arrived << 64) | order)
    }
}

/// Waiting tickets in order.
#[derive(Debug, Default)]
pub(crate) struct Line {
    tickets: BTreeMap<LineKey, Slot>,
}

impl Line {
    pub(crate) fn insert(&mut self, key: LineKey, slot: Slot) {
        let before = self.tickets.insert(key, slot);
        debug_assert!(before.is_none(), "two tickets at one place");
    }

    pub(crate) fn remove(&mut self, key: LineKey) {
        let removed = self.tickets.remove(&key);
        debug_assert!(removed.is_some(), "a ticket left a line in which it was not");
    }

    pub(crate) fn len(&self) -> usize {
        self.tickets.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    pub(crate) fn head(&self) -> Option<(LineKey, Slot)> {
        self.tickets.first_key_value().map(|(key, slot)| (*key, *slot))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LineKey, Slot)> {
        self.tickets.iter().map(|(key, slot)| (*key, *slot))
    }

    /// As [`Line::iter`], behind a key or from the head.
    pub(crate) fn after(&self, key: Option<LineKey>) -> impl Iterator<Item = (LineKey, Slot)> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.tickets.range((from, Bound::Unbounded)).map(|(key, slot)| (*key, *slot))
    }

    /// Place of a key, from 1. Counts: O(line).
    pub(crate) fn position(&self, key: LineKey) -> u32 {
        count(self.tickets.range(..=key).count())
    }

    /// Place that a key has or would have, from 1, exact within 256 places of either end and else
    /// a place between.
    pub(crate) fn position_hint(&self, key: LineKey) -> u32 {
        const NEAR: usize = 256;
        let behind = self.tickets.range(key..).take(NEAR).count();
        if behind < NEAR {
            return count(self.len() + 1 - behind);
        }
        let before = self.tickets.range(..key).take(NEAR).count();
        if before < NEAR { count(before + 1) } else { count(self.len() / 2) }
    }
}

fn count(places: usize) -> u32 {
    u32::try_from(places).unwrap_or(u32::MAX)
}
