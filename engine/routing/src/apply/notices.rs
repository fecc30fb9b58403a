//! Those who wait in a queue are told something, one after the other.

use crate::Micros;
use crate::event::{Notice, NoticeStep};
use crate::state::State;
use crate::state::notices::Running;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::QueueId;

impl State {
    pub(super) fn notice(&mut self, now: Micros, event: &Notice) {
        let queue = event.queue;
        match &event.step {
            NoticeStep::Begun(words) => {
                let created = self.tickets.totals.created;
                self.run_notice(
                    queue,
                    Running { words: words.clone(), began: now, created, told: None },
                );
            }
            NoticeStep::Told { ticket, number, .. } => {
                let slot = self.slot(*ticket);
                let ticket = self.tickets.at_mut(slot);
                ticket.last = *number;
                let told = (ticket.waiting_since, slot);
                self.notices.get_mut(&queue).expect("who is told is told of one").told = Some(told);
                self.timers.set(0, Timer::Notice(queue));
            }
            NoticeStep::Ended => self.end_notice(queue),
        }
    }

    /// As long as somebody may be left, a tick is due at once.
    pub(crate) fn run_notice(&mut self, queue: QueueId, running: Running) {
        self.notices.insert(queue, running);
        self.timers.set(0, Timer::Notice(queue));
    }

    pub(super) fn end_notice(&mut self, queue: QueueId) {
        self.notices.remove(&queue);
        self.timers.clear(0, Timer::Notice(queue));
    }

    /// Who is told next of a notice that runs.
    pub(crate) fn next_to_tell(&self, queue: QueueId) -> Option<Slot> {
        let notice = self.notices.get(&queue)?;
        let waits = &self.queues.at(queue).waits;
        let mut told = notice.told;
        loop {
            let next = waits.next_after(told).filter(|(since, _)| *since <= notice.began)?;
            if self.tickets.at(next.1).order < notice.created {
                return Some(next.1);
            }
            // Made at the very moment, and later: few are.
            told = Some(next);
        }
    }
}
