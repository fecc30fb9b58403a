//! Clocks against the targets of a ticket begin, end, stand still, and fall due.

use crate::Micros;
use crate::event::TargetTold;
use crate::state::State;
use crate::state::queues::Queue;
use crate::state::slab::Slot;
use crate::state::targets::TargetClock;
use crate::state::timers::Timer;
use relevo_wire::QueueId;
use relevo_wire::vocabulary::TicketTarget;

/// Those that end with the agent's next message, and when the ticket is no longer the agent's.
const RESPONSES: [TicketTarget; 2] = [TicketTarget::FirstResponse, TicketTarget::NextResponse];
const ALL: [TicketTarget; 3] =
    [TicketTarget::FirstResponse, TicketTarget::NextResponse, TicketTarget::Resolution];

impl State {
    pub(super) fn target_told(&mut self, event: TargetTold) {
        let slot = self.slot(event.ticket);
        let queue = self.tickets.at(slot).queue;
        self.change_targets(queue, |queue| queue.target_told(slot, event.which, event.state));
    }

    /// A clock begins, if the queue has a target for it.
    pub(super) fn begin_target(&mut self, now: Micros, slot: Slot, which: TicketTarget) {
        let queue = self.tickets.at(slot).queue;
        if self.queues.at(queue).targets.is_some() {
            self.change_targets(queue, |queue| queue.begin_target(now, slot, which));
        }
    }

    /// The agent has answered, or the ticket is no longer the agent's.
    pub(super) fn end_responses(&mut self, slot: Slot) {
        self.end_targets(slot, &RESPONSES);
    }

    pub(super) fn end_all_targets(&mut self, slot: Slot) {
        self.end_targets(slot, &ALL);
    }

    /// A clock goes on and nothing is told of it, until it is put back.
    pub(super) fn take_target(&mut self, slot: Slot, which: TicketTarget) -> Option<TargetClock> {
        let queue = self.tickets.at(slot).queue;
        self.queues.at(queue).targets.as_ref()?;
        let mut taken = None;
        self.change_targets(queue, |queue| {
            taken = queue.targets.as_mut().and_then(|targets| targets.remove(slot, which));
        });
        taken
    }

    /// What runs goes on in another queue, from where it stands.
    pub(super) fn carry_targets(&mut self, now: Micros, slot: Slot, from: QueueId, to: QueueId) {
        let queue = self.queues.at_mut(from);
        let Some(targets) = &mut queue.targets else { return };
        let carried: Vec<_> = targets.of(slot).collect();
        if carried.is_empty() {
            return;
        }
        let then = queue.target_clock(now);
        self.end_targets_in(from, slot, &ALL);
        self.change_targets(to, |queue| {
            for (which, clock) in carried {
                queue.take_target(now, then, (slot, which, clock));
            }
        });
    }

    /// What a snapshot held, or ran untold.
    pub(crate) fn target_restored(&mut self, slot: Slot, which: TicketTarget, clock: TargetClock) {
        let queue = self.tickets.at(slot).queue;
        self.change_targets(queue, |queue| {
            queue.targets.get_or_insert_default().insert(slot, which, clock);
        });
    }

    /// Changes something by which the targets of a queue fall due. One timer stands for all of them;
    /// one that has just run out is no longer there.
    pub(super) fn change_targets(&mut self, id: QueueId, change: impl FnOnce(&mut Queue)) {
        let queue = self.queues.at_mut(id);
        let before = queue.tells_at();
        change(queue);
        let after = queue.tells_at();
        self.retime_targets(id, before, after);
    }

    pub(super) fn retime_targets(
        &mut self,
        id: QueueId,
        before: Option<Micros>,
        after: Option<Micros>,
    ) {
        if let Some(before) = before {
            self.timers.clear(before, Timer::Targets(id));
        }
        if let Some(after) = after {
            self.timers.set(after, Timer::Targets(id));
        }
    }

    fn end_targets(&mut self, slot: Slot, which: &[TicketTarget]) {
        let queue = self.tickets.at(slot).queue;
        if self.queues.at(queue).targets.is_some() {
            self.end_targets_in(queue, slot, which);
        }
    }

    fn end_targets_in(&mut self, queue: QueueId, slot: Slot, which: &[TicketTarget]) {
        self.change_targets(queue, |queue| {
            let Some(targets) = &mut queue.targets else { return };
            for which in which {
                targets.remove(slot, *which);
            }
        });
    }
}
