//! A line: waiting tickets in the order in which they are served.
//!
//! The order is: effective priority descending, `arrived` ascending, id. The effective priority is
//! the ticket's priority and what it gained by waiting, `ageing` points a minute, at most [`PRIORITY`].
//! In one line all gain at the same pace, so that who is before whom changes only when somebody comes
//! to the most: until then a ticket stands by the moment at which it will, which is known when it
//! enters; then it is moved once ([`Line::age`]), to those who stand by `arrived`.
//!
//! So nobody is passed for ever: whoever has waited for `(1000 - priority) / ageing` minutes stands
//! before everybody who arrived later.

use super::skilled::Skilled;
use super::skills::Need;
use super::slab::Slot;
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::limits::PRIORITY;
use std::collections::BTreeMap;
use std::ops::Bound;

const MINUTE: Micros = 60_000_000;

/// Place in one line. Only comparable with places in the same line: see [`Rank`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineKey {
    /// What the ticket lacks to the highest priority, in points times [`MINUTE`], as if it had waited
    /// since 1970: what that would have gained is the same for everybody and changes no order. 0 for
    /// who lacks nothing any more.
    lacks: u64,
    arrived: Micros,
    /// Of creation, as ids.
    order: u64,
}

/// Urgency at a moment, the most urgent first: comparable over all lines of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(LineKey);

impl LineKey {
    /// Behind every ticket: the head of an empty line.
    pub(crate) const LAST: Self = Self { lacks: u64::MAX, arrived: u64::MAX, order: u64::MAX };

    /// The urgency of who has this place in a line with this ageing.
    #[inline]
    pub(crate) fn rank(self, ageing: u16, now: Micros) -> Rank {
        let gained = u64::from(ageing).saturating_mul(now);
        Rank(Self { lacks: self.lacks.saturating_sub(gained), ..self })
    }
}

#[cfg(test)]
impl LineKey {
    pub(crate) fn for_test(lacks: u64, order: u64) -> Self {
        Self { lacks, arrived: order, order }
    }

    pub(crate) fn is_lacking(self) -> bool {
        self.lacks > 0
    }
}

impl Rank {
    /// Behind every ticket.
    pub(crate) const LAST: Self = Self(LineKey::LAST);

    /// The effective priority, in whole points.
    pub(crate) fn priority(self) -> u16 {
        let lacks = u16::try_from(self.0.lacks.div_ceil(MINUTE)).unwrap_or(PRIORITY);
        PRIORITY.saturating_sub(lacks)
    }
}

/// A ticket that came to the highest priority: the place that it had, and the one that it has.
pub(crate) type Moved = (LineKey, LineKey);

/// Waiting tickets in order.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Those who require no skill: what everybody of the queue may have is found first.
    plain: BTreeMap<LineKey, Slot>,
    /// Those who require some, as long as there are any: apart, for most lines have none.
    skilled: Option<Box<Skilled>>,
    /// Points of priority a minute.
    ageing: u16,
    /// Whoever lacks no more than this, as [`LineKey`] counts it, lacks nothing.
    aged: u64,
}

impl Line {
    /// An empty line with this ageing, in points a minute.
    pub(crate) fn with_ageing(ageing: u16) -> Self {
        Self { ageing, ..Self::default() }
    }

    pub(crate) fn ageing(&self) -> u16 {
        self.ageing
    }

    /// The place that a ticket has here, or would have.
    #[inline]
    pub(crate) fn key(&self, ticket: &Ticket) -> LineKey {
        let lacks = u64::from(PRIORITY.saturating_sub(ticket.priority)) * MINUTE;
        let began = ticket.waiting_since.saturating_sub(ticket.waited_us);
        let lacks = lacks.saturating_add(u64::from(self.ageing).saturating_mul(began));
        let lacks = if lacks <= self.aged { 0 } else { lacks };
        LineKey { lacks, arrived: ticket.arrived, order: ticket.order }
    }

    /// As [`Line::key`], of a ticket that would enter now.
    pub(crate) fn key_at(&self, ticket: &Ticket, now: Micros) -> LineKey {
        let key = self.key(ticket);
        let gained = u64::from(self.ageing).saturating_mul(now);
        if key.lacks <= gained { LineKey { lacks: 0, ..key } } else { key }
    }

    /// The urgency of a ticket here.
    #[inline]
    pub(crate) fn rank(&self, ticket: &Ticket, now: Micros) -> Rank {
        self.key(ticket).rank(self.ageing, now)
    }

    /// When the next ticket comes to the highest priority.
    pub(crate) fn ages_at(&self) -> Option<Micros> {
        if self.ageing == 0 {
            return None;
        }
        let ageing = u64::from(self.ageing);
        let plain = lacking(&self.plain).next().map(|(key, _)| *key);
        let skilled = self.skilled.as_deref().and_then(|skilled| lacking(skilled.tickets()).next());
        let skilled = skilled.map(|(key, _)| *key);
        let next = plain.into_iter().chain(skilled).min()?;
        Some(next.lacks.checked_add(ageing - 1)? / ageing)
    }

