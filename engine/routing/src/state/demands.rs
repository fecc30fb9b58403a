//! What tickets require of agents, ring by ring. Tickets of one rule require the same: it is held once.

use super::skills::{Need, Skills};
use crate::Micros;
use crate::event::Demand;
use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The demand of a ticket, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct MaybeDemand(u32);

impl MaybeDemand {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn is_some(self) -> bool {
        self != Self::NONE
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The demands of all open tickets by number. A free number goes to the next new demand, the lowest
/// first, so that the same events give the same numbers.
#[derive(Debug, Default)]
pub(crate) struct Demands {
    list: Vec<Option<Entry>>,
    ids: FxHashMap<Arc<Demand>, u32>,
    free: BTreeSet<u32>,
}

#[derive(Debug)]
struct Entry {
    demand: Arc<Demand>,
    /// By ring: at first, then after each time.
    needs: Vec<Vec<Need>>,
    tickets: u32,
}

impl Demands {
    /// A ticket requires this.
    pub(crate) fn take(&mut self, demand: Option<&Demand>, skills: &mut Skills) -> MaybeDemand {
        let Some(demand) = demand else { return MaybeDemand::NONE };
        if let Some(id) = self.ids.get(demand) {
            let id = MaybeDemand(*id);
            self.take_again(id);
            return id;
        }
        let end = u32::try_from(self.list.len()).expect("no more than there are tickets");
        let id = self.free.pop_first().unwrap_or(end);
        self.put(id, demand.clone(), 1, skills);
        MaybeDemand(id)
    }

    /// One more ticket requires what another does.
    pub(crate) fn take_again(&mut self, id: MaybeDemand) {
        if let Some(entry) = self.entry_mut(id) {
            entry.tickets += 1;
        }
    }

    /// A ticket is closed.
    pub(crate) fn drop(&mut self, id: MaybeDemand, skills: &mut Skills) {
        let Some(entry) = self.entry_mut(id) else { return };
        entry.tickets -= 1;
        if entry.tickets > 0 {
            return;
        }
        let entry = self.list[id.0 as usize].take().expect("it is there");
        entry.needs.iter().for_each(|needs| skills.drop(needs));
        self.ids.remove(&entry.demand);
        self.free.insert(id.0);
    }

    pub(crate) fn get(&self, id: MaybeDemand) -> Option<&Demand> {
        Some(&self.entry(id)?.demand)
    }

    /// What a ticket requires in a ring; nothing without a demand.
    pub(crate) fn needs(&self, id: MaybeDemand, ring: u8) -> &[Need] {
        self.entry(id).map_or(&[], |entry| &entry.needs[usize::from(ring)])
    }

    /// After how much waiting the ring after this one begins.
    pub(crate) fn next_after(&self, id: MaybeDemand, ring: u8) -> Option<Micros> {
        let next = self.get(id)?.rings.get(usize::from(ring))?;
        Some(Micros::from(next.after_seconds) * 1_000_000)
    }

    /// All numbers up to the highest.
    pub(crate) fn rows(&self) -> Vec<Option<Demand>> {
        let demand = |entry: &Option<Entry>| entry.as_ref().map(|entry| (*entry.demand).clone());
        self.list.iter().map(demand).collect()
    }

    /// As [`Self::rows`] gave them, before any ticket takes one.
    pub(crate) fn restore(rows: Vec<Option<Demand>>, skills: &mut Skills) -> Self {
        let mut demands = Self::default();
        for (id, demand) in (0..).zip(rows) {
            match demand {
                Some(demand) => demands.put(id, demand, 0, skills),
                None => {
                    demands.list.push(None);
                    demands.free.insert(id);
                }
            }
        }
        demands
    }

    fn put(&mut self, id: u32, demand: Demand, tickets: u32, skills: &mut Skills) {
        let demand = Arc::new(demand);
        let rings = demand.rings.iter().map(|ring| &ring.skills);
        let needs = std::iter::once(&demand.skills).chain(rings);
        let needs = needs.map(|required| skills.take(required)).collect();
        let entry = Entry { demand: Arc::clone(&demand), needs, tickets };
        match self.list.get_mut(id as usize) {
            Some(free) => *free = Some(entry),
            None => self.list.push(Some(entry)),
        }
        self.ids.insert(demand, id);
    }

    fn entry(&self, id: MaybeDemand) -> Option<&Entry> {
        self.list.get(id.0 as usize)?.as_ref()
    }

    fn entry_mut(&mut self, id: MaybeDemand) -> Option<&mut Entry> {
        self.list.get_mut(id.0 as usize)?.as_mut()
    }
}
