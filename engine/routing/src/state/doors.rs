//! What the opening hours of a queue, and its mode, have come to: the facts that events tell, and what
//! its object says for the time in which it is closed.

use super::line::Line;
use super::maybe::MaybeTime;
use super::queues::{Queue, Queues};
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::QueueId;
use relevo_wire::directory::{AtClosing, OutsideHours};

/// The doors of a queue. Whether they are shut stands in the queue itself, where every decision looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doors {
    /// When they open or close it.
    pub(crate) until: MaybeTime,
    /// While shut: tickets from this one on, in order of creation, came after the closing.
    pub(crate) shut_before: u64,
    /// While shut: how many of the line, and of the tests' line, have waited since before that.
    pub(crate) left: [u32; 2],
    /// While shut: since when.
    pub(crate) shut_since: Micros,
    /// How long they were shut in all before that.
    pub(crate) shut_us: Micros,
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

    /// While shut: whether those who wait until they open may overflow meanwhile.
    pub(crate) fn overflow(&self) -> bool {
        match self.outside {
            OutsideHours::Overflow => true,
            OutsideHours::Refuse | OutsideHours::Queue => false,
        }
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

impl Queue {
    /// Whether a ticket of this queue waits until it opens.
    #[inline]
    pub(crate) fn holds(&self, ticket: &Ticket) -> bool {
        self.shut && self.doors.hold(ticket)
    }

    /// How long it has been closed in all.
    pub(crate) fn closed_us(&self, now: Micros) -> Micros {
        if !self.was_shut {
            return 0;
        }
        let shut_us = if self.shut { now.saturating_sub(self.doors.shut_since) } else { 0 };
        self.doors.shut_us.saturating_add(shut_us)
    }

    /// How much of that, and of what queues were closed that it has come from, came since the ticket's
    /// waiting began, or its time with the agent.
    #[inline]
    pub(crate) fn closed_since(&self, ticket: &Ticket, now: Micros) -> Micros {
        if !self.was_shut {
            return 0;
        }
        // Of a ticket that has come from another queue the difference alone means something.
        self.closed_us(now).wrapping_sub(ticket.closed_then)
    }

    /// A moment from which a ticket's waiting or its time with the agent counts, later by what was closed
    /// since: up to the present closing, if it is closed.
    pub(crate) fn by_clock(&self, moment: Micros, ticket: &Ticket) -> Micros {
        if !self.was_shut {
            return moment;
        }
        moment.wrapping_add(self.doors.shut_us).wrapping_sub(ticket.closed_then)
    }

    /// When the threshold of a ticket's conversation passes if this queue is open from now on; none when
    /// judged.
    pub(crate) fn target_at(&self, ticket: &Ticket, now: Micros) -> Option<Micros> {
        let target_at = ticket.target_at.get()?;
        if !self.was_shut {
            return Some(target_at);
        }
        Some(target_at.saturating_add(self.closed_us(now)).saturating_sub(ticket.closed_told))
    }

    /// Whether somebody waits in a line who need not wait until it opens.
    pub(crate) fn serves_line(&self, test: bool) -> bool {
        if self.shut { self.doors.served(test) > 0 } else { !self.line_for(test).is_empty() }
    }
}

impl Queues {
    /// How long a queue was closed in all, up to a moment.
    pub(crate) fn set_closed(&mut self, id: QueueId, closed_us: Micros, at: Micros) {
        let queue = self.at_mut(id);
        queue.doors.shut_us = closed_us;
        queue.doors.shut_since = at;
    }

    /// A queue is opened or closed; `created` tickets have been made so far.
    pub(crate) fn set_shut(&mut self, id: QueueId, shut: bool, created: u64) {
        let queue = self.at_mut(id);
        queue.shut = shut;
        if shut {
            queue.pace.interrupt();
        }
        queue.was_shut |= shut || queue.doors.shut_us > 0;
        let count = |line: &Line| u32::try_from(line.len()).unwrap_or(u32::MAX);
        queue.doors.shut_before = if shut { created } else { 0 };
        queue.doors.left = if shut { [count(&queue.line), count(&queue.tests)] } else { [0, 0] };
        self.find_head(id);
        self.note_changed(id);
    }
}
