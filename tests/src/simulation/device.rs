//! A client program of a bot or an agent: it repeats what was not answered, and resumes by cursor.
//!
//! It is the second, independent reader of the protocol: what reaches it is judged against the
//! ledger in the moment it arrives.

mod act;
mod hear;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use relevo_wire::command::{Command, Cursor, Request};
use relevo_wire::frame;
use relevo_wire::ids::{RequestId, TicketId};

use super::ledger::Token;
use super::link::Link;

/// Requests that a device keeps unanswered.
pub const UNANSWERED: usize = 8;

/// A client program.
#[derive(Debug)]
pub struct Device {
    /// Its party, by number.
    pub party: usize,
    /// Its own number in its party.
    pub position: usize,
    /// Its connection.
    pub link: Option<Link>,
    /// No new connection before then.
    pub away_until: u64,
    /// Requests without an answer, oldest first.
    pub pending: VecDeque<Pending>,
    /// Its own number among all sources of tokens.
    pub source: u32,
    /// What the time is when it acts.
    pub clock: u64,
    /// Messages that it has written itself.
    pub written: u64,
    /// Requests that it has made.
    pub requests: u64,
    /// What it is offered, as far as it was told.
    pub offers: BTreeSet<TicketId>,
    /// What it may still wrap up.
    wrapping: BTreeSet<TicketId>,
    /// What it heard since this was last emptied, for the trace.
    pub heard: Vec<String>,
    is_welcome: bool,
    is_online: bool,
    buffer: Vec<u8>,
    /// How far each ticket has come in this session.
    streams: BTreeMap<TicketId, Stream>,
    /// Own words that were answered, of tickets whose entry before them has not come yet.
    ahead: BTreeMap<TicketId, u32>,
    /// What it said in its hello.
    cursors: BTreeMap<TicketId, u32>,
    /// What its bot had confirmed when it said hello.
    confirmed_before: BTreeMap<TicketId, u32>,
    /// How far it has come itself.
    received: BTreeMap<TicketId, u32>,
    confirmed: BTreeMap<TicketId, u32>,
    last_answered: Option<Pending>,
}

/// A request without an answer.
#[derive(Clone)]
pub struct Pending {
    id: RequestId,
    frame: Vec<u8>,
    what: What,
    is_sent: bool,
    /// The daemon asked to repeat it, not before then.
    not_before: u64,
}

/// How far a ticket has come in a session.
#[derive(Debug, Clone, Copy)]
struct Stream {
    /// Number of the next entry.
    next: u32,
    /// From here to `next`, answers to own messages told of the entries.
    told_from: u32,
    /// From the one to before the other, answers told of entries before the ticket was given to the
    /// agent again: these come yet.
    owed: (u32, u32),
}

/// What a request asks for, as far as its answer is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    HandOff,
    Message(Token),
    Close(TicketId),
    Transfer(TicketId),
    Presence(bool),
    Other,
}

impl Device {
    /// Its session is open.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.is_welcome
    }

    /// A device that is not connected.
    #[must_use]
    pub fn new(party: usize, position: usize, source: u32) -> Self {
        Self {
            party,
            position,
            link: None,
            away_until: 0,
            pending: VecDeque::new(),
            source,
            written: 0,
            requests: 0,
            offers: BTreeSet::new(),
            clock: 0,
            wrapping: BTreeSet::new(),
            heard: Vec::new(),
            is_welcome: false,
            is_online: false,
            buffer: Vec::new(),
            streams: BTreeMap::new(),
            ahead: BTreeMap::new(),
            cursors: BTreeMap::new(),
            confirmed_before: BTreeMap::new(),
            received: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            last_answered: None,
        }
    }

    /// Cursors for its next hello.
    #[must_use]
    pub fn resume(&self) -> Vec<Cursor> {
        let cursor =
            |(ticket, received): (&TicketId, &u32)| Cursor { ticket: *ticket, received: *received };
        self.received.iter().map(cursor).collect()
    }

    /// It has said hello on `link`, when its bot had confirmed so much.
    pub fn connected(&mut self, link: Link, confirmed: BTreeMap<TicketId, u32>) {
        self.confirmed_before = confirmed;
        self.cursors = self.received.clone();
        self.streams.clear();
        self.ahead.clear();
        self.buffer.clear();
        self.is_welcome = false;
        self.offers.clear();
        self.wrapping.clear();
        self.link = Some(link);
        for pending in &mut self.pending {
            pending.is_sent = false;
        }
    }

    /// Takes its connection away.
    pub fn disconnected(&mut self, away_until: u64) -> Option<Link> {
        self.is_welcome = false;
        self.away_until = away_until;
        self.link.take()
    }

    /// Lets go of a ticket that the daemon has forgotten.
    pub fn forget(&mut self, ticket: TicketId) {
        self.streams.remove(&ticket);
        for of in
            [&mut self.cursors, &mut self.confirmed_before, &mut self.received, &mut self.confirmed]
        {
            of.remove(&ticket);
        }
    }

    /// Sends what was not sent, in order. True when it sent something.
    pub fn flush(&mut self, now: u64) -> bool {
        if !self.is_welcome {
            return false;
        }
        let Some(link) = &mut self.link else { return false };
        let mut sent = false;
        for pending in &mut self.pending {
            if pending.not_before > now {
                break;
            }
            if !pending.is_sent {
                pending.is_sent = true;
                link.up.push_back(pending.frame.clone());
                sent = true;
            }
        }
        sent
    }

    /// Sends again what was sent before: unanswered, or answered last. The daemon must not do it
    /// twice.
    pub fn repeat(&mut self, pick: usize) -> bool {
        let Some(link) = self.link.as_mut().filter(|_| self.is_welcome) else { return false };
        let sent: Vec<&Pending> = self
            .pending
            .iter()
            .filter(|pending| pending.is_sent)
            .chain(&self.last_answered)
            .collect();
        let Some(again) = sent.get(pick % sent.len().max(1)) else { return false };
        link.up.push_back(again.frame.clone());
        true
    }

    fn ask(&mut self, command: Command, what: What) {
        self.requests += 1;
        let id = RequestId(self.requests + 1);
        let key = Some(format!("{}-{}", self.source, self.requests));
        let mut bytes = Vec::new();
        let request = Request { request_id: id, idempotency_key: key, command };
        frame::write_request(&mut bytes, &request);
        self.pending.push_back(Pending { id, frame: bytes, what, is_sent: false, not_before: 0 });
    }

    fn tell(&mut self, command: Command) {
        let Some(link) = &mut self.link else { return };
        let mut bytes = Vec::new();
        let request = Request { request_id: RequestId(0), idempotency_key: None, command };
        frame::write_request(&mut bytes, &request);
        link.up.push_back(bytes);
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = if self.is_sent { "sent" } else { "not sent" };
        write!(f, "{}: {:?} ({sent})", self.id.0, self.what)
    }
}
