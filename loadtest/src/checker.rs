//! Is what the clients saw right? Nothing here asks the daemon: a ticket's story is put together
//! from the entries and answers that its bot and its agents got, and judged once it is whole.
//!
//! A counter that checked nothing proves nothing: a run with an empty base fails.

use crate::checker::ledger::Ledger;
use crate::checker::settled::Settled;
use crate::plan::staff::Staff;
use crate::random::mix;
use relevo_client::wire::TicketId;
use relevo_client::wire::push::Entry;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

pub mod capacity;
pub mod conservation;
mod ledger;
mod settled;
mod sighting;
#[cfg(test)]
mod tests;
mod verdict;
mod view;

pub use sighting::{Fact, Sighting};
pub use verdict::{Count, Counter, Verdict};

/// How many locks the tickets are spread over.
const SHARDS: usize = 16;
/// How many violations are described; all are counted.
const EXAMPLES: usize = 20;

/// A party of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A bot, by its number.
    Bot(u32),
    /// An agent, by its number.
    Agent(u32),
}

/// What a message is, to those who look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId {
    /// Number of the conversation.
    pub index: u64,
    /// Its author.
    pub by_customer: bool,
    /// Which of the author's messages.
    pub ordinal: u32,
}

/// Collects what all clients of a run see. Cheap to share: every method takes `&self`.
#[derive(Debug)]
pub struct Checker {
    staff: Staff,
    seats: Mutex<capacity::Seats>,
    shards: Vec<Mutex<Shard>>,
}

/// The tickets behind one lock.
#[derive(Debug, Default)]
struct Shard {
    open: HashMap<TicketId, Ledger>,
    settled: HashMap<TicketId, Settled>,
    verdict: Verdict,
    holds: Vec<capacity::Hold>,
}

impl Checker {
    /// A checker of a run with these people.
    #[must_use]
    pub fn new(staff: Staff) -> Self {
        let seats = Mutex::new(capacity::Seats::new(staff.seats));
        Self { staff, seats, shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// An agent has another number of seats than the staff's.
    pub fn seats_changed(&self, agent: u32, change: capacity::SeatChange) {
        self.seats.lock().expect("no thread panicked while it checked").changed(agent, change);
    }

    /// A hand-off was acknowledged: the ticket must come to an end that its bot sees.
    pub fn accepted(&self, ticket: TicketId) {
        let mut next = Some(ticket);
        // The child of a transfer is a ticket that must come to an end too; one whose entries were
        // all here before this answer ends now.
        while let Some(ticket) = next {
            let mut shard = self.shard(ticket);
            if shard.settled.contains_key(&ticket) {
                return;
            }
            shard.open.entry(ticket).or_default().expect_end();
            next = shard.settle_if_whole(ticket, &self.staff);
        }
    }

    /// A send was acknowledged: the message must be where the answer says, for everyone.
    pub fn sent(&self, party: Party, ticket: TicketId, number: u32, message: MessageId) {
        let mut guard = self.shard(ticket);
        let shard = &mut *guard;
        if let Some(settled) = shard.settled.get(&ticket) {
            settled.acknowledged(number, message, &mut shard.verdict, ticket);
            return;
        }
        let ledger = shard.open.entry(ticket).or_default();
        ledger.acknowledged(party, number, message, &mut shard.verdict, ticket);
        let child = shard.settle_if_whole(ticket, &self.staff);
        drop(guard);
        self.expect_child(child);
    }

    /// A client got an entry.
    pub fn saw(&self, party: Party, entry: &Entry) {
        let sighting = Sighting::of(entry, &self.staff);
        let child = self.shard(entry.ticket).saw(party, entry.ticket, sighting, &self.staff);
        self.expect_child(child);
    }

    /// A client looked at a message's text.
    pub fn compared(&self, ticket: TicketId, unaltered: bool) {
        let mut shard = self.shard(ticket);
        shard.verdict.checked(Counter::Altered, 1);
        if !unaltered {
            shard.verdict.violated(Counter::Altered, format!("{ticket}: a text has changed"));
        }
    }

    /// How many tickets have not come to their end for all who must see it.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).open.len()).sum()
    }

    /// Judges what is left, and every agent's seats. The holds come with it, for the occupancy.
    /// Nothing is left afterwards.
    #[must_use]
    pub fn finish(&self) -> (Verdict, Vec<capacity::Hold>) {
        let mut verdict = Verdict::default();
        let mut holds = Vec::new();
        for shard in &self.shards {
            let mut shard = std::mem::take(&mut *lock(shard));
            for (ticket, ledger) in std::mem::take(&mut shard.open) {
                ledger.settle(ticket, &self.staff, &mut shard.verdict, &mut shard.holds);
            }
            verdict.merge(shard.verdict);
            holds.append(&mut shard.holds);
        }
        let seats = self.seats.lock().expect("no thread panicked while it checked");
        capacity::check(&mut holds, &seats, &mut verdict);
        (verdict, holds)
    }

    fn shard(&self, ticket: TicketId) -> MutexGuard<'_, Shard> {
        let low = u64::try_from(ticket.0 & u128::from(u64::MAX)).expect("masked to 64 bits");
        let at = usize::try_from(mix(low) % SHARDS as u64).expect("below the number of shards");
        lock(&self.shards[at])
    }

    fn expect_child(&self, child: Option<TicketId>) {
        if let Some(child) = child {
            self.accepted(child);
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().expect("no thread panicked while it checked")
}

impl Shard {
    /// Takes an entry. Gives back the child of a transfer once the ticket is settled.
    fn saw(
        &mut self,
        party: Party,
        ticket: TicketId,
        sighting: Sighting,
        staff: &Staff,
    ) -> Option<TicketId> {
        self.verdict.checked(Counter::Duplicated, 1);
        self.verdict.checked(Counter::OutOfOrder, 1);
        if let Some(settled) = self.settled.get_mut(&ticket) {
            settled.saw(party, sighting.number, &mut self.verdict, ticket);
            return None;
        }
        let ledger = self.open.entry(ticket).or_default();
        ledger.saw(party, sighting, &mut self.verdict, ticket);
        self.settle_if_whole(ticket, staff)
    }

    fn settle_if_whole(&mut self, ticket: TicketId, staff: &Staff) -> Option<TicketId> {
        let ledger = self.open.get(&ticket).filter(|ledger| ledger.is_whole())?;
        let child = ledger.child();
        let ledger = self.open.remove(&ticket)?;
        let settled = ledger.settle(ticket, staff, &mut self.verdict, &mut self.holds);
        self.settled.insert(ticket, settled);
        child
    }
}
