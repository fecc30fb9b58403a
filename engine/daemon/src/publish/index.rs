//! Which tickets are whose: asked when a session opens or is lost.
//!
//! A bot may have hundreds of thousands of open tickets, and a session of it that comes or goes is
//! given or gives up its own alone: so they are found by the session that has them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use relevo_wire::ids::{AgentId, BotId, SessionId, TenantId, TicketId};
use rustc_hash::FxHashMap;

/// Tickets that the core still knows, by who has them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By bot and by the session of it that has them, if one has.
    pub(super) of_owner: Sets<(TenantId, BotId, Option<SessionId>)>,
    /// By the agent who has or had them.
    pub(super) of_agent: Sets<(TenantId, AgentId)>,
    pub(super) offers: Offers,
}

/// Offers that stand, by the agent who is asked, each with its end in microseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Offers(FxHashMap<(TenantId, AgentId), BTreeMap<TicketId, u64>>);

impl Offers {
    pub(super) fn put(&mut self, key: (TenantId, AgentId), ticket: TicketId, until: u64) {
        self.0.entry(key).or_default().insert(ticket, until);
    }

    /// Takes one out; was it there?
    pub(super) fn take(&mut self, key: (TenantId, AgentId), ticket: TicketId) -> bool {
        let Some(offers) = self.0.get_mut(&key) else { return false };
        let was_there = offers.remove(&ticket).is_some();
        if offers.is_empty() {
            self.0.remove(&key);
        }
        was_there
    }

    /// No session of a tenant is left.
    pub(super) fn forget(&mut self, tenant: TenantId) {
        self.0.retain(|(of, _), _| *of != tenant);
    }

    /// Of an agent, oldest ticket first.
    pub(super) fn of(&self, key: (TenantId, AgentId)) -> Vec<(TicketId, u64)> {
        let offers = self.0.get(&key).into_iter().flatten();
        offers.map(|(ticket, until)| (*ticket, *until)).collect()
    }
}

/// Sets of tickets; none is empty.
#[derive(Debug)]
pub(super) struct Sets<K>(FxHashMap<K, BTreeSet<TicketId>>);

impl<K> Default for Sets<K> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<K: Hash + Eq> Sets<K> {
    /// Puts a ticket into a set.
    pub(super) fn put(&mut self, key: K, ticket: TicketId) {
        self.0.entry(key).or_default().insert(ticket);
    }

    /// Takes a ticket out of a set; was it there?
    pub(super) fn take(&mut self, key: &K, ticket: TicketId) -> bool {
        let Some(set) = self.0.get_mut(key) else { return false };
        let was_there = set.remove(&ticket);
        if set.is_empty() {
            self.0.remove(key);
        }
        was_there
    }

    /// The tickets of a set, oldest first.
    pub(super) fn of(&self, key: &K) -> Vec<TicketId> {
        self.0.get(key).map(|set| set.iter().copied().collect()).unwrap_or_default()
    }
}
