//! Figures of queues and tenants that every thread reads without entering a shard.
//!
//! Shards store what they decided, publish what became durable; readers see each number by itself,
//! a moment old. They are hints and gauges, never the ground of a decision.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use dashmap::DashMap;
use relevo_routing::stats::{BotSeats, QueueAgents, QueueStats, Stats};
use relevo_wire::answer::{AgentsOnlineAnswer, QueueStatus};
use relevo_wire::ids::{BotId, QueueId, TenantId};
use relevo_wire::vocabulary::TicketState;
use rustc_hash::FxBuildHasher;

use crate::publish::Published;
use crate::publish::conversation::Conversation;

/// Most queues that a status report lists.
const STATUS_QUEUES: usize = 100;

/// Figures of one queue.
#[derive(Debug, Default)]
pub struct QueueFigures {
    open: AtomicBool,
    depth: AtomicU32,
    oldest_waiting_since: AtomicU64,
    oldest_unanswered: AtomicU64,
    clocks_stopped_at: AtomicU64,
    online: AtomicU32,
    agents: [AtomicU32; 6],
    assigned: AtomicU32,
    in_service: AtomicU32,
    on_hold: AtomicU32,
    parked: AtomicU32,
    away: AtomicU32,
    wrapping: AtomicU32,
}

/// A copy of a queue's figures.
#[derive(Debug, Clone, Copy)]
pub struct QueueNow {
    /// Takes new tickets.
    pub open: bool,
    /// Tickets in line.
    pub depth: u32,
    /// When the one that waits longest began to wait, later by what the queue was closed since; 0 for
    /// none.
    pub oldest_waiting_since: u64,
    /// When the oldest assigned one without a reply was assigned, likewise; 0 for none.
    pub oldest_unanswered: u64,
    /// Since when both clocks stand still, as the queue is closed; 0 while they run.
    pub clocks_stopped_at: u64,
    /// Members online and reachable.
    pub online: u32,
    /// Members available, full, not responding, paused, invisible, unreachable.
    pub agents: [u32; 6],
    /// Tickets with an agent who has not written.
    pub assigned: u32,
    /// Tickets in service, those on hold apart.
    pub in_service: u32,
    /// Tickets on hold.
    pub on_hold: u32,
    /// Tickets that an agent has parked.
    pub parked: u32,
    /// Tickets whose customers left while they waited, and keep their places.
    pub away: u32,
    /// Closed tickets that an agent wraps up.
    pub wrapping: u32,
}

impl QueueNow {
    /// What counts against a target now: one of the two oldest moments, or 0 while the clocks stand still.
    #[must_use]
    pub fn counted(&self, oldest: u64) -> u64 {
        if self.clocks_stopped_at == 0 { oldest } else { 0 }
    }

    /// How long the one that waits longest has waited.
    fn longest_wait_us(&self, now: u64) -> u64 {
        let until = if self.clocks_stopped_at == 0 { now } else { self.clocks_stopped_at };
        until.saturating_sub(self.oldest_waiting_since)
    }
}

/// Figures over tenants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Waiting, assigned, in service.
    pub tickets: [u32; 3],
    /// Online, paused, invisible, unreachable.
    pub agents: [u32; 4],
    /// In use and in all.
    pub seats: [u32; 2],
}

/// Figures of every queue and tenant.
#[derive(Debug, Default)]
pub struct Views {
    queues: DashMap<(TenantId, QueueId), Arc<QueueFigures>, FxBuildHasher>,
    tenants: Mutex<BTreeMap<TenantId, Stats>>,
    violations_us: Mutex<BTreeMap<TenantId, u64>>,
    /// Of bots with a guaranteed share.
    shares: Mutex<BTreeMap<TenantId, BTreeMap<BotId, BotSeats>>>,
}

impl Views {
    /// A shard's figures of a queue.
    pub fn store_queue(&self, tenant: TenantId, queue: QueueId, stats: &QueueStats) {
        let figures = self.queue(tenant, queue);
        figures.open.store(stats.open, Relaxed);
        figures.depth.store(stats.depth, Relaxed);
        figures.oldest_waiting_since.store(stats.oldest_waiting_since.unwrap_or(0), Relaxed);
        figures.oldest_unanswered.store(stats.oldest_unanswered.unwrap_or(0), Relaxed);
        figures.clocks_stopped_at.store(stats.clocks_stopped_at.unwrap_or(0), Relaxed);
        figures.online.store(stats.online, Relaxed);
    }

