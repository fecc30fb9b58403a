//! Credentials are made and revoked, and end with their owners.

use crate::directory::must;
use crate::reference::{Answered, Reference, done};
use relevo_routing::Event;
use relevo_routing::event::KeyRevoked;
use relevo_routing::input::Key;
use relevo_wire::ErrorCode;
use relevo_wire::directory::ObjectRef;
use relevo_wire::vocabulary::Role;

impl Reference {
    pub(crate) fn create_key(&mut self, key: &Key) -> Answered {
        let has_owner = match key.role {
            Role::Bot => self.bot_id(&key.owner).is_some(),
            Role::Agent => self.agent_id(&key.owner).is_some(),
            Role::Admin | Role::Operator => true,
        };
        must(has_owner, ErrorCode::NotFound, "owner")?;
        let is_new = self.keys.iter().all(|known| known.prefix != key.prefix);
        must(is_new, ErrorCode::VersionConflict, "prefix")?;
        must(self.keys.len() < self.settings.keys, ErrorCode::LimitExceeded, "")?;
        self.keys.push(key.clone());
        self.emit(Event::KeyCreated(key.clone()));
        Ok(done())
    }

    pub(crate) fn revoke_key(&mut self, prefix: &str) -> Answered {
        let is_known = self.keys.iter().any(|key| key.prefix == prefix);
        must(is_known, ErrorCode::NotFound, "prefix")?;
        self.revoke(prefix.to_owned());
        Ok(done())
    }

    /// A credential without its owner would be that of the next one with the name.
    pub(crate) fn keys_of(&self, object: &ObjectRef) -> Vec<String> {
        let (role, owner) = match object {
            ObjectRef::Bot(name) => (Role::Bot, name),
            ObjectRef::Agent(name) => (Role::Agent, name),
            ObjectRef::Tenant(_) | ObjectRef::Queue(..) => return Vec::new(),
        };
        let owned = self.keys.iter().filter(|key| key.role == role && key.owner == *owner);
        let mut prefixes: Vec<String> = owned.map(|key| key.prefix.clone()).collect();
        prefixes.sort();
        prefixes
    }

    pub(crate) fn revoke(&mut self, prefix: String) {
        self.keys.retain(|key| key.prefix != prefix);
        self.emit(Event::KeyRevoked(KeyRevoked { prefix }));
    }
}
