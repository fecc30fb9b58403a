//! Tickets whose customers left while they waited: few at a time, so that what belongs to that stands
//! beside the tickets and not in them.

use super::slab::Slot;
use super::targets::TargetClock;
use crate::Micros;
use crate::event::Judgement;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::BTreeMap;

/// Since when a customer is away, and what follows if he stays away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Away {
    pub(crate) since: Micros,
    /// When the ticket is lost; moved by the time in which the daemon is down.
    pub(crate) until: Micros,
    /// What was measured when he left, for the end.
    pub(crate) waited_us: Micros,
    pub(crate) judged: Option<Judgement>,
    /// What runs against the target of resolution. It goes on, and nothing is told of it meanwhile.
    pub(crate) resolution: Option<TargetClock>,
}

/// Every ticket whose customer is away.
#[derive(Debug, Default)]
pub(crate) struct Aways(BTreeMap<Slot, Away>);

impl Aways {
    pub(crate) fn of(&self, slot: Slot) -> Option<&Away> {
        self.0.get(&slot)
    }

    pub(crate) fn put(&mut self, slot: Slot, away: Away) {
        self.0.insert(slot, away);
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Away> {
        self.0.remove(&slot)
    }

    /// In the order of the tickets' slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, Away)> {
        self.0.iter().map(|(slot, away)| (*slot, *away))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Away)> {
        self.0.iter_mut().map(|(slot, away)| (*slot, away))
    }
}
