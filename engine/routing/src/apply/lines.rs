//! Places in line: taken, left, and moved where waiting brings a ticket to the highest priority.

use crate::Micros;
use crate::state::State;
use crate::state::line::Line;
use crate::state::positions::LineName;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::QueueId;

impl State {
    /// The line in which a waiting ticket stands.
    pub(crate) fn line_of(&self, ticket: &Ticket) -> &Line {
        match LineName::of(ticket) {
            LineName::Agent(agent) => &self.agents.at(agent).reserved,
            LineName::Queue(queue) => self.queues.at(queue).line_for(false),
            LineName::Tests(queue) => self.queues.at(queue).line_for(true),
        }
    }

    /// A ticket gets its place: in its queue's line, or in that of the agent it is reserved for.
    pub(super) fn enter_line(&mut self, now: Micros, slot: Slot) {
        let name = LineName::of(self.tickets.at(slot));
        self.age_line(now, name);
        let ticket = self.tickets.at(slot);
        let key = match name {
            LineName::Agent(agent) => {
                let line = &mut self.agents.at_mut(agent).reserved;
                let key = line.key(ticket);
                // Whoever reserved it for this agent has chosen.
                line.insert(key, slot, &[]);
                key
            }
            LineName::Queue(_) | LineName::Tests(_) => {
                let needs = self.demands.needs(ticket.demand, ticket.ring);
                let key = self.queues.enter(ticket, slot, needs);
                self.await_reach(slot);
                key
            }
        };
        let asks = self.tickets.at(slot).telling.places();
        self.positions.entered(name, key, asks);
        self.follow_line(name);
    }

    /// A ticket leaves the line that it is in.
    pub(super) fn leave_line(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        let name = LineName::of(ticket);
        let key = match name {
            LineName::Agent(agent) => {
                let line = &mut self.agents.at_mut(agent).reserved;
                let key = line.key(ticket);
                line.remove(key);
                key
            }
            LineName::Queue(_) | LineName::Tests(_) => {
                let key = self.queues.leave(ticket);
                self.forget_reach(slot);
                key
            }
        };
        let asked = self.tickets.at(slot).telling.places();
        self.positions.left(name, key, asked);
        self.follow_line(name);
    }

    /// Somebody has left the waiting of a queue unserved: without anybody left its pace is unknown.
    pub(super) fn follow_pace(&mut self, id: QueueId) {
        let queue = self.queues.at_mut(id);
        if queue.waiting == 0 {
            queue.pace.interrupt();
        }
    }

    /// Who is to be turned away from the line of a queue that its hours have closed.
    fn follow_line(&mut self, name: LineName) {
        match name {
            LineName::Queue(id) | LineName::Tests(id) if self.queues.at(id).shut => {
                self.follow_doors(id);
            }
            LineName::Queue(_) | LineName::Tests(_) | LineName::Agent(_) => {}
        }
    }

    /// Moves every ticket that has come to the highest priority by now. Time alone does it, so that
    /// no event tells of it: it is done before each decision, and each ticket is moved at most once
    /// while it waits.
    pub(crate) fn age_lines(&mut self, now: Micros) {
        while let Some(name) = self.queues.next_to_age(now) {
            self.age_line(now, name);
        }
    }

    fn age_line(&mut self, now: Micros, name: LineName) {
        let moved = self.queues.age(name, now);
        if moved.is_empty() {
            return;
        }
        for (from, to) in moved {
            self.positions.moved(name, from, to);
        }
        self.judge_again(name);
    }

    /// Who has moved may stand before those who are judged by now.
    fn judge_again(&mut self, name: LineName) {
        match name {
            LineName::Queue(id) | LineName::Tests(id) => self.wake.overflow.begin_again(id),
            LineName::Agent(_) => {}
        }
    }

    /// The lines of a queue stand in another order from now on.
    pub(super) fn set_ageing(&mut self, now: Micros, id: QueueId, ageing: u16) {
        if self.queues.at(id).line.ageing() == ageing {
            return;
        }
        for slot in self.queues.empty_lines(id, ageing) {
            let ticket = self.tickets.at(slot);
            self.queues.enter(ticket, slot, self.demands.needs(ticket.demand, ticket.ring));
        }
        for name in [LineName::Queue(id), LineName::Tests(id)] {
            self.positions.reordered(name);
            self.judge_again(name);
            self.age_line(now, name);
        }
    }
}
