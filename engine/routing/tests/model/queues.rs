//! Bots and their queues: members, and who is online.

use crate::estimates::Pace;
use crate::reference::Reference;
use relevo_routing::Micros;
use relevo_wire::directory::{self, AgentGone, Delivery, Versioned};
use relevo_wire::{AgentId, BotId, QueueId, SessionId, TicketId};

#[derive(Debug, Clone)]
pub(crate) struct Bot {
    pub(crate) name: String,
    /// None once it was deleted.
    pub(crate) object: Option<Versioned<directory::Bot>>,
    pub(crate) is_reachable: bool,
    pub(crate) sessions: Vec<SessionId>,
    /// When it was without one.
    pub(crate) away: crate::silence::Pauses,
    /// Tickets ever.
    pub(crate) tickets: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) bot: BotId,
    pub(crate) name: String,
    /// None once it was deleted.
    pub(crate) object: Option<Versioned<directory::Queue>>,
    /// Who got the last ticket.
    pub(crate) last_served: Option<AgentId>,
    pub(crate) pace: Pace,
    /// When it looks whether somebody's time is over.
    pub(crate) looks_at: Option<Micros>,
    /// Closed by its hours or its mode: tickets up to this one came before that.
    pub(crate) is_shut: bool,
    pub(crate) newest_before: TicketId,
    /// When its hours open or close it.
    pub(crate) until: Option<Micros>,
    /// Every time in which it was closed by them: from, to.
    pub(crate) closings: Vec<(Micros, Option<Micros>)>,
}

impl Reference {
    /// A bot that has not been deleted.
    pub(crate) fn bot(&self, id: BotId) -> Option<&directory::Bot> {
        Some(&self.bots.get(id.0 as usize)?.object.as_ref()?.object)
    }

    /// A queue that has not been deleted.
    pub(crate) fn queue(&self, id: QueueId) -> Option<&directory::Queue> {
        Some(&self.queues.get(id.0 as usize)?.object.as_ref()?.object)
    }

    pub(crate) fn queue_bot(&self, id: QueueId) -> BotId {
        self.queues[id.0 as usize].bot
    }

    pub(crate) fn bot_id(&self, name: &str) -> Option<BotId> {
        let found = self.bots.iter().position(|bot| bot.object.is_some() && bot.name == name)?;
        Some(BotId(u32::try_from(found).expect("few bots")))
    }

    pub(crate) fn queue_id(&self, bot: BotId, name: &str) -> Option<QueueId> {
        let mut queues = self.queues.iter();
        let is_it =
            |queue: &Queue| queue.object.is_some() && queue.bot == bot && queue.name == name;
        Some(QueueId(u32::try_from(queues.position(is_it)?).expect("few queues")))
    }

    /// Queues of a bot that exist, in order of creation.
    pub(crate) fn queues_of(&self, bot: BotId) -> Vec<QueueId> {
        let all = (0..).map(QueueId).zip(&self.queues);
        let of_bot = all.filter(|(_, queue)| queue.object.is_some() && queue.bot == bot);
        of_bot.map(|(id, _)| id).collect()
    }

    /// Members by number; of a deleted queue nobody.
    pub(crate) fn members(&self, id: QueueId) -> Vec<AgentId> {
        let listed = self.queue(id).map_or(&[][..], |queue| &queue.members);
        let mut members: Vec<AgentId> =
            listed.iter().filter_map(|member| self.agent_id(&member.agent)).collect();
        members.sort_unstable();
        members
    }

    /// Queues that an agent serves, in order of creation.
    pub(crate) fn queues_served_by(&self, agent: AgentId) -> Vec<QueueId> {
        let all = (0..).map(QueueId).zip(&self.queues);
        all.map(|(id, _)| id).filter(|id| self.members(*id).contains(&agent)).collect()
    }

    /// Members online, for a test those who accept tests.
    pub(crate) fn online_in(&self, id: QueueId, test: bool) -> u32 {
        let members = self.members(id);
        let online = members.iter().filter(|agent| {
            self.is_online(**agent)
                && !self.is_absent(**agent, self.queue_bot(id))
                && (!test || self.agent(**agent).is_some_and(|a| a.accepts_tests))
        });
        u32::try_from(online.count()).expect("few members")
    }

    /// Takes hand-offs now.
    pub(crate) fn is_open(&self, id: QueueId) -> bool {
        self.is_active(id) && self.admits(id)
    }

    /// Takes new tickets: tenant, bot and queue are active.
    pub(crate) fn is_active(&self, id: QueueId) -> bool {
        let tenant = self.tenant.as_ref().is_none_or(|tenant| tenant.object.active);
        let queue = self.queue(id).is_some_and(|queue| queue.active);
        let bot = self.bot(self.queue_bot(id)).is_some_and(|bot| bot.active);
        tenant && queue && bot
    }

    pub(crate) fn pushes(&self, id: QueueId) -> bool {
        self.queue(id).is_some_and(|queue| match queue.delivery {
            Delivery::Push | Delivery::Both => true,
            Delivery::Pull => false,
        })
    }

    pub(crate) fn is_pulled(&self, id: QueueId) -> bool {
        self.queue(id).is_some_and(|queue| match queue.delivery {
            Delivery::Pull | Delivery::Both => true,
            Delivery::Push => false,
        })
    }

    /// Whether tickets in service stay for a while with an agent who is gone.
    pub(crate) fn keeps(&self, id: QueueId) -> bool {
        self.queue(id).is_some_and(|queue| match queue.agent_gone {
            AgentGone::Keep => true,
            AgentGone::Requeue => false,
        })
    }

    /// Tickets of one queue may go to the other.
    pub(crate) fn is_target(&self, from: QueueId, to: QueueId) -> bool {
        let targets = self.queue(from).and_then(|queue| queue.transfer_targets.as_ref());
        targets.is_none_or(|targets| targets.contains(&self.queues[to.0 as usize].name))
    }

    /// Waiting tickets of a queue, those reserved for an agent too, without tests.
    pub(crate) fn waiting_in(&self, id: QueueId) -> usize {
        let waiting = self
            .tickets
            .iter()
            .filter(|ticket| ticket.queue == id && ticket.is_unassigned() && !ticket.test);
        waiting.count()
    }
}
