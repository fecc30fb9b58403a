//! The published numbers, counted anew: tests are in no figure but the totals.

use crate::agents::Agent;
use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::stats::{AgentStats, QueueAgents, QueueStats, Stats, TicketStats, Totals};
use relevo_wire::vocabulary::{Intent, Outcome, Reachability, TicketState};
use relevo_wire::{AgentId, QueueId};

/// Every ticket since the tenant began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ever {
    pub(crate) created: u64,
    pub(crate) closed: Vec<Outcome>,
}

impl Reference {
    pub(crate) fn stats(&self) -> Stats {
        let bots = self.bots.iter().filter(|bot| bot.object.is_some());
        let reachable = bots.clone().filter(|bot| bot.is_reachable).count();
        let active = self.agents.iter().filter_map(|agent| agent.object.as_ref());
        let seats = active.map(|agent| &agent.object).filter(|agent| agent.active);
        Stats {
            tickets: TicketStats {
                waiting: self.count(|ticket| ticket.state == TicketState::Waiting),
                offered: self.count(|ticket| ticket.state == TicketState::Offered),
                on_hold: self.count(|ticket| ticket.state == TicketState::OnHold),
                away: self.count(|ticket| ticket.state == TicketState::Away),
                parked: self.count(|ticket| ticket.state == TicketState::Parked),
                wrapping: self.count(|ticket| ticket.state == TicketState::Wrapping),
                assigned: self.count(|ticket| ticket.state == TicketState::Assigned),
                in_service: self.count(|ticket| ticket.state == TicketState::InService),
                resumable: self.count(|ticket| ticket.state == TicketState::Closed),
            },
            agents: self.agent_stats(),
            bots_reachable: number(reachable),
            bots_unreachable: number(bots.count() - reachable),
            seats: seats.map(|agent| u64::from(agent.seats)).sum(),
            seats_online: (0..self.agents.len())
                .map(|number| AgentId(u32::try_from(number).expect("few")))
                .filter(|agent| self.is_online(*agent))
                .filter_map(|agent| self.agent(agent))
                .map(|agent| u64::from(agent.seats))
                .sum(),
            seats_used: (0..self.agents.len())
                .map(|number| AgentId(u32::try_from(number).expect("few")))
                .map(|agent| self.seats_used(agent, |_| true) as u64)
                .sum(),
            all: self.totals(),
        }
    }

    fn totals(&self) -> Totals {
        let outcomes = [
            Outcome::Transferred,
            Outcome::Lost,
            Outcome::AbandonedUnanswered,
            Outcome::AbandonedAnswered,
            Outcome::TakenBack,
            Outcome::Attended,
            Outcome::Unserved,
        ];
        let closed = outcomes.map(|outcome| {
            self.ever.closed.iter().filter(|other| **other == outcome).count() as u64
        });
        Totals { created: self.ever.created, closed }
    }

    /// Tickets without tests.
    fn count(&self, is_it: impl Fn(&Ticket) -> bool) -> u32 {
        number(self.tickets.iter().filter(|ticket| !ticket.test && is_it(ticket)).count())
    }

    /// An agent without a session counts as unreachable unless it is offline; within the grace
    /// period by its intent, but for an ordinary grace period of one who is online.
    fn agent_stats(&self) -> AgentStats {
        let mut stats = AgentStats::default();
        for (id, agent) in (0..).map(AgentId).zip(&self.agents) {
            if !self.agent(id).is_some_and(|agent| agent.active) {
                continue;
            }
            let is_away = agent.reachability == Reachability::Unreachable;
            *match agent.intent {
                Intent::Offline => &mut stats.offline,
                Intent::Online if self.is_online(id) => &mut stats.online,
                Intent::Online => &mut stats.unreachable,
                Intent::Paused | Intent::Invisible if is_away => &mut stats.unreachable,
                Intent::Paused => &mut stats.paused,
                Intent::Invisible => &mut stats.invisible,
            } += 1;
        }
        stats
    }

    pub(crate) fn queue_stats(&self, id: QueueId) -> QueueStats {
        if self.queue(id).is_none() {
            return QueueStats::default();
        }
        let counted = self.tickets.iter().filter(|ticket| !ticket.test && ticket.queue == id);
        let unanswered = counted.clone().filter(|ticket| ticket.state == TicketState::Assigned);
        let waiting = counted.filter(|ticket| ticket.is_unassigned());
        let closings = &self.queues[id.0 as usize].closings;
        let shut = closings.last().filter(|(_, opened)| opened.is_none()).map(|(shut, _)| *shut);
        let still_us = shut.map_or(0, |shut| self.now - shut);
        let by_clock = |ticket: &Ticket, at| at + self.closed_for(ticket, at) - still_us;
        QueueStats {
            open: self.is_open(id),
            depth: number(self.waiting_in(id)),
            oldest_waiting_since: waiting
                .map(|ticket| by_clock(ticket, ticket.waiting_since))
                .min(),
            oldest_unanswered: unanswered
                .filter_map(|ticket| Some(by_clock(ticket, ticket.assigned_at?)))
                .min(),
            clocks_stopped_at: shut,
            online: self.online_in(id, false),
        }
    }

    pub(crate) fn queue_agents(&self, id: QueueId) -> QueueAgents {
        let mut counts = QueueAgents::default();
        for member in self.members(id) {
            let agent: &Agent = self.at(member);
            let is_active = self.agent(member).is_some_and(|agent| agent.active);
            let is_there = agent.reachability == Reachability::Reachable;
            *match agent.intent {
                Intent::Offline => &mut counts.offline,
                _ if !is_active || self.is_absent(member, self.queue_bot(id)) => {
                    &mut counts.offline
                }
                _ if !is_there => &mut counts.unreachable,
                Intent::Paused => &mut counts.paused,
                Intent::Invisible => &mut counts.invisible,
                Intent::Online if !agent.is_responding => &mut counts.not_responding,
                Intent::Online if self.free_seats(member) > 0 => &mut counts.available,
                Intent::Online => &mut counts.full,
            } += 1;
        }
        counts
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("few of everything")
}
