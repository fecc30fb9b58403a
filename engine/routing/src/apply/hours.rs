//! Queues are opened and closed by their hours and their modes.

use super::tickets::after;
use crate::Micros;
use crate::event::{QueueHours, QueueModeSet, TargetMoved};
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::{AgentId, QueueId};

impl State {
    pub(super) fn queue_hours(&mut self, now: Micros, event: QueueHours) {
        let id = event.queue;
        let at = self.doors_moved_at(now, id);
        self.set_doors_until(id, event.until.into());
        let told_at = self.queues.at(id).tells_at();
        if self.queues.at(id).shut == event.open {
            if event.open {
                self.move_held_limits(now, id);
            }
            let closed_us = self.queues.at(id).closed_us(at);
            self.queues.set_closed(id, closed_us, at);
            if event.open {
                self.begin_held_steps(now, id);
            }
            self.queues.set_shut(id, !event.open, self.tickets.totals.created);
            self.look_again(id);
            self.retime_targets(id, told_at, self.queues.at(id).tells_at());
            self.wake_queue(id);
            if event.open {
                self.all_may_step(id);
                self.may_take(id);
            }
        }
        self.follow_doors(id);
    }

    /// When doors moved that are told to have: now, or while the daemon was down, when they were to.
    fn doors_moved_at(&self, now: Micros, id: QueueId) -> Micros {
        let until = self.queues.at(id).doors.until.get();
        until.filter(|at| self.starting_since.is_some() && *at <= now).unwrap_or(now)
    }

    pub(super) fn queue_mode_set(&mut self, event: &QueueModeSet) {
        self.set_mode(event.clone());
        if self.queues.at(event.queue).admits() {
            self.may_take(event.queue);
        }
    }

    /// When hours or mode open or close the queue, with the timer that belongs to it.
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

    /// Who has waited until the queue opens has the whole time of its step from then on.
    fn begin_held_steps(&mut self, now: Micros, id: QueueId) {
        let queue = self.queues.at(id);
        // Also where there is no step: one may be set later, and counts from then on.
        if queue.doors.overflow() {
            return;
        }
        let mut held = self.in_lines_of(id);
        held.retain(|slot| self.queues.at(id).holds(self.tickets.at(*slot)));
        for slot in held {
            self.forget_step(slot);
            self.tickets.at_mut(slot).begin_step(now);
            self.await_step(slot);
        }
        for slot in self.away_and_held(id) {
            self.tickets.at_mut(slot).begin_step(now);
        }
    }

    /// Who has waited until the queue opens has as much time left as when he began to.
    fn move_held_limits(&mut self, now: Micros, id: QueueId) {
        self.held_in(id).into_iter().for_each(|slot| self.move_limits(now, slot));
    }

    /// Likewise who need not wait for that any longer, as the object of the queue is another.
    pub(super) fn move_limits_of_released(&mut self, now: Micros, id: QueueId, held: Vec<Slot>) {
        for slot in held {
            if !self.queues.at(id).holds(self.tickets.at(slot)) {
                self.move_limits(now, slot);
            }
        }
    }

    /// Who waits until the queue opens, his customer away or not.
    pub(super) fn held_in(&self, id: QueueId) -> Vec<Slot> {
        let Some(queue) = self.queues.get(id).filter(|queue| queue.shut) else {
            return Vec::new();
        };
        let waiting = queue.waits.iter().chain(queue.test_waits.iter()).map(|(_, slot)| slot);
        let mut held: Vec<Slot> = waiting.chain(self.away_from(id)).collect();
        held.retain(|slot| queue.holds(self.tickets.at(*slot)));
        held
    }

    /// The time in which a ticket has waited until its queue opens counts for no limit of waiting.
    pub(super) fn move_limits(&mut self, now: Micros, slot: Slot) {
        let ticket = self.tickets.at_mut(slot);
        let shut_since = self.queues.at(ticket.queue).doors.shut_since;
        let held_us = now.saturating_sub(shut_since.max(ticket.waiting_since));
        // Where the daemon was down meanwhile that time is moved already.
        let from = ticket.limits_from().saturating_add(held_us).min(now);
        ticket.by_state = MaybeTime::at(from);
    }

    /// The clocks of a waiting ticket go on in another queue from where they stand: what was closed
    /// until now stays uncounted, and from now on what the other queue is closed.
    pub(super) fn carry_clocks(&mut self, now: Micros, slot: Slot, to: QueueId) {
        let from = self.queues.at(self.tickets.at(slot).queue);
        if !from.was_shut && !self.queues.at(to).was_shut {
            return;
        }
        let ticket = self.tickets.at(slot);
        let closed = from.closed_since(ticket, now);
        let (before, target_at) = (ticket.target_at.get(), from.target_at(ticket, now));
        if let (Some(before), Some(target_at)) = (before, target_at) {
            self.timers.clear(after(before), Timer::Target(slot));
            self.timers.set(after(target_at), Timer::Target(slot));
        }
        let to = self.queues.at_mut(to);
        to.was_shut = true;
        let closed_us = to.closed_us(now);
        let ticket = self.tickets.at_mut(slot);
        // Below zero where the old queue was closed for longer: the difference is what counts.
        ticket.closed_then = closed_us.wrapping_sub(closed);
        ticket.closed_told = closed_us;
        ticket.target_at = target_at.into();
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
