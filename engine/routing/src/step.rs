//! What `handle` gives back.

use crate::Event;
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::Intent;
use smallvec::SmallVec;

/// The result of one input: one record (all its events, or none) and at most one reply. Both go
/// through the journal's queue in this order.
#[derive(Debug, Default)]
pub struct Step {
    /// What became true, in order, already applied.
    pub events: SmallVec<[Event; 2]>,
    /// What the asker gets.
    pub reply: Option<Reply>,
    /// The record may ride with the next group instead of asking for a sync (receipts only).
    pub lazy: bool,
}

/// What the asker gets.
#[derive(Debug)]
pub enum Reply {
    /// An answer of the protocol.
    Answer(Answer),
    /// A session is open: one moment of the tenant's order. Publish adds the tickets, whose
    /// entries it keeps.
    Opened {
        /// An agent's intent.
        intent: Option<Intent>,
    },
}
