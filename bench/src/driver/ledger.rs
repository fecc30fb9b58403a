//! Accounting of the driver: an answer or a message that is lost, doubled or out of order fails the
//! run, because a rate of wrong answers is no rate.

use anyhow::{Result, bail, ensure};

/// Requests of one session that wait for their answer. Bounded: a slot each.
#[derive(Debug)]
pub struct Ledger {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Rises with every use, so that a second answer to an old request is recognised.
    uses: u64,
    open: bool,
}

/// Bits of a request id that name the slot.
const SLOT_BITS: u32 = 20;

impl Ledger {
    /// For at most so many requests at once.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity < 1 << SLOT_BITS, "a ledger has at most 2^{SLOT_BITS} slots");
        let count = u32::try_from(capacity).expect("checked above");
        let slot = Slot { uses: 0, open: false };
        Self { slots: vec![slot; capacity], free: (0..count).rev().collect() }
    }

    /// Opens a request; its id, never 0. `None` when all slots are taken.
    pub fn open(&mut self) -> Option<u64> {
        let at = self.free.pop()?;
        let slot = &mut self.slots[at as usize];
        slot.uses += 1;
        slot.open = true;
        Some(slot.uses << SLOT_BITS | u64::from(at))
    }

    /// Closes a request with its answer; the slot.
    ///
    /// # Errors
    /// The request was answered before, or never made.
    pub fn close(&mut self, request_id: u64) -> Result<usize> {
        let at = (request_id & ((1 << SLOT_BITS) - 1)) as usize;
        match self.slots.get_mut(at) {
            Some(slot) if slot.open && slot.uses == request_id >> SLOT_BITS => {
                slot.open = false;
                self.free.push(u32::try_from(at).expect("a slot's number has 20 bits"));
                Ok(at)
            }
            Some(slot) if request_id >> SLOT_BITS <= slot.uses => {
                bail!("request {request_id:#x} was answered twice")
            }
            _ => bail!("an answer to request {request_id:#x}, which nobody made"),
        }
    }

    /// The slot of a request id.
    #[must_use]
    pub fn slot(request_id: u64) -> usize {
        (request_id & ((1 << SLOT_BITS) - 1)) as usize
    }

    /// Requests without an answer.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

/// What must come one after the other, nothing left out and nothing twice.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    next: u64,
}

impl Sequence {
    /// Begins with `next`.
    #[must_use]
    pub fn from(next: u64) -> Self {
        Self { next }
    }

    /// Takes the next one.
    ///
    /// # Errors
    /// Some were left out, or this one was there before.
    pub fn take(&mut self, found: u64) -> Result<()> {
        ensure!(
            found <= self.next,
            "{} were lost: {found} came after {}",
            found - self.next,
            self.next.wrapping_sub(1)
        );
        ensure!(found == self.next, "{found} came twice: {} was expected", self.next);
        self.next += 1;
        Ok(())
    }

    /// The one that comes next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_may_come_in_any_order_but_once() {
        let mut ledger = Ledger::new(2);
        let (first, second) = (ledger.open().unwrap(), ledger.open().unwrap());
        assert_ne!(first, 0);
        assert_eq!(ledger.open(), None, "two slots hold two requests");
        ledger.close(second).unwrap();
        assert!(ledger.close(second).unwrap_err().to_string().contains("twice"));
        ledger.close(first).unwrap();
        assert_eq!(ledger.outstanding(), 0);
    }

    #[test]
    fn an_old_answer_does_not_close_the_slot_that_was_used_again() {
        let mut ledger = Ledger::new(1);
        let first = ledger.open().unwrap();
        ledger.close(first).unwrap();
        let second = ledger.open().unwrap();
        assert_ne!(first, second);
        assert!(ledger.close(first).unwrap_err().to_string().contains("twice"));
        ledger.close(second).unwrap();
    }

    #[test]
    fn an_answer_to_nothing_is_refused() {
        let mut ledger = Ledger::new(1);
        assert!(ledger.close(5).is_err());
        let id = ledger.open().unwrap();
        assert!(ledger.close(id + (1 << SLOT_BITS)).unwrap_err().to_string().contains("nobody"));
        assert!(ledger.close(id + 1).is_err());
    }

    #[test]
    fn a_sequence_refuses_gaps_and_repeats() {
        let mut sequence = Sequence::from(3);
        sequence.take(3).unwrap();
        sequence.take(4).unwrap();
        assert!(sequence.take(4).unwrap_err().to_string().contains("twice"));
        assert!(sequence.take(7).unwrap_err().to_string().contains("2 were lost"));
        assert_eq!(sequence.next(), 5);
    }
}
