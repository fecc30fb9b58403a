//! Who waits too long in a queue, or in vain, goes on to the first queue of its chain that takes him;
//! and how long anybody may wait.

use crate::hand_off::seconds;
use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::event::{Demand, OverflowReason, Overflowed};
use relevo_routing::{Event, Micros};
use relevo_wire::directory::{OutsideHours, Overflow, Skill};
use relevo_wire::vocabulary::CloseReason;
use relevo_wire::{AgentId, QueueId, TicketId};

/// Who would wait: what of a ticket or a hand-off says who could have it.
pub(crate) struct Waiter {
    test: bool,
    required: Vec<Skill>,
    /// Not before some time has passed.
    excluded: Vec<AgentId>,
    priority: u16,
}

impl Waiter {
    pub(crate) fn of_hand_off(test: bool, demand: Option<&Demand>, priority: u16) -> Self {
        let required = demand.map_or_else(Vec::new, |demand| demand.skills.clone());
        Self { test, required, excluded: Vec::new(), priority }
    }
}

impl Reference {
    /// Moves on who has to and matches who can, until nothing is left or the step's share is used up.
    pub(crate) fn settle(&mut self) {
        loop {
            let is_done = self.overflow_all();
            self.match_all();
            self.is_unfinished |= !is_done;
            if self.is_unfinished || self.next_overflow().is_none() {
                return;
            }
        }
    }

    fn overflow_all(&mut self) -> bool {
        while let Some((id, to, reason, priority)) = self.next_overflow() {
            if self.steps_left == 0 {
                return false;
            }
            self.steps_left -= 1;
            let now = self.now;
            if self.is_held(self.ticket(id)) {
                self.move_limits(id);
            }
            self.move_clocks(id, to);
            let ticket = self.ticket_mut(id);
            let from = std::mem::replace(&mut ticket.queue, to);
            ticket.priority = priority;
            ticket.step_from = now;
            ticket.step_is_over = false;
            ticket.looked_at = None;
            ticket.told = None;
            self.begins_to_wait(id);
            self.emit(Event::Overflowed(Overflowed { ticket: id, from, to, reason, priority }));
        }
        true
    }

    /// Of those who have to go on and can, whom the router moves first. While the daemon starts
    /// nobody does.
    fn next_overflow(&self) -> Option<(TicketId, QueueId, OverflowReason, u16)> {
        if self.starting_since.is_some() {
            return None;
        }
        let waiting = self.tickets.iter().filter(|ticket| ticket.is_waiting());
        let can = waiting.filter_map(|ticket| {
            let reason = self.overflow_due(ticket)?;
            let (to, priority) = self.taker(ticket.queue, &self.waiter(ticket))?;
            Some((ticket.id, to, reason, priority))
        });
        can.min_by_key(|(id, ..)| {
            let told = self.witnessed(|e| matches!(e, Event::Overflowed(e) if e.ticket == *id));
            (told, *id)
        })
    }

    fn waiter(&self, ticket: &Ticket) -> Waiter {
        let excluded = ticket.excluded.iter().filter(|excluded| self.now < excluded.until);
        Waiter {
            test: ticket.test,
            required: self.required(ticket),
            excluded: excluded.map(|excluded| excluded.agent).collect(),
            priority: ticket.priority,
        }
    }

    fn overflow_of(&self, queue: QueueId) -> Option<&Overflow> {
        self.queue(queue)?.overflow.as_ref()
    }

    /// The time of the step, for who stands in the line of a queue that overflows with time.
    pub(crate) fn step_at(&self, ticket: &Ticket) -> Option<Micros> {
        let after = self.overflow_of(ticket.queue)?.after_seconds?;
        let is_in_line = ticket.is_waiting() && ticket.reserved.is_none();
        is_in_line.then(|| ticket.step_from + seconds(after))
    }

    fn overflow_due(&self, ticket: &Ticket) -> Option<OverflowReason> {
        let overflow = self.overflow_of(ticket.queue)?;
        let may_leave = || {
            self.queue(ticket.queue)
                .is_some_and(|queue| queue.outside_hours == OutsideHours::Overflow)
        };
        if ticket.reserved.is_some() || (self.is_held(ticket) && !may_leave()) {
            return None;
        }
        if self.step_at(ticket).is_some_and(|at| at <= self.now) {
            return Some(OverflowReason::Timeout);
        }
        let is_in_vain =
            overflow.when_nobody_online && !self.is_attended(ticket.queue, &self.waiter(ticket));
        is_in_vain.then_some(OverflowReason::NobodyOnline)
    }

