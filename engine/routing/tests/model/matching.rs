//! Who gets whom: as long as a ticket waits that an agent could have, the most urgent such ticket
//! goes to the agent that its queue's strategy picks.

use crate::hand_off::seconds;
use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::Event;
use relevo_routing::event::Assigned;
use relevo_wire::directory::{Member, Skill, Strategy};
use relevo_wire::vocabulary::{Silent, TicketState, TicketTarget};
use relevo_wire::{AgentId, QueueId, TicketId};
use std::cmp::Reverse;

impl Reference {
    /// Until nobody waits beside an agent who could take him, or the step's share is used up.
    pub(crate) fn match_all(&mut self) {
        while let Some((ticket, agent)) = self.next_match() {
            if self.assignments_left == 0 {
                self.is_unfinished = true;
                return;
            }
            self.assignments_left -= 1;
            self.give(ticket, agent);
        }
        self.is_unfinished = false;
    }

    /// Of all pairs of a waiting ticket and an agent who could have it: those of bots below their
    /// guaranteed shares first, then those of tickets that wait for one agent, then the lowest level, then the most urgent ticket, then the strategy's choice.
    fn next_match(&self) -> Option<(TicketId, AgentId)> {
        let waiting = self.tickets.iter().filter(|ticket| ticket.is_waiting());
        let possible = waiting.filter_map(|ticket| {
            let able = self.able(ticket);
            let level = able.iter().map(|agent| self.level_in(ticket, *agent)).min()?;
            let share = self.by_share(ticket.bot);
            let first = (share, ticket.reserved.is_none(), level, self.urgency(ticket));
            Some((first, ticket))
        });
        let (_, ticket) = possible.min_by_key(|(first, _)| *first)?;
        Some((ticket.id, self.pick(ticket)?))
    }

    /// Every agent to whom this ticket could go now.
    fn able(&self, ticket: &Ticket) -> Vec<AgentId> {
        if self.is_held(ticket) {
            return Vec::new();
        }
        let mut able = match ticket.reserved {
            Some((agent, _)) => vec![agent],
            None if self.pushes(ticket.queue) => self.members(ticket.queue),
            None => Vec::new(),
        };
        able.retain(|agent| self.is_eligible(*agent, ticket));
        able
    }

    fn member(&self, ticket: &Ticket, agent: AgentId) -> Option<&Member> {
        let name = &self.at(agent).name;
        self.queue(ticket.queue)?.members.iter().find(|member| member.agent == *name)
    }

    /// Of tickets that wait for this agent alone no level is asked.
    pub(crate) fn level_in(&self, ticket: &Ticket, agent: AgentId) -> u8 {
        let member = self.member(ticket, agent).filter(|_| ticket.reserved.is_none());
        member.map_or(1, |member| member.level)
    }

    /// A ticket that waits in the line comes to a member when it has waited for the member's delay.
    pub(crate) fn reaches(&self, ticket: &Ticket, agent: AgentId) -> bool {
        let chosen = ticket.reserved.is_some_and(|(chosen, _)| chosen == agent);
        let delay = self.member(ticket, agent).map_or(0, |member| seconds(member.delay_seconds));
        chosen || ticket.waiting_since + delay <= self.now
    }

    /// The agent for a waiting ticket; none when nobody is eligible, or its queue is only pulled.
    pub(crate) fn pick(&self, ticket: &Ticket) -> Option<AgentId> {
        self.choose(ticket, self.able(ticket))
    }

    /// Of those who could have it, the one that is named, else that of the strategy.
    pub(crate) fn choose(&self, ticket: &Ticket, mut eligible: Vec<AgentId>) -> Option<AgentId> {
        if ticket.reserved.is_some() {
            return eligible.pop();
        }
        let least = eligible.iter().map(|agent| self.level_in(ticket, *agent)).min()?;
        eligible.retain(|agent| self.level_in(ticket, *agent) == least);
        let held = |agent: &AgentId| self.seats_used(*agent, |_| true);
        let last_ticket_at = |agent: &AgentId| self.at(*agent).last_ticket_at;
        let last_served = self.queues[ticket.queue.0 as usize].last_served;
        match self.queue(ticket.queue)?.strategy {
            Strategy::LeastActive => eligible
                .into_iter()
                .min_by_key(|agent| (held(agent), last_ticket_at(agent), *agent)),
            Strategy::LongestIdle => {
                eligible.into_iter().min_by_key(|agent| (last_ticket_at(agent), *agent))
            }
            Strategy::RoundRobin => {
                let in_turn = |agent: &AgentId| (Some(*agent) <= last_served, *agent);
                eligible.into_iter().min_by_key(in_turn)
            }
            Strategy::MostSkilled => {
                let required = self.required(ticket);
                let levels = |agent: &AgentId| -> u32 {
                    required.iter().map(|r| u32::from(self.level(*agent, &r.name))).sum()
                };
                eligible.into_iter().min_by_key(|agent| {
                    (Reverse(levels(agent)), held(agent), last_ticket_at(agent), *agent)
                })
            }
        }
    }

