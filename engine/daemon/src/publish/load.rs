//! How many tickets and entries are remembered, in all and of each bot: what their number is bounded
//! by. A bot may have as many as are still free: one alone has half of all, and two that flood leave a
//! third to the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dashmap::DashMap;
use relevo_wire::ids::{BotId, TenantId};
use rustc_hash::FxBuildHasher;

/// Tickets, and the entries of their sequences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Tickets that are remembered.
    pub tickets: u64,
    /// Their entries.
    pub entries: u64,
}

#[derive(Debug, Default)]
struct Counter {
    tickets: AtomicU64,
    entries: AtomicU64,
}

impl Counter {
    fn add(&self, load: Load) {
        self.tickets.fetch_add(load.tickets, Relaxed);
        self.entries.fetch_add(load.entries, Relaxed);
    }

    fn sub(&self, load: Load) {
        self.tickets.fetch_sub(load.tickets, Relaxed);
        self.entries.fetch_sub(load.entries, Relaxed);
    }

    fn load(&self) -> Load {
        Load { tickets: self.tickets.load(Relaxed), entries: self.entries.load(Relaxed) }
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Loads {
    all: Counter,
    bots: DashMap<(TenantId, BotId), Arc<Counter>, FxBuildHasher>,
}

impl Loads {
    pub(super) fn add(&self, tenant: TenantId, bot: BotId, load: Load) {
        self.all.add(load);
        if let Some(counter) = self.bots.get(&(tenant, bot)) {
            return counter.add(load);
        }
        self.bots.entry((tenant, bot)).or_default().add(load);
    }

    pub(super) fn sub(&self, tenant: TenantId, bot: BotId, load: Load) {
        self.all.sub(load);
        if let Some(counter) = self.bots.get(&(tenant, bot)) {
            counter.sub(load);
        }
    }

    pub(super) fn all(&self) -> Load {
        self.all.load()
    }

    pub(super) fn of_bot(&self, tenant: TenantId, bot: BotId) -> Load {
        self.bots.get(&(tenant, bot)).map(|counter| counter.load()).unwrap_or_default()
    }
}

/// The most that may be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most(pub Load);

impl Most {
    /// May a bot with so much have another ticket, when so much is remembered in all?
    #[must_use]
    pub fn admits_ticket(self, of_bot: Load, all: Load) -> bool {
        of_bot.tickets < self.0.tickets.saturating_sub(all.tickets)
    }

    /// May it have another entry?
    #[must_use]
    pub fn admits_entry(self, of_bot: Load, all: Load) -> bool {
        of_bot.entries < self.0.entries.saturating_sub(all.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_alone_has_half_and_leaves_half_to_the_others() {
        let most = Most(Load { tickets: 100, entries: 100 });
        let loads = Loads::default();
        let (tenant, one, other) = (TenantId(1), BotId(1), BotId(2));
        let ticket = Load { tickets: 1, entries: 1 };
        let fill = |bot| {
            while most.admits_ticket(loads.of_bot(tenant, bot), loads.all()) {
                loads.add(tenant, bot, ticket);
            }
            loads.of_bot(tenant, bot).tickets
        };
        assert_eq!(fill(one), 50);
        assert_eq!(fill(other), 25);
        assert!(!most.admits_ticket(loads.of_bot(tenant, one), loads.all()));
        assert!(!most.admits_entry(loads.of_bot(tenant, one), loads.all()));
        loads.sub(tenant, one, Load { tickets: 50, entries: 50 });
        assert_eq!(loads.all(), loads.of_bot(tenant, other));
        assert_eq!(fill(one), 38);
    }
}
