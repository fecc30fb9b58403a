//! What the handles of a session and its task share: a few queues behind one short lock.
//!
//! Nothing is allocated before it is used: thousands of idle sessions live in one process.

use crate::client::ClientError;
use crate::events::ClientEvent;
use crate::options::Receipts;
use crate::unanswered::{Kind, ReplySender};
use bytes::Bytes;
use relevo_wire::answer::Welcome;
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::{frame, limits};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// Requests without an answer that a session may have; further callers wait.
pub(crate) const UNANSWERED: u32 = 1024;
/// A request takes one permit, and one more for each so many bytes: at most 16 MiB wait.
const BYTES_PER_PERMIT: usize = 16 * 1024;
/// Events that wait for the program; then the session stops reading pushes. A loss of the connection
/// and the return may stand behind them.
pub(crate) const EVENTS: usize = 256;
/// Frames without an answer that wait to be written; further typing hints are left out.
const HINTS: usize = 64;
/// The id of `hello`; requests follow from the next one on.
pub(crate) const HELLO_ID: RequestId = RequestId(1);

/// Shared by the handles of a session and its task.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Wakes the task: something to write, room for events, closing.
    pub(crate) wake: Notify,
    /// Wakes the program: an event, or the end.
    pub(crate) ready: Notify,
    /// Wakes who waits for the end.
    pub(crate) over: Notify,
    permits: Semaphore,
    receipts: Receipts,
    /// Makes the ids of this session unlike those of any other.
    prefix: u64,
    unique: AtomicU64,
}

/// A request to be written.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) id: u64,
    pub(crate) frame: Bytes,
    /// Absent when the command has no answer.
    pub(crate) reply: Option<(Kind, ReplySender, u32)>,
}

/// How far the program has come in a ticket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progressed {
    pub(crate) delivered: u32,
    pub(crate) read: u32,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) next_request: u64,
    pub(crate) outgoing: VecDeque<Outgoing>,
    hints: usize,
    pub(crate) receipts: HashMap<TicketId, Progressed>,
    /// Entries given out since the last receipts.
    pub(crate) unconfirmed: u32,
    /// Receipts that must not wait for the interval.
    pub(crate) confirm_now: bool,
    pub(crate) events: VecDeque<ClientEvent>,
    /// Nobody takes events any more.
    pub(crate) events_dropped: bool,
    pub(crate) closing: bool,
    /// The program wants the connection cut.
    pub(crate) cut: bool,
    /// Why the session is over.
    pub(crate) ended: Option<String>,
    pub(crate) welcome: Arc<Welcome>,
}

