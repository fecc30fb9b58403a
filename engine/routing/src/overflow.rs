//! Overflow: who waits too long in a queue, or where nobody is online who could have him, goes on to
//! the next queue of the chain that takes him.
//!
//! Work comes from [`crate::state::Wake`], as the matching's does, and after a decision is finished no
//! ticket waits whose step is due while a queue of its chain takes it. Who finds none stays where he
//! is: nothing is lost.

use crate::Micros;
use crate::event::{Event, OverflowReason, Overflowed};
use crate::handle::Turn;
use crate::state::State;
use crate::state::bits::Bits;
use crate::state::line::LineKey;
use crate::state::overflow::Judged;
use crate::state::queues::Queue;
use crate::state::skills::Need;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::QueueId;
use smallvec::SmallVec;
use std::cmp::Reverse;

/// Most steps of a chain that are looked at for one ticket.
const STEPS: usize = 64;
/// Most looks at tickets that one step takes; a tick goes on from there at once.
const JUDGED: usize = 4_096;

/// What of a ticket, or of a hand-off that has none yet, decides who could have it.
pub(crate) struct Waiter<'a> {
    pub(crate) test: bool,
    /// Required of an agent; none: what nobody has.
    pub(crate) needs: Option<&'a [Need]>,
    pub(crate) ticket: Option<&'a Ticket>,
    pub(crate) priority: u16,
    pub(crate) now: Micros,
}

impl State {
    pub(crate) fn waiter<'a>(&'a self, ticket: &'a Ticket, now: Micros) -> Waiter<'a> {
        let needs = Some(self.demands.needs(ticket.demand, ticket.ring));
        Waiter { test: ticket.test, needs, ticket: Some(ticket), priority: ticket.priority, now }
    }

    /// A member of the queue is online who could have the ticket, seats aside.
    pub(crate) fn is_attended(&self, id: QueueId, waiter: &Waiter<'_>) -> bool {
        let queue = self.queues.at(id);
        let Some(needs) = waiter.needs else { return false };
        if queue.online_for(waiter.test) == 0 {
            return false;
        }
        let ticket = waiter.ticket.filter(|ticket| !ticket.asked.excluded().is_empty());
        let mut sets: SmallVec<[&Bits; 4]> = SmallVec::from_slice(&[&queue.member_bits]);
        for need in needs {
            let Some(holders) = self.skills.holders(*need) else { return false };
            sets.push(holders);
        }
        self.agents.attending.any_common(&sets, |agent| {
            let agent = relevo_wire::AgentId(agent);
            let accepts = !waiter.test || self.agents.at(agent).accepts_tests;
            let absent = self.agents.is_absent(agent, queue.bot);
            accepts && !absent && !ticket.is_some_and(|ticket| ticket.excludes(agent, waiter.now))
        })
    }

    /// Why a waiting ticket has to go on; none: it may stay.
    pub(crate) fn step_due(&self, slot: Slot, now: Micros) -> Option<OverflowReason> {
        let ticket = self.tickets.at(slot);
        let queue = self.queues.at(ticket.queue);
        let step = queue.step?;
        let waits_for_opening = queue.holds(ticket) && !queue.doors.overflow();
        if ticket.reserved.is_some() || waits_for_opening {
            return None;
        }
        if self.step_at(slot).is_some_and(|at| at <= now) {
            return Some(OverflowReason::Timeout);
        }
        let is_alone =
            step.when_nobody_online && !self.is_attended(ticket.queue, &self.waiter(ticket, now));
        is_alone.then_some(OverflowReason::NobodyOnline)
    }

    /// The first queue of a queue's chain that takes a ticket, and its priority there: the steps on
    /// the way raise it.
    pub(crate) fn taker(&self, from: QueueId, waiter: &Waiter<'_>) -> Option<(QueueId, u16)> {
        let mut priority = waiter.priority;
        let mut at = from;
        for _ in 0..STEPS {
            let step = self.queues.at(at).step?;
            priority = priority.max(step.priority);
            if self.takes(step.to, waiter) {
                return Some((step.to, priority));
            }
            at = step.to;
        }
        None
    }

    /// Some queue of a queue's chain takes tickets, tests or others, if the right agents are there:
    /// where none does nobody of a line needs to be looked at.
    fn may_be_taken(&self, from: QueueId, test: bool) -> bool {
        let mut at = from;
        for _ in 0..STEPS {
            let Some(step) = self.queues.at(at).step else { return false };
            let queue = self.queues.at(step.to);
            if queue.has_room(test) && (queue.keeps_all() || queue.online_for(test) > 0) {
                return true;
            }
            at = step.to;
        }
        false
    }

