//! The events of a session as a test reads them: entries in their order, each ticket dense.

use super::wait::within;
use relevo_client::{ClientEvent, Events};
use relevo_wire::ids::TicketId;
use relevo_wire::push::{Entry, EntryEvent, Message, Returned};
use relevo_wire::vocabulary::Author;
use std::collections::{BTreeMap, BTreeSet};

/// Events of one session. What is skipped on the way to what a test looks for is kept.
#[derive(Debug)]
pub struct Inbox {
    events: Events,
    entries: BTreeMap<TicketId, Vec<Entry>>,
    own: BTreeMap<TicketId, BTreeSet<u32>>,
    others: Vec<ClientEvent>,
}

impl Inbox {
    /// Of a session that was just opened.
    #[must_use]
    pub fn new(events: Events) -> Self {
        Self { events, entries: BTreeMap::new(), own: BTreeMap::new(), others: Vec::new() }
    }

    /// The next event.
    ///
    /// # Panics
    /// None came, the session ended, or an entry came twice or out of order.
    pub async fn event(&mut self, what: &str) -> ClientEvent {
        let event = within(what, self.events.next()).await;
        let event = event.unwrap_or_else(|| {
            panic!("{what}: the session is over: {:?}", self.events.end_reason())
        });
        match &event {
            ClientEvent::Entry(entry) => self.keep(entry.clone()),
            ClientEvent::Snapshot(_)
            | ClientEvent::Progress(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Position(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Offer(_)
            | ClientEvent::OfferEnded(_)
            | ClientEvent::WrapUp(_)
            | ClientEvent::Absence(_)
            | ClientEvent::Target(_)
            | ClientEvent::GoAway(_)
            | ClientEvent::Disconnected { .. }
            | ClientEvent::Reconnected => self.others.push(event.clone()),
        }
        event
    }

    /// The first event from here on of which `pick` makes something.
    ///
    /// # Panics
    /// As [`Inbox::event`].
    pub async fn find<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&ClientEvent) -> Option<T>,
    ) -> T {
        loop {
            if let Some(found) = pick(&self.event(what).await) {
                return found;
            }
        }
    }

    /// The first entry from here on of which `pick` makes something.
    ///
    /// # Panics
    /// As [`Inbox::event`].
    pub async fn find_entry<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Entry) -> Option<T>,
    ) -> T {
        self.find(what, |event| match event {
            ClientEvent::Entry(entry) => pick(entry),
            ClientEvent::Snapshot(_)
            | ClientEvent::Progress(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Position(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Offer(_)
            | ClientEvent::OfferEnded(_)
            | ClientEvent::WrapUp(_)
            | ClientEvent::Absence(_)
            | ClientEvent::Target(_)
            | ClientEvent::GoAway(_)
            | ClientEvent::Disconnected { .. }
            | ClientEvent::Reconnected => None,
        })
        .await
    }

    /// The next entry of any ticket.
    ///
    /// # Panics
    /// As [`Inbox::event`].
    pub async fn entry(&mut self, what: &str) -> Entry {
        self.find_entry(what, |entry| Some(entry.clone())).await
    }

    /// The next message with this text.
    ///
    /// # Panics
    /// As [`Inbox::event`].
    pub async fn message(&mut self, text: &str) -> Entry {
        let what = format!("the message {text:?}");
        self.find_entry(&what, |entry| {
            said(entry).is_some_and(|(_, said)| said == text).then(|| entry.clone())
        })
        .await
    }

    /// The end of a ticket.
    ///
    /// # Panics
    /// As [`Inbox::event`].
    pub async fn returned(&mut self, ticket: TicketId) -> Returned {
        self.find_entry("returned", |entry| match &entry.event {
            EntryEvent::Returned(returned) if entry.ticket == ticket => Some(returned.clone()),
            EntryEvent::Returned(_)
            | EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Message(_)
            | EntryEvent::Assigned(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Transferred(_) => None,
        })
        .await
    }

    /// Takes everything that is there already.
    pub fn drain(&mut self) {
        while let Some(event) = self.events.try_next() {
            match event {
                ClientEvent::Entry(entry) => self.keep(entry),
                ClientEvent::Snapshot(_)
                | ClientEvent::Progress(_)
                | ClientEvent::Typing(_)
                | ClientEvent::Position(_)
                | ClientEvent::Presence(_)
                | ClientEvent::Offer(_)
                | ClientEvent::OfferEnded(_)
                | ClientEvent::WrapUp(_)
                | ClientEvent::Absence(_)
                | ClientEvent::Target(_)
                | ClientEvent::GoAway(_)
                | ClientEvent::Disconnected { .. }
                | ClientEvent::Reconnected => self.others.push(event),
            }
        }
    }

    /// An own message: its answer stands for its entry.
    pub fn sent(&mut self, ticket: TicketId, number: u32) {
        self.own.entry(ticket).or_default().insert(number);
    }

    /// The entries of a ticket that came so far, in the order in which they came.
    #[must_use]
    pub fn entries(&self, ticket: TicketId) -> &[Entry] {
        self.entries.get(&ticket).map_or(&[], Vec::as_slice)
    }

    /// The entries of every ticket that came so far.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().flatten()
    }

    /// Everything that came and is no entry.
    #[must_use]
    pub fn others(&self) -> &[ClientEvent] {
        &self.others
    }

    /// Why the session is over, if it is.
    #[must_use]
    pub fn end_reason(&self) -> Option<String> {
        self.events.end_reason()
    }

    /// Asserts that what came of a ticket and what was sent make up all of 1 to `last`, each once.
    ///
    /// # Panics
    /// They do not.
    pub fn assert_dense(&self, ticket: TicketId, last: u32) {
        let came: Vec<u32> = self.entries(ticket).iter().map(|entry| entry.number).collect();
        let own = self.own.get(&ticket).cloned().unwrap_or_default();
        // An own entry may come as a push too, when its answer was lost with a connection.
        let all: BTreeSet<u32> = came.iter().copied().chain(own).collect();
        let expected: BTreeSet<u32> = (1..=last).collect();
        assert_eq!(all, expected, "ticket {ticket}");
        assert!(came.is_sorted_by(|a, b| a < b), "ticket {ticket}: {came:?}");
    }

    fn keep(&mut self, entry: Entry) {
        let entries = self.entries.entry(entry.ticket).or_default();
        if let Some(last) = entries.last() {
            assert!(
                entry.number > last.number,
                "entry {} of {} came after {}",
                entry.number,
                entry.ticket,
                last.number
            );
        }
        entries.push(entry);
    }
}

/// Author and text of a message.
#[must_use]
pub fn said(entry: &Entry) -> Option<(Author, String)> {
    match &entry.event {
        EntryEvent::Message(Message { author, body, .. }) => {
            Some((*author, body.unpack().expect("the daemon passes on valid bodies").text))
        }
        EntryEvent::Empty(_)
        | EntryEvent::HandedOff(_)
        | EntryEvent::Assigned(_)
        | EntryEvent::Requeued(_)
        | EntryEvent::Held(_)
        | EntryEvent::Parked(_)
        | EntryEvent::Unparked(_)
        | EntryEvent::Inactive(_)
        | EntryEvent::TransferAsked(_)
        | EntryEvent::Transferred(_)
        | EntryEvent::Returned(_) => None,
    }
}
