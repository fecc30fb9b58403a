//! What a ticket waits for, and each agent and why not.

use super::{Answered, Turn};
use crate::Micros;
use crate::hours::shown;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{AgentReason, Answer, Explained};
use relevo_wire::directory::{Member, Skill, Strategy};
use relevo_wire::vocabulary::{CloseReason, Intent, QueueMode, Reachability, TicketState};
use relevo_wire::{AgentId, EstimatedWait, TicketId};
use std::fmt::Write as _;

/// Most agents in an answer; the rest is counted.
const MOST_AGENTS: usize = 1_000;
/// The end of a wait is told from an hour before it on: mostly it is a day away, and no news.
const SOON_SECONDS: u64 = 3_600;
/// Most members whom a ticket reaches next that are named.
const MOST_NAMES: usize = 5;

impl Turn<'_> {
    pub(crate) fn explain(&self, ticket: TicketId) -> Answered {
        let slot = self.ticket(ticket)?;
        let ticket = self.state.tickets.at(slot);
        let members = &self.state.queues.at(ticket.queue).members;
        let agents: Vec<AgentReason> = members
            .iter()
            .take(MOST_AGENTS)
            .map(|agent| AgentReason {
                agent: self.agent_name(*agent),
                reason: self.reason(*agent, ticket).to_owned(),
            })
            .collect();
        let mut because = match ticket.state {
            TicketState::Waiting => {
                let said = self.waits_for(ticket, &agents) + &self.requires(ticket);
                said + &self.drains(ticket)
                    + &self.gained(ticket)
                    + &self.shares_said(ticket)
                    + &self.reaches_next(ticket)
                    + &self.goes_on(slot)
                    + &self.wait_said(slot)
            }
            TicketState::Offered => self.offered_to(ticket) + &self.requires(ticket),
            TicketState::Assigned | TicketState::InService | TicketState::OnHold => {
                let asked = self.asked_for(ticket);
                self.assigned_because(ticket) + &asked + &self.targets_said(slot, ticket)
            }
            TicketState::Parked => self.parked_by(ticket),
            TicketState::Away => self.away_until(slot),
            TicketState::Wrapping => self.wrapped_up_by(ticket),
            TicketState::Closed => match ticket.child.get() {
                Some(child) => format!("it is closed, and goes on as ticket {child}"),
                None => "it is closed".to_owned(),
            },
        };
        if let Some(rest) = members.len().checked_sub(MOST_AGENTS).filter(|rest| *rest > 0) {
            because.push_str(&format!("; {rest} more agents are not listed"));
        }
        Ok(Answer::Explained(Explained {
            ticket: ticket.id,
            state: ticket.state,
            queue: self.state.directory.queue_path(ticket.queue).unwrap_or_default().to_owned(),
            position: self.position(slot),
            because,
            at: self.now,
            agent: ticket.holder().map(|agent| self.agent_name(agent)),
            assigned_at: ticket.holder().and_then(|_| ticket.assigned_at.get()),
            // What a customer wrote is not here, so that the rules cannot be tried again.
            routing: None,
            agents,
        }))
    }

    fn position(&self, slot: Slot) -> u32 {
        let ticket = self.state.tickets.at(slot);
        if !ticket.is_waiting() {
            return 0;
        }
        let line = self.state.line_of(ticket);
        line.position(line.key(ticket))
    }

    /// `eligible`, or what stands in the way first.
    fn reason(&self, id: AgentId, ticket: &Ticket) -> &'static str {
        let agent = self.state.agents.at(id);
        let excluded = ticket.excludes(id, self.now);
        match (agent.intent, agent.reachability) {
            _ if !agent.exists || !agent.active => "inactive",
            (Intent::Offline, _) => "offline",
            (_, Reachability::Unreachable) => "unreachable",
            (Intent::Paused, _) => "paused",
            (Intent::Invisible, _) => "invisible",
            (Intent::Online, Reachability::Grace) => "grace",
            _ if ticket.test && !agent.accepts_tests => "accepts_no_tests",
            _ if agent.not_responding => "not_responding",
            _ if self.state.agents.is_absent(id, ticket.bot) => "absent",
            _ if ticket.asked.offers().holds(id) => "offered",
            _ if excluded => "excluded",
            _ if ticket.reserved.get().is_some_and(|other| other != id) => "reserved_for_other",
            _ if !self.suits(id, ticket) => "lacks_skill",
            _ if !self.reaches(ticket, id) => "delayed",
            _ if agent.closing || !self.is_open(id) => "closing",
            _ if agent.free_seats() == 0 => "no_seat",
            _ if self.is_capped(id, ticket.bot) => "no_seat_for_bot",
            // Time alone ends it, and no event tells.
            _ if agent.limited_until.get().is_some_and(|until| until > self.now) => "fairness",
            (Intent::Online, Reachability::Reachable) => "eligible",
        }
    }

    /// Its queue is served to the end, and takes nobody new.
    fn drains(&self, ticket: &Ticket) -> String {
        match self.state.queues.at(ticket.queue).mode {
            QueueMode::Drain => format!("; its queue is {}", self.closed_until(ticket.queue)),
            QueueMode::Open | QueueMode::Closed => String::new(),
        }
    }

    fn offered_to(&self, ticket: &Ticket) -> String {
        let left =
            ticket.asked.offers().until().unwrap_or_default().saturating_sub(self.now) / 1_000_000;
        let names: Vec<String> =
            ticket.asked.offers().agents().iter().map(|agent| self.agent_name(*agent)).collect();
        format!("it is offered to {} for {left} s more, then back in its line", names.join(", "))
    }

    /// Who is asked to accept its transfer.
    fn asked_for(&self, ticket: &Ticket) -> String {
        let Some(transfer) = ticket.asked.transfer() else { return String::new() };
        let offers = ticket.asked.offers();
        let left = offers.until().unwrap_or_default().saturating_sub(self.now) / 1_000_000;
        let names: Vec<String> =
            offers.agents().iter().map(|agent| self.agent_name(*agent)).collect();
        let to = self.target_name(transfer);
        let names = names.join(", ");
        format!("; its transfer to {to} is asked of {names} for {left} s more")
    }

    fn parked_by(&self, ticket: &Ticket) -> String {
        let left = ticket.parked_until().unwrap_or_default().saturating_sub(self.now);
        let name = ticket.owner().map_or_else(String::new, |agent| self.agent_name(agent));
        format!(
            "{name} has parked it for {} s more, or until its customer writes",
            left / 1_000_000
        )
    }

    fn away_until(&self, slot: Slot) -> String {
        let until = self.state.aways.of(slot).map_or(self.now, |away| away.until);
        let left = until.saturating_sub(self.now) / 1_000_000;
        format!(
            "its customer left while it waited, and has the same place if he is back within {left} s, \
             until {}",
            shown(until)
        )
    }

    fn wrapped_up_by(&self, ticket: &Ticket) -> String {
        let left = ticket.wraps_until().unwrap_or_default().saturating_sub(self.now);
        let name = ticket.seated().map_or_else(String::new, |agent| self.agent_name(agent));
        format!("it is closed; {name} wraps it up for at most {} s more", left / 1_000_000)
    }

    fn waits_for(&self, ticket: &Ticket, agents: &[AgentReason]) -> String {
        if self.is_held(ticket) {
            return format!("its queue is {}", self.closed_until(ticket.queue));
        }
        if let Some(agent) = ticket.reserved.get() {
            let left = ticket.reserved_until.saturating_sub(self.now) / 1_000_000;
            let name = self.agent_name(agent);
            let reason = self.reason(agent, ticket);
            return format!("it waits for {name} ({reason}) for {left} s more, then in its queue");
        }
        let queue = self.state.queues.at(ticket.queue);
        if queue.members.is_empty() {
            return "its queue has no members".to_owned();
        }
        if !queue.pushes() {
            return "it waits until a member pulls it with next".to_owned();
        }
        let eligible = agents.iter().filter(|agent| agent.reason == "eligible").count();
        if eligible > 0 {
            return format!("{eligible} members could have it: matching is under way");
        }
        let online = queue.online_for(ticket.test);
        if online == 0 {
            return "no member of its queue is online".to_owned();
        }
        format!("no member of its queue can take it: {online} online, each with its reason")
    }

    /// The skills that it requires now, and in each ring to come.
    fn requires(&self, ticket: &Ticket) -> String {
        let Some(demand) = self.state.demands.get(ticket.demand) else { return String::new() };
        let list = |skills: &[Skill]| {
            let skill = |skill: &Skill| format!("{} >= {}", skill.name, skill.level);
            let all: Vec<String> = skills.iter().map(skill).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(" and ") }
        };
        let mut said = format!("; it requires {}", list(demand.of_ring(ticket.ring)));
        for ring in demand.rings.iter().skip(usize::from(ticket.ring)) {
            let after_us = Micros::from(ring.after_seconds) * 1_000_000;
            let at = ticket.waiting_since.saturating_add(after_us);
            let left = at.saturating_sub(self.now).div_ceil(1_000_000);
            let _ = write!(said, ", in {left} s {}", list(&ring.skills));
        }
        said
    }

    /// Where and when it goes on if nobody takes it, and when it goes back to the bot.
    fn goes_on(&self, slot: Slot) -> String {
        let ticket = self.state.tickets.at(slot);
        let queue = self.state.queues.at(ticket.queue);
        let mut said = String::new();
        if let Some(step) = queue.step.filter(|_| !ticket.reserved.is_some()) {
            let to = self.state.directory.queue_path(step.to).unwrap_or_default();
            let left = self.state.step_at(slot).map(|at| at.saturating_sub(self.now));
            let _ = match (self.state.step_due(slot, self.now), left) {
                (Some(_), _) => {
                    write!(said, "; it would go on to {to}, but no queue from there on takes it")
                }
                (None, Some(left)) => {
                    write!(said, "; after {} s more it goes to {to}", left.div_ceil(1_000_000))
                }
                (None, None) => write!(said, "; when nobody is online it goes to {to}"),
            };
        }
        if self.is_held(ticket) {
            return said;
        }
        let until = ticket.limits_from().saturating_add(queue.limit.after_us);
        let left = until.saturating_sub(self.now).div_ceil(1_000_000);
        if left <= SOON_SECONDS {
            let is_no_agent = queue.limit.reason == CloseReason::NoAgent;
            let end = if is_no_agent { "goes back to the bot as no_agent" } else { "expires" };
            let _ = write!(said, "; it {end} in {left} s");
        }
        said
    }

    /// Which members it reaches next, and when.
    fn reaches_next(&self, ticket: &Ticket) -> String {
        let queue = self.state.queues.at(ticket.queue);
        if ticket.reserved.is_some() {
            return String::new();
        }
        let at = |delay_us: &Micros| ticket.waiting_since.saturating_add(*delay_us);
        let Some(next) = queue.delays().iter().map(at).find(|at| *at > self.now) else {
            return String::new();
        };
        let comes = |agent: &&AgentId| {
            at(&self.state.agents.at(**agent).grades.of(ticket.queue).delay_us) == next
        };
        let mut names: Vec<String> = (queue.members.iter().filter(comes))
            .take(MOST_NAMES + 1)
            .map(|agent| self.agent_name(*agent))
            .collect();
        if names.len() > MOST_NAMES {
            names[MOST_NAMES] = "others".to_owned();
        }
        let left = (next - self.now).div_ceil(1_000_000);
        format!("; in {left} s it reaches {}", names.join(", "))
    }

    /// How long it will probably wait from now on.
    fn wait_said(&self, slot: Slot) -> String {
        let ticket = self.state.tickets.at(slot);
        let Some(wait) = self.state.estimated_wait(ticket, self.position(slot), self.now) else {
            return String::new();
        };
        let EstimatedWait { p50_seconds, p90_seconds } = wait;
        format!(
            "; half of those at this place wait up to {p50_seconds} s, nine of ten {p90_seconds} s"
        )
    }

    /// What waiting has made of its priority.
    fn gained(&self, ticket: &Ticket) -> String {
        let line = self.state.line_of(ticket);
        if line.ageing() == 0 {
            return String::new();
        }
        let effective = line.rank(ticket, self.now).priority();
        format!(
            "; its priority is {}, and {effective} with what it gained by waiting",
            ticket.priority
        )
    }

    fn assigned_because(&self, ticket: &Ticket) -> String {
        let name = ticket.holder().map_or_else(String::new, |agent| self.agent_name(agent));
        let strategy = match self.state.queues.at(ticket.queue).strategy {
            Strategy::LeastActive => "least_active",
            Strategy::LongestIdle => "longest_idle",
            Strategy::RoundRobin => "round_robin",
            Strategy::MostSkilled => "most_skilled",
        };
        let waited =
            ticket.assigned_at.get().unwrap_or_default().saturating_sub(ticket.waiting_since);
        let level = match ticket.holder().map(|agent| self.level(agent, ticket.queue)) {
            Some(level) if level > Member::LEVEL => format!(" of level {level}"),
            _ => String::new(),
        };
        format!(
            "{name} was eligible and first by {strategy}{level} (or pulled it, or freed a seat as it was \
             the most urgent) after {} ms of waiting",
            waited / 1_000
        )
    }
}
