//! All remembered tickets, found by id and by contact.

use super::neighbours::Neighbours;
use super::slab::{Slab, Slot};
use super::ticket::Ticket;
use crate::stats::Totals;
use hashbrown::HashTable;
use relevo_wire::{BotId, ContactKey, TicketId};
use rustc_hash::FxHasher;
use std::fmt;
use std::hash::Hasher;

/// Tickets and their indexes. An index holds slots only; its keys are in the tickets.
#[derive(Default)]
pub(crate) struct Tickets {
    slab: Slab,
    by_id: HashTable<Slot>,
    /// The newest remembered ticket of a contact, open or closed.
    by_contact: HashTable<Slot>,
    neighbours: Neighbours,
    pub(crate) totals: Totals,
    /// Open test tickets in lines: as long as there are none, nobody looks for them.
    pub(crate) tests_waiting: u32,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tickets({} remembered, {:?})", self.len(), self.totals)
    }
}

impl Tickets {
    /// Everything of a restored slab.
    pub(crate) fn restore(slab: Slab, totals: Totals) -> Self {
        let mut tickets = Self { slab, totals, ..Self::default() };
        let mut in_order: Vec<(u64, Slot)> =
            tickets.slab.iter().map(|(slot, ticket)| (ticket.order, slot)).collect();
        in_order.sort_unstable();
        for (_, slot) in in_order {
            tickets.index(slot);
        }
        tickets
    }

    /// Where it is from now on, and the newest of its contact so far.
    pub(crate) fn insert(&mut self, ticket: Ticket) -> (Slot, Option<Slot>) {
        let slot = self.slab.insert(ticket);
        (slot, self.index(slot))
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Ticket {
        let ticket = self.slab.remove(slot);
        if let Ok(entry) = self.by_id.find_entry(hash(ticket.id.0), |other| *other == slot) {
            entry.remove();
        }
        let (older, newer) = self.neighbours.take_out(slot);
        let contact = hash(ticket.contact.0);
        if newer.is_none()
            && let Ok(mut newest) = self.by_contact.find_entry(contact, |other| *other == slot)
        {
            match older {
                Some(older) => *newest.get_mut() = older,
                None => {
                    newest.remove();
                }
            }
        }
        ticket
    }

    pub(crate) fn find(&self, id: TicketId) -> Option<Slot> {
        self.by_id.find(hash(id.0), |slot| self.slab.at(*slot).id == id).copied()
    }

    /// The newest remembered ticket of a bot's contact, open or closed.
    pub(crate) fn newest_of(&self, bot: BotId, contact: ContactKey) -> Option<Slot> {
        let slot =
            self.by_contact.find(hash(contact.0), |slot| self.slab.at(*slot).contact == contact)?;
        (self.slab.at(*slot).bot == bot).then_some(*slot)
    }

    /// The open ticket of a bot's contact.
    pub(crate) fn open_of(&self, bot: BotId, contact: ContactKey) -> Option<Slot> {
        self.newest_of(bot, contact).filter(|slot| self.at(*slot).is_open())
    }

    /// The ticket in which a conversation goes on after its transfers, as far as it is remembered.
    pub(crate) fn latest(&self, slot: Slot) -> Slot {
        let mut latest = slot;
        while let Some(child) = self.at(latest).child.get().and_then(|child| self.find(child)) {
            latest = child;
        }
        latest
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<&Ticket> {
        self.slab.get(slot)
    }

    #[inline]
    pub(crate) fn at(&self, slot: Slot) -> &Ticket {
        self.slab.at(slot)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: Slot) -> &mut Ticket {
        self.slab.at_mut(slot)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn slab(&self) -> &Slab {
        &self.slab
    }

    pub(crate) fn slab_mut(&mut self) -> &mut Slab {
        &mut self.slab
    }

    /// The newest ticket of the contact so far.
    fn index(&mut self, slot: Slot) -> Option<Slot> {
        let slab = &self.slab;
        let ticket = slab.at(slot);
        self.by_id.insert_unique(hash(ticket.id.0), slot, |other| hash(slab.at(*other).id.0));
        let contact = ticket.contact;
        match self.by_contact.entry(
            hash(contact.0),
            |other| slab.at(*other).contact == contact,
            |other| hash(slab.at(*other).contact.0),
        ) {
            hashbrown::hash_table::Entry::Occupied(mut newest) => {
                let before = std::mem::replace(newest.get_mut(), slot);
                self.neighbours.follow(before, slot);
                Some(before)
            }
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                vacant.insert(slot);
                None
            }
        }
    }
}

fn hash(key: u128) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u128(key);
    hasher.finish()
}
