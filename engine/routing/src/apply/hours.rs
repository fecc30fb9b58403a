//! Queues are opened and closed by their hours.

use crate::event::QueueHours;
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::timers::Timer;
use relevo_wire::{AgentId, QueueId};

impl State {
    pub(super) fn queue_hours(&mut self, event: QueueHours) {
        let id = event.queue;
        self.set_doors_until(id, event.until.into());
        if self.queues.at(id).shut == event.open {
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
