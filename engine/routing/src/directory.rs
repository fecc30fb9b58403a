//! The directory of a tenant as a small projection: objects with numbers, names, versions, keys.
//!
//! It is built from events alone, so that the core and every reader of the daemon hold the same. It
//! decides nothing and checks nothing: what an event says has been checked.

use crate::Event;
use crate::event::{Absence, AbsenceSet};
use crate::input::Key;
use relevo_wire::directory::{Agent, Bot, Object, ObjectRef, Queue, Tenant, Versioned};
use relevo_wire::{AgentId, BotId, QueueId};
use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Objects by number and by name. A clone shares the objects.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    version: u64,
    tenant: Option<Arc<Versioned<Tenant>>>,
    bots: Vec<BotEntry>,
    bot_ids: FxHashMap<Arc<str>, BotId>,
    queues: Vec<QueueEntry>,
    agents: Vec<AgentEntry>,
    agent_ids: FxHashMap<Arc<str>, AgentId>,
    keys: BTreeMap<String, Key>,
    absences: BTreeMap<(AgentId, BotId), Absence>,
}

/// Names outlive their objects: what was said with them stays readable.
#[derive(Debug, Clone)]
struct BotEntry {
    name: Arc<str>,
    object: Option<Arc<Versioned<Bot>>>,
    queue_ids: FxHashMap<Arc<str>, QueueId>,
}

#[derive(Debug, Clone)]
struct QueueEntry {
    bot: BotId,
    name: Arc<str>,
    path: Arc<str>,
    object: Option<Arc<Versioned<Queue>>>,
}

#[derive(Debug, Clone)]
struct AgentEntry {
    name: Arc<str>,
    object: Option<Arc<Versioned<Agent>>>,
}

