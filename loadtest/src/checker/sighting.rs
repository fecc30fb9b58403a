//! An entry as a client saw it, cut down to what the checks need.

use super::MessageId;
use crate::plan::staff::Staff;
use crate::stamp::MessageStamp;
use relevo_client::wire::TicketId;
use relevo_client::wire::push::{Entry, EntryEvent};

/// An entry as a client saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// Its number in the ticket.
    pub number: u32,
    /// The daemon's time, in microseconds since 1970.
    pub at: u64,
    /// What it tells.
    pub fact: Fact,
}

/// What an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Nothing to this party.
    Hidden,
    /// The hand-off.
    HandedOff,
    /// A message of the load test.
    Message(MessageId),
    /// A message of somebody else.
    Foreign,
    /// An agent has it; absent for an agent whom the run does not know.
    Assigned {
        /// Whom.
        agent: Option<u32>,
        /// The epoch from now on.
        epoch: u32,
    },
    /// It went back to its line.
    Requeued {
        /// The epoch from now on.
        epoch: u32,
    },
    /// It goes on in another ticket.
    Transferred {
        /// Which.
        child: TicketId,
        /// The epoch from now on.
        epoch: u32,
    },
    /// It is over.
    Returned {
        /// The epoch from now on.
        epoch: u32,
    },
}

impl Sighting {
    /// What the checks need of an entry.
    #[must_use]
    pub fn of(entry: &Entry, staff: &Staff) -> Self {
        let fact = match &entry.event {
            EntryEvent::Empty(_) => Fact::Hidden,
            // The load test puts nothing on hold and has no rules of inactivity.
            EntryEvent::Held(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_) => Fact::Foreign,
            EntryEvent::HandedOff(_) => Fact::HandedOff,
            EntryEvent::Message(message) => {
                let body = message.body.unpack().ok();
                body.and_then(|body| MessageStamp::read(&body))
                    .map_or(Fact::Foreign, |(stamp, _)| Fact::Message(stamp.into()))
            }
            EntryEvent::Assigned(assigned) => {
                Fact::Assigned { agent: staff.agent_of(&assigned.agent), epoch: assigned.epoch }
            }
            EntryEvent::Requeued(requeued) => Fact::Requeued { epoch: requeued.epoch },
            EntryEvent::Transferred(transferred) => {
                Fact::Transferred { child: transferred.child, epoch: transferred.epoch }
            }
            EntryEvent::Returned(returned) => Fact::Returned { epoch: returned.epoch },
        };
        Self { number: entry.number, at: entry.at, fact }
    }
}

impl From<MessageStamp> for MessageId {
    fn from(stamp: MessageStamp) -> Self {
        Self { index: stamp.index, by_customer: stamp.by_customer, ordinal: stamp.ordinal }
    }
}

impl Fact {
    /// The epoch that it sets.
    #[must_use]
    pub fn epoch(self) -> Option<u32> {
        match self {
            Self::Assigned { epoch, .. }
            | Self::Requeued { epoch }
            | Self::Transferred { epoch, .. }
            | Self::Returned { epoch } => Some(epoch),
            Self::Hidden | Self::HandedOff | Self::Message(_) | Self::Foreign => None,
        }
    }

    /// Is it the end of the ticket?
    #[must_use]
    pub fn is_end(self) -> bool {
        match self {
            Self::Transferred { .. } | Self::Returned { .. } => true,
            Self::Hidden
            | Self::HandedOff
            | Self::Message(_)
            | Self::Foreign
            | Self::Assigned { .. }
            | Self::Requeued { .. } => false,
        }
    }
}
