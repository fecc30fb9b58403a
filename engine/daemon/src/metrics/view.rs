//! What is true now, as the daemon publishes it each second: plain numbers, no names.

use super::board::{Board, BoardMaker};
use super::labels::Transport;
use super::series::{AGENT_STATES, BOT_STATES, QUEUE_AGENT_STATES, TICKET_STATES};
use relevo_routing::Micros;
use relevo_routing::stats::BotSeats;
use relevo_wire::vocabulary::Role;
use relevo_wire::{BotId, QueueId, TenantId};
use std::collections::HashMap;
use std::sync::Arc;

/// Roles in the order of [`GaugeView::sessions`].
pub const ROLES: [Role; 4] = [Role::Bot, Role::Agent, Role::Admin, Role::Operator];

/// Everything that a gauge says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GaugeView {
    /// Every tenant.
    pub tenants: Vec<TenantView>,
    /// Every active bot.
    pub bots: Vec<BotView>,
    /// Every queue.
    pub queues: Vec<QueueView>,
    /// Open sessions by transport (its number) and role ([`ROLES`]).
    pub sessions: [[u64; ROLES.len()]; Transport::ALL.len()],
    /// Bytes in all outboxes.
    pub outbox_bytes: u64,
    /// How long a waiting ticket and an agent who could take it coexist, by the auditor.
    pub work_conservation_violation_us: Micros,
    /// Number of the last record handed to the log.
    pub journal_decided_sequence: u64,
    /// Number of the last durable record.
    pub journal_durable_sequence: u64,
}

/// A tenant now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantView {
    /// Which.
    pub tenant: TenantId,
    /// Its agents, each in one of these.
    pub agents: AgentCounts,
    /// Seats of the agents who are online and reachable.
    pub seats: u64,
    /// Seats taken, of all agents.
    pub seats_used: u64,
}

/// Agents of a tenant by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgentCounts {
    /// Intent online and reachable.
    pub online: u64,
    /// Intent paused and reachable.
    pub paused: u64,
    /// Intent invisible and reachable.
    pub invisible: u64,
    /// Intent offline.
    pub offline: u64,
    /// Any intent but offline, in grace or unreachable.
    pub unreachable: u64,
}

/// A bot now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotView {
    /// Its tenant.
    pub tenant: TenantId,
    /// Which.
    pub bot: BotId,
    /// Has a session.
    pub reachable: bool,
    /// What it has of the seats of the agents online who serve it.
    pub seats: BotSeats,
}

/// A queue now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueView {
    /// Its tenant.
    pub tenant: TenantId,
    /// Which.
    pub queue: QueueId,
    /// Takes tickets.
    pub open: bool,
    /// Tickets waiting, those reserved for an agent included.
    pub waiting: u64,
    /// Tickets with an agent and no reply.
    pub assigned: u64,
    /// Tickets in service.
    pub in_service: u64,
    /// Tickets on hold.
    pub on_hold: u64,
    /// Tickets that an agent has parked.
    pub parked: u64,
    /// Tickets whose customers left while they waited, and keep their places.
    pub away: u64,
    /// Closed tickets that an agent wraps up.
    pub wrapping: u64,
    /// When the ticket that waits longest began to wait, by the clock of its queue; 0 for none, and
    /// while the queue is closed and that clock stands still.
    pub oldest_waiting_since: Micros,
    /// When the oldest ticket without a reply was assigned: likewise.
    pub oldest_unanswered: Micros,
    /// Its members, without those offline.
    pub agents: QueueAgentCounts,
}

/// Members of a queue by what they could take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueAgentCounts {
    /// Online, reachable, with a free seat.
    pub available: u64,
    /// Online, reachable, without one.
    pub full: u64,
    /// Online, reachable, but missed an offer and has done nothing since.
    pub not_responding: u64,
    /// Paused and reachable.
    pub paused: u64,
    /// Invisible and reachable.
    pub invisible: u64,
    /// In grace or unreachable.
    pub unreachable: u64,
}