/// An object where it is held.
enum Held<'a> {
    Tenant(&'a Versioned<Tenant>),
    Bot(&'a Versioned<Bot>),
    Agent(&'a Versioned<Agent>),
    Queue(&'a Versioned<Queue>),
}

impl Held<'_> {
    fn copied(self) -> Versioned<Object> {
        let (version, object) = match self {
            Self::Tenant(of) => (of.version, Object::Tenant(of.object.clone())),
            Self::Bot(of) => (of.version, Object::Bot(of.object.clone())),
            Self::Agent(of) => (of.version, Object::Agent(of.object.clone())),
            Self::Queue(of) => (of.version, Object::Queue(of.object.clone())),
        };
        Versioned { version, object }
    }
}

/// The directory in a snapshot: everything by number, deleted objects with their names.
#[derive(Default, Archive, Serialize, Deserialize)]
pub(crate) struct DirectoryRows {
    version: u64,
    tenant: Option<Versioned<Tenant>>,
    bots: Vec<(String, Option<Versioned<Bot>>)>,
    queues: Vec<(BotId, String, Option<Versioned<Queue>>)>,
    agents: Vec<(String, Option<Versioned<Agent>>)>,
    keys: Vec<Key>,
    absences: Vec<AbsenceSet>,
}

impl Directory {
    /// Takes what an event changes; other events change nothing here.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::ObjectPut(put) => self.put(put.version, put.id, &put.object),
            Event::ObjectDeleted(deleted) => {
                self.delete(deleted.version, deleted.id, &deleted.object);
            }
            Event::KeyCreated(key) => {
                self.keys.insert(key.prefix.clone(), key.clone());
            }
            Event::KeyRevoked(revoked) => {
                self.keys.remove(&revoked.prefix);
            }
            Event::AbsenceSet(set) => {
                let of = (set.agent, set.bot);
                match set.absence.clone() {
                    Some(absence) => drop(self.absences.insert(of, absence)),
                    None => drop(self.absences.remove(&of)),
                }
            }
            Event::Started(_)
            | Event::Ready(_)
            | Event::BotReachable(_)
            | Event::BotUnreachable(_)
            | Event::AgentReachable(_)
            | Event::AgentGrace(_)
            | Event::AgentUnreachable(_)
            | Event::IntentSet(_)
            | Event::ContactBlocked(_)
            | Event::ContactUnblocked(_)
            | Event::CallbackListed(_)
            | Event::CallbackWished(_)
            | Event::CallbackEnded(_)
            | Event::TicketOpened(_)
            | Event::HandOffRepeated(_)
            | Event::HandOffRejected(_)
            | Event::MessageStored(_)
            | Event::ContactMessageStored(_)
            | Event::Assigned(_)
            | Event::Requeued(_)
            | Event::Unreserved(_)
            | Event::Relaxed(_)
            | Event::Offered(_)
            | Event::OfferEnded(_)
            | Event::Responding(_)
            | Event::Held(_)
            | Event::TransferAsked(_)
            | Event::TransferEnded(_)
            | Event::Parked(_)
            | Event::Unparked(_)
            | Event::CustomerAway(_)
            | Event::CustomerBack(_)
            | Event::Inactive(_)
            | Event::WrappedUp(_)
            | Event::Overflowed(_)
            | Event::TargetMissed(_)
            | Event::Closed(_)
            | Event::Progressed(_)
            | Event::Answered(_)
            | Event::Forgotten(_)
            | Event::QueueHours(_)
            | Event::QueueModeSet(_)
            | Event::Notice(_)
            | Event::TargetMoved(_)
            | Event::TargetTold(_) => {}
        }
    }

    /// Counts the changes of objects.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The tenant itself, once it has been put.
    #[must_use]
    pub fn tenant(&self) -> Option<&Versioned<Tenant>> {
        self.tenant.as_deref()
    }

    /// The tenant's name, once it has been put.
    #[must_use]
    pub fn tenant_name(&self) -> Option<&str> {
        self.tenant.as_deref().map(|tenant| tenant.object.name.as_str())
    }

    /// Number of a bot.
    #[must_use]
    pub fn bot_id(&self, name: &str) -> Option<BotId> {
        self.bot_ids.get(name).copied()
    }

    /// Number of a queue of a bot.
    #[must_use]
    pub fn queue_id(&self, bot: BotId, name: &str) -> Option<QueueId> {
        self.bots.get(bot.0 as usize)?.queue_ids.get(name).copied()
    }

    /// Number of the queue at `bot/queue`.
    #[must_use]
    pub fn queue_at(&self, path: &str) -> Option<QueueId> {
        let (bot, queue) = path.split_once('/')?;
        self.queue_id(self.bot_id(bot)?, queue)
    }

    /// Number of the queue where a hand-off without a queue goes.
    #[must_use]
    pub fn default_queue(&self, bot: BotId) -> Option<QueueId> {
        self.queue_id(bot, &self.bot(bot)?.object.default_queue)
    }

    /// Number of an agent.
    #[must_use]
    pub fn agent_id(&self, name: &str) -> Option<AgentId> {
        self.agent_ids.get(name).copied()
    }

    /// A bot that has not been deleted.
    #[must_use]
    pub fn bot(&self, bot: BotId) -> Option<&Versioned<Bot>> {
        self.bots.get(bot.0 as usize)?.object.as_deref()
    }

    /// A queue that has not been deleted.
    #[must_use]
    pub fn queue(&self, queue: QueueId) -> Option<&Versioned<Queue>> {
        self.queues.get(queue.0 as usize)?.object.as_deref()
    }

    /// An agent that has not been deleted.
    #[must_use]
    pub fn agent(&self, agent: AgentId) -> Option<&Versioned<Agent>> {
        self.agents.get(agent.0 as usize)?.object.as_deref()
    }

    /// Name of a bot, also of a deleted one.
    #[must_use]
    pub fn bot_name(&self, bot: BotId) -> Option<&str> {
        self.bots.get(bot.0 as usize).map(|bot| &*bot.name)
    }

    /// Name of a queue within its bot, also of a deleted one.
    #[must_use]
    pub fn queue_name(&self, queue: QueueId) -> Option<&str> {
        self.queues.get(queue.0 as usize).map(|queue| &*queue.name)
    }

    /// `bot/queue`, also of a deleted one.
    #[must_use]
    pub fn queue_path(&self, queue: QueueId) -> Option<&str> {
        self.queues.get(queue.0 as usize).map(|queue| &*queue.path)
    }

    /// Bot of a queue, also of a deleted one.
    #[must_use]
    pub fn queue_bot(&self, queue: QueueId) -> Option<BotId> {
        self.queues.get(queue.0 as usize).map(|queue| queue.bot)
    }

    /// Name of an agent, also of a deleted one.
    #[must_use]
    pub fn agent_name(&self, agent: AgentId) -> Option<&str> {
        self.agents.get(agent.0 as usize).map(|agent| &*agent.name)
    }

    /// How many numbers have been given to bots, queues and agents, those of deleted ones too.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.bots.len(), self.queues.len(), self.agents.len())
    }

    /// Bots with their numbers, in order of creation.
    pub fn bots(&self) -> impl Iterator<Item = (BotId, &Versioned<Bot>)> {
        numbered(&self.bots).filter_map(|(id, bot)| Some((BotId(id), bot.object.as_deref()?)))
    }

    /// Queues with their numbers, in order of creation.
    pub fn queues(&self) -> impl Iterator<Item = (QueueId, &Versioned<Queue>)> {
        numbered(&self.queues)
            .filter_map(|(id, queue)| Some((QueueId(id), queue.object.as_deref()?)))
    }

    /// Agents with their numbers, in order of creation.
    pub fn agents(&self) -> impl Iterator<Item = (AgentId, &Versioned<Agent>)> {
        numbered(&self.agents)
            .filter_map(|(id, agent)| Some((AgentId(id), agent.object.as_deref()?)))
    }

    /// Whether an agent is away for a bot.
    #[must_use]
    pub fn absence(&self, agent: AgentId, bot: BotId) -> Option<&Absence> {
        self.absences.get(&(agent, bot))
    }

    /// The bots for which an agent is away, in order of their numbers.
    pub fn absences_of(&self, agent: AgentId) -> impl Iterator<Item = (BotId, &Absence)> {
        let all = (agent, BotId(0))..=(agent, BotId(u32::MAX));
        self.absences.range(all).map(|((_, bot), absence)| (*bot, absence))
    }

    /// A stored credential.
    #[must_use]
    pub fn key(&self, prefix: &str) -> Option<&Key> {
        self.keys.get(prefix)
    }

    /// Stored credentials in order of their prefixes.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Every object with its version: tenant, bots, agents, queues, so that each comes after what
    /// it names (but for a bot's default queue).
    #[must_use]
    pub fn objects(&self) -> Vec<Versioned<Object>> {
        self.objects_after(0).collect()
    }

    /// As [`Self::objects`], without the first so many.
    pub fn objects_after(&self, count: usize) -> impl Iterator<Item = Versioned<Object>> {
        let tenant = self.tenant().into_iter().map(Held::Tenant);
        let bots = self.bots().map(|(_, bot)| Held::Bot(bot));
        let agents = self.agents().map(|(_, agent)| Held::Agent(agent));
        let queues = self.queues().map(|(_, queue)| Held::Queue(queue));
        // What is left out is not copied.
        tenant.chain(bots).chain(agents).chain(queues).skip(count).map(Held::copied)
    }

    pub(crate) fn rows(&self) -> DirectoryRows {
        let plain = |object: &Option<Arc<Versioned<Queue>>>| object.as_deref().cloned();
        DirectoryRows {
            version: self.version,
            tenant: self.tenant.as_deref().cloned(),
            bots: self
                .bots
                .iter()
                .map(|bot| (bot.name.to_string(), bot.object.as_deref().cloned()))
                .collect(),
            queues: self
                .queues
                .iter()
                .map(|queue| (queue.bot, queue.name.to_string(), plain(&queue.object)))
                .collect(),
            agents: self
                .agents
                .iter()
                .map(|agent| (agent.name.to_string(), agent.object.as_deref().cloned()))
                .collect(),
            keys: self.keys.values().cloned().collect(),
            absences: self
                .absences
                .iter()
                .map(|((agent, bot), absence)| AbsenceSet {
                    agent: *agent,
                    bot: *bot,
                    absence: Some(absence.clone()),
                })
                .collect(),
        }
    }

    /// `None` when a queue names a bot that is not there, or a name is not its object's own, or somebody
    /// is away who is not there.
    pub(crate) fn from_rows(rows: DirectoryRows) -> Option<Self> {
        let mut directory = Self {
            version: rows.version,
            tenant: rows.tenant.map(Arc::new),
            keys: rows.keys.into_iter().map(|key| (key.prefix.clone(), key)).collect(),
            ..Self::default()
        };
        for (id, (name, object)) in (0..).map(BotId).zip(rows.bots) {
            let name: Arc<str> = name.into();
            if let Some(bot) = &object {
                let is_new = directory.bot_ids.insert(Arc::clone(&name), id).is_none();
                own_name(is_new, &name, &bot.object.name)?;
            }
            let (object, queue_ids) = (object.map(Arc::new), FxHashMap::default());
            directory.bots.push(BotEntry { name, object, queue_ids });
        }
        for (id, (bot, name, object)) in (0..).map(QueueId).zip(rows.queues) {
            let name: Arc<str> = name.into();
            let entry = directory.bots.get_mut(bot.0 as usize)?;
            if let Some(queue) = &object {
                let is_new = entry.queue_ids.insert(Arc::clone(&name), id).is_none();
                own_name(is_new && entry.object.is_some(), &name, &queue.object.name)?;
                own_name(true, &entry.name, &queue.object.bot)?;
            }
            let path = format!("{}/{name}", entry.name).into();
            directory.queues.push(QueueEntry { bot, name, path, object: object.map(Arc::new) });
        }
        for (id, (name, object)) in (0..).map(AgentId).zip(rows.agents) {
            let name: Arc<str> = name.into();
            if let Some(agent) = &object {
                let is_new = directory.agent_ids.insert(Arc::clone(&name), id).is_none();
                own_name(is_new, &name, &agent.object.name)?;
            }
            directory.agents.push(AgentEntry { name, object: object.map(Arc::new) });
        }
        for AbsenceSet { agent, bot, absence } in rows.absences {
            directory.agent(agent)?;
            directory.bot(bot)?;
            directory.absences.insert((agent, bot), absence?);
        }
        Some(directory)
    }

    fn put(&mut self, version: u64, id: u32, object: &Object) {
        self.version = version;
        let index = id as usize;
        match object {
            Object::Tenant(tenant) => {
                self.tenant = Some(Arc::new(Versioned { version, object: tenant.clone() }));
            }
            Object::Bot(bot) => {
                if index == self.bots.len() {
                    let name: Arc<str> = bot.name.as_str().into();
                    self.bot_ids.insert(Arc::clone(&name), BotId(id));
                    let queue_ids = FxHashMap::default();
                    self.bots.push(BotEntry { name, object: None, queue_ids });
                }
                let object = Versioned { version, object: bot.clone() };
                self.bots[index].object = Some(Arc::new(object));
            }
            Object::Queue(queue) => {
                if index == self.queues.len() {
                    let bot = self.bot_id(&queue.bot).expect("a queue's bot was put before it");
                    let name: Arc<str> = queue.name.as_str().into();
                    let path = format!("{}/{}", queue.bot, queue.name).into();
                    self.bots[bot.0 as usize].queue_ids.insert(Arc::clone(&name), QueueId(id));
                    self.queues.push(QueueEntry { bot, name, path, object: None });
                }
                let object = Versioned { version, object: queue.clone() };
                self.queues[index].object = Some(Arc::new(object));
            }
            Object::Agent(agent) => {
                if index == self.agents.len() {
                    let name: Arc<str> = agent.name.as_str().into();
                    self.agent_ids.insert(Arc::clone(&name), AgentId(id));
                    self.agents.push(AgentEntry { name, object: None });
                }
                let object = Versioned { version, object: agent.clone() };
                self.agents[index].object = Some(Arc::new(object));
            }
        }
    }

    fn delete(&mut self, version: u64, id: u32, object: &ObjectRef) {
        self.version = version;
        match object {
            ObjectRef::Tenant(_) => self.tenant = None,
            ObjectRef::Bot(name) => {
                self.bot_ids.remove(name.as_str());
                self.bots[id as usize].object = None;
                self.absences.retain(|(_, bot), _| bot.0 != id);
            }
            ObjectRef::Queue(_, name) => {
                let queue = &mut self.queues[id as usize];
                queue.object = None;
                self.bots[queue.bot.0 as usize].queue_ids.remove(name.as_str());
            }
            ObjectRef::Agent(name) => {
                self.agent_ids.remove(name.as_str());
                self.agents[id as usize].object = None;
                self.absences.retain(|(agent, _), _| agent.0 != id);
            }
        }
    }
}

/// An object has its row's name, and no other has it.
fn own_name(is_new: bool, row: &str, object: &str) -> Option<()> {
    (is_new && row == object).then_some(())
}

fn numbered<T>(entries: &[T]) -> impl Iterator<Item = (u32, &T)> {
    (0..).zip(entries)
}
