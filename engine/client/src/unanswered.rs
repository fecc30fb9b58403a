//! Requests on their way: what a new lane or connection repeats, in order.

use crate::client::ClientError;
use crate::tickets::Sends;
use bytes::Bytes;
use relevo_wire::answer::Answer;
use relevo_wire::command::Command;
use relevo_wire::ids::TicketId;
use relevo_wire::push::Entry;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;

/// A request is given up after it was written on so many lanes.
const MOST_ATTEMPTS: u8 = 64;
/// Entries that one `read` may answer with; the rest is read with a higher `after`.
const READ_ENTRIES: usize = 65_536;

/// What a request comes back with.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// Of a `read`.
    pub(crate) entries: Vec<Entry>,
}

pub(crate) type ReplySender = oneshot::Sender<Result<Reply, ClientError>>;

/// What the session must know about a command to understand its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Send,
    HandOff,
    Read(TicketId),
    Other,
}

impl Kind {
    pub(crate) fn of(command: &Command) -> Self {
        match command {
            Command::Send(_) => Self::Send,
            Command::HandOff(hand_off) if !hand_off.dry_run => Self::HandOff,
            Command::Read(read) => Self::Read(read.ticket),
            Command::HandOff(_)
            | Command::Hello(_)
            | Command::Cursors(_)
            | Command::Receipt(_)
            | Command::Typing(_)
            | Command::AgentsOnline(_)
            | Command::CustomerLeft(_)
            | Command::TakeBack(_)
            | Command::SetPresence(_)
            | Command::Next(_)
            | Command::Targets(_)
            | Command::Transfer(_)
            | Command::Close(_)
            | Command::Accept(_)
            | Command::Decline(_)
            | Command::Hold(_)
            | Command::Unhold(_)
            | Command::Park(_)
            | Command::Unpark(_)
            | Command::WrapUpDone(_)
            | Command::Reopen(_)
            | Command::SetAbsence(_)
            | Command::BlockContact(_)
            | Command::UnblockContact(_)
            | Command::ListBlocked(_)
            | Command::WantCallback(_)
            | Command::ListCallbacks(_)
            | Command::SetQueueMode(_)
            | Command::NotifyWaiting(_)
            | Command::Explain(_)
            | Command::Put(_)
            | Command::Delete(_)
            | Command::ListDirectory(_)
            | Command::CreateKey(_)
            | Command::ListKeys(_)
            | Command::RevokeKey(_)
            | Command::Status(_)
            | Command::Apply(_) => Self::Other,
        }
    }
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) frame: Bytes,
    pub(crate) kind: Kind,
    pub(crate) reply: ReplySender,
    /// Permits to give back with the answer.
    pub(crate) cost: u32,
    pub(crate) attempts: u8,
}

/// Every request without an answer, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    requests: BTreeMap<u64, Waiting>,
    sends: BTreeSet<u64>,
    reads: BTreeMap<u64, (TicketId, Vec<Entry>)>,
}

impl Unanswered {
    pub(crate) fn insert(&mut self, id: u64, waiting: Waiting) {
        match waiting.kind {
            Kind::Send => {
                self.sends.insert(id);
            }
            Kind::Read(ticket) => {
                self.reads.insert(id, (ticket, Vec::new()));
            }
            Kind::HandOff | Kind::Other => {}
        }
        self.requests.insert(id, waiting);
    }

    /// Takes the request that an answer is for, with the entries that came for it.
    pub(crate) fn answered(&mut self, id: u64) -> Option<(Waiting, Vec<Entry>)> {
        let waiting = self.requests.remove(&id)?;
        self.sends.remove(&id);
        let entries = self.reads.remove(&id).map(|(_, entries)| entries).unwrap_or_default();
        Some((waiting, entries))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(crate) fn sends(&self, next_request: u64) -> Sends {
        Sends { next_request, oldest_unanswered: self.sends.first().copied() }
    }

    pub(crate) fn is_reading(&self, ticket: TicketId) -> bool {
        self.reads.values().any(|(reading, _)| *reading == ticket)
    }

    /// An entry that answers a `read`. Gives it back when no `read` asked for it.
    pub(crate) fn read(&mut self, entry: Entry) -> Option<Entry> {
        let wanted = self.reads.values_mut().find(|(ticket, _)| *ticket == entry.ticket);
        let Some((_, entries)) = wanted else { return Some(entry) };
        if entries.len() < READ_ENTRIES {
            entries.push(entry);
        }
        None
    }

    /// The frames to write on a new lane, oldest first. What was tried too often is taken out.
    pub(crate) fn repeat(&mut self) -> (Vec<Bytes>, Vec<Waiting>) {
        for (_, entries) in self.reads.values_mut() {
            entries.clear();
        }
        let worn: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, waiting)| waiting.attempts >= MOST_ATTEMPTS)
            .map(|(id, _)| *id)
            .collect();
        let given_up =
            worn.into_iter().filter_map(|id| self.answered(id)).map(|(waiting, _)| waiting);
        let given_up = given_up.collect();
        let frames = self.requests.values_mut().map(|waiting| {
            waiting.attempts += 1;
            waiting.frame.clone()
        });
        (frames.collect(), given_up)
    }

    /// Takes all of them, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Waiting> {
        self.sends.clear();
        self.reads.clear();
        std::mem::take(&mut self.requests).into_values()
    }
}
