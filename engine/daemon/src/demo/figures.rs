//! What the demonstration has seen, from the clients' side of the wire.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use relevo_wire::TicketId;

/// Longest time that is told apart, in milliseconds.
const LONGEST_MS: u64 = 3_600_000;

/// Counts and times of all parts together.
#[derive(Debug)]
pub(super) struct Figures {
    inner: Mutex<Inner>,
}

/// A copy of them.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    /// Customers handed over.
    pub(super) handed_over: u64,
    /// Assigned.
    pub(super) assigned: u64,
    /// Customers who left while they waited.
    pub(super) left: u64,
    /// Closed.
    pub(super) closed: u64,
    /// Hand-off acknowledged to agent assigned, in milliseconds.
    pub(super) wait_ms: Histogram<u64>,
    /// Assigned to the first word of the agent, in milliseconds.
    pub(super) first_response_ms: Histogram<u64>,
    waiting: HashMap<TicketId, Instant>,
    contacts: HashMap<TicketId, String>,
    assigned_at: HashMap<TicketId, Instant>,
}

impl Default for Figures {
    fn default() -> Self {
        let empty = || {
            Histogram::new_with_bounds(1, LONGEST_MS, 3)
                .expect("the bounds of a histogram are valid")
        };
        Self {
            inner: Mutex::new(Inner {
                handed_over: 0,
                assigned: 0,
                left: 0,
                closed: 0,
                wait_ms: empty(),
                first_response_ms: empty(),
                waiting: HashMap::new(),
                contacts: HashMap::new(),
                assigned_at: HashMap::new(),
            }),
        }
    }
}

impl Figures {
    /// A copy to show.
    pub(super) fn now(&self) -> Inner {
        self.lock().clone()
    }

    /// A customer was handed over at `since`. The assignment may have come before the answer.
    pub(super) fn handed_over(&self, ticket: TicketId, contact: &str, since: Instant) {
        let mut inner = self.lock();
        inner.contacts.insert(ticket, contact.to_owned());
        inner.handed_over += 1;
        match inner.assigned_at.get(&ticket) {
            Some(assigned) => {
                let waited = assigned.saturating_duration_since(since);
                inner.wait_ms.saturating_record(milliseconds(waited));
            }
            None => {
                inner.waiting.insert(ticket, since);
            }
        }
    }

    /// An agent has the customer.
    pub(super) fn assigned(&self, ticket: TicketId) {
        let mut inner = self.lock();
        inner.assigned += 1;
        if let Some(since) = inner.waiting.remove(&ticket) {
            inner.wait_ms.saturating_record(milliseconds(since.elapsed()));
        }
        inner.assigned_at.insert(ticket, Instant::now());
    }

    /// The agent has written first.
    pub(super) fn first_response(&self, ticket: TicketId) {
        let mut inner = self.lock();
        if let Some(at) = inner.assigned_at.remove(&ticket) {
            inner.first_response_ms.saturating_record(milliseconds(at.elapsed()));
        }
    }

    /// Does it still wait?
    pub(super) fn is_waiting(&self, ticket: TicketId) -> bool {
        self.lock().waiting.contains_key(&ticket)
    }

    /// Whose conversation it is.
    pub(super) fn contact(&self, ticket: TicketId) -> Option<String> {
        self.lock().contacts.get(&ticket).cloned()
    }

    /// The customer has left.
    pub(super) fn left(&self) {
        self.lock().left += 1;
    }

    /// The conversation is over.
    pub(super) fn closed(&self, ticket: TicketId) {
        let mut inner = self.lock();
        inner.closed += 1;
        inner.waiting.remove(&ticket);
        inner.assigned_at.remove(&ticket);
        inner.contacts.remove(&ticket);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the figures")
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
