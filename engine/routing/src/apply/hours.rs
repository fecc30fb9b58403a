//! Queues are opened and closed by their hours.

use super::tickets::after;
use crate::Micros;
use crate::event::{QueueHours, TargetMoved};
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::{AgentId, QueueId};

impl State {
    pub(super) fn queue_hours(&mut self, now: Micros, event: QueueHours) {
        let id = event.queue;
        self.set_doors_until(id, event.until.into());
        if self.queues.at(id).shut == event.open {
            let closed_us = self.queues.at(id).closed_us(now);
            self.queues.set_closed(id, closed_us, now);
            self.queues.set_shut(id, !event.open, self.tickets.totals.created);
            self.wake_queue(id);
        }
        self.follow_doors(id);
    }

    /// When the hours open or close the queue, with the timer that belongs to it.
    pub(crate) fn set_doors_until(&mut self, id: QueueId, until: MaybeTime) {
        let doors = &mut self.queues.at_mut(id).doors;
        let before = std::mem::replace(&mut doors.until, until);
        if let Some(before) = before.get() {
            self.timers.clear(before, Timer::Hours(id));
        }
        if let Some(until) = until.get() {
            self.timers.set(until, Timer::Hours(id));
        }
    }

    /// What was closed until now counts no more: the waiting of a ticket ends, or its time with the agent.
    pub(super) fn begin_clocks(&mut self, now: Micros, slot: Slot) {
        let ticket = self.tickets.at_mut(slot);
        let queue = self.queues.at(ticket.queue);
        if queue.was_shut {
            let closed = queue.closed_since(ticket, now);
            ticket.first_waiting_since = ticket.first_waiting_since.saturating_add(closed);
            ticket.closed_then = queue.closed_us(now);
        }
    }

    pub(super) fn target_moved(&mut self, event: TargetMoved) {
        let slot = self.slot(event.ticket);
        // The timer that came is taken already, in a log it is not.
        self.judged(slot);
        let ticket = self.tickets.at_mut(slot);
        ticket.target_at = MaybeTime::at(event.target_at);
        ticket.closed_told = event.closed_us;
        self.timers.set(after(event.target_at), Timer::Target(slot));
    }

    /// As long as somebody's ticket is to be closed because the queue is, a tick is due at once.
    pub(crate) fn follow_doors(&mut self, id: QueueId) {
        let queue = self.queues.at(id);
        if queue.shut && queue.doors.turn_away() {
            self.timers.set(0, Timer::TurnAway(id));
        } else {
            self.timers.clear(0, Timer::TurnAway(id));
        }
    }

    /// Tickets of the queue may match that could not before: those of its line, and those that wait for
    /// one agent.
    pub(super) fn wake_queue(&mut self, id: QueueId) {
        self.wake.queues.push(id);
        let queue = self.queues.at(id);
        let in_line = u32::try_from(queue.line.len()).unwrap_or(u32::MAX);
        if queue.waiting <= in_line && self.tickets.tests_waiting == 0 {
            return;
        }
        let waited_for = self.agents.iter().filter(|(_, agent)| !agent.reserved.is_empty());
        let waited_for: Vec<AgentId> = waited_for.map(|(id, _)| id).collect();
        self.wake.agents.extend(waited_for);
    }
}