impl GaugeView {
    /// Sets the contact-center gauges: each series to the sum of what stands behind it, and those
    /// behind which nothing stands to 0.
    pub(super) fn set(&self, board: &Board, maker: &BoardMaker) {
        self.set_queues(board, maker);
        let mut bots = HashMap::new();
        for bot in &self.bots {
            let sum: &mut BotSum =
                bots.entry(Arc::as_ptr(board.bot(bot.tenant, bot.bot))).or_default();
            sum.add(bot);
        }
        for series in maker.bots() {
            let sum = bots.get(&Arc::as_ptr(series)).copied().unwrap_or_default();
            let gauges = series.states.iter().chain(&series.seats);
            for (gauge, count) in gauges.zip(sum.states.into_iter().chain(sum.seats)) {
                gauge.set(count as f64);
            }
        }
        let mut tenants = HashMap::new();
        for tenant in &self.tenants {
            let sum: &mut TenantSum =
                tenants.entry(Arc::as_ptr(board.tenant(tenant.tenant))).or_default();
            sum.add(tenant);
        }
        for series in maker.tenants() {
            let sum = tenants.get(&Arc::as_ptr(series)).copied().unwrap_or_default();
            for (gauge, count) in series.agents.iter().zip(sum.agents) {
                gauge.set(count as f64);
            }
            series.seats.set(sum.seats as f64);
            series.seats_used.set(sum.seats_used as f64);
        }
    }

