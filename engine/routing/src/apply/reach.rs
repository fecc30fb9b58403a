//! When a waiting ticket comes into reach of more members of its queue: a timer for each delay that
//! they have. Derived from the line and the directory: whoever enters the line of a queue gets its
//! timers, also those that are over (then the next tick looks once more), and loses them on leaving.

use crate::Micros;
use crate::state::State;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::QueueId;

impl State {
    /// A ticket has entered the line of its queue.
    pub(super) fn await_reach(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        let queue = self.queues.at(ticket.queue);
        if !queue.has_delays() {
            return;
        }
        for delay_us in queue.delays() {
            self.timers.set(ticket.waiting_since.saturating_add(*delay_us), Timer::Reach(slot));
        }
    }

    /// A ticket has left the line of its queue.
    pub(super) fn forget_reach(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        let queue = self.queues.at(ticket.queue);
        if !queue.has_delays() {
            return;
        }
        for delay_us in queue.delays() {
            self.timers.clear(ticket.waiting_since.saturating_add(*delay_us), Timer::Reach(slot));
        }
    }

    /// The delays of the members of a queue from now on.
    pub(super) fn set_delays(&mut self, id: QueueId, delays: impl Iterator<Item = Micros>) {
        let mut delays: Vec<Micros> = delays.filter(|delay_us| *delay_us > 0).collect();
        delays.sort_unstable();
        delays.dedup();
        let queue = self.queues.at(id);
        if delays == queue.delays() {
            return;
        }
        let waiting: Vec<Slot> = [false, true]
            .into_iter()
            .flat_map(|test| queue.line_for(test).iter().map(|(_, slot)| slot))
            .collect();
        waiting.iter().for_each(|slot| self.forget_reach(*slot));
        self.queues.at_mut(id).set_delays(delays);
        waiting.iter().for_each(|slot| self.await_reach(*slot));
    }
}
