//! What a scrape and the probes see of a running daemon.

use std::sync::Arc;

use relevo_journal::JournalState;
use relevo_wire::vocabulary::Role;

use super::heartbeat::Heartbeat;
use super::shared::Shared;
use crate::http::{Health, HttpState};
use crate::metrics::view::{AgentCounts, BotView, QueueAgentCounts, QueueView, ROLES, TenantView};
use crate::metrics::{GaugeView, Transport};
use crate::session::Codec;

/// A shard or journal with work that has not come round for so long is stuck.
const STUCK_MS: u64 = 5_000;

/// Metrics, readiness and liveness of a daemon.
pub(super) fn http_state(shared: &Arc<Shared>, heartbeats: Vec<Arc<Heartbeat>>) -> HttpState {
    let (view, live, ready) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let journal = JournalWatch::default();
    HttpState::new(
        Arc::clone(&shared.metrics),
        move || gauge_view(&view),
        move || liveness(&live, &heartbeats, &journal),
        move || readiness(&ready),
    )
}

/// When the journal's rounds last changed.
#[derive(Default)]
struct JournalWatch {
    turns: std::sync::atomic::AtomicU64,
    heartbeat: Heartbeat,
}

fn liveness(shared: &Shared, heartbeats: &[Arc<Heartbeat>], journal: &JournalWatch) -> Health {
    use std::sync::atomic::Ordering::Relaxed;
    let mut reasons = Vec::new();
    for (number, heartbeat) in heartbeats.iter().enumerate() {
        let age_ms = heartbeat.age_ms();
        if age_ms > STUCK_MS {
            reasons.push(format!("shard {number} has not come round for {age_ms} ms"));
        }
    }
    let turns = shared.journal.turns();
    if journal.turns.swap(turns, Relaxed) != turns || shared.journal.pending() == 0 {
        journal.heartbeat.beat();
    }
    let age_ms = journal.heartbeat.age_ms();
    if age_ms > STUCK_MS {
        reasons.push(format!("the journal has work and has not come round for {age_ms} ms"));
    }
    if shared.journal.state() == JournalState::Poisoned {
        reasons.push("the log has failed".to_owned());
    }
    Health { reasons }
}

fn readiness(shared: &Shared) -> Health {
    let reasons = if shared.is_ready() {
        Vec::new()
    } else {
        let why = shared.accepting().err().map(|error| error.message);
        vec![why.unwrap_or_else(|| "starting".to_owned())]
    };
    Health { reasons }
}

fn gauge_view(shared: &Shared) -> GaugeView {
    let mut view = GaugeView {
        work_conservation_violation_us: shared.views.violation_us(),
        journal_durable_sequence: shared.journal.durable_record().0,
        journal_decided_sequence: shared.journal.durable_record().0 + shared.journal.pending(),
        ..GaugeView::default()
    };
    for session in &shared.sessions {
        let transport = match session.codec {
            Codec::Rkyv => Transport::Quic,
            Codec::Json => Transport::QuicJson,
        };
        let role = ROLES.iter().position(|role: &Role| *role == session.role);
        if let Some(role) = role {
            view.sessions[transport as usize][role] += 1;
        }
        view.outbox_bytes += session.outbox.len_bytes() as u64;
    }
    for (tenant, stats) in shared.views.tenants() {
        let agents = stats.agents;
        view.tenants.push(TenantView {
            tenant,
            agents: AgentCounts {
                online: agents.online.into(),
                paused: agents.paused.into(),
                invisible: agents.invisible.into(),
                offline: agents.offline.into(),
                unreachable: agents.unreachable.into(),
            },
            seats: stats.seats_online,
            seats_used: stats.seats_used,
        });
    }
    let on_the_wall = |at| if at == 0 { 0 } else { shared.clock.on_the_wall(at) };
    let directories = shared.published.directories.load();
    for (tenant, directory) in directories.tenants() {
        for (bot, object) in directory.bots().filter(|(_, bot)| bot.object.active) {
            let _ = object;
            let reachable = shared.has_bot_session(*tenant, bot);
            let seats = shared.views.bot_seats(*tenant, bot);
            view.bots.push(BotView { tenant: *tenant, bot, reachable, seats });
        }
        for (queue, _) in directory.queues() {
            let Some(now) = shared.views.queue_now(*tenant, queue) else { continue };
            let [available, full, not_responding, paused, invisible, unreachable] =
                now.agents.map(u64::from);
            view.queues.push(QueueView {
                tenant: *tenant,
                queue,
                open: now.open,
                waiting: now.depth.into(),
                assigned: now.assigned.into(),
                in_service: now.in_service.into(),
                on_hold: now.on_hold.into(),
                parked: now.parked.into(),
                away: now.away.into(),
                wrapping: now.wrapping.into(),
                oldest_waiting_since: on_the_wall(now.counted(now.oldest_waiting_since)),
                oldest_unanswered: on_the_wall(now.counted(now.oldest_unanswered)),
                agents: QueueAgentCounts {
                    available,
                    full,
                    not_responding,
                    paused,
                    invisible,
                    unreachable,
                },
            });
        }
    }
    view
}
