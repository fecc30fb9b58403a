//! Live numbers of a tenant, kept as events are applied: reading them costs nothing.
//!
//! Test tickets are in `all` and in no other figure.

use crate::Micros;
use rkyv::{Archive, Deserialize, Serialize};

/// Numbers of the whole tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Tickets by state.
    pub tickets: TicketStats,
    /// Agents by what they do.
    pub agents: AgentStats,
    /// Bots with a session, and without one.
    pub bots_reachable: u32,
    /// Bots without a session.
    pub bots_unreachable: u32,
    /// Seats of the active agents.
    pub seats: u64,
    /// Seats of the agents online.
    pub seats_online: u64,
    /// Seats in use.
    pub seats_used: u64,
    /// Every ticket ever, tests too: created = open + closed.
    pub all: Totals,
}

/// Open tickets by state, and closed ones that are still resumable. Without tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TicketStats {
    /// In a line.
    pub waiting: u32,
    /// Out of the line, before agents who may accept it.
    pub offered: u32,
    /// With an agent who has not written yet.
    pub assigned: u32,
    /// With an agent who has.
    pub in_service: u32,
    /// In service, and on hold.
    pub on_hold: u32,
    /// Parked by an agent, in no seat.
    pub parked: u32,
    /// Its customer left while it waited, and keeps its place.
    pub away: u32,
    /// Closed, and its agent wraps it up.
    pub wrapping: u32,
    /// Closed, and not yet forgotten.
    pub resumable: u32,
}

/// Active agents by what they do. An agent without a session counts as unreachable unless its
/// intent is offline; within its grace period it counts by its intent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgentStats {
    /// Online and reachable, or within the grace period after a start.
    pub online: u32,
    /// Paused.
    pub paused: u32,
    /// Invisible.
    pub invisible: u32,
    /// Intent offline.
    pub offline: u32,
    /// Another intent and no session beyond the grace period, or online within an ordinary grace
    /// period.
    pub unreachable: u32,
}

/// Every ticket since the tenant began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Totals {
    /// Tickets made.
    pub created: u64,
    /// Tickets closed, by outcome in the order of its variants.
    pub closed: [u64; 7],
}

impl Totals {
    /// Tickets closed.
    #[must_use]
    pub fn closed_in_all(&self) -> u64 {
        self.closed.iter().sum()
    }
}

/// Numbers of one queue. Without tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Takes new tickets: tenant, bot and queue are active.
    pub open: bool,
    /// Tickets that wait, those offered included.
    pub depth: u32,
    /// When the one that waits longest began to wait: later by what its queue was closed since.
    pub oldest_waiting_since: Option<Micros>,
    /// When the oldest assigned ticket without a reply was assigned: likewise.
    pub oldest_unanswered: Option<Micros>,
    /// Since when both clocks stand still, as the queue is closed; the moments are as they were then.
    pub clocks_stopped_at: Option<Micros>,
    /// Members online: with intent online and reachable, or within the grace period after a start.
    pub online: u32,
}

/// What a bot has of the seats of the agents online who serve it. All 0 for a bot without a guaranteed
/// share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BotSeats {
    /// Seats of the agents online who serve it: in a queue of its, and not away for it.
    pub seats: u64,
    /// Those that are guaranteed to it, rounded down.
    pub guaranteed: u64,
    /// Those that its tickets use, with offers, wrap-ups and tests.
    pub used: u64,
}

/// What the members of a queue do: counted when asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueAgents {
    /// Online and reachable with a free seat.
    pub available: u32,
    /// Online and reachable without one.
    pub full: u32,
    /// Online and reachable, but missed an offer and has done nothing since.
    pub not_responding: u32,
    /// Paused.
    pub paused: u32,
    /// Invisible.
    pub invisible: u32,
    /// Not offline, and without a session (or in the grace period).
    pub unreachable: u32,
    /// Intent offline, inactive, or away for the bot of the queue.
    pub offline: u32,
}
