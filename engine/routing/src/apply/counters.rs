//! What follows from a change: who is available and online, and the published numbers.

use crate::state::State;
use crate::state::agents::Class;
use crate::state::slab::Slot;
use crate::stats::AgentStats;
use relevo_wire::AgentId;
use relevo_wire::vocabulary::TicketState;

impl State {
    /// Brings availability and counters of an agent in line with its state, and wakes it when it
    /// has become available.
    pub(crate) fn refresh_agent(&mut self, id: AgentId) {
        let agent = self.agents.at(id);
        let available = agent.is_available();
        let attends = agent.attends();
        if self.agents.set_available(id, available) && available {
            self.wake.agents.push(id);
        }
        if self.agents.attending.set(id.0, attends) {
            self.presence_changed(id, attends, !attends);
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
        let (was_online, is_online) = (before.seats_online(), after.seats_online());
        self.stats.seats_online =
            self.stats.seats_online - u64::from(was_online) + u64::from(is_online);
        let is_same = before.online == after.online
            && before.online_for_tests == after.online_for_tests
            && before.seats_online() == after.seats_online();
        if is_same {
            return;
        }
        for queue in &self.agents.at(id).queues {
            let entry = self.queues.at_mut(*queue);
            if self.agents.is_absent(id, entry.bot) {
                continue;
            }
            entry.online = changed(entry.online, before.online, after.online);
            entry.online_for_tests =
                changed(entry.online_for_tests, before.online_for_tests, after.online_for_tests);
            entry.seats = entry.seats - before.seats_online() + after.seats_online();
            if entry.online == 0 {
                entry.pace.interrupt();
            }
            self.queues.note_changed(*queue);
        }
        self.follow_shares(id, before);
        let (before, after) = (before.online_for_tests, after.online_for_tests);
        self.presence_changed(id, after && !before, before && !after);
    }

    /// A seat came free: of interest even to an agent who was available before, as a cap per bot
    /// may have stood in the way.
    pub(crate) fn wake_agent(&mut self, id: AgentId) {
        #[cfg(planted)]
        if crate::planted::is(crate::planted::Bug::LostWakeUp) {
            return;
        }
        self.refresh_agent(id);
        if self.agents.available().holds(id.0) && self.wake.agents.last() != Some(&id) {
            self.wake.agents.push(id);
        }
    }

    /// A ticket has come into its state: it counts there, and what begins with it begins.
    pub(super) fn enter_state(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        if ticket.test {
            let waits = ticket.is_waiting();
            if ticket.is_unassigned() {
                self.queues.at_mut(ticket.queue).test_waits.begin(ticket.waiting_since, slot);
                self.await_limit(slot);
            }
            self.tickets.tests_waiting += u32::from(waits);
            return;
        }
        *count_in(&mut self.stats.tickets, ticket.state) += 1;
        if !ticket.is_open() {
            return;
        }
        let id = ticket.queue;
        let queue = self.queues.at_mut(id);
        match ticket.state {
            TicketState::Waiting | TicketState::Offered => {
                queue.waiting += 1;
                queue.waits.begin(ticket.waiting_since, slot);
                self.await_limit(slot);
            }
            TicketState::Assigned => {
                queue.unanswered += 1;
                queue.unanswered_since.begin(ticket.assigned_at.get().unwrap_or_default(), slot);
            }
            TicketState::InService
            | TicketState::OnHold
            | TicketState::Parked
            | TicketState::Away
            | TicketState::Wrapping
            | TicketState::Closed => {}
        }
        self.queues.note_changed(id);
    }

    /// A waiting ticket is offered, or an offered one waits again: its wait goes on as it began.
    pub(super) fn set_offered(&mut self, slot: Slot, offered: bool) {
        let ticket = self.tickets.at_mut(slot);
        let to = if offered { TicketState::Offered } else { TicketState::Waiting };
        let from = std::mem::replace(&mut ticket.state, to);
        if ticket.test {
            self.tickets.tests_waiting -= u32::from(offered);
            self.tickets.tests_waiting += u32::from(!offered);
            return;
        }
        *count_in(&mut self.stats.tickets, from) -= 1;
        *count_in(&mut self.stats.tickets, to) += 1;
    }

    /// A ticket is about to leave its state.
    pub(super) fn leave_state(&mut self, slot: Slot) {
        let ticket = self.tickets.at(slot);
        if ticket.test {
            let waits = ticket.is_waiting();
            if ticket.is_unassigned() {
                self.queues.at_mut(ticket.queue).test_waits.end(ticket.waiting_since, slot);
            }
            self.tickets.tests_waiting -= u32::from(waits);
            return;
        }
        *count_in(&mut self.stats.tickets, ticket.state) -= 1;
        if !ticket.is_open() {
            return;
        }
        let id = ticket.queue;
        let queue = self.queues.at_mut(id);
        match ticket.state {
            TicketState::Waiting | TicketState::Offered => {
                queue.waiting -= 1;
                queue.waits.end(ticket.waiting_since, slot);
                if queue.waiting + 1 == queue.max_waiting {
                    self.may_take(id);
                }
            }
            TicketState::Assigned => {
                queue.unanswered -= 1;
                queue.unanswered_since.end(ticket.assigned_at.get().unwrap_or_default(), slot);
            }
            TicketState::InService
            | TicketState::OnHold
            | TicketState::Parked
            | TicketState::Away
            | TicketState::Wrapping
            | TicketState::Closed => {}
        }
        self.queues.note_changed(id);
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
        TicketState::Offered => &mut stats.offered,
        TicketState::Assigned => &mut stats.assigned,
        TicketState::InService => &mut stats.in_service,
        TicketState::OnHold => &mut stats.on_hold,
        TicketState::Parked => &mut stats.parked,
        TicketState::Away => &mut stats.away,
        TicketState::Wrapping => &mut stats.wrapping,
        TicketState::Closed => &mut stats.resumable,
    }
}
