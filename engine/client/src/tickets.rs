//! Where the session stands in each ticket: what makes entries arrive once, in order, with no gap.
//!
//! A plain state machine. The sender's own message is not pushed to it: the number in its `sent`
//! answer stands for that entry. Answers and pushes come on different lanes, so either may be first:
//! a number known too early is kept, an entry that came too early is held while a send that may
//! fill the hole is unanswered. A hole that nothing can fill is a [`Gap`].

use relevo_wire::answer::TicketSummary;
use relevo_wire::command::Cursor;
use relevo_wire::ids::TicketId;
use relevo_wire::push::{Entry, EntryEvent};
use std::collections::hash_map::{Entry as Slot, HashMap};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Ended tickets whose cursor is kept: an entry that the server repeats is still recognised.
const ENDED_TICKETS: usize = 1024;
/// Own numbers kept of a ticket ahead of its cursor.
const OWN_NUMBERS: usize = 1024;

/// The cursors of a session.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    tickets: HashMap<TicketId, Ticket>,
    /// In the order of their end; some have been forgotten or opened again since.
    ended: VecDeque<TicketId>,
    /// Tickets with held entries.
    holding: Vec<TicketId>,
    held: usize,
}

/// An entry is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("gap in ticket {ticket}: entry {expected} is missing, {found} came")]
pub(crate) struct Gap {
    ticket: TicketId,
    expected: u32,
    found: u32,
}

/// What is known of the requests around an entry: which sends may still fill a hole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sends {
    /// The id that the next request gets.
    pub(crate) next_request: u64,
    /// The oldest send without an answer.
    pub(crate) oldest_unanswered: Option<u64>,
}

#[derive(Debug)]
struct Ticket {
    /// False until the first entry, answer or snapshot tells where the sequence starts for us.
    started: bool,
    /// The first number that was expected.
    first: u32,
    /// All up to this number has arrived.
    received: u32,
    /// The last number that went to the program.
    given: u32,
    ended: bool,
    /// Stood in the present session's snapshot, or came after it.
    listed: bool,
    ahead: Option<Box<Ahead>>,
}

/// What is ahead of a ticket's cursor.
#[derive(Debug, Default)]
struct Ahead {
    own: BTreeSet<u32>,
    held: BTreeMap<u32, Held>,
}

/// An entry that came too early.
#[derive(Debug)]
struct Held {
    entry: Entry,
    /// Only a send with an id below this one can fill the hole before it: later ones were made when the
    /// server had written it.
    filled_by: u64,
}

impl Tickets {
    /// An entry was pushed. Those that are due, this one and held ones behind it, are appended to
    /// `due` in order.
    ///
    /// # Errors
    /// An entry before it is missing.
    pub(crate) fn entry(
        &mut self,
        entry: Entry,
        sends: Sends,
        due: &mut Vec<Entry>,
    ) -> Result<(), Gap> {
        let id = entry.ticket;
        let ticket = self.tickets.entry(id).or_insert_with(Ticket::unknown);
        // A ticket outside the snapshot comes from another session of the same party, which has
        // confirmed what lies between.
        let elsewhere = !ticket.listed && entry.number > ticket.received + 1;
        ticket.listed = true;
        if !ticket.started || elsewhere {
            ticket.start(entry.number.saturating_sub(1));
        }
        if entry.number <= ticket.received {
            return Ok(());
        }
        if entry.number == ticket.received + 1 {
            self.arrived(entry, due);
            return self.settle_one(id, sends, due);
        }
        let gap = Gap { ticket: id, expected: ticket.received + 1, found: entry.number };
        if sends.oldest_unanswered.is_none() {
            return Err(gap);
        }
        let ahead = ticket.ahead.get_or_insert_default();
        if ahead.held.is_empty() {
            self.holding.push(id);
        }
        let filled_by = sends.next_request;
        if ahead.held.insert(entry.number, Held { entry, filled_by }).is_none() {
            self.held += 1;
        }
        Ok(())
    }

