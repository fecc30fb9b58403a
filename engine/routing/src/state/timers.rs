//! Deadlines. Derived from tickets and agents: no snapshot holds them.

use super::slab::Slot;
use crate::Micros;
use relevo_wire::{AgentId, BotId, QueueId};
use std::collections::BTreeSet;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Somebody who waited when a queue closed is to be turned away.
    TurnAway(QueueId),
    /// The next who waits in a queue is to be told something.
    Notice(QueueId),
    /// The time of a queue's mode is over.
    Mode(QueueId),
    /// The hours of a queue open or close it.
    Hours(QueueId),
    /// An agent's grace period is over.
    Grace(AgentId),
    /// An unreachable agent becomes offline.
    Presence(AgentId),
    /// An agent may have another ticket by the fairness limit.
    Fairness(AgentId),
    /// A gone agent has kept a ticket long enough.
    Keep(Slot),
    /// The first block of a contact is over.
    Unblock,
    /// Somebody has stood in a call-back list for long enough.
    Callback,
    /// A parked ticket comes back.
    Unpark(Slot),
    /// A customer who left while he waited has not come back.
    Away(Slot),
    /// A ticket reserved for an agent joins its queue.
    Reservation(Slot),
    /// The service-level threshold has passed.
    Target(Slot),
    /// An agent may have a ticket again that it gave away.
    Exclusion(Slot),
    /// The next ring of a waiting ticket begins.
    Ring(Slot),
    /// Nobody has accepted an offered ticket.
    Offer(Slot),
    /// An agent has had its time to wrap a closed ticket up.
    WrapUp(Slot),
    /// A waiting ticket has been in its queue for as long as the queue's overflow says.
    Step(Slot),
    /// The time of who waits longest in a queue may be over.
    Limit(QueueId),
    /// A waiting ticket comes into reach of more members.
    Reach(Slot),
    /// The time in which a closed ticket could be reopened is over.
    Reopen(Slot),
    /// A customer of a bot has been silent for too long.
    CustomerSilence(BotId),
    /// An agent has been silent for too long.
    AgentSilence(AgentId),
    /// A target of a ticket of a queue is at risk or missed.
    Targets(QueueId),
    /// A closed ticket is no longer resumable.
    Forget(Slot),
}

/// Deadlines in order.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Micros, Timer)>,
    /// Apart: to find the closed ticket that goes first when there are too many.
    forgets: BTreeSet<(Micros, Slot)>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Micros, timer: Timer) {
        if let Timer::Forget(slot) = timer {
            self.forgets.insert((at, slot));
        } else {
            self.due.insert((at, timer));
        }
    }

    pub(crate) fn clear(&mut self, at: Micros, timer: Timer) {
        if let Timer::Forget(slot) = timer {
            self.forgets.remove(&(at, slot));
        } else {
            self.due.remove(&(at, timer));
        }
    }

    pub(crate) fn next(&self) -> Option<Micros> {
        let due = self.due.first().map(|(at, _)| *at);
        let forget = self.forgets.first().map(|(at, _)| *at);
        due.into_iter().chain(forget).min()
    }

    /// Takes the earliest that is due.
    pub(crate) fn take_due(&mut self, now: Micros) -> Option<Timer> {
        if self.due.first().is_some_and(|(at, _)| *at <= now) {
            return self.due.pop_first().map(|(_, timer)| timer);
        }
        if self.forgets.first().is_some_and(|(at, _)| *at <= now) {
            return self.forgets.pop_first().map(|(_, slot)| Timer::Forget(slot));
        }
        None
    }

    /// The closed ticket that is forgotten next.
    pub(crate) fn first_forget(&self) -> Option<Slot> {
        self.forgets.first().map(|(_, slot)| *slot)
    }
}
