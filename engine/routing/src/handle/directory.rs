//! Objects and credentials are put, changed and deleted. Names and numbers never change.

use super::changes::{Plan, Planned};
use super::{Answered, Turn, done};
use crate::event::{Event, KeyRevoked, ObjectDeleted, ObjectPut};
use crate::input::Key;
use relevo_wire::answer::{Answer, Stored};
use relevo_wire::command::{Change, DeleteChange, PutChange};
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::limits;
use relevo_wire::vocabulary::Role;
use relevo_wire::{AgentId, ErrorCode, WireError};

impl Turn<'_> {
    pub(super) fn put(&mut self, object: Box<Object>, if_version: Option<u64>) -> Answered {
        self.change(Change::Put(PutChange { object, if_version }))
    }

    pub(super) fn delete(&mut self, object: ObjectRef) -> Answered {
        self.change(Change::Delete(DeleteChange { object, if_version: None }))
    }

    pub(super) fn apply(&mut self, changes: Vec<Change>, dry_run: bool) -> Answered {
        if changes.len() > limits::CHANGES {
            let message = format!("at most {} of them, not {}", limits::CHANGES, changes.len());
            return Err(WireError::field(ErrorCode::LimitExceeded, "changes", message));
        }
        let mut plan = Plan::new(self.state);
        for (at, change) in changes.into_iter().enumerate() {
            plan.take(at, change);
        }
        let planned = plan.finish().map_err(|error| match error.field.as_str() {
            "object" => WireError { field: "changes".to_owned(), ..error },
            _ => error,
        })?;
        let applied = planned.applied;
        if !dry_run {
            self.make(planned);
        }
        Ok(Answer::Applied(applied))
    }

    /// An `apply` of one, with the answer and the fields of a command of its own.
    fn change(&mut self, change: Change) -> Answered {
        let mut plan = Plan::new(self.state);
        let version = plan.take_only(change)?;
        let planned = plan.finish()?;
        self.make(planned);
        Ok(Answer::Stored(Stored { version }))
    }

    fn make(&mut self, planned: Planned) {
        let mut switched_off = Vec::new();
        for event in planned.events {
            let capacity = capacity_after(&event);
            let queues = self.queues_with_hours_of(&event);
            self.emit(event);
            queues.into_iter().for_each(|queue| self.look_at_doors(queue));
            if let Some((agent, seats)) = capacity {
                self.seats.ensure(agent.0 as usize, seats);
                self.heed_word(agent);
                if !self.state.agents.at(agent).active {
                    switched_off.push(agent);
                }
            }
        }
        switched_off.sort_unstable();
        for agent in switched_off {
            self.withdraw_offers(agent);
        }
        // A credential without its owner would be that of the next one with the name.
        for prefix in planned.keys {
            self.emit(Event::KeyRevoked(KeyRevoked { prefix }));
        }
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
}

/// An agent that an event is about, and the seats that everybody who reads its word sees then: none
/// when it is inactive or gone.
fn capacity_after(event: &Event) -> Option<(AgentId, u16)> {
    if let Event::ObjectPut(ObjectPut { id, object, .. }) = event
        && let Object::Agent(agent) = &**object
    {
        return Some((AgentId(*id), if agent.active { agent.seats } else { 0 }));
    }
    if let Event::ObjectDeleted(ObjectDeleted { id, object: ObjectRef::Agent(_), .. }) = event {
        return Some((AgentId(*id), 0));
    }
    None
}
