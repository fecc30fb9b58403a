//! What waiting tickets were told of their wait when they were handed over. Known only while the
//! daemon runs: no snapshot holds it, and of whom it is not known no wait is judged.

use super::slab::Slot;
use relevo_wire::EstimatedWait;

/// Places of a chunk: growing by one costs some 12 KiB and copies nothing.
const CHUNK: usize = 1024;

/// By slot of the ticket.
#[derive(Debug, Default)]
pub(crate) struct Estimates {
    chunks: Vec<Vec<Option<EstimatedWait>>>,
}

impl Estimates {
    pub(crate) fn tell(&mut self, slot: Slot, wait: EstimatedWait) {
        let (chunk, place) = place(slot);
        while self.chunks.len() <= chunk {
            self.chunks.push(Vec::new());
        }
        let chunk = &mut self.chunks[chunk];
        if chunk.is_empty() {
            chunk.resize(CHUNK, None);
        }
        chunk[place] = Some(wait);
    }

    pub(crate) fn told(&self, slot: Slot) -> Option<EstimatedWait> {
        let (chunk, place) = place(slot);
        self.chunks.get(chunk)?.get(place).copied().flatten()
    }

    /// The ticket no longer waits, or waits for something else.
    pub(crate) fn forget(&mut self, slot: Slot) {
        let (chunk, place) = place(slot);
        let told = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(place));
        told.into_iter().for_each(|told| *told = None);
    }
}

fn place(slot: Slot) -> (usize, usize) {
    (slot as usize / CHUNK, slot as usize % CHUNK)
}
