//! Steps from queue to queue: taken, awaited, and noted where one may have become due; and how long
//! who waits may wait at all.
//!
//! A step is due when its time has come or nobody is there, and can be taken when a queue of the
//! chain takes the ticket. Whatever may make one of the two true notes here what is to be judged:
//! a ticket, or a whole queue that overflows. Queues without a step cost a look at a flag.

use crate::Micros;
use crate::event::Overflowed;
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::overflow::{Judged, Step};
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::directory::Queue;
use relevo_wire::{AgentId, QueueId};
use std::collections::BTreeSet;

impl State {
    /// The ticket goes on in another queue: id, place, priority apart, and clocks stay its own.
    pub(super) fn overflowed(&mut self, now: Micros, event: Overflowed) {
        let slot = self.slot(event.ticket);
        if self.queues.at(event.from).holds(self.tickets.at(slot)) {
            self.move_limits(now, slot);
        }
        self.leave_state(slot);
        self.leave_line(slot);
        self.forget_step(slot);
        self.carry_clocks(now, slot, event.to);
        self.carry_targets(now, slot, event.from, event.to);
        self.estimates.forget(slot);
        self.follow_pace(event.from);
        let ticket = self.tickets.at_mut(slot);
        ticket.queue = event.to;
        ticket.priority = event.priority;
        ticket.begin_step(now);
        self.queues.at_mut(event.from).open -= 1;
        self.queues.at_mut(event.to).open += 1;
        self.await_step(slot);
        self.enter_line(now, slot);
        self.enter_state(slot);
        self.wake.tickets.push(slot);
    }

    /// The step of a queue follows its directory object.
    pub(crate) fn set_step(&mut self, id: QueueId, object: &Queue) {
        let bot = self.queues.at(id).bot;
        let step = object.overflow.as_ref().and_then(|overflow| {
            Some(Step::new(self.directory.queue_id(bot, &overflow.to)?, overflow))
        });
        if self.queues.at(id).step == step {
            return;
        }
        let waiting = self.in_lines_of(id);
        waiting.iter().for_each(|slot| self.forget_step(*slot));
        self.queues.set_step(id, step);
        waiting.iter().for_each(|slot| self.await_step(*slot));
    }

    /// Who stands in the lines of a queue, the most urgent first and tests last.
    pub(crate) fn in_lines_of(&self, id: QueueId) -> Vec<Slot> {
        let queue = self.queues.at(id);
        queue.line.iter().chain(queue.tests.iter()).map(|(_, slot)| slot).collect()
    }

    /// The ticket stands in its queue's line from now on.
    pub(super) fn await_step(&mut self, slot: Slot) {
        if let Some(at) = self.step_at(slot) {
            self.timers.set(at, Timer::Step(slot));
        }
    }

    pub(super) fn forget_step(&mut self, slot: Slot) {
        if let Some(at) = self.step_at(slot) {
            self.timers.clear(at, Timer::Step(slot));
        }
    }

    /// When time alone moves a ticket on. Who is reserved for an agent is not in its queue's line.
    pub(crate) fn step_at(&self, slot: Slot) -> Option<Micros> {
        let ticket = self.tickets.at(slot);
        let step = self.queues.at(ticket.queue).step?;
        let after_us = step.after_us.get().filter(|_| !ticket.reserved.is_some())?;
        Some(ticket.step_from().saturating_add(after_us))
    }

    /// The ticket may have to go on now.
    pub(crate) fn may_step(&mut self, slot: Slot) {
        if self.queues.at(self.tickets.at(slot).queue).step.is_some() {
            self.wake.overflow.tickets.push(slot);
        }
    }

    /// Any ticket of the queue may have to go on now: its lines are judged from the head.
    pub(crate) fn all_may_step(&mut self, id: QueueId) {
        let queue = self.queues.at(id);
        if queue.step.is_some() && !(queue.line.is_empty() && queue.tests.is_empty()) {
            self.wake.overflow.queues.insert(id, Judged::default());
        }
    }

    /// The queue may take what it did not take before: of all whose chains lead here.
    pub(crate) fn may_take(&mut self, id: QueueId) {
        let mut upstream: BTreeSet<QueueId> = self.queues.feeders(id).iter().copied().collect();
        while let Some(feeder) = upstream.pop_first() {
            self.all_may_step(feeder);
            upstream.extend(self.queues.feeders(feeder));
        }
    }

    /// An agent has come to the queues that it serves, or left them, as far as tickets are concerned.
    pub(crate) fn presence_changed(&mut self, id: AgentId, came: bool, left: bool) {
        if !self.queues.has_steps() {
            return;
        }
        for queue in self.agents.at(id).queues.clone() {
            if left {
                self.all_may_step(queue);
            }
            if came {
                self.may_take(queue);
            }
        }
    }

    /// A ticket has begun to wait in a queue, which looks when the time of the first is over.
    #[inline]
    pub(super) fn await_limit(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        let queue = self.queues.at(ticket.queue);
        if queue.holds(ticket) {
            return;
        }
        let at = ticket.limits_from().saturating_add(queue.limit.after_us);
        if queue.looks_at.get().is_none_or(|looks_at| at < looks_at) {
            self.look_at(ticket.queue, Some(at));
        }
    }

    /// The queue looks when the time of who has waited longest is over.
    pub(crate) fn look_again(&mut self, id: QueueId) {
        let first = self.first_limit(id).map(|(at, _)| at);
        self.look_at(id, first);
    }

    fn look_at(&mut self, id: QueueId, at: Option<Micros>) {
        let looks_at = &mut self.queues.at_mut(id).looks_at;
        if let Some(before) = looks_at.get() {
            self.timers.clear(before, Timer::Limit(id));
        }
        *looks_at = MaybeTime::from(at);
        if let Some(at) = at {
            self.timers.set(at, Timer::Limit(id));
        }
    }

    /// Whose time is over first in a queue, and when. Nobody's who waits until it opens.
    pub(crate) fn first_limit(&self, id: QueueId) -> Option<(Micros, Slot)> {
        let queue = self.queues.at(id);
        let first = [&queue.waits, &queue.test_waits].into_iter().filter_map(|waits| {
            let mut first: Option<(Micros, Slot)> = None;
            for (since, slot) in waits.iter() {
                // Limits count from no earlier than the wait does: mostly this is the second one.
                if first.is_some_and(|(from, _)| from <= since) {
                    break;
                }
                let ticket = self.tickets.at(slot);
                let is_first = first.is_none_or(|(from, _)| ticket.limits_from() < from);
                if is_first && !queue.holds(ticket) {
                    first = Some((ticket.limits_from(), slot));
                }
            }
            first.map(|(from, slot)| (from.saturating_add(queue.limit.after_us), slot))
        });
        first.min()
    }
}
