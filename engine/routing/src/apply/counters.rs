//! What follows from a change: who is available and online, and the published numbers.

use crate::state::State;
use crate::state::agents::Class;
use crate::state::queues::Queue;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use crate::stats::AgentStats;
use relevo_wire::vocabulary::TicketState;
use relevo_wire::{AgentId, QueueId};

impl State {
    /// Brings availability and counters of an agent in line with its state, and wakes it when it
    /// has become available.
    pub(crate) fn refresh_agent(&mut self, id: AgentId) {
        let agent = self.agents.at(id);
        let available = agent.is_serving() && agent.free_seats() > 0 && !agent.closing;
        if self.agents.available.set(id.0, available) && available {
            self.wake.agents.push(id);
        }
        let agent = self.agents.at_mut(id);
        let (before, after) = (agent.counted, agent.count());
        if before == after {
            return;
        }
        agent.counted = after;
        if let Some(class) = before.class {
            *count_of(&mut self.stats.agents, class) -= 1;
        }
        if let Some(class) = after.class {
            *count_of(&mut self.stats.agents, class) += 1;
        }
        self.stats.seats = self.stats.seats - u64::from(before.seats) + u64::from(after.seats);
        if before.online == after.online && before.online_for_tests == after.online_for_tests {
            return;
        }
        for queue in &self.agents.at(id).queues {
            let entry = self.queues.at_mut(*queue);
            entry.online = changed(entry.online, before.online, after.online);
            entry.online_for_tests =
                changed(entry.online_for_tests, before.online_for_tests, after.online_for_tests);
            self.queues.note_changed(*queue);
        }
    }

    /// A seat came free: of interest even to an agent who was available before, as a cap per bot
    /// may have stood in the way.
    pub(crate) fn wake_agent(&mut self, id: AgentId) {
        self.refresh_agent(id);
        if self.agents.available.holds(id.0) && self.wake.agents.last() != Some(&id) {
            self.wake.agents.push(id);
        }
    }

    /// A ticket gets its place: in its queue's line, or in that of the agent it is reserved for.
    pub(super) fn enter_line(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        match ticket.reserved.get() {
            Some(agent) => {
                let key = crate::state::line::LineKey::of(ticket);
                self.agents.at_mut(agent).reserved.insert(key, slot);
            }
            None => self.queues.enter(ticket, slot),
        }
    }

    /// A ticket leaves the line that it is in.
    pub(super) fn leave_line(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        match ticket.reserved.get() {
            Some(agent) => {
                let key = crate::state::line::LineKey::of(ticket);
                self.agents.at_mut(agent).reserved.remove(key);
            }
            None => self.queues.leave(ticket),
        }
    }

    /// A ticket is in another state than before (`None`: it did not exist, or no longer does).
    pub(super) fn count_ticket(
        &mut self,
        slot: Slot,
        from: Option<TicketState>,
        to: Option<TicketState>,
    ) {
        let ticket = self.tickets.at(slot);
        let id = ticket.queue;
        if ticket.test {
            let waiting = |state| state == Some(TicketState::Waiting);
            let tests = self.tickets.tests_waiting;
            self.tickets.tests_waiting = changed(tests, waiting(from), waiting(to));
            return;
        }
        let (waiting_since, assigned_at) = (ticket.waiting_since, ticket.assigned_at);
        if let Some(state) = from {
            *count_in(&mut self.stats.tickets, state) -= 1;
        }
        if let Some(state) = to {
            *count_in(&mut self.stats.tickets, state) += 1;
        }
        let queue = self.queues.at_mut(id);
        match from {
            Some(TicketState::Waiting) => queue.waiting -= 1,
            Some(TicketState::Assigned) => queue.unanswered -= 1,
            Some(TicketState::InService | TicketState::Closed) | None => {}
        }
        match to {
            Some(TicketState::Waiting) => {
                queue.waiting += 1;
                queue.waits.begin(waiting_since, slot);
            }
            Some(TicketState::Assigned) => {
                queue.unanswered += 1;
                queue.unanswered_since.begin(assigned_at.get().unwrap_or_default(), slot);
            }
            Some(TicketState::InService | TicketState::Closed) | None => {}
        }
        if from.is_some() {
            self.settle_oldest(id);
        }
        self.queues.note_changed(id);
    }

    /// Drops ended waits from the front of a queue's clocks.
    fn settle_oldest(&mut self, id: QueueId) {
        let tickets = &self.tickets;
        let Queue { waits, waiting, unanswered_since, unanswered, .. } = self.queues.at_mut(id);
        let is = |slot, state, since: &dyn Fn(&Ticket) -> bool| {
            tickets.get(slot).is_some_and(|ticket| {
                ticket.queue == id && ticket.state == state && !ticket.test && since(ticket)
            })
        };
        waits.settle(*waiting as usize, |at, slot| {
            is(slot, TicketState::Waiting, &|ticket| ticket.waiting_since == at)
        });
        unanswered_since.settle(*unanswered as usize, |at, slot| {
            is(slot, TicketState::Assigned, &|ticket| ticket.assigned_at.get() == Some(at))
        });
    }
}

fn changed(count: u32, before: bool, after: bool) -> u32 {
    count + u32::from(after) - u32::from(before)
}

fn count_of(stats: &mut AgentStats, class: Class) -> &mut u32 {
    match class {
        Class::Online => &mut stats.online,
        Class::Paused => &mut stats.paused,
        Class::Invisible => &mut stats.invisible,
        Class::Offline => &mut stats.offline,
        Class::Unreachable => &mut stats.unreachable,
    }
}

fn count_in(stats: &mut crate::stats::TicketStats, state: TicketState) -> &mut u32 {
    match state {
        TicketState::Waiting => &mut stats.waiting,
        TicketState::Assigned => &mut stats.assigned,
        TicketState::InService => &mut stats.in_service,
        TicketState::Closed => &mut stats.resumable,
    }
}