impl Shared {
    pub(crate) fn new(welcome: Welcome, receipts: Receipts) -> Self {
        Self {
            state: Mutex::new(State {
                next_request: HELLO_ID.0 + 1,
                outgoing: VecDeque::new(),
                hints: 0,
                receipts: HashMap::new(),
                unconfirmed: 0,
                confirm_now: false,
                events: VecDeque::new(),
                events_dropped: false,
                closing: false,
                cut: false,
                ended: None,
                welcome: Arc::new(welcome),
            }),
            wake: Notify::new(),
            ready: Notify::new(),
            over: Notify::new(),
            permits: Semaphore::new(UNANSWERED as usize),
            receipts,
            prefix: rand::random(),
            unique: AtomicU64::new(0),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id that no other request of any session has.
    pub(crate) fn unique_id(&self) -> String {
        format!("{:016x}-{:x}", self.prefix, self.unique.fetch_add(1, Ordering::Relaxed))
    }

    /// Queues a request that is answered. Waits while too many are unanswered.
    pub(crate) async fn request(
        &self,
        mut frame: Vec<u8>,
        kind: Kind,
        reply: ReplySender,
    ) -> Result<(), ClientError> {
        let cost = 1 + u32::try_from(frame.len() / BYTES_PER_PERMIT)
            .expect("a frame's limit is far below 4 GiB")
            .min(UNANSWERED - 1);
        let Ok(permits) = self.permits.acquire_many(cost).await else {
            return Err(self.closed());
        };
        permits.forget();
        let mut state = self.state();
        if state.closing || state.ended.is_some() {
            drop(state);
            self.give_back(cost);
            return Err(self.closed());
        }
        let id = state.take_id();
        frame::set_request_id(&mut frame, RequestId(id));
        state.outgoing.push_back(Outgoing {
            id,
            frame: frame.into(),
            reply: Some((kind, reply, cost)),
        });
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Queues a frame that has no answer and may be left out when many wait.
    pub(crate) fn hint(&self, mut frame: Vec<u8>) {
        let mut state = self.state();
        if state.ended.is_some() || state.hints >= HINTS {
            return;
        }
        state.hints += 1;
        let id = state.take_id();
        frame::set_request_id(&mut frame, RequestId(id));
        state.outgoing.push_back(Outgoing { id, frame: frame.into(), reply: None });
        drop(state);
        self.wake.notify_one();
    }

    /// Confirms entries without waiting for the interval.
    pub(crate) fn confirm(&self, ticket: TicketId, delivered: u32, read: u32) {
        let mut state = self.state();
        if state.ended.is_some() {
            return;
        }
        state.progressed(ticket, delivered, read);
        state.confirm_now = true;
        drop(state);
        self.wake.notify_one();
    }

    /// Takes the next event, and with it confirms an entry.
    pub(crate) fn take_event(&self) -> Option<ClientEvent> {
        let mut state = self.state();
        let event = state.events.pop_front()?;
        let mut wake = state.events.len() + 1 == EVENTS;
        if state.events.is_empty() {
            state.events.shrink_to(EVENTS / 8);
        }
        if let (ClientEvent::Entry(entry), Receipts::Automatic { entries, .. }) =
            (&event, self.receipts)
        {
            state.progressed(entry.ticket, entry.number, 0);
            state.unconfirmed += 1;
            wake |= state.unconfirmed == 1;
            if state.unconfirmed >= entries {
                state.confirm_now = true;
                wake = true;
            }
        }
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        Some(event)
    }

    /// Gives back the permits of an answered request.
    pub(crate) fn give_back(&self, cost: u32) {
        self.permits.add_permits(cost as usize);
    }

    /// Ends the session for its handles.
    pub(crate) fn end(&self, reason: String) -> VecDeque<Outgoing> {
        let mut state = self.state();
        state.ended.get_or_insert(reason);
        state.receipts = HashMap::new();
        let outgoing = std::mem::take(&mut state.outgoing);
        drop(state);
        self.permits.close();
        self.ready.notify_one();
        self.over.notify_waiters();
        outgoing
    }

    pub(crate) fn close(&self) {
        self.state().closing = true;
        self.wake.notify_one();
    }

    pub(crate) fn cut(&self) {
        self.state().cut = true;
        self.wake.notify_one();
    }

    pub(crate) fn closed(&self) -> ClientError {
        let reason = self.state().ended.clone();
        ClientError::Closed(reason.unwrap_or_else(|| "closed by this program".into()))
    }
}

impl State {
    fn take_id(&mut self) -> u64 {
        let id = self.next_request;
        self.next_request += 1;
        id
    }

    pub(crate) fn progressed(&mut self, ticket: TicketId, delivered: u32, read: u32) {
        let known = self.receipts.entry(ticket).or_default();
        known.delivered = known.delivered.max(delivered);
        known.read = known.read.max(read);
    }

    /// The first entry of each ticket that the program has not taken yet.
    pub(crate) fn first_untaken(&self) -> HashMap<TicketId, u32> {
        let mut first = HashMap::new();
        for event in &self.events {
            if let ClientEvent::Entry(entry) = event {
                first.entry(entry.ticket).or_insert(entry.number);
            }
        }
        first
    }

    pub(crate) fn take_outgoing(&mut self) -> VecDeque<Outgoing> {
        self.hints = 0;
        std::mem::take(&mut self.outgoing)
    }

    /// May the session read further pushes?
    pub(crate) fn has_room(&self) -> bool {
        self.events_dropped || self.events.len() < EVENTS
    }

    pub(crate) fn push_event(&mut self, event: ClientEvent) {
        if !self.events_dropped {
            self.events.push_back(event);
        }
    }

    /// An event of the connection itself has room even when no push has: a loss that follows a
    /// return takes the place of the loss before, so that at most two stand behind the others.
    pub(crate) fn push_connection_event(&mut self, event: ClientEvent) {
        if !self.has_room() && self.events.back() == Some(&ClientEvent::Reconnected) {
            self.events.truncate(self.events.len() - 2);
        }
        self.push_event(event);
    }
}

const _: () = assert!(limits::HAND_OFF_BYTES / BYTES_PER_PERMIT + 1 < UNANSWERED as usize);