    /// Moves those who have come to the highest priority by now.
    pub(crate) fn age(&mut self, now: Micros) -> Vec<Moved> {
        self.aged = self.aged.max(u64::from(self.ageing).saturating_mul(now));
        let is_due = |key: &LineKey| key.lacks <= self.aged;
        let highest = |key: LineKey| (key, LineKey { lacks: 0, ..key });
        let plain = lacking(&self.plain).map(|(key, _)| *key).take_while(is_due);
        let plain: Vec<Moved> = plain.map(highest).collect();
        let skilled = self.skilled.iter().flat_map(|skilled| lacking(skilled.tickets()));
        let skilled = skilled.map(|(key, _)| *key).take_while(is_due);
        let skilled: Vec<Moved> = skilled.map(highest).collect();
        for (from, to) in &plain {
            let slot = self.plain.remove(from);
            self.plain.extend(slot.map(|slot| (*to, slot)));
        }
        if let Some(tree) = &mut self.skilled {
            skilled.iter().for_each(|(from, to)| tree.rekey(*from, *to));
        }
        [plain, skilled].concat()
    }

    pub(crate) fn insert(&mut self, key: LineKey, slot: Slot, needs: &[Need]) {
        if needs.is_empty() {
            let before = self.plain.insert(key, slot);
            debug_assert!(before.is_none(), "two tickets at one place");
        } else {
            self.skilled.get_or_insert_default().insert(key, slot, needs);
        }
    }

    pub(crate) fn remove(&mut self, key: LineKey) {
        let removed = self.plain.remove(&key).is_some()
            || self.skilled.as_deref_mut().is_some_and(|skilled| skilled.remove(key));
        debug_assert!(removed, "a ticket left a line in which it was not");
        if self.skilled.as_deref().is_some_and(|skilled| skilled.tickets().is_empty()) {
            self.skilled = None;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.plain.len() + self.skilled.as_deref().map_or(0, |skilled| skilled.tickets().len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first who requires no skill.
    pub(crate) fn plain_head(&self) -> Option<(LineKey, Slot)> {
        self.plain.first_key_value().map(|(key, slot)| (*key, *slot))
    }

    /// Those who require no skill, in order.
    pub(crate) fn plain(&self) -> impl Iterator<Item = (LineKey, Slot)> {
        self.plain.iter().map(|(key, slot)| (*key, *slot))
    }

    /// Those who require some.
    pub(crate) fn skilled(&self) -> Option<&Skilled> {
        self.skilled.as_deref()
    }

    /// Everybody, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LineKey, Slot)> {
        self.after(None)
    }

    /// As [`Line::iter`], behind a key or from the head.
    pub(crate) fn after(&self, key: Option<LineKey>) -> impl Iterator<Item = (LineKey, Slot)> {
        let from = (key.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let mut plain = self.plain.range(from).map(|(key, slot)| (*key, *slot)).peekable();
        let skilled = self.skilled.as_deref().map(|skilled| skilled.tickets().range(from));
        let skilled = skilled.into_iter().flatten().map(|(key, place)| (*key, place.slot));
        let mut skilled = skilled.peekable();
        std::iter::from_fn(move || match (plain.peek(), skilled.peek()) {
            (Some(one), Some(other)) if other < one => skilled.next(),
            (None, Some(_)) => skilled.next(),
            _ => plain.next(),
        })
    }

    /// Place of a key, from 1. Counts: O(line).
    pub(crate) fn position(&self, key: LineKey) -> u32 {
        let skilled = self.skilled.as_deref();
        let skilled = skilled.map_or(0, |skilled| skilled.tickets().range(..=key).count());
        count(self.plain.range(..=key).count() + skilled)
    }

    /// Place that a key has or would have, from 1, exact within 256 places of either end and else
    /// a place between.
    pub(crate) fn position_hint(&self, key: LineKey) -> u32 {
        const NEAR: usize = 256;
        let skilled = self.skilled.as_deref().map(Skilled::tickets);
        let behind = self.plain.range(key..).take(NEAR).count()
            + skilled.map_or(0, |skilled| skilled.range(key..).take(NEAR).count());
        if behind < NEAR {
            return count(self.len() + 1 - behind);
        }
        let before = self.plain.range(..key).take(NEAR).count()
            + skilled.map_or(0, |skilled| skilled.range(..key).take(NEAR).count());
        if before < NEAR { count(before + 1) } else { count(self.len() / 2) }
    }
}

/// Those who still gain, in order.
fn lacking<T>(tickets: &BTreeMap<LineKey, T>) -> impl Iterator<Item = (&LineKey, &T)> {
    tickets.range(LineKey { lacks: 1, arrived: 0, order: 0 }..)
}

fn count(places: usize) -> u32 {
    u32::try_from(places).unwrap_or(u32::MAX)
}
