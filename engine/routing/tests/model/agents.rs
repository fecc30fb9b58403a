//! Agents: presence as separate facts, seats, and the seat word that sessions close at once.

use crate::hand_off::seconds;
use crate::reference::Reference;
use relevo_routing::Micros;
use relevo_wire::directory::{self, Versioned};
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, BotId, SessionId};

#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) name: String,
    /// None once it was deleted.
    pub(crate) object: Option<Versioned<directory::Agent>>,
    pub(crate) intent: Intent,
    pub(crate) reason: String,
    pub(crate) reachability: Reachability,
    /// End of the grace period; while unreachable, when the intent becomes offline.
    pub(crate) deadline: Option<Micros>,
    /// The grace period is one after a start: the agent counts as online.
    pub(crate) is_restarting: bool,
    /// When it last got a ticket or was rid of one.
    pub(crate) last_ticket_at: Micros,
    /// When it got its latest tickets, while there is a fairness limit.
    pub(crate) latest: Vec<Micros>,
    /// A tick has seen that the time of the limit is over.
    pub(crate) is_free_again: bool,
    pub(crate) sessions: Vec<SessionId>,
    /// False from a missed offer on until it does something.
    pub(crate) is_responding: bool,
    pub(crate) word: Word,
    /// When it was without a session.
    pub(crate) away: crate::silence::Pauses,
}

/// What sessions close the instant they pause or are lost, and only the decisions open again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Word {
    pub(crate) intent: Fact,
    pub(crate) reachable: Fact,
    pub(crate) grace: bool,
    pub(crate) capacity: u16,
}

/// One of the two facts. It opens again only when the decisions were told of every close so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fact {
    pub(crate) holds: bool,
    /// How often it was closed.
    pub(crate) closes: u32,
    /// The newest count of closes that a command told.
    told: u32,
}

impl Fact {
    /// By a session: at once, before its command comes.
    pub(crate) fn close(&mut self) {
        self.holds = false;
        self.closes += 1;
    }

    /// A command came and the state says that it holds.
    pub(crate) fn open(&mut self, seen: u32) {
        self.told = self.told.max(seen);
        if self.told == self.closes {
            self.holds = true;
        }
    }

    /// A command came and the state says that it does not hold.
    pub(crate) fn hear_close(&mut self, seen: u32) {
        self.told = self.told.max(seen);
        if self.holds {
            self.close();
            self.told = self.closes;
        }
    }
}

impl Word {
    pub(crate) fn is_open(&self) -> bool {
        self.intent.holds && self.reachable.holds && !self.grace
    }
}

impl Agent {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            object: None,
            intent: Intent::Offline,
            reason: String::new(),
            reachability: Reachability::Unreachable,
            deadline: None,
            is_restarting: false,
            last_ticket_at: 0,
            latest: Vec::new(),
            is_free_again: false,
            sessions: Vec::new(),
            is_responding: true,
            word: Word::default(),
            away: vec![(0, None)],
        }
    }

    /// Only as many as the limit counts are remembered.
    pub(crate) fn keep_latest(&mut self, limit: Option<directory::Fairness>) {
        let most = limit.map_or(0, |limit| usize::from(limit.tickets));
        let beyond = self.latest.len().saturating_sub(most);
        self.latest.drain(..beyond);
    }

    /// Not at work, or without a session beyond the grace period.
    pub(crate) fn is_gone(&self) -> bool {
        self.intent == Intent::Offline || self.reachability == Reachability::Unreachable
    }
}

impl Reference {
    /// An agent that has not been deleted.
    pub(crate) fn agent(&self, id: AgentId) -> Option<&directory::Agent> {
        Some(&self.agents.get(id.0 as usize)?.object.as_ref()?.object)
    }

    pub(crate) fn agent_id(&self, name: &str) -> Option<AgentId> {
        let mut agents = self.agents.iter();
        let found = agents.position(|agent| agent.object.is_some() && agent.name == name)?;
        Some(AgentId(u32::try_from(found).expect("few agents")))
    }

    pub(crate) fn agent_name(&self, id: AgentId) -> String {
        self.agents[id.0 as usize].name.clone()
    }

    pub(crate) fn at(&self, id: AgentId) -> &Agent {
        &self.agents[id.0 as usize]
    }

    pub(crate) fn at_mut(&mut self, id: AgentId) -> &mut Agent {
        &mut self.agents[id.0 as usize]
    }

    /// Counts as online in answers and counters: seats aside, and also in the grace period after a
    /// start.
    pub(crate) fn is_online(&self, id: AgentId) -> bool {
        let agent = self.at(id);
        let is_there = match agent.reachability {
            Reachability::Reachable => true,
            Reachability::Grace => agent.is_restarting,
            Reachability::Unreachable => false,
        };
        let is_active = self.agent(id).is_some_and(|agent| agent.active);
        is_active && agent.intent == Intent::Online && is_there
    }

    /// Online with a live session.
    pub(crate) fn is_serving(&self, id: AgentId) -> bool {
        self.is_online(id) && self.at(id).reachability == Reachability::Reachable
    }

    /// The agent has had as many new tickets as the tenant's limit allows: until then it gets no more.
    pub(crate) fn limited_until(&self, id: AgentId) -> Option<Micros> {
        let limit = self.tenant.as_ref()?.object.fairness?;
        let latest = &self.at(id).latest;
        let (last, period) = (*latest.last()?, seconds(limit.seconds));
        let mut counted = latest.iter().filter(|at| **at + period > last);
        let is_full = counted.clone().count() >= usize::from(limit.tickets);
        // Of as many as the limit counts, it is the first that matters.
        let first = counted.nth_back(usize::from(limit.tickets) - 1);
        let until = first.map(|first| first + period).filter(|_| is_full);
        until.filter(|_| !self.at(id).is_free_again)
    }

    pub(crate) fn free_seats(&self, id: AgentId) -> usize {
        let seats = self.agent(id).map_or(0, |agent| usize::from(agent.seats));
        seats.saturating_sub(self.seats_used(id, |_| true))
    }

    /// The agent has as many tickets of this bot as one agent may have.
    pub(crate) fn is_capped(&self, id: AgentId, bot: BotId) -> bool {
        let of_bot = self.seats_used(id, |ticket| ticket.bot == bot);
        let cap = self.bot(bot).and_then(|bot| bot.seats_per_agent);
        cap.is_some_and(|cap| of_bot >= usize::from(cap))
    }
}