    /// A shard's count of what the members of a queue do.
    pub fn store_agents(&self, tenant: TenantId, queue: QueueId, agents: QueueAgents) {
        let figures = self.queue(tenant, queue);
        let QueueAgents { available, full, not_responding, paused, .. } = agents;
        let QueueAgents { invisible, unreachable, offline: _, .. } = agents;
        let counts = [available, full, not_responding, paused, invisible, unreachable];
        for (figure, count) in figures.agents.iter().zip(counts) {
            figure.store(count, Relaxed);
        }
    }

    /// A shard's figures of a tenant.
    pub fn store_tenant(&self, tenant: TenantId, stats: Stats) {
        self.lock_tenants().insert(tenant, stats);
    }

    /// A shard's figures of the bots of a tenant that have a guaranteed share.
    pub fn store_shares(&self, tenant: TenantId, shares: BTreeMap<BotId, BotSeats>) {
        let mut all = self.shares.lock().expect("nothing panics while it holds them");
        if shares.is_empty() {
            all.remove(&tenant);
        } else {
            all.insert(tenant, shares);
        }
    }

    /// What a bot has of the seats of the agents online who serve it.
    #[must_use]
    pub fn bot_seats(&self, tenant: TenantId, bot: BotId) -> BotSeats {
        let all = self.shares.lock().expect("nothing panics while it holds them");
        let shares = all.get(&tenant);
        shares.and_then(|shares| shares.get(&bot)).copied().unwrap_or_default()
    }

    /// A ticket changed its state durably.
    pub fn count_state(
        &self,
        conversation: &Conversation,
        before: Option<TicketState>,
        after: Option<TicketState>,
    ) {
        if before == after || conversation.test {
            return;
        }
        let figures = self.queue(conversation.tenant, conversation.queue);
        let figure = |state| match state {
            Some(TicketState::Assigned) => Some(&figures.assigned),
            Some(TicketState::InService) => Some(&figures.in_service),
            Some(TicketState::OnHold) => Some(&figures.on_hold),
            Some(TicketState::Parked) => Some(&figures.parked),
            Some(TicketState::Away) => Some(&figures.away),
            Some(TicketState::Wrapping) => Some(&figures.wrapping),
            Some(TicketState::Waiting | TicketState::Offered | TicketState::Closed) | None => None,
        };
        if let Some(figure) = figure(before) {
            figure.fetch_sub(1, Relaxed);
        }
        if let Some(figure) = figure(after) {
            figure.fetch_add(1, Relaxed);
        }
    }

    /// How long the auditor has seen a waiting ticket beside an agent who could take it, the worst
    /// over all tenants, in microseconds. A look takes nothing away: several may scrape.
    #[must_use]
    pub fn violation_us(&self) -> u64 {
        let violations = self.violations_us.lock().expect("nothing panics while it holds them");
        violations.values().copied().max().unwrap_or(0)
    }

    /// What the auditor of a tenant sees now.
    pub fn store_violation_us(&self, tenant: TenantId, violation_us: u64) {
        let mut violations = self.violations_us.lock().expect("nothing panics while it holds them");
        if violation_us == 0 {
            violations.remove(&tenant);
        } else {
            violations.insert(tenant, violation_us);
        }
    }

    /// Is anybody there for this queue?
    #[must_use]
    pub fn agents_online(
        &self,
        tenant: TenantId,
        _bot: BotId,
        queue: Option<QueueId>,
    ) -> AgentsOnlineAnswer {
        let found = queue.and_then(|queue| self.queues.get(&(tenant, queue)));
        match found {
            None => AgentsOnlineAnswer::Unknown,
            Some(figures) if figures.open.load(Relaxed) && figures.online.load(Relaxed) > 0 => {
                AgentsOnlineAnswer::Yes
            }
            Some(_) => AgentsOnlineAnswer::No,
        }
    }

