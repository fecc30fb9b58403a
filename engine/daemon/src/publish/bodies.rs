//! Bodies are kept in memory up to a budget; the oldest leave first and are read from the log from then
//! on.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use relevo_wire::ids::TicketId;

use super::conversation::Private;

/// What a body takes beside its bytes: its allocation, its place in the queue of bodies, and as much
/// again for a place that is stale.
const BODY_BYTES: u64 = 128;
/// Places in the queue of bodies that may be stale before it is swept.
const SWEEP_SLACK: u64 = 4096;

/// The bodies in memory: which they are, oldest first, and what they take.
#[derive(Debug)]
pub(super) struct Bodies {
    places: Mutex<VecDeque<(TicketId, u32)>>,
    count: AtomicU64,
    bytes: AtomicU64,
    budget_bytes: u64,
}

impl Bodies {
    pub(super) fn new(budget_bytes: u64) -> Self {
        Self {
            places: Mutex::default(),
            count: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            budget_bytes,
        }
    }

    /// With what each takes beside its own.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Keeps one; `is_known`: the ticket is remembered.
    pub(super) fn keep(
        &self,
        ticket: TicketId,
        number: u32,
        private: &Bytes,
        is_known: impl Fn(TicketId) -> bool,
    ) -> Private {
        if self.budget_bytes == 0 {
            return Private::Logged;
        }
        self.bytes.fetch_add(private.len() as u64 + BODY_BYTES, Ordering::Relaxed);
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut places = self.lock();
        places.push_back((ticket, number));
        // Bodies of forgotten tickets leave their place in the queue behind: it is swept when
        // more than half of it is such places, so that it costs nothing on average.
        let sweep = places.len() as u64 > 2 * count + SWEEP_SLACK;
        if sweep {
            places.retain(|(ticket, _)| is_known(*ticket));
        }
        drop(places);
        Private::Here(private.clone())
    }

    pub(super) fn count_out(&self, private: &Private) {
        if let Private::Here(bytes) = private {
            self.bytes.fetch_sub(bytes.len() as u64 + BODY_BYTES, Ordering::Relaxed);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whose body leaves memory first, where they take more than the budget.
    pub(super) fn too_many(&self) -> Option<(TicketId, u32)> {
        if self.bytes() > self.budget_bytes { self.lock().pop_front() } else { None }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(TicketId, u32)>> {
        self.places.lock().expect("nothing panics while it holds the queue of bodies")
    }
}
