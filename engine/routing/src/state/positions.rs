//! Tickets that asked for their place in line, what they were told, and how far the look at them
//! has come. Derived, and known only while the daemon runs: no snapshot holds it.

use super::line::LineKey;
use super::slab::Slot;
use super::ticket::Ticket;
use crate::Micros;
use relevo_wire::{AgentId, EstimatedWait, QueueId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Least time between the starts of two looks at the same line.
const PASS_US: Micros = 1_000_000;

/// Which line a waiting ticket stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LineName {
    Queue(QueueId),
    Tests(QueueId),
    /// Of tickets that wait for this agent alone.
    Agent(AgentId),
}

impl LineName {
    pub(crate) fn of(ticket: &Ticket) -> Self {
        match ticket.reserved.get() {
            Some(agent) => Self::Agent(agent),
            None if ticket.test => Self::Tests(ticket.queue),
            None => Self::Queue(ticket.queue),
        }
    }
}

/// A place that a ticket was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) position: u32,
    pub(crate) wait: Option<EstimatedWait>,
    pub(crate) at: Micros,
}

/// A look at one line from its head on, spread over turns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) line: LineName,
    /// The last place that was looked at.
    pub(crate) last: Option<LineKey>,
    /// Tickets up to it. Who comes or goes there meanwhile is counted, so that places further back
    /// are exact however long the walk takes.
    pub(crate) passed: u32,
}

impl Walk {
    fn from_head(line: LineName) -> Self {
        Self { line, last: None, passed: 0 }
    }

    fn has_passed(&self, line: LineName, key: LineKey) -> bool {
        self.line == line && Some(key) <= self.last
    }
}

/// Who asked, who was told what, and the walk under way.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    /// Tickets that asked, by line; no line without one.
    asked: BTreeMap<LineName, u32>,
    /// Of waiting tickets only.
    told: FxHashMap<Slot, Told>,
    walk: Option<Walk>,
    next_pass_at: Micros,
}

impl Positions {
    /// A ticket has got its place in a line.
    pub(crate) fn entered(&mut self, line: LineName, key: LineKey, asks: bool) {
        if asks {
            *self.asked.entry(line).or_default() += 1;
        }
        if let Some(walk) = self.walk.as_mut().filter(|walk| walk.has_passed(line, key)) {
            walk.passed += 1;
        }
    }

    /// A ticket has left its place in a line.
    pub(crate) fn left(&mut self, line: LineName, key: LineKey, asked: bool) {
        if asked {
            let asked = self.asked.get_mut(&line).expect("who asked was counted on entering");
            *asked -= 1;
            if *asked == 0 {
                self.asked.remove(&line);
            }
        }
        if let Some(walk) = self.walk.as_mut().filter(|walk| walk.has_passed(line, key)) {
            walk.passed -= 1;
        }
    }

    /// A ticket has another place in the same line.
    pub(crate) fn moved(&mut self, line: LineName, from: LineKey, to: LineKey) {
        self.entered(line, to, false);
        self.left(line, from, false);
    }

    /// A line has another order: a look at it begins anew.
    pub(crate) fn reordered(&mut self, line: LineName) {
        if let Some(walk) = self.walk.as_mut().filter(|walk| walk.line == line) {
            *walk = Walk::from_head(line);
        }
    }

    /// A ticket no longer waits.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.told.remove(&slot);
    }

    pub(crate) fn tell(&mut self, slot: Slot, told: Told) {
        self.told.insert(slot, told);
    }

    pub(crate) fn told(&self, slot: Slot) -> Option<Told> {
        self.told.get(&slot).copied()
    }

    /// Takes the walk under way, or begins one when the next is due.
    pub(crate) fn take_walk(&mut self, now: Micros) -> Option<Walk> {
        if let Some(walk) = self.walk.take() {
            let goes_on = self.asked.contains_key(&walk.line);
            return if goes_on { Some(walk) } else { self.after(walk.line) };
        }
        let (first, _) = self.asked.first_key_value()?;
        if now < self.next_pass_at {
            return None;
        }
        self.next_pass_at = now.saturating_add(PASS_US);
        Some(Walk::from_head(*first))
    }

    /// The walk goes on later where it is.
    pub(crate) fn pause(&mut self, walk: Walk) {
        self.walk = Some(walk);
    }

    /// The end of a line was reached: the next one, or none until the next pass.
    pub(crate) fn finish(&mut self, line: LineName) {
        self.walk = self.after(line);
    }

    fn after(&self, line: LineName) -> Option<Walk> {
        let mut lines = self.asked.range((Bound::Excluded(line), Bound::Unbounded));
        lines.next().map(|(line, _)| Walk::from_head(*line))
    }
}