    /// A send was answered with this number.
    pub(crate) fn sent(&mut self, id: TicketId, number: u32) {
        let ticket = match self.tickets.entry(id) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                self.ended.push_back(id);
                slot.insert(Ticket::unknown())
            }
        };
        if number > ticket.received {
            let own = &mut ticket.ahead.get_or_insert_default().own;
            own.insert(number);
            if own.len() > OWN_NUMBERS {
                own.pop_first();
            }
            ticket.skip_own();
        }
        self.forget_oldest();
    }

    /// A hand-off of ours made this ticket: its first entry is number 1.
    ///
    /// # Errors
    /// An entry with a higher number came first.
    pub(crate) fn opened(&mut self, id: TicketId) -> Result<(), Gap> {
        let ticket = self.tickets.entry(id).or_insert_with(Ticket::unknown);
        if !ticket.started {
            ticket.start(0);
            ticket.skip_own();
        }
        if ticket.first > 1 {
            return Err(Gap { ticket: id, expected: 1, found: ticket.first });
        }
        Ok(())
    }

    /// A ticket stands in the snapshot. Tells whether the server does not know how much of it went to
    /// the program, and how much that is: the last of it may still wait to be taken.
    pub(crate) fn listed(&mut self, summary: &TicketSummary) -> Option<u32> {
        let ticket = self.tickets.entry(summary.ticket).or_insert_with(Ticket::unknown);
        if !ticket.started {
            ticket.start(summary.confirmed);
            ticket.skip_own();
        }
        ticket.listed = true;
        (ticket.given > summary.confirmed).then_some(ticket.given)
    }

    /// The snapshot is complete: what does not stand in it has nothing more to come. Its cursor is
    /// kept as that of an ended ticket: a server that is killed forgets receipts that no sync has
    /// carried yet, and then sends again what it had left out of this snapshot.
    pub(crate) fn snapshot_complete(&mut self) {
        for (id, ticket) in &mut self.tickets {
            if !ticket.listed && !ticket.ended {
                ticket.ended = true;
                self.ended.push_back(*id);
            }
        }
        self.forget_oldest();
    }

    /// The connection is lost: what is held will come again.
    pub(crate) fn lost(&mut self) {
        for ticket in self.tickets.values_mut() {
            ticket.listed = false;
            if let Some(ahead) = &mut ticket.ahead {
                ahead.held.clear();
            }
            ticket.tidy();
        }
        self.holding.clear();
        self.held = 0;
    }

    /// A send was answered, with or without a number: holes may be filled, or stay for good.
    ///
    /// # Errors
    /// A hole that nothing can fill any more.
    pub(crate) fn settle(&mut self, sends: Sends, due: &mut Vec<Entry>) -> Result<(), Gap> {
        for id in std::mem::take(&mut self.holding) {
            self.holding.push(id);
            self.settle_one(id, sends, due)?;
        }
        Ok(())
    }

    /// Entries held.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// How far the session has come, for `hello`.
    pub(crate) fn cursors(&self) -> Vec<Cursor> {
        let started = self.tickets.iter().filter(|(_, ticket)| ticket.started);
        started.map(|(id, ticket)| Cursor { ticket: *id, received: ticket.received }).collect()
    }

    /// The number that may be confirmed once the program has taken entry `number`: own messages
    /// right behind it have arrived as well.
    pub(crate) fn confirmable(&self, id: TicketId, number: u32) -> u32 {
        match self.tickets.get(&id) {
            Some(ticket) if ticket.given == number => ticket.received,
            Some(_) | None => number,
        }
    }

    /// Does an entry with this number add nothing to what the session follows?
    pub(crate) fn is_past(&self, id: TicketId, number: u32) -> bool {
        self.tickets.get(&id).is_none_or(|ticket| number <= ticket.received)
    }

    fn arrived(&mut self, entry: Entry, due: &mut Vec<Entry>) {
        let ticket = self.tickets.get_mut(&entry.ticket).expect("the caller has just seen it");
        ticket.received = entry.number;
        ticket.given = entry.number;
        ticket.skip_own();
        let ended = match &entry.event {
            EntryEvent::Transferred(_) | EntryEvent::Returned(_) => true,
            EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Message(_)
            | EntryEvent::Assigned(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_) => false,
        };
        let id = entry.ticket;
        due.push(entry);
        let was_ended = std::mem::replace(&mut ticket.ended, ended);
        if ended && !was_ended {
            self.ended.push_back(id);
            self.forget_oldest();
        }
    }

    /// Gives out what is no longer ahead in one ticket.
    fn settle_one(&mut self, id: TicketId, sends: Sends, due: &mut Vec<Entry>) -> Result<(), Gap> {
        loop {
            let Some(ticket) = self.tickets.get_mut(&id) else { return Ok(()) };
            let (received, Some(ahead)) = (ticket.received, &mut ticket.ahead) else {
                return Ok(());
            };
            let Some(slot) = ahead.held.first_entry() else {
                ticket.tidy();
                self.holding.retain(|other| *other != id);
                return Ok(());
            };
            let (found, filled_by) = (*slot.key(), slot.get().filled_by);
            if found <= received + 1 {
                let Held { entry, .. } = slot.remove();
                self.held -= 1;
                if found == received + 1 {
                    self.arrived(entry, due);
                }
                continue;
            }
            if sends.oldest_unanswered.is_some_and(|oldest| oldest < filled_by) {
                return Ok(());
            }
            return Err(Gap { ticket: id, expected: received + 1, found });
        }
    }

    fn forget_oldest(&mut self) {
        while self.ended.len() > ENDED_TICKETS {
            let Some(id) = self.ended.pop_front() else { return };
            if self.tickets.get(&id).is_some_and(|ticket| ticket.ended || !ticket.started) {
                self.tickets.remove(&id);
            }
        }
    }
}

impl Ticket {
    fn unknown() -> Self {
        Self {
            started: false,
            first: 0,
            received: 0,
            given: 0,
            ended: false,
            listed: true,
            ahead: None,
        }
    }

    fn start(&mut self, received: u32) {
        self.started = true;
        self.first = received + 1;
        self.received = received;
        self.given = received;
    }

    /// Moves the cursor over own messages that are next.
    fn skip_own(&mut self) {
        let Some(ahead) = &mut self.ahead else { return };
        if !self.started {
            return;
        }
        while let Some(number) = ahead.own.first().copied().filter(|n| *n <= self.received + 1) {
            ahead.own.pop_first();
            self.received = self.received.max(number);
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        if self.ahead.as_ref().is_some_and(|ahead| ahead.own.is_empty() && ahead.held.is_empty()) {
            self.ahead = None;
        }
    }
}

#[cfg(test)]
mod tests;