    /// Somebody is online in the queue who could have the ticket, seats aside.
    pub(crate) fn is_attended(&self, queue: QueueId, waiter: &Waiter) -> bool {
        self.members(queue).into_iter().any(|agent| {
            let accepts = !waiter.test || self.agent(agent).is_some_and(|a| a.accepts_tests);
            let can = waiter.required.iter().all(|r| self.level(agent, &r.name) >= r.level);
            let attends = self.is_online(agent)
                && self.at(agent).is_responding
                && !self.is_absent(agent, self.queue_bot(queue));
            attends && accepts && can && !waiter.excluded.contains(&agent)
        })
    }

    /// The first of the chain that takes it, with the priority that the steps to it give.
    pub(crate) fn taker(&self, from: QueueId, waiter: &Waiter) -> Option<(QueueId, u16)> {
        let overflow = self.overflow_of(from)?;
        let to = self.queue_id(self.queue_bot(from), &overflow.to)?;
        let priority = waiter.priority.max(overflow.priority.unwrap_or(0));
        let keeps_all = self.overflow_of(to).is_some_and(|next| !next.when_nobody_online);
        let is_active = self.queue(to).is_some_and(|queue| queue.active);
        if is_active
            && self.admits(to)
            && !self.is_full(to, waiter.test)
            && (keeps_all || self.is_attended(to, waiter))
        {
            return Some((to, priority));
        }
        let excluded = waiter.excluded.clone();
        let required = waiter.required.clone();
        self.taker(to, &Waiter { test: waiter.test, required, excluded, priority })
    }

    /// As many wait as may; tests take nobody's place.
    pub(crate) fn is_full(&self, queue: QueueId, test: bool) -> bool {
        let most = self.queue(queue).and_then(|queue| queue.max_waiting);
        !test && most.is_some_and(|most| self.waiting_in(queue) >= most as usize)
    }

    /// How long a ticket may wait in a queue, and as what it ends then.
    fn limit(&self, queue: QueueId) -> Option<(Micros, CloseReason)> {
        let queue = self.queue(queue)?;
        let ttl = (seconds(queue.ttl_seconds), CloseReason::Expired);
        let most = queue.max_wait_seconds.map(|most| (seconds(most), CloseReason::NoAgent));
        Some(most.filter(|most| most.0 <= ttl.0).unwrap_or(ttl))
    }

    fn ends_at(&self, ticket: &Ticket) -> Micros {
        let (limit_us, _) = self.limit(ticket.queue).expect("a queue in which somebody waits");
        ticket.limits_from + limit_us
    }

    /// A queue looks when the time of who came first is over; of who came by another way, earlier.
    pub(crate) fn begins_to_wait(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        if self.is_held(ticket) {
            return;
        }
        let (queue, at) = (ticket.queue, self.ends_at(ticket));
        let looks_at = &mut self.queues[queue.0 as usize].looks_at;
        *looks_at = Some(looks_at.map_or(at, |before| before.min(at)));
    }

    /// Whose time is over first, and when.
    fn first_end(&self, queue: QueueId) -> Option<(Micros, TicketId)> {
        let waiting = self.tickets.iter().filter(|t| t.is_unassigned() && t.queue == queue);
        let waiting = waiting.filter(|ticket| !self.is_held(ticket));
        let first = waiting.map(|ticket| (self.ends_at(ticket), ticket.id));
        first.min_by_key(|(at, id)| {
            (*at, self.witnessed(|e| matches!(e, Event::Closed(e) if e.ticket == *id)), *id)
        })
    }

    pub(crate) fn look_again(&mut self, queue: QueueId) {
        let first = self.first_end(queue).map(|(at, _)| at);
        self.queues[queue.0 as usize].looks_at = first;
    }

    pub(crate) fn limit_over(&mut self, queue: QueueId) {
        let due = self.first_end(queue).filter(|(at, _)| *at <= self.now);
        if let (Some((_, id)), Some((_, reason))) = (due, self.limit(queue)) {
            self.close(id, reason, &[], None);
        }
        self.look_again(queue);
    }
}
