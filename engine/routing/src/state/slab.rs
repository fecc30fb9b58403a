//! Tickets in chunks that never move, found by a 32-bit slot.

use super::ticket::Ticket;

/// Where a ticket is, as long as it is remembered.
pub(crate) type Slot = u32;

/// Tickets of a chunk: growing by one costs some 300 KiB and copies nothing.
const CHUNK: usize = 1024;

/// Slots are given in the order of their return, then upwards: the same events give the same slots.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    chunks: Vec<Vec<Option<Ticket>>>,
    free: Vec<Slot>,
}

impl Slab {
    pub(crate) fn insert(&mut self, ticket: Ticket) -> Slot {
        if let Some(slot) = self.free.pop() {
            *self.entry(slot) = Some(ticket);
            return slot;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let full = (self.chunks.len() - 1) * CHUNK;
        let chunk = self.chunks.last_mut().expect("a chunk with room was just made sure of");
        let slot = Slot::try_from(full + chunk.len()).expect("memory ends before 2^32 tickets");
        chunk.push(Some(ticket));
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Ticket {
        let ticket = self.entry(slot).take().expect("only a slot in use is given back");
        self.free.push(slot);
        ticket
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<&Ticket> {
        self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK)?.as_ref()
    }

    #[inline]
    pub(crate) fn at(&self, slot: Slot) -> &Ticket {
        self.get(slot).expect("an index points to slots in use only")
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: Slot) -> &mut Ticket {
        self.entry(slot).as_mut().expect("an index points to slots in use only")
    }

    /// Tickets with their slots, in order of the slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Ticket)> {
        (0..)
            .zip(self.chunks.iter().flatten())
            .filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
    }

    /// As [`Slab::iter`], to change.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Ticket)> {
        (0..)
            .zip(self.chunks.iter_mut().flatten())
            .filter_map(|(slot, entry)| Some((slot, entry.as_mut()?)))
    }

    /// Free slots in the order in which they came back: part of the state, as it decides which slot
    /// is next.
    pub(crate) fn free(&self) -> &[Slot] {
        &self.free
    }

    /// Puts tickets and free slots as they were. `None` when they do not fill a range from 0.
    pub(crate) fn restore(tickets: Vec<(Slot, Ticket)>, free: Vec<Slot>) -> Option<Self> {
        let length = tickets.len() + free.len();
        let mut entries: Vec<Option<Ticket>> = Vec::new();
        entries.resize_with(length, || None);
        for (slot, ticket) in tickets {
            let entry = entries.get_mut(slot as usize)?;
            if entry.replace(ticket).is_some() {
                return None;
            }
        }
        let mut seen = vec![false; length];
        for slot in &free {
            let entry = entries.get(*slot as usize)?;
            if entry.is_some() || std::mem::replace(&mut seen[*slot as usize], true) {
                return None;
            }
        }
        let mut slab = Self { chunks: Vec::new(), free };
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let mut chunk = Vec::with_capacity(CHUNK);
            chunk.extend(entries.by_ref().take(CHUNK));
            slab.chunks.push(chunk);
        }
        Some(slab)
    }

    #[inline]
    fn entry(&mut self, slot: Slot) -> &mut Option<Ticket> {
        &mut self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }
}