    fn set_queues(&self, board: &Board, maker: &BoardMaker) {
        let mut queues = HashMap::new();
        for queue in &self.queues {
            let sum: &mut QueueSum =
                queues.entry(Arc::as_ptr(board.queue(queue.tenant, queue.queue))).or_default();
            sum.add(queue);
        }
        for series in maker.queues() {
            let sum = queues.get(&Arc::as_ptr(series)).copied().unwrap_or_default();
            series.depth.set(sum.tickets[0] as f64);
            series.open.set(sum.open as f64);
            series.oldest_waiting_since.set(sum.oldest_waiting_since as f64 / 1e6);
            series.oldest_unanswered.set(sum.oldest_unanswered as f64 / 1e6);
            for (gauge, count) in series.agents.iter().zip(sum.agents) {
                gauge.set(count as f64);
            }
            for (gauge, count) in series.tickets.iter().zip(sum.tickets) {
                gauge.set(count as f64);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct BotSum {
    states: [u64; BOT_STATES.len()],
    seats: [u64; 3],
}

impl BotSum {
    fn add(&mut self, bot: &BotView) {
        self.states[usize::from(!bot.reachable)] += 1;
        let BotSeats { seats, guaranteed, used } = bot.seats;
        add(&mut self.seats, [seats, guaranteed, used]);
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct TenantSum {
    agents: [u64; AGENT_STATES.len()],
    seats: u64,
    seats_used: u64,
}

impl TenantSum {
    fn add(&mut self, tenant: &TenantView) {
        let AgentCounts { online, paused, invisible, offline, unreachable } = tenant.agents;
        add(&mut self.agents, [online, paused, invisible, offline, unreachable]);
        self.seats += tenant.seats;
        self.seats_used += tenant.seats_used;
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct QueueSum {
    open: u64,
    oldest_waiting_since: Micros,
    oldest_unanswered: Micros,
    agents: [u64; QUEUE_AGENT_STATES.len()],
    tickets: [u64; TICKET_STATES.len()],
}

impl QueueSum {
    fn add(&mut self, queue: &QueueView) {
        let QueueAgentCounts { available, full, not_responding, .. } = queue.agents;
        let QueueAgentCounts { paused, invisible, unreachable, .. } = queue.agents;
        let agents = [available, full, not_responding, paused, invisible, unreachable];
        add(&mut self.agents, agents);
        let QueueView { waiting, assigned, in_service, on_hold, parked, away, wrapping, .. } =
            *queue;
        add(&mut self.tickets, [waiting, assigned, in_service, on_hold, parked, away, wrapping]);
        self.open += u64::from(queue.open);
        self.oldest_waiting_since = oldest(self.oldest_waiting_since, queue.oldest_waiting_since);
        self.oldest_unanswered = oldest(self.oldest_unanswered, queue.oldest_unanswered);
    }
}

fn add<const N: usize>(sums: &mut [u64; N], counts: [u64; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// The earlier of two moments, of which 0 is none.
fn oldest(one: Micros, other: Micros) -> Micros {
    match (one, other) {
        (0, moment) | (moment, 0) => moment,
        (one, other) => one.min(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::text::Scrape;
    use crate::metrics::{ContactCenterBuckets, Metrics, QueueEntry};

    fn entry(tenant: u64, queue: u32) -> QueueEntry {
        QueueEntry {
            tenant: TenantId(tenant),
            tenant_name: format!("tenant-{tenant}"),
            bot: BotId(queue / 10),
            bot_name: format!("bot-{}", queue / 10),
            queue: QueueId(queue),
            queue_name: format!("queue-{queue}"),
            own_metrics: false,
            threshold_seconds: 60,
        }
    }

    fn queue(queue: u32, waiting: u64, oldest: Micros) -> QueueView {
        QueueView {
            tenant: TenantId(1),
            queue: QueueId(queue),
            open: true,
            waiting,
            assigned: 2,
            in_service: 3,
            on_hold: 4,
            parked: 5,
            away: 8,
            wrapping: 6,
            oldest_waiting_since: oldest,
            oldest_unanswered: 0,
            agents: QueueAgentCounts {
                available: 1,
                full: 2,
                not_responding: 3,
                paused: 4,
                invisible: 5,
                unreachable: 6,
            },
        }
    }

    fn metrics(directory: &[QueueEntry]) -> Metrics {
        let metrics = Metrics::new(&ContactCenterBuckets::new(&[]).unwrap(), "0");
        metrics.contact_center().set_directory(directory);
        metrics
    }

    fn scrape(metrics: &Metrics, view: &GaugeView) -> Scrape {
        Scrape::parse(&metrics.render(view)).expect("text format")
    }

    #[test]
    fn a_queue_shows_its_own_numbers_and_0_when_it_is_gone() {
        let metrics = metrics(&[entry(1, 0), entry(1, 1)]);
        let names = [("tenant", "tenant-1"), ("bot", "bot-0"), ("queue", "queue-0")];
        let value = |scrape: &Scrape, name, more: &[(&str, &str)]| {
            let labels: Vec<_> = names.iter().chain(more).copied().collect();
            scrape.value(name, &labels)
        };
        let view = GaugeView { queues: vec![queue(0, 7, 1_500_000)], ..GaugeView::default() };
        let now = scrape(&metrics, &view);
        assert_eq!(value(&now, "relevo_queue_depth", &[]), Some(7.0));
        assert_eq!(value(&now, "relevo_queue_open", &[]), Some(1.0));
        let oldest = "relevo_queue_oldest_waiting_since_timestamp_seconds";
        assert_eq!(value(&now, oldest, &[]), Some(1.5));
        let unanswered = "relevo_queue_oldest_unanswered_timestamp_seconds";
        assert_eq!(value(&now, unanswered, &[]), Some(0.0));
        for (state, count) in QUEUE_AGENT_STATES.into_iter().zip([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) {
            let agents = value(&now, "relevo_queue_agents", &[("state", state)]);
            assert_eq!(agents, Some(count), "{state}");
        }
        let counts: [f64; TICKET_STATES.len()] = [7.0, 2.0, 3.0, 4.0, 5.0, 8.0, 6.0];
        for (state, count) in TICKET_STATES.into_iter().zip(counts) {
            let tickets = value(&now, "relevo_tickets", &[("state", state)]);
            assert_eq!(tickets, Some(count), "{state}");
        }
        let then = scrape(&metrics, &GaugeView::default());
        assert_eq!(value(&then, "relevo_queue_depth", &[]), Some(0.0));
        assert_eq!(value(&then, oldest, &[]), Some(0.0));
    }

    #[test]
    fn the_rest_is_a_sum_and_its_oldest_the_earliest_there_is() {
        let metrics = metrics(&[]);
        let queues = vec![queue(1, 2, 0), queue(2, 3, 9_000_000), queue(3, 4, 8_000_000)];
        let now = scrape(&metrics, &GaugeView { queues, ..GaugeView::default() });
        let other = ["tenant", "bot", "queue"].map(|label| (label, "__other__"));
        assert_eq!(now.value("relevo_queue_depth", &other), Some(9.0));
        assert_eq!(now.value("relevo_queue_open", &other), Some(3.0));
        let oldest = now.value("relevo_queue_oldest_waiting_since_timestamp_seconds", &other);
        assert_eq!(oldest, Some(8.0));
    }

    #[test]
    fn tenants_bots_and_the_engine_show_theirs() {
        let metrics = metrics(&[entry(1, 0), entry(1, 10)]);
        let bot = |bot: u32, reachable| {
            let used = u64::from(bot) + 1;
            let seats = BotSeats { seats: 10 * used, guaranteed: 5 * used, used };
            BotView { tenant: TenantId(1), bot: BotId(bot), reachable, seats }
        };
        let agents = AgentCounts { online: 1, paused: 2, invisible: 3, offline: 4, unreachable: 5 };
        let view = GaugeView {
            tenants: vec![TenantView { tenant: TenantId(1), agents, seats: 30, seats_used: 12 }],
            bots: vec![bot(0, true), bot(1, false), bot(2, false), bot(3, false)],
            sessions: [[1, 2, 3, 4], [5, 6, 7, 8]],
            work_conservation_violation_us: 2_500_000,
            journal_decided_sequence: 12,
            journal_durable_sequence: 11,
            ..GaugeView::default()
        };
        let now = scrape(&metrics, &view);
        for (state, count) in AGENT_STATES.into_iter().zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
            let labels = [("tenant", "tenant-1"), ("state", state)];
            assert_eq!(now.value("relevo_agents", &labels), Some(count), "{state}");
        }
        assert_eq!(now.value("relevo_seats", &[("tenant", "tenant-1")]), Some(30.0));
        assert_eq!(now.value("relevo_seats_used", &[("tenant", "tenant-1")]), Some(12.0));
        for (tenant, bot, state, count) in [
            ("tenant-1", "bot-0", "reachable", 1.0),
            ("tenant-1", "bot-0", "unreachable", 0.0),
            ("tenant-1", "bot-1", "unreachable", 1.0),
            ("__other__", "__other__", "unreachable", 2.0),
        ] {
            let labels = [("tenant", tenant), ("bot", bot), ("state", state)];
            assert_eq!(now.value("relevo_bots", &labels), Some(count), "{labels:?}");
        }
        for (tenant, bot, used) in [
            ("tenant-1", "bot-0", 1.0),
            ("tenant-1", "bot-1", 2.0),
            ("__other__", "__other__", 7.0),
        ] {
            let seats =
                ["relevo_bot_seats", "relevo_bot_seats_guaranteed", "relevo_bot_seats_used"];
            let labels = [("tenant", tenant), ("bot", bot)];
            let values = seats.map(|name| now.value(name, &labels));
            assert_eq!(values, [10.0, 5.0, 1.0].map(|of_one| Some(of_one * used)), "{labels:?}");
        }
        let json_agents = [("transport", "quic_json"), ("role", "agent")];
        assert_eq!(now.value("relevo_sessions", &json_agents), Some(6.0));
        for (name, value) in [
            ("relevo_work_conservation_violation_seconds", 2.5),
            ("relevo_journal_decided_sequence", 12.0),
            ("relevo_journal_durable_sequence", 11.0),
        ] {
            assert_eq!(now.value(name, &[]), Some(value), "{name}");
        }
    }
}
