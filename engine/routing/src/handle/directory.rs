//! Objects and credentials are put, changed and deleted. Names and numbers never change.

use super::{Answered, Turn, done, validate};
use crate::event::{Event, KeyRevoked, ObjectDeleted, ObjectPut};
use crate::input::Key;
use relevo_wire::answer::{Answer, Stored};
use relevo_wire::directory::{Agent, Bot, Object, ObjectRef, Queue, Tenant};
use relevo_wire::limits::SKILL_NAMES;
use relevo_wire::vocabulary::Role;
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId, WireError};
use rustc_hash::FxHashSet;

/// Number and version of what is there; the next number and no version for what is not.
struct Found {
    id: usize,
    version: Option<u64>,
    unchanged: bool,
}

impl Turn<'_> {
    pub(super) fn put(&mut self, object: Object, if_version: Option<u64>) -> Answered {
        let found = match &object {
            Object::Tenant(tenant) => self.check_tenant(tenant)?,
            Object::Bot(bot) => self.check_bot(bot)?,
            Object::Queue(queue) => self.check_queue(queue)?,
            Object::Agent(agent) => self.check_agent(agent)?,
        };
        let present = found.version.unwrap_or(0);
        if let Some(expected) = if_version.filter(|expected| *expected != present) {
            let message = match found.version {
                Some(present) => format!("the object has version {present}, not {expected}"),
                None => format!("the object does not exist, so its version is 0, not {expected}"),
            };
            return Err(WireError::field(ErrorCode::VersionConflict, "if_version", message));
        }
        if found.unchanged {
            return Ok(Answer::Stored(Stored { version: present }));
        }
        if found.version.is_none() && found.id >= self.state.settings.objects {
            let message = format!("at most {} objects of a kind", self.state.settings.objects);
            return Err(WireError::new(ErrorCode::LimitExceeded, message));
        }
        let id = u32::try_from(found.id).expect("the number of objects is bounded far below 2^32");
        let version = self.state.directory.version() + 1;
        let agent = if let Object::Agent(agent) = &object { Some(agent.clone()) } else { None };
        self.emit(Event::ObjectPut(ObjectPut { version, id, object }));
        if let Some(agent) = agent {
            self.follow_capacity(AgentId(id), &agent);
        }
        Ok(Answer::Stored(Stored { version }))
    }

    pub(super) fn delete(&mut self, object: ObjectRef) -> Answered {
        let (id, owner) = match &object {
            ObjectRef::Tenant(name) => (self.deletable_tenant(name)?, None),
            ObjectRef::Bot(name) => (self.deletable_bot(name)?, Some((Role::Bot, name.clone()))),
            ObjectRef::Queue(bot, name) => (self.deletable_queue(bot, name)?, None),
            ObjectRef::Agent(name) => {
                (self.deletable_agent(name)?, Some((Role::Agent, name.clone())))
            }
        };
        let version = self.state.directory.version() + 1;
        let is_agent = matches!(object, ObjectRef::Agent(_));
        self.emit(Event::ObjectDeleted(ObjectDeleted { version, id, object }));
        if let Some((role, name)) = owner {
            self.revoke_keys_of(role, &name);
        }
        if is_agent {
            self.seats.ensure(id as usize, 0);
            self.heed_word(AgentId(id));
        }
        Ok(Answer::Stored(Stored { version }))
    }

    pub(super) fn create_key(&mut self, key: Key) -> Answered {
        let directory = &self.state.directory;
        let owner_exists = match key.role {
            Role::Bot => directory.bot_id(&key.owner).is_some(),
            Role::Agent => directory.agent_id(&key.owner).is_some(),
            Role::Admin | Role::Operator => true,
        };
        if !owner_exists {
            let message = format!("no {} is named {:?}", key.role.name(), key.owner);
            return Err(WireError::field(ErrorCode::NotFound, "owner", message));
        }
        if directory.key(&key.prefix).is_some() {
            let message = "another credential has this prefix: make a new one";
            return Err(WireError::field(ErrorCode::VersionConflict, "prefix", message));
        }
        if directory.keys().count() >= self.state.settings.keys {
            let message = format!("at most {} credentials", self.state.settings.keys);
            return Err(WireError::new(ErrorCode::LimitExceeded, message));
        }
        self.emit(Event::KeyCreated(key));
        Ok(done())
    }

    pub(super) fn revoke_key(&mut self, prefix: String) -> Answered {
        if self.state.directory.key(&prefix).is_none() {
            let message = format!("no credential has the prefix {prefix:?}");
            return Err(WireError::field(ErrorCode::NotFound, "prefix", message));
        }
        self.emit(Event::KeyRevoked(KeyRevoked { prefix }));
        Ok(done())
    }

    /// A credential without its owner would be that of the next one with the name.
    fn revoke_keys_of(&mut self, role: Role, owner: &str) {
        let keys = self.state.directory.keys();
        let owned = keys.filter(|key| key.role == role && key.owner == owner);
        let prefixes: Vec<String> = owned.map(|key| key.prefix.clone()).collect();
        for prefix in prefixes {
            self.emit(Event::KeyRevoked(KeyRevoked { prefix }));
        }
    }

    /// An inactive agent has no seats for anybody who reads its word.
    fn follow_capacity(&mut self, id: AgentId, agent: &Agent) {
        self.seats.ensure(id.0 as usize, if agent.active { agent.seats } else { 0 });
        self.heed_word(id);
    }

    fn check_tenant(&self, tenant: &Tenant) -> Result<Found, WireError> {
        validate::name("name", &tenant.name)?;
        let present = self.state.directory.tenant();
        if let Some(present) = present.filter(|present| present.object.name != tenant.name) {
            let message = format!("the tenant is named {:?}: names stay", present.object.name);
            return Err(WireError::field(ErrorCode::WrongState, "name", message));
        }
        let unchanged = present.is_some_and(|present| present.object == *tenant);
        Ok(Found { id: 0, version: present.map(|present| present.version), unchanged })
    }

    fn check_bot(&self, bot: &Bot) -> Result<Found, WireError> {
        validate::bot(bot)?;
        let directory = &self.state.directory;
        let id = directory.bot_id(&bot.name);
        let present = id.and_then(|id| directory.bot(id));
        Ok(Found {
            id: id.map_or(directory.counts().0, |id| id.0 as usize),
            version: present.map(|present| present.version),
            unchanged: present.is_some_and(|present| present.object == *bot),
        })
    }

    fn check_queue(&self, queue: &Queue) -> Result<Found, WireError> {
        validate::queue(queue, &self.state.settings)?;
        let directory = &self.state.directory;
        let Some(bot) = directory.bot_id(&queue.bot) else {
            let message = format!("no bot is named {:?}: put it before its queues", queue.bot);
            return Err(WireError::field(ErrorCode::NotFound, "bot", message));
        };
        let mut seen = FxHashSet::default();
        for member in &queue.members {
            if directory.agent_id(member).is_none() {
                let message = format!("no agent is named {member:?}: put agents before queues");
                return Err(WireError::field(ErrorCode::NotFound, "members", message));
            }
            if !seen.insert(member.as_str()) {
                let message = format!("{member:?} is named twice");
                return Err(WireError::field(ErrorCode::Malformed, "members", message));
            }
        }
        let id = directory.queue_id(bot, &queue.name);
        let present = id.and_then(|id| directory.queue(id));
        Ok(Found {
            id: id.map_or(directory.counts().1, |id| id.0 as usize),
            version: present.map(|present| present.version),
            unchanged: present.is_some_and(|present| present.object == *queue),
        })
    }

    fn check_agent(&self, agent: &Agent) -> Result<Found, WireError> {
        validate::agent(agent)?;
        if self.state.skills.held_with(&agent.skills) > SKILL_NAMES {
            let message = format!("the agents have at most {SKILL_NAMES} different skills in all");
            return Err(WireError::field(ErrorCode::LimitExceeded, "skills", message));
        }
        let directory = &self.state.directory;
        let id = directory.agent_id(&agent.name);
        let present = id.and_then(|id| directory.agent(id));
        Ok(Found {
            id: id.map_or(directory.counts().2, |id| id.0 as usize),
            version: present.map(|present| present.version),
            unchanged: present.is_some_and(|present| present.object == *agent),
        })
    }

    fn deletable_tenant(&self, name: &str) -> Result<u32, WireError> {
        let directory = &self.state.directory;
        if directory.tenant_name() != Some(name) {
            return Err(unknown("tenant", name));
        }
        let (bots, agents) = (directory.bots().count(), directory.agents().count());
        refuse_use(name, &[(bots, "bots"), (agents, "agents")]).map(|()| 0)
    }

    fn deletable_bot(&self, name: &str) -> Result<u32, WireError> {
        let BotId(id) = self.state.directory.bot_id(name).ok_or_else(|| unknown("bot", name))?;
        let queues = self.state.bots.at(BotId(id)).queues as usize;
        refuse_use(name, &[(queues, "queues")]).map(|()| id)
    }

    fn deletable_queue(&self, bot: &str, name: &str) -> Result<u32, WireError> {
        let directory = &self.state.directory;
        let found = directory.bot_id(bot).and_then(|bot| directory.queue_id(bot, name));
        let QueueId(id) = found.ok_or_else(|| unknown("queue", name))?;
        let queue = self.state.queues.at(QueueId(id));
        let (open, members) = (queue.open as usize, queue.members.len());
        refuse_use(name, &[(open, "open tickets"), (members, "members")]).map(|()| id)
    }

    fn deletable_agent(&self, name: &str) -> Result<u32, WireError> {
        let found = self.state.directory.agent_id(name);
        let AgentId(id) = found.ok_or_else(|| unknown("agent", name))?;
        let agent = self.state.agents.at(AgentId(id));
        let (open, reserved) = (agent.tickets.len(), agent.reserved.len());
        let uses = [
            (open, "open tickets"),
            (reserved, "tickets reserved for it"),
            (agent.queues.len(), "queues of which it is a member"),
        ];
        refuse_use(name, &uses).map(|()| id)
    }
}

fn unknown(kind: &str, name: &str) -> WireError {
    WireError::field(ErrorCode::NotFound, "object", format!("no {kind} is named {name:?}"))
}

/// What is in use is not deleted; the counts tell by what.
fn refuse_use(name: &str, uses: &[(usize, &str)]) -> Result<(), WireError> {
    let used: Vec<String> = uses
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if used.is_empty() {
        return Ok(());
    }
    let message = format!("{name:?} is in use: it has {}", used.join(" and "));
    Err(WireError::field(ErrorCode::WrongState, "object", message))
}
