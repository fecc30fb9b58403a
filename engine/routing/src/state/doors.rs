//! What the opening hours of a queue have come to: the facts that events tell, and what its object
//! says for the time in which it is closed.

use super::maybe::MaybeTime;
use super::ticket::Ticket;
use relevo_wire::directory::{AtClosing, OutsideHours};

/// The doors of a queue. Whether they are shut stands in the queue itself, where every decision looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doors {
    /// When the hours open or close it.
    pub(crate) until: MaybeTime,
    /// While shut: tickets from this one on, in order of creation, came after the closing.
    pub(crate) shut_before: u64,
    /// While shut: how many of the line, and of the tests' line, have waited since before that.
    pub(crate) left: [u32; 2],
    pub(crate) outside: OutsideHours,
    pub(crate) at_closing: AtClosing,
}

impl Doors {
    /// While shut: whether a ticket waits until they open.
    pub(crate) fn hold(&self, ticket: &Ticket) -> bool {
        match self.at_closing {
            AtClosing::Finish => !self.was_here(ticket),
            AtClosing::Carry | AtClosing::Close => true,
        }
    }

    /// While shut: whether a ticket has been here since before that.
    pub(crate) fn was_here(&self, ticket: &Ticket) -> bool {
        ticket.order < self.shut_before
    }

    /// While shut: how many of a line are served all the same.
    pub(crate) fn served(&self, test: bool) -> u32 {
        match self.at_closing {
            AtClosing::Finish => self.left[usize::from(test)],
            AtClosing::Carry | AtClosing::Close => 0,
        }
    }

    /// While shut: whether somebody's ticket is to be closed for it.
    pub(crate) fn turn_away(&self) -> bool {
        match self.at_closing {
            AtClosing::Close => self.left != [0, 0],
            AtClosing::Finish | AtClosing::Carry => false,
        }
    }
}
