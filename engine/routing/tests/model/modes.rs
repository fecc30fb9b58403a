//! Modes of queues: what whoever runs the desk has said, looked up at every question.

use crate::action::moments;
use crate::ask::Ask;
use crate::hand_off::Said;
use crate::reference::{Answered, Reference, done};
use crate::refusals::refused;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_routing::event::QueueModeSet;
use relevo_routing::{Event, Micros};
use relevo_wire::directory::OutsideHours;
use relevo_wire::limits::TEXT_BYTES;
use relevo_wire::vocabulary::QueueMode;
use relevo_wire::{ErrorCode, QueueId};

/// A queue gets a mode; now and then one that it cannot have.
pub(crate) fn mode_set() -> impl Strategy<Value = Ask> {
    let mode = select(vec![QueueMode::Open, QueueMode::Drain, QueueMode::Drain, QueueMode::Closed]);
    let text = prop_oneof![6 => Just(0), 4 => Just(20), 1 => Just(TEXT_BYTES + 1)];
    let in_us = prop_oneof![1 => Just(None), 3 => moments().prop_map(Some)];
    (0..7_u8, mode, text, in_us, any::<bool>()).prop_map(|(queue, mode, text, in_us, is_plain)| {
        let plain = mode == QueueMode::Open && is_plain;
        let (text, in_us) = if plain { (0, None) } else { (text, in_us) };
        Ask::SetMode { queue, mode, text, in_us }
    })
}

impl Reference {
    fn mode_set_of(&self, id: QueueId) -> Option<&QueueModeSet> {
        self.modes.iter().rev().find(|set| set.queue == id)
    }

    pub(crate) fn mode(&self, id: QueueId) -> QueueMode {
        self.mode_set_of(id).map_or(QueueMode::Open, |set| set.mode)
    }

    /// When the mode of a queue is over.
    pub(crate) fn mode_until(&self, id: QueueId) -> Option<Micros> {
        self.mode_set_of(id)?.until
    }

    /// Its hours and its mode let somebody in.
    pub(crate) fn admits(&self, id: QueueId) -> bool {
        !self.is_shut(id) && self.mode(id) == QueueMode::Open
    }

    /// A place until it opens is kept by hours alone.
    pub(crate) fn outside(&self, id: QueueId) -> OutsideHours {
        let outside = self.queue(id).map_or(OutsideHours::Refuse, |queue| queue.outside_hours);
        if outside == OutsideHours::Queue && self.mode(id) != QueueMode::Open {
            return OutsideHours::Refuse;
        }
        outside
    }

    /// What whoever is refused is told instead.
    pub(crate) fn words_of_mode(&self, id: QueueId, said: Said) -> Option<String> {
        let set = self.mode_set_of(id).filter(|_| said == Said::Closed)?;
        Some(set.text.clone()).filter(|text| !text.is_empty())
    }

    /// When a queue that takes nobody takes somebody again.
    pub(crate) fn opens_at(&self, id: QueueId) -> Option<Micros> {
        match self.mode(id) {
            QueueMode::Open | QueueMode::Closed => self.queues[id.0 as usize].until,
            QueueMode::Drain => self.opening_from(id, self.mode_until(id)?),
        }
    }

    pub(crate) fn set_queue_mode(&mut self, set: &QueueModeSet) -> Answered {
        if self.queue(set.queue).is_none() {
            return Err(refused(ErrorCode::NotFound, "queue"));
        }
        if set.text.len() > TEXT_BYTES {
            return Err(refused(ErrorCode::LimitExceeded, "text"));
        }
        if set.mode == QueueMode::Open && !set.text.is_empty() {
            return Err(refused(ErrorCode::Malformed, "text"));
        }
        let is_open = set.mode == QueueMode::Open;
        if set.until.is_some_and(|until| is_open || until <= self.now) {
            return Err(refused(ErrorCode::Malformed, "until"));
        }
        let open = QueueModeSet { mode: QueueMode::Open, ..open_again(set.queue) };
        if self.mode_set_of(set.queue).unwrap_or(&open) != set {
            self.change_mode(set.clone());
        }
        Ok(done())
    }

    pub(crate) fn mode_over(&mut self, queue: QueueId) {
        self.change_mode(open_again(queue));
    }

    fn change_mode(&mut self, set: QueueModeSet) {
        let queue = set.queue;
        self.modes.push(set.clone());
        self.emit(Event::QueueModeSet(set));
        self.look_at_hours(queue);
    }

    /// The queue is deleted.
    pub(crate) fn forget_doors(&mut self, id: QueueId) {
        let queue = &mut self.queues[id.0 as usize];
        (queue.is_shut, queue.until) = (false, None);
        self.modes.retain(|set| set.queue != id);
        self.forget_notice(id);
    }
}

fn open_again(queue: QueueId) -> QueueModeSet {
    QueueModeSet { queue, mode: QueueMode::Open, text: String::new(), until: None }
}