    /// Everything that an agent must be to get a ticket, membership aside.
    pub(crate) fn is_eligible(&self, agent: AgentId, ticket: &Ticket) -> bool {
        self.is_serving(agent)
            && self.at(agent).is_responding
            && self.at(agent).word.is_open()
            && self.free_seats(agent) > 0
            && self.limited_until(agent).is_none()
            && self.may_have(agent, ticket)
    }

    /// What stands between an agent with a free seat and this ticket: nothing.
    pub(crate) fn may_have(&self, agent: AgentId, ticket: &Ticket) -> bool {
        let accepts = !ticket.test || self.agent(agent).is_some_and(|agent| agent.accepts_tests);
        accepts
            && !ticket.offers.contains(&agent)
            && !ticket.excludes(agent, self.now)
            && !self.is_absent(agent, ticket.bot)
            && !self.is_capped(agent, ticket.bot)
            && self.suits(agent, ticket)
            && self.reaches(ticket, agent)
    }

    /// Whoever a ticket was given to by name can have it; else who has every skill that it requires
    /// in its ring, at the level or above.
    pub(crate) fn suits(&self, agent: AgentId, ticket: &Ticket) -> bool {
        ticket.reserved.is_some_and(|(chosen, _)| chosen == agent)
            || self.required(ticket).iter().all(|r| self.level(agent, &r.name) >= r.level)
    }

    pub(crate) fn required(&self, ticket: &Ticket) -> Vec<Skill> {
        let Some(demand) = &ticket.demand else { return Vec::new() };
        match ticket.ring {
            0 => demand.skills.clone(),
            ring => demand.rings[usize::from(ring) - 1].skills.clone(),
        }
    }

    /// 0 where the agent does not have the skill.
    pub(crate) fn level(&self, agent: AgentId, skill: &str) -> u8 {
        let skills = self.agent(agent).map_or(&[][..], |agent| &agent.skills);
        skills.iter().find(|has| has.name == skill).map_or(0, |has| has.level)
    }

    pub(crate) fn assign(&mut self, id: TicketId, agent: AgentId) {
        let now = self.now;
        let ticket = self.ticket(id);
        let open_us = self.open_since(ticket, ticket.waiting_since);
        self.assignments += 1;
        let assignment = self.assignments;
        let was_asked = self.ticket(id).offers.contains(&agent) || self.accepted == Some(id);
        if !was_asked {
            self.note_new(agent);
        }
        let ticket = self.ticket_mut(id);
        ticket.state = TicketState::Assigned;
        ticket.agent = Some(agent);
        ticket.assignment = assignment;
        ticket.assigned_at = Some(now);
        ticket.ever_assigned = true;
        ticket.wants_callback = None;
        ticket.reserved = None;
        ticket.excluded.clear();
        ticket.offers.clear();
        ticket.offered_until = None;
        ticket.agent_progress = crate::tickets::Progress::default();
        ticket.epoch += 1;
        ticket.last += 1;
        let (number, epoch) = (ticket.last, ticket.epoch);
        let (queue, test) = (ticket.queue, ticket.test);
        // The line's clock goes on while the queue is closed, and with it what is gained.
        ticket.waited_us += now - ticket.waiting_since;
        let waited_us = open_us;
        let told = ticket.told;
        self.begin_silence(id, Silent::Agent, false);
        self.begin_target(id, TicketTarget::FirstResponse);
        self.note_served(queue, agent);
        if !test {
            self.note_pace(queue, id, waited_us);
        }
        self.ticket_mut(id).told = None;
        let assigned = Assigned { ticket: id, number, agent, epoch, waited_us, told };
        self.emit(Event::Assigned(assigned));
        self.callback_served(id);
    }

    /// A ticket, or the question whether the agent takes it, is new to the agent.
    pub(crate) fn note_new(&mut self, agent: AgentId) {
        let (now, limit) = (self.now, self.tenant.as_ref().and_then(|t| t.object.fairness));
        let served = self.at_mut(agent);
        if let Some(limit) = limit {
            served.latest.push(now);
            served.is_free_again = false;
            served.keep_latest(Some(limit));
        }
    }

    /// An agent is about to lose an offer of which it got nothing: it counts no more, unless the queue
    /// asks for another time by now.
    pub(crate) fn take_back_offer(&mut self, id: TicketId, agent: AgentId) {
        let ticket = self.ticket(id);
        let offer_us = || seconds(self.queue(ticket.queue).expect("it has a ticket").offer_seconds);
        let wait_us = ticket.transfer.map_or_else(offer_us, |transfer| transfer.wait_us);
        let at = ticket.offered_until.expect("it is offered").saturating_sub(wait_us);
        let latest = &mut self.at_mut(agent).latest;
        if let Some(place) = latest.iter().rposition(|latest| *latest == at) {
            latest.remove(place);
        }
    }

    fn note_served(&mut self, queue: QueueId, agent: AgentId) {
        self.at_mut(agent).last_ticket_at = self.now;
        self.queues[queue.0 as usize].last_served = Some(agent);
    }
}
