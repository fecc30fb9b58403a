//! The directory as every thread reads it: an immutable snapshot behind an atomic pointer.

use std::sync::Arc;

use arc_swap::ArcSwap;
use relevo_routing::Event;
use relevo_routing::directory::Directory;
use relevo_routing::input::Key;
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::ids::{BotId, TenantId};
use rustc_hash::FxHashMap;

use crate::rules::{BotRules, Compiled};

/// All tenants' directories at one moment.
#[derive(Debug, Clone, Default)]
pub struct Directories {
    tenants: FxHashMap<TenantId, Arc<Directory>>,
    keys: FxHashMap<String, (TenantId, Key)>,
    rules: FxHashMap<(TenantId, BotId), Arc<Compiled>>,
}

impl Directories {
    /// A tenant's directory.
    #[must_use]
    pub fn tenant(&self, tenant: TenantId) -> Option<&Arc<Directory>> {
        self.tenants.get(&tenant)
    }

    /// A credential by its public prefix.
    #[must_use]
    pub fn key(&self, prefix: &str) -> Option<&(TenantId, Key)> {
        self.keys.get(prefix)
    }

    /// Every tenant, in no particular order.
    pub fn tenants(&self) -> impl Iterator<Item = (&TenantId, &Arc<Directory>)> {
        self.tenants.iter()
    }

    /// How many tenants have a name.
    #[must_use]
    pub fn named(&self) -> usize {
        self.tenants.values().filter(|directory| directory.tenant_name().is_some()).count()
    }

    /// How many bots, queues and agents there ever were, of all tenants.
    #[must_use]
    pub fn objects(&self) -> usize {
        let of_one = |directory: &Arc<Directory>| {
            let (bots, queues, agents) = directory.counts();
            bots + queues + agents
        };
        self.tenants.values().map(of_one).sum()
    }

    /// The rules of a bot that has some.
    pub(crate) fn rules(&self, tenant: TenantId, bot: BotId) -> Option<&BotRules> {
        self.rules.get(&(tenant, bot))?.get()
    }

    /// Bytes that the rules of all bots count.
    pub(crate) fn rule_bytes(&self) -> usize {
        self.rules.values().map(|rules| rules.bytes()).sum()
    }

    /// Bytes that the rules of a bot count.
    pub(crate) fn rule_bytes_of(&self, tenant: TenantId, bot: Option<BotId>) -> usize {
        let own = bot.and_then(|bot| self.rules.get(&(tenant, bot)));
        own.map_or(0, |rules| rules.bytes())
    }

    /// Puts a tenant's directory in as recovery found it.
    pub fn insert(&mut self, tenant: TenantId, directory: Directory) {
        for (id, bot) in directory.bots() {
            self.put_rules(tenant, id, Compiled::of(&bot.object));
        }
        self.keys.extend(directory.keys().map(|key| (key.prefix.clone(), (tenant, key.clone()))));
        self.tenants.insert(tenant, Arc::new(directory));
    }

    fn apply(&mut self, tenant: TenantId, event: &Event) {
        Arc::make_mut(self.tenants.entry(tenant).or_default()).apply(event);
        if let Event::KeyCreated(key) = event {
            self.keys.insert(key.prefix.clone(), (tenant, key.clone()));
        } else if let Event::KeyRevoked(revoked) = event {
            self.keys.remove(&revoked.prefix);
        } else if let Event::ObjectPut(put) = event {
            if let Object::Bot(bot) = &*put.object {
                self.put_rules(tenant, BotId(put.id), Compiled::of(bot));
            }
        } else if let Event::ObjectDeleted(deleted) = event
            && let ObjectRef::Bot(_) = deleted.object
        {
            self.put_rules(tenant, BotId(deleted.id), None);
        }
    }

    fn put_rules(&mut self, tenant: TenantId, bot: BotId, rules: Option<Compiled>) {
        match rules {
            Some(rules) => drop(self.rules.insert((tenant, bot), Arc::new(rules))),
            None => drop(self.rules.remove(&(tenant, bot))),
        }
    }
}

/// Does this event change a directory?
#[must_use]
pub fn concerns_directory(event: &Event) -> bool {
    matches!(
        event,
        Event::ObjectPut(_)
            | Event::ObjectDeleted(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::AbsenceSet(_)
    )
}

/// Applies what a group changed, at once: a bulk load of thousands of objects copies the directory
/// once a group, not once an object.
pub fn publish_changes<'a>(
    directories: &ArcSwap<Directories>,
    changes: impl Iterator<Item = (TenantId, &'a Event)>,
) {
    let mut next: Option<Directories> = None;
    for (tenant, event) in changes.filter(|(_, event)| concerns_directory(event)) {
        next.get_or_insert_with(|| Directories::clone(&directories.load())).apply(tenant, event);
    }
    if let Some(next) = next {
        directories.store(Arc::new(next));
    }
}
