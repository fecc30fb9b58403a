//! What whoever runs the desk has said of queues: few, beside thousands of open ones.

use super::State;
use super::queues::Queue;
use super::timers::Timer;
use crate::event::QueueModeSet;
use relevo_wire::QueueId;
use relevo_wire::directory::OutsideHours;
use relevo_wire::vocabulary::QueueMode;
use std::collections::BTreeMap;

/// The modes of the queues that are not open. Which one a queue has stands in the queue too, where every
/// decision looks.
#[derive(Debug, Default)]
pub(crate) struct Modes(BTreeMap<QueueId, QueueModeSet>);

impl Modes {
    pub(crate) fn of(&self, queue: QueueId) -> Option<&QueueModeSet> {
        self.0.get(&queue)
    }

    /// In rising order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &QueueModeSet> {
        self.0.values()
    }
}

impl Queue {
    /// Whether it takes who comes now, as far as its hours and its mode say.
    #[inline]
    pub(crate) fn admits(&self) -> bool {
        !self.shut && self.mode == QueueMode::Open
    }

    /// What a hand-off gets while it does not. Hours tell when they end, so that a place can be kept until
    /// then; whoever drains or closes a queue wants nobody in it.
    pub(crate) fn outside(&self) -> OutsideHours {
        match (self.doors.outside, self.mode) {
            (OutsideHours::Queue, QueueMode::Drain | QueueMode::Closed) => OutsideHours::Refuse,
            (outside, QueueMode::Open | QueueMode::Drain | QueueMode::Closed) => outside,
        }
    }
}

impl State {
    /// A queue has this mode from now on, with the timer that belongs to it.
    pub(crate) fn set_mode(&mut self, set: QueueModeSet) {
        let (queue, mode, until) = (set.queue, set.mode, set.until);
        let before = match mode {
            QueueMode::Open => self.modes.0.remove(&queue),
            QueueMode::Drain | QueueMode::Closed => self.modes.0.insert(queue, set),
        };
        if let Some(before) = before.and_then(|before| before.until) {
            self.timers.clear(before, Timer::Mode(queue));
        }
        if let Some(until) = until {
            self.timers.set(until, Timer::Mode(queue));
        }
        self.queues.at_mut(queue).mode = mode;
        self.queues.note_changed(queue);
    }
}