    /// A queue's figures.
    #[must_use]
    pub fn queue_now(&self, tenant: TenantId, queue: QueueId) -> Option<QueueNow> {
        let figures = Arc::clone(self.queues.get(&(tenant, queue))?.value());
        let mut agents = [0; 6];
        for (count, figure) in agents.iter_mut().zip(&figures.agents) {
            *count = figure.load(Relaxed);
        }
        Some(QueueNow {
            open: figures.open.load(Relaxed),
            depth: figures.depth.load(Relaxed),
            oldest_waiting_since: figures.oldest_waiting_since.load(Relaxed),
            oldest_unanswered: figures.oldest_unanswered.load(Relaxed),
            clocks_stopped_at: figures.clocks_stopped_at.load(Relaxed),
            online: figures.online.load(Relaxed),
            agents,
            assigned: figures.assigned.load(Relaxed),
            in_service: figures.in_service.load(Relaxed),
            on_hold: figures.on_hold.load(Relaxed),
            parked: figures.parked.load(Relaxed),
            away: figures.away.load(Relaxed),
            wrapping: figures.wrapping.load(Relaxed),
        })
    }

    /// A tenant's figures.
    #[must_use]
    pub fn tenants(&self) -> Vec<(TenantId, Stats)> {
        self.lock_tenants().iter().map(|(tenant, stats)| (*tenant, *stats)).collect()
    }

    /// Figures of one tenant, or of all.
    #[must_use]
    pub fn figures(&self, scope: Option<TenantId>) -> Figures {
        let mut sum = Figures::default();
        for (tenant, stats) in self.tenants() {
            if scope.is_some_and(|only| only != tenant) {
                continue;
            }
            let tickets = stats.tickets;
            let waiting = tickets.waiting + tickets.offered;
            let in_service = tickets.in_service + tickets.on_hold;
            add(&mut sum.tickets, [waiting, tickets.assigned, in_service]);
            let agents = stats.agents;
            add(
                &mut sum.agents,
                [agents.online, agents.paused, agents.invisible, agents.unreachable],
            );
            let seats = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            add(&mut sum.seats, [seats(stats.seats_used), seats(stats.seats_online)]);
        }
        sum
    }

    /// Queues with somebody waiting, longest wait first.
    #[must_use]
    pub fn longest_queues(
        &self,
        scope: Option<TenantId>,
        published: &Published,
        now: u64,
    ) -> Vec<QueueStatus> {
        let directories = published.directories.load();
        let mut found: Vec<QueueStatus> = Vec::new();
        for (tenant, directory) in directories.tenants() {
            if scope.is_some_and(|only| only != *tenant) {
                continue;
            }
            let name = directory.tenant_name().unwrap_or_default();
            for (queue, _) in directory.queues() {
                let Some(figures) = self.queue_now(*tenant, queue) else { continue };
                if figures.depth == 0 {
                    continue;
                }
                let path = directory.queue_path(queue).unwrap_or_default();
                found.push(QueueStatus {
                    queue: format!("{name}/{path}"),
                    waiting: figures.depth,
                    oldest_waiting_us: figures.longest_wait_us(now),
                    online: figures.online,
                });
            }
        }
        found.sort_by_key(|queue| Reverse(queue.oldest_waiting_us));
        found.truncate(STATUS_QUEUES);
        found
    }

    fn queue(&self, tenant: TenantId, queue: QueueId) -> Arc<QueueFigures> {
        if let Some(figures) = self.queues.get(&(tenant, queue)) {
            return Arc::clone(&figures);
        }
        Arc::clone(&self.queues.entry((tenant, queue)).or_default())
    }

    fn lock_tenants(&self) -> std::sync::MutexGuard<'_, BTreeMap<TenantId, Stats>> {
        self.tenants.lock().expect("nothing panics while it holds the figures")
    }
}

fn add<const N: usize>(sums: &mut [u32; N], counts: [u32; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum = sum.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_clocks_of_a_queue_stand_still_nothing_counts_and_no_wait_grows() {
        let (views, tenant, queue) = (Views::default(), TenantId(1), QueueId(0));
        let now = |clocks_stopped_at| {
            let oldest_waiting_since = Some(100);
            let stats =
                QueueStats { oldest_waiting_since, clocks_stopped_at, ..Default::default() };
            views.store_queue(tenant, queue, &stats);
            let now = views.queue_now(tenant, queue).unwrap();
            (now.counted(now.oldest_waiting_since), now.longest_wait_us(1_000))
        };
        assert_eq!(now(None), (100, 900));
        assert_eq!(now(Some(150)), (0, 50));
    }
}
