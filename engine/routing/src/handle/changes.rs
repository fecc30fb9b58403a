//! Changes of the directory that are made together: each is checked as if those before it had been
//! made, and all are made or none.
//!
//! ```text
//! changes ──► Plan (state, and the directory as it will be) ──► events, or every failure at once
//! ```
//! One change is a plan of one: `put` and `delete` have no checks of their own. Nothing here changes
//! the state.

mod shares;

use super::validate;
use crate::directory::Directory;
use crate::event::{Event, ObjectDeleted, ObjectPut};
use crate::state::State;
use relevo_wire::answer::Applied;
use relevo_wire::command::{Change, PutChange};
use relevo_wire::directory::{
    Agent, Bot, Object, ObjectRef, Queue, Tenant, Versioned, overflow_circle,
};
use relevo_wire::failures::Failures;
use relevo_wire::limits::SKILL_NAMES;
use relevo_wire::vocabulary::Role;
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId, WireError};
use rustc_hash::{FxHashMap, FxHashSet};
use shares::Raise;
use std::borrow::Cow;

/// Most credentials that end because their owners are deleted together: their events are part of one
/// record of the log.
pub(super) const KEYS_ENDED: usize = 16_384;

/// Number and version of what is there; the next number and no version for what is not.
pub(super) struct Found {
    id: usize,
    version: Option<u64>,
    unchanged: bool,
}

/// What is to be done, and what the directory is then.
pub(super) struct Plan<'a> {
    state: &'a State,
    /// Copied for the second change: most commands have one.
    directory: Cow<'a, Directory>,
    /// Events that `directory` has.
    followed: usize,
    version: u64,
    /// By how much an agent serves more queues then, and a bot has more of them.
    served: FxHashMap<AgentId, isize>,
    lines: FxHashMap<BotId, isize>,
    /// Skills that agents have then and nobody has now.
    learned: FxHashSet<String>,
    /// Agents, bots and queues (by `bot/queue`) whose own change failed: who names them is not wrong
    /// for that.
    failed: FxHashSet<String>,
    failures: Failures,
    /// Changes after which the guaranteed shares have to be looked at.
    raises: Vec<Raise>,
    events: Vec<Event>,
    applied: Applied,
}

/// What a plan comes to.
pub(super) struct Planned {
    pub(super) events: Vec<Event>,
    /// Credentials of owners that are deleted.
    pub(super) keys: Vec<String>,
    pub(super) applied: Applied,
}