    /// It has room, and somebody is there, or it keeps who comes whoever is there.
    fn takes(&self, id: QueueId, waiter: &Waiter<'_>) -> bool {
        let queue = self.queues.at(id);
        queue.has_room(waiter.test) && (queue.keeps_all() || self.is_attended(id, waiter))
    }
}

impl Queue {
    /// It is active, open by its hours and its mode, and not full.
    fn has_room(&self, test: bool) -> bool {
        self.active && self.admits() && !self.is_full_for(test)
    }

    /// It keeps who comes whoever is there.
    fn keeps_all(&self) -> bool {
        self.step.is_some_and(|step| !step.when_nobody_online)
    }
}

/// A ticket to be judged.
#[derive(Debug, Clone, Copy)]
enum Look {
    /// The next of a queue's lines, at this place.
    InLine(QueueId, LineKey, Slot),
    /// One that is to be judged by itself.
    Alone(Slot),
}

impl Turn<'_> {
    /// Moves whom to move, as many as a step may; false where some are left for a tick.
    pub(crate) fn overflow(&mut self) -> bool {
        if self.state.wake.overflow.is_empty() {
            return true;
        }
        if self.state.starting_since.is_some() {
            // Nothing but a command moves a ticket before the daemon is ready.
            return false;
        }
        self.order_tickets();
        for _ in 0..JUDGED {
            let Some(look) = self.next_to_judge() else { return true };
            let (Look::InLine(_, _, slot) | Look::Alone(slot)) = look;
            let overflowed = self.step_of(slot);
            if overflowed.is_some() && self.steps_left == 0 {
                return false;
            }
            self.judged(look);
            if let Some(overflowed) = overflowed {
                self.steps_left -= 1;
                self.emit_of(slot, Event::Overflowed(overflowed));
            }
        }
        self.state.wake.overflow.is_empty()
    }

    /// Of tickets that are judged by themselves the most urgent of a queue goes on first too.
    fn order_tickets(&mut self) {
        if self.state.wake.overflow.tickets.len() < 2 {
            return;
        }
        let mut slots = std::mem::take(&mut self.state.wake.overflow.tickets);
        slots.retain(|slot| self.state.tickets.get(*slot).is_some_and(Ticket::is_waiting));
        slots.sort_by_cached_key(|slot| {
            let ticket = self.state.tickets.at(*slot);
            Reverse((ticket.queue, ticket.test, self.state.line_of(ticket).key(ticket)))
        });
        self.state.wake.overflow.tickets = slots;
    }

    /// Whole queues first: what a place in another queue makes possible is for the first of a line.
    fn next_to_judge(&mut self) -> Option<Look> {
        while let Some((id, judged)) = self.state.wake.overflow.queues.first_key_value() {
            let (id, judged) = (*id, *judged);
            if self.state.may_be_taken(id, judged.tests) {
                let line = self.state.queues.at(id).line_for(judged.tests);
                if let Some((key, slot)) = line.after(judged.to).next() {
                    return Some(Look::InLine(id, key, slot));
                }
            }
            if judged.tests {
                self.state.wake.overflow.queues.remove(&id);
            } else {
                self.state.wake.overflow.queues.insert(id, Judged { tests: true, to: None });
            }
        }
        self.state.wake.overflow.tickets.last().map(|slot| Look::Alone(*slot))
    }

    fn judged(&mut self, look: Look) {
        match look {
            Look::InLine(id, key, _) => {
                if let Some(judged) = self.state.wake.overflow.queues.get_mut(&id) {
                    judged.to = Some(key);
                }
            }
            Look::Alone(_) => {
                self.state.wake.overflow.tickets.pop();
            }
        }
    }

    fn step_of(&self, slot: Slot) -> Option<Overflowed> {
        let ticket = self.state.tickets.get(slot).filter(|ticket| ticket.is_waiting())?;
        let reason = self.state.step_due(slot, self.now)?;
        let waiter = self.state.waiter(ticket, self.now);
        let (to, priority) = self.state.taker(ticket.queue, &waiter)?;
        Some(Overflowed { ticket: ticket.id, from: ticket.queue, to, reason, priority })
    }
}
