//! The state of a tenant: tickets, queues, agents, bots, and what is derived from them.
//!
//! Only `apply` (in `crate::apply`) changes what a snapshot holds. Lines, counters, timers and bit
//! sets are derived: they are rebuilt from the rest when a snapshot is read.

pub(crate) mod agents;
pub(crate) mod asked;
pub(crate) mod away;
pub(crate) mod bits;
pub(crate) mod blocks;
pub(crate) mod bots;
pub(crate) mod callbacks;
pub(crate) mod contacts;
pub(crate) mod demands;
pub(crate) mod doors;
pub(crate) mod estimates;
pub(crate) mod exclusions;
pub(crate) mod fairness;
pub(crate) mod grades;
pub(crate) mod head;
pub(crate) mod idempotency;
pub(crate) mod last_agents;
pub(crate) mod line;
pub(crate) mod loads;
pub(crate) mod maybe;
pub(crate) mod modes;
pub(crate) mod neighbours;
pub(crate) mod notices;
pub(crate) mod offers;
pub(crate) mod oldest;
pub(crate) mod overflow;
pub(crate) mod pace;
pub(crate) mod positions;
pub(crate) mod queues;
pub(crate) mod recent;
pub(crate) mod shares;
pub(crate) mod silences;
pub(crate) mod skilled;
pub(crate) mod skills;
pub(crate) mod slab;
pub(crate) mod targets;
pub(crate) mod telling;
pub(crate) mod ticket;
pub(crate) mod tickets;
pub(crate) mod timers;
pub(crate) mod unconfirmed;

use crate::directory::Directory;
use crate::settings::Settings;
use crate::stats::Stats;
use crate::texts;
use agents::Agents;
use away::Aways;
use blocks::Blocks;
use bots::Bots;
use callbacks::Callbacks;
use contacts::ContactMessages;
use demands::Demands;
use estimates::Estimates;
use fairness::Limit;
use idempotency::Idempotencies;
use last_agents::LastAgents;
use maybe::MaybeTime;
use modes::Modes;
use notices::Notices;
use overflow::MayOverflow;
use positions::Positions;
use queues::Queues;
use relevo_wire::vocabulary::{Text, Texts};
use relevo_wire::{AgentId, QueueId, TicketId};
use skills::Skills;
use slab::Slot;
use ticket::Ticket;
use tickets::Tickets;
use timers::Timers;

/// Everything that events change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) directory: Directory,
    pub(crate) tickets: Tickets,
    pub(crate) aways: Aways,
    pub(crate) queues: Queues,
    pub(crate) modes: Modes,
    pub(crate) notices: Notices,
    pub(crate) agents: Agents,
    pub(crate) bots: Bots,
    pub(crate) skills: Skills,
    pub(crate) demands: Demands,
    /// Most new tickets of an agent in some time, where the tenant limits them.
    pub(crate) fairness: Option<Limit>,
    pub(crate) idempotencies: Idempotencies,
    pub(crate) contact_messages: ContactMessages,
    pub(crate) blocks: Blocks,
    pub(crate) last_agents: LastAgents,
    pub(crate) callbacks: Callbacks,
    /// Since when the daemon starts: between `Started` and `Ready`.
    pub(crate) starting_since: MaybeTime,
    pub(crate) timers: Timers,
    pub(crate) stats: Stats,
    pub(crate) wake: Wake,
    pub(crate) positions: Positions,
    pub(crate) estimates: Estimates,
    /// The child of a transfer that has just been accepted: whom it is assigned to next has had it counted
    /// when it was asked.
    pub(crate) accepted_child: Option<TicketId>,
    /// The ticket that a decision is about: a hint that spares `apply` the look-up.
    pub(crate) at_hand: Slot,
}

/// What may match now: noted by `apply` wherever a ticket begins to wait or an agent becomes able,
/// so that no handler can forget it; emptied by the matching.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    pub(crate) tickets: Vec<Slot>,
    pub(crate) agents: Vec<AgentId>,
    pub(crate) queues: Vec<QueueId>,
    /// What may have to go on to another queue.
    pub(crate) overflow: MayOverflow,
}

impl Wake {
    pub(crate) fn clear(&mut self) {
        self.tickets.clear();
        self.agents.clear();
        self.queues.clear();
        self.overflow.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.has_no_match() && self.overflow.is_empty()
    }

    /// Nothing that may match.
    pub(crate) fn has_no_match(&self) -> bool {
        self.tickets.is_empty() && self.agents.is_empty() && self.queues.is_empty()
    }
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            idempotencies: Idempotencies::new(&settings),
            contact_messages: ContactMessages::new(settings.contact_message_ids),
            blocks: Blocks::default(),
            last_agents: LastAgents::new(settings.last_agents, settings.last_agent_us),
            callbacks: Callbacks::default(),
            settings,
            directory: Directory::default(),
            tickets: Tickets::default(),
            aways: Aways::default(),
            queues: Queues::default(),
            modes: Modes::default(),
            notices: Notices::default(),
            agents: Agents::default(),
            bots: Bots::default(),
            skills: Skills::default(),
            demands: Demands::default(),
            fairness: None,
            starting_since: MaybeTime::NONE,
            timers: Timers::default(),
            stats: Stats::default(),
            wake: Wake::default(),
            positions: Positions::default(),
            estimates: Estimates::default(),
            accepted_child: None,
            at_hand: Slot::MAX,
        }
    }

    /// What a queue says instead of what is shipped, if it does.
    #[inline]
    pub(crate) fn texts_of(&self, queue: QueueId) -> Option<&Texts> {
        if !self.queues.at(queue).has_texts {
            return None;
        }
        Some(&self.directory.queue(queue)?.object.texts)
    }

    /// What a ticket's customer is told in its queue's name: a text without variables.
    pub(crate) fn told_of(&self, ticket: &Ticket, text: Text) -> String {
        texts::told(self.texts_of(ticket.queue), ticket.telling.language(), text, &[])
    }

    /// Whether the queue takes hand-offs now: it is active, and its hours and its mode have it open.
    pub(crate) fn is_open(&self, queue: QueueId) -> bool {
        self.is_active(queue) && self.queues.at(queue).admits()
    }

    /// Whether hand-offs to this queue are ever taken: tenant, bot and queue are active.
    pub(crate) fn is_active(&self, queue: QueueId) -> bool {
        let tenant = self.directory.tenant().is_none_or(|tenant| tenant.object.active);
        let Some(queue) = self.queues.get(queue) else { return false };
        tenant && queue.active && self.bots.get(queue.bot).is_some_and(|bot| bot.active)
    }
}