impl<'a> Plan<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self {
            state,
            directory: Cow::Borrowed(&state.directory),
            followed: 0,
            version: state.directory.version(),
            served: FxHashMap::default(),
            lines: FxHashMap::default(),
            learned: FxHashSet::default(),
            failed: FxHashSet::default(),
            failures: Failures::default(),
            raises: Vec::new(),
            events: Vec::new(),
            applied: Applied::default(),
        }
    }

    /// Takes the next change of a list, or notes why it cannot be made.
    pub(super) fn take(&mut self, at: usize, change: Change) {
        let taken = self.check(&change);
        match taken {
            Ok(found) => {
                self.make(Some(at), change, &found);
            }
            Err(error) => {
                self.failures.note(at, &change, error);
                if let Change::Put(put) = change {
                    match *put.object {
                        Object::Agent(agent) => drop(self.failed.insert(agent.name)),
                        Object::Bot(bot) => drop(self.failed.insert(bot.name)),
                        Object::Queue(queue) => {
                            self.failed.insert(format!("{}/{}", queue.bot, queue.name));
                        }
                        Object::Tenant(_) => {}
                    }
                }
            }
        }
    }

    /// Takes the only change. The version is that of its object then.
    pub(super) fn take_only(&mut self, change: Change) -> Result<u64, WireError> {
        let found = self.check(&change)?;
        Ok(self.make(None, change, &found))
    }

    pub(super) fn finish(mut self) -> Result<Planned, WireError> {
        self.check_shares()?;
        self.failures.into_result()?;
        let keys = self.state.directory.keys();
        let owners: FxHashSet<(Role, &str)> =
            self.events.iter().filter_map(deleted_owner).collect();
        let keys: Vec<String> = if owners.is_empty() {
            Vec::new()
        } else {
            keys.filter(|key| owners.contains(&(key.role, key.owner.as_str())))
                .take(KEYS_ENDED + 1)
                .map(|key| key.prefix.clone())
                .collect()
        };
        if keys.len() > KEYS_ENDED {
            let message = format!(
                "it would end more than {KEYS_ENDED} credentials of what is deleted: revoke some, or \
                 delete fewer at once"
            );
            return Err(WireError::field(ErrorCode::LimitExceeded, "object", message));
        }
        let applied = Applied { version: self.version, ..self.applied };
        Ok(Planned { events: self.events, keys, applied })
    }

    /// The directory has every change that is planned.
    fn follow(&mut self) {
        if self.followed < self.events.len() {
            let directory = self.directory.to_mut();
            self.events[self.followed..].iter().for_each(|event| directory.apply(event));
            self.followed = self.events.len();
        }
    }

    fn check(&mut self, change: &Change) -> Result<Found, WireError> {
        self.follow();
        let (found, if_version) = match change {
            Change::Put(put) => (self.check_put(&put.object)?, put.if_version),
            Change::Delete(delete) => (self.check_delete(&delete.object)?, delete.if_version),
        };
        let present = found.version.unwrap_or(0);
        if let Some(expected) = if_version.filter(|expected| *expected != present) {
            let message = match found.version {
                Some(present) => format!("the object has version {present}, not {expected}"),
                None => format!("the object does not exist, so its version is 0, not {expected}"),
            };
            return Err(WireError::field(ErrorCode::VersionConflict, "if_version", message));
        }
        if found.version.is_none() && found.id >= self.state.settings.objects {
            let message = format!("at most {} objects of a kind", self.state.settings.objects);
            return Err(WireError::new(ErrorCode::LimitExceeded, message));
        }
        Ok(found)
    }

    /// Makes what was found to be right; the version of the object then.
    fn make(&mut self, at: Option<usize>, change: Change, found: &Found) -> u64 {
        if found.unchanged {
            self.applied.unchanged += 1;
            return found.version.unwrap_or(0);
        }
        let id = u32::try_from(found.id).expect("the number of objects is bounded far below 2^32");
        self.count_queues(&change, id);
        self.note_raise(at, &change);
        if let Change::Put(PutChange { object, .. }) = &change
            && let Object::Agent(agent) = &**object
        {
            let skills = agent.skills.iter().map(|skill| skill.name.as_str());
            let new = skills.filter(|name| !self.state.skills.is_held(name));
            self.learned.extend(new.map(ToOwned::to_owned));
        }
        self.version += 1;
        let version = self.version;
        let (event, counter) = match change {
            Change::Put(put) => {
                let event = Event::ObjectPut(ObjectPut { version, id, object: put.object });
                let is_new = found.version.is_none();
                let of = &mut self.applied;
                (event, if is_new { &mut of.created } else { &mut of.changed })
            }
            Change::Delete(delete) => {
                let object = delete.object;
                let event = Event::ObjectDeleted(ObjectDeleted { version, id, object });
                (event, &mut self.applied.deleted)
            }
        };
        *counter += 1;
        self.events.push(event);
        version
    }

    /// Who serves how many queues, and has how many.
    fn count_queues(&mut self, change: &Change, id: u32) {
        let before = self.directory.queue(QueueId(id)).map(|queue| &queue.object);
        let (before, after) = match change {
            Change::Put(put) => match &*put.object {
                Object::Queue(queue) => (before, Some(queue)),
                Object::Tenant(_) | Object::Bot(_) | Object::Agent(_) => return,
            },
            Change::Delete(delete) => match &delete.object {
                ObjectRef::Queue(..) => (before, None),
                ObjectRef::Tenant(_) | ObjectRef::Bot(_) | ObjectRef::Agent(_) => return,
            },
        };
        for (queue, by) in [(before, -1), (after, 1)] {
            let Some(queue) = queue else { continue };
            if let Some(bot) = self.directory.bot_id(&queue.bot) {
                *self.lines.entry(bot).or_default() += by;
            }
            for member in
                queue.members.iter().filter_map(|member| self.directory.agent_id(&member.agent))
            {
                *self.served.entry(member).or_default() += by;
            }
        }
    }

    fn check_put(&self, object: &Object) -> Result<Found, WireError> {
        match object {
            Object::Tenant(tenant) => self.check_tenant(tenant),
            Object::Bot(bot) => self.check_bot(bot),
            Object::Queue(queue) => self.check_queue(queue),
            Object::Agent(agent) => self.check_agent(agent),
        }
    }

    fn check_tenant(&self, tenant: &Tenant) -> Result<Found, WireError> {
        validate::tenant(tenant)?;
        let present = self.directory.tenant();
        if let Some(present) = present.filter(|present| present.object.name != tenant.name) {
            let message = format!("the tenant is named {:?}: names stay", present.object.name);
            return Err(WireError::field(ErrorCode::WrongState, "name", message));
        }
        Ok(found(Some(0), 0, present, tenant))
    }

    fn check_bot(&self, bot: &Bot) -> Result<Found, WireError> {
        validate::bot(bot)?;
        let id = self.directory.bot_id(&bot.name);
        let present = id.and_then(|id| self.directory.bot(id));
        Ok(found(id.map(|id| id.0), self.directory.counts().0, present, bot))
    }

    fn check_queue(&self, queue: &Queue) -> Result<Found, WireError> {
        validate::queue(queue, &self.state.settings)?;
        let directory = &self.directory;
        let bot = directory.bot_id(&queue.bot);
        if bot.is_none() && !self.failed.contains(&queue.bot) {
            let message = format!("no bot is named {:?}: put it before its queues", queue.bot);
            return Err(WireError::field(ErrorCode::NotFound, "bot", message));
        }
        let mut seen = FxHashSet::default();
        for member in queue.members.iter().map(|member| &member.agent) {
            if directory.agent_id(member).is_none() && !self.failed.contains(member) {
                let message = format!("no agent is named {member:?}: put agents before queues");
                return Err(WireError::field(ErrorCode::NotFound, "members", message));
            }
            if !seen.insert(member.as_str()) {
                let message = format!("{member:?} is named twice");
                return Err(WireError::field(ErrorCode::Malformed, "members", message));
            }
        }
        self.check_overflow(queue, bot)?;
        let id = bot.and_then(|bot| directory.queue_id(bot, &queue.name));
        let present = id.and_then(|id| directory.queue(id));
        let mut found = found(id.map(|id| id.0), directory.counts().1, present, queue);
        // Without its bot it cannot even be planned; nothing is made for that failure anyway.
        found.unchanged |= bot.is_none();
        Ok(found)
    }

    /// To another queue of the bot that is there, and in no circle.
    fn check_overflow(&self, queue: &Queue, bot: Option<BotId>) -> Result<(), WireError> {
        let Some(overflow) = &queue.overflow else { return Ok(()) };
        let directory = &self.directory;
        let found = |name: &str| directory.queue(directory.queue_id(bot?, name)?);
        let step = |name| {
            let is_this = name == queue.name.as_str();
            let overflow =
                if is_this { Some(overflow) } else { found(name)?.object.overflow.as_ref() };
            overflow.map(|overflow| overflow.to.as_str())
        };
        if let Some(circle) = overflow_circle(&queue.name, step) {
            let message = format!("the overflow goes in a circle: {circle}");
            return Err(WireError::field(ErrorCode::WrongState, "overflow.to", message));
        }
        let has_failed = || self.failed.contains(&format!("{}/{}", queue.bot, overflow.to));
        if found(&overflow.to).is_none() && bot.is_some() && !has_failed() {
            let message =
                format!("the bot has no queue named {:?}: put it before this one", overflow.to);
            return Err(WireError::field(ErrorCode::NotFound, "overflow.to", message));
        }
        Ok(())
    }

    fn check_agent(&self, agent: &Agent) -> Result<Found, WireError> {
        validate::agent(agent)?;
        let skills = agent.skills.iter().map(|skill| skill.name.as_str());
        let new =
            skills.filter(|name| !self.state.skills.is_held(name) && !self.learned.contains(*name));
        if self.state.skills.held() + self.learned.len() + new.count() > SKILL_NAMES {
            let message = format!("the agents have at most {SKILL_NAMES} different skills in all");
            return Err(WireError::field(ErrorCode::LimitExceeded, "skills", message));
        }
        let id = self.directory.agent_id(&agent.name);
        let present = id.and_then(|id| self.directory.agent(id));
        Ok(found(id.map(|id| id.0), self.directory.counts().2, present, agent))
    }

    fn check_delete(&self, object: &ObjectRef) -> Result<Found, WireError> {
        let directory = &self.directory;
        let (id, version) = match object {
            ObjectRef::Tenant(name) => (self.deletable_tenant(name)?, version(directory.tenant())),
            ObjectRef::Bot(name) => {
                let id = self.deletable_bot(name)?;
                (id, version(directory.bot(BotId(id))))
            }
            ObjectRef::Queue(bot, name) => {
                let id = self.deletable_queue(bot, name)?;
                (id, version(directory.queue(QueueId(id))))
            }
            ObjectRef::Agent(name) => {
                let id = self.deletable_agent(name)?;
                (id, version(directory.agent(AgentId(id))))
            }
        };
        Ok(Found { id: id as usize, version, unchanged: false })
    }

    fn deletable_tenant(&self, name: &str) -> Result<u32, WireError> {
        let directory = &self.directory;
        if directory.tenant_name() != Some(name) {
            return Err(unknown("tenant", name));
        }
        let (bots, agents) = (directory.bots().count(), directory.agents().count());
        refuse_use(name, &[(bots, "bots"), (agents, "agents")]).map(|()| 0)
    }

    fn deletable_bot(&self, name: &str) -> Result<u32, WireError> {
        let id = self.directory.bot_id(name).ok_or_else(|| unknown("bot", name))?;
        let before = self.state.bots.get(id).map_or(0, |bot| bot.queues as usize);
        refuse_use(name, &[(more(before, self.lines.get(&id)), "queues")]).map(|()| id.0)
    }

    fn deletable_queue(&self, bot: &str, name: &str) -> Result<u32, WireError> {
        let directory = &self.directory;
        let found = directory.bot_id(bot).and_then(|bot| directory.queue_id(bot, name));
        let id = found.ok_or_else(|| unknown("queue", name))?;
        let open = self.state.queues.get(id).map_or(0, |queue| queue.open as usize);
        let members = directory.queue(id).map_or(0, |queue| queue.object.members.len());
        let leads_here = |queue: &Queue| {
            queue.bot == bot && queue.overflow.as_ref().is_some_and(|overflow| overflow.to == name)
        };
        let feeders = directory.queues().filter(|(_, queue)| leads_here(&queue.object)).count();
        let uses =
            [(open, "open tickets"), (members, "members"), (feeders, "queues that overflow to it")];
        refuse_use(name, &uses).map(|()| id.0)
    }

    fn deletable_agent(&self, name: &str) -> Result<u32, WireError> {
        let id = self.directory.agent_id(name).ok_or_else(|| unknown("agent", name))?;
        let has = self.state.agents.get(id).map(|agent| {
            let (open, parked) = (agent.seats_used(), agent.parked as usize);
            (open, parked, agent.reserved.len(), agent.queues.len())
        });
        let (open, parked, reserved, served) = has.unwrap_or_default();
        let uses = [
            (open, "open tickets"),
            (parked, "tickets that it has parked"),
            (reserved, "tickets reserved for it"),
            (more(served, self.served.get(&id)), "queues of which it is a member"),
        ];
        refuse_use(name, &uses).map(|()| id.0)
    }
}

fn found<T: PartialEq>(
    id: Option<u32>,
    next: usize,
    present: Option<&Versioned<T>>,
    object: &T,
) -> Found {
    Found {
        id: id.map_or(next, |id| id as usize),
        version: version(present),
        unchanged: present.is_some_and(|present| present.object == *object),
    }
}

fn version<T>(present: Option<&Versioned<T>>) -> Option<u64> {
    present.map(|present| present.version)
}

fn more(before: usize, by: Option<&isize>) -> usize {
    before.saturating_add_signed(by.copied().unwrap_or(0))
}

fn deleted_owner(event: &Event) -> Option<(Role, &str)> {
    let Event::ObjectDeleted(deleted) = event else { return None };
    match &deleted.object {
        ObjectRef::Bot(name) => Some((Role::Bot, name.as_str())),
        ObjectRef::Agent(name) => Some((Role::Agent, name.as_str())),
        ObjectRef::Tenant(_) | ObjectRef::Queue(..) => None,
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
