//! Steps from queue to queue, and where one may be due now; and how long a ticket may wait.

use super::line::LineKey;
use super::maybe::MaybeTime;
use super::slab::Slot;
use crate::Micros;
use relevo_wire::QueueId;
use relevo_wire::directory::{Overflow, Queue};
use relevo_wire::vocabulary::CloseReason;
use std::collections::BTreeMap;

/// Where tickets of a queue go on, as its directory object says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) to: QueueId,
    /// After so much time in the queue; none: time alone moves nobody.
    pub(crate) after_us: MaybeTime,
    pub(crate) when_nobody_online: bool,
    /// The step raises a lower priority to this one.
    pub(crate) priority: u16,
}

impl Step {
    pub(crate) fn new(to: QueueId, overflow: &Overflow) -> Self {
        let after_us = overflow.after_seconds.map(|seconds| Micros::from(seconds) * 1_000_000);
        Self {
            to,
            after_us: after_us.into(),
            when_nobody_online: overflow.when_nobody_online,
            priority: overflow.priority.unwrap_or(0),
        }
    }
}

/// How long a ticket may wait, and as what it is closed then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) after_us: Micros,
    pub(crate) reason: CloseReason,
}

impl Limit {
    /// The lesser of the two.
    pub(crate) fn of(object: &Queue) -> Self {
        let limit = |seconds, reason| Self { after_us: Micros::from(seconds) * 1_000_000, reason };
        match object.max_wait_seconds.filter(|seconds| *seconds <= object.ttl_seconds) {
            Some(seconds) => limit(seconds, CloseReason::NoAgent),
            None => limit(object.ttl_seconds, CloseReason::Expired),
        }
    }
}

/// Tickets whose step may be due, as `crate::state::Wake` keeps what may match: those that are to be
/// judged by themselves, and whole queues, one after the other, each with how far its lines are judged.
#[derive(Debug, Default)]
pub(crate) struct MayOverflow {
    /// While they are judged, the most urgent of a queue comes last.
    pub(crate) tickets: Vec<Slot>,
    pub(crate) queues: BTreeMap<QueueId, Judged>,
}

/// How far the lines of a queue are judged: up to this place, the tests after all others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Judged {
    pub(crate) tests: bool,
    pub(crate) to: Option<LineKey>,
}

impl MayOverflow {
    pub(crate) fn clear(&mut self) {
        self.tickets.clear();
        self.queues.clear();
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.tickets.is_empty() && self.queues.is_empty()
    }

    /// Places in the queue's lines are others: if it is being judged, it is judged from the head again.
    pub(crate) fn begin_again(&mut self, id: QueueId) {
        if let Some(judged) = self.queues.get_mut(&id) {
            *judged = Judged::default();
        }
    }
}
