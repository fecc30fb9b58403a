//! What every part of a running daemon holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dashmap::DashMap;
use relevo_journal::{JournalHandle, JournalState, StorageState};
use relevo_routing::input::{Command as RoutingCommand, Input};
use relevo_wire::answer::StatusReport;
use relevo_wire::command::Command;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{BotId, SessionId, TenantId};
use relevo_wire::limits;
use relevo_wire::vocabulary::Role;
use rustc_hash::FxBuildHasher;
use tokio::sync::{Semaphore, watch};

use crate::admission::{BotShare, Budget};
use crate::clock::Clock;
use crate::explain::past::LookBack;
use crate::metrics::Metrics;
use crate::publish::Published;
use crate::publish::load::Most;
use crate::publish::outcome::{Asker, Outcome};
use crate::quic;
use crate::ring::Producer;
use crate::session::buffers::Buffers;
use crate::session::{Party, Session};
use crate::shard::presence::Presences;
use crate::shard::{ShardInput, shard_of};
use crate::views::Views;

/// Between two commits that are asked for because budget is wanted. Others who flood the daemon make
/// commits of their own, and few commands wait so long.
pub const COMMIT_INTERVAL: Duration = Duration::from_millis(20);

/// Why the daemon cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fatal {
    /// The log failed: exit 74.
    Storage,
    /// A thread panicked or a fault of ours was found: exit 70.
    Panic,
}

/// What every part of a running daemon holds.
pub struct Shared {
    /// Time.
    pub clock: Clock,
    /// What is durable and visible.
    pub published: Arc<Published>,
    /// Seat words and live sessions of agents.
    pub presences: Arc<Presences>,
    /// Lock-free figures of queues and agents.
    pub views: Arc<Views>,
    /// Admission.
    pub budget: Budget,
    /// What sessions hold of frames under way.
    pub buffers: Arc<Buffers>,
    /// Places of sessions: each has one until nothing of it is left, in the pipeline either.
    pub places: Arc<Semaphore>,
    /// Bots that may have the wide window of a bot.
    pub wide_windows: Arc<Semaphore>,
    /// The log.
    pub journal: JournalHandle<Outcome>,
    /// Live sessions.
    pub sessions: DashMap<SessionId, Arc<Session>, FxBuildHasher>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Most bots, queues and agents.
    pub max_objects: u32,
    /// Most tenants.
    pub max_tenants: u16,
    /// How the past is explained.
    pub(crate) look_back: LookBack,
    rings: Vec<Producer<ShardInput>>,
    bot_shares: DashMap<(TenantId, BotId), BotShare, FxBuildHasher>,
    parties: DashMap<(TenantId, Party), u32, FxBuildHasher>,
    max_sessions: usize,
    most: Most,
    session_ids: AtomicU64,
    commit_asked_us: AtomicU64,
    ready: AtomicBool,
    draining: AtomicBool,
    fatal: watch::Sender<Option<Fatal>>,
}

/// What [`Shared::new`] takes.
pub struct Parts {
    /// Time.
    pub clock: Clock,
    /// What is durable and visible.
    pub published: Arc<Published>,
    /// Seat words.
    pub presences: Arc<Presences>,
    /// Figures.
    pub views: Arc<Views>,
    /// Admission.
    pub budget: Budget,
    /// What sessions hold of frames under way.
    pub buffers: Arc<Buffers>,
    /// Most sessions at once.
    pub max_sessions: usize,
    /// Most that is remembered.
    pub most: Most,
    /// Most bots, queues and agents.
    pub max_objects: u32,
    /// Most tenants.
    pub max_tenants: u16,
    /// The log.
    pub journal: JournalHandle<Outcome>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// One for each shard.
    pub rings: Vec<Producer<ShardInput>>,
    /// How the past is explained.
    pub(crate) look_back: LookBack,
    /// Where a failure is told.
    pub fatal: watch::Sender<Option<Fatal>>,
}

impl Shared {
    /// Not ready yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let session_ids = AtomicU64::new(parts.clock.now_us());
        Self {
            clock: parts.clock,
            published: parts.published,
            presences: parts.presences,
            views: parts.views,
            budget: parts.budget,
            buffers: parts.buffers,
            places: Arc::new(Semaphore::new(parts.max_sessions)),
            wide_windows: Arc::new(Semaphore::new(quic::WIDE_WINDOWS)),
            journal: parts.journal,
            sessions: DashMap::with_hasher(FxBuildHasher),
            metrics: parts.metrics,
            look_back: parts.look_back,
            rings: parts.rings,
            bot_shares: DashMap::with_hasher(FxBuildHasher),
            parties: DashMap::with_hasher(FxBuildHasher),
            max_sessions: parts.max_sessions,
            most: parts.most,
            max_objects: parts.max_objects,
            max_tenants: parts.max_tenants,
            session_ids,
            commit_asked_us: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            fatal: parts.fatal,
        }
    }

    /// Unique for the life of a data directory: the clock at the start, counted up. It stays unique
    /// as long as sessions open more slowly than one a microsecond.
    #[must_use]
    pub fn next_session_id(&self) -> SessionId {
        SessionId(self.session_ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Does the daemon take commands?
    ///
    /// # Errors
    /// `draining` or `unavailable`.
    pub fn accepting(&self) -> Result<(), WireError> {
        if self.journal.state() != JournalState::Running {
            return Err(WireError::new(ErrorCode::Unavailable, "the log has failed"));
        }
        if self.is_draining() {
            return Err(WireError::new(
                ErrorCode::Draining,
                "the daemon is shutting down: connect elsewhere",
            ));
        }
        Ok(())
    }

    /// Is there space for what this command writes? Closes, timers and receipts go on.
    ///
    /// # Errors
    /// `storage_full`.
    pub fn storing(&self, command: &Command) -> Result<(), WireError> {
        let writes = matches!(command, Command::HandOff(_) | Command::Send(_));
        if writes && self.journal.storage() == StorageState::Full {
            return Err(WireError::new(
                ErrorCode::StorageFull,
                "the disk is nearly full: closes and receipts are still taken",
            ));
        }
        Ok(())
    }

    /// Is there memory for what this command makes the daemon remember? Closes, timers and receipts
    /// go on.
    ///
    /// # Errors
    /// `limit_exceeded`.
    pub fn remembering(&self, session: &Session, command: &Command) -> Result<(), WireError> {
        let (opens, ticket) = if let Command::Transfer(transfer) = command {
            (true, Some(transfer.ticket))
        } else if let Command::Send(send) = command {
            (false, send.ticket)
        } else if matches!(command, Command::HandOff(_)) {
            (true, None)
        } else {
            return Ok(());
        };
        let conversations = &self.published.conversations;
        let bot = match session.party {
            Party::Bot(bot) => Some(bot),
            Party::Agent(_) => ticket.and_then(|ticket| conversations.read(ticket, |c| c.bot)),
            Party::Admin => None,
        };
        // What is of no bot is refused by the core.
        let Some(bot) = bot else { return Ok(()) };
        let (of_bot, all) = (conversations.load_of(session.tenant, bot), conversations.load());
        let what = if opens && !self.most.admits_ticket(of_bot, all) {
            "tickets"
        } else if !self.most.admits_entry(of_bot, all) {
            "entries of tickets"
        } else {
            return Ok(());
        };
        let message = format!(
            "the bot has as many {what} as it may: closed tickets go once both sides have confirmed \
             their entries"
        );
        Err(WireError::new(ErrorCode::LimitExceeded, message))
    }

    /// A bot's part of the budget; `None` for agents.
    #[must_use]
    pub fn bot_share(&self, session: &Session) -> Option<BotShare> {
        let Party::Bot(bot) = session.party else { return None };
        let share = self.bot_shares.entry((session.tenant, bot));
        Some(share.or_insert_with(|| self.budget.bot_share()).clone())
    }

    /// Has this bot a live session?
    #[must_use]
    pub fn has_bot_session(&self, tenant: TenantId, bot: BotId) -> bool {
        self.parties.contains_key(&(tenant, Party::Bot(bot)))
    }

    /// Most sessions at once.
    #[must_use]
    pub fn max_sessions(&self) -> usize {
        self.max_sessions
    }

    /// Counts one more session of a party.
    ///
    /// # Errors
    /// `limit_exceeded`: it has as many as it may.
    pub fn enter(&self, tenant: TenantId, party: Party) -> Result<(), WireError> {
        let mut sessions = self.parties.entry((tenant, party)).or_insert(0);
        if *sessions >= limits::SESSIONS {
            let message = format!("at most {} sessions at once", limits::SESSIONS);
            return Err(WireError::new(ErrorCode::LimitExceeded, message));
        }
        *sessions += 1;
        Ok(())
    }

    /// Counts one session less.
    pub fn leave(&self, tenant: TenantId, party: Party) {
        self.parties.remove_if_mut(&(tenant, party), |_, sessions| {
            *sessions = sessions.saturating_sub(1);
            *sessions == 0
        });
    }

    /// Hands admitted inputs of one tenant to its shard, with one ring of its bell.
    pub fn submit(&self, tenant: TenantId, inputs: &mut VecDeque<ShardInput>) {
        self.ring(tenant).push_many(inputs);
        // A ring has as many places as the budget has entries, and each input holds a permit.
        assert!(inputs.is_empty(), "an admitted input finds a place in the ring");
    }

    /// Hands one admitted input to its shard.
    pub fn submit_one(&self, input: ShardInput) {
        let refused = self.ring(input.tenant).push(input);
        assert!(refused.is_ok(), "an admitted input finds a place in the ring");
    }

    /// Hands in what the daemon itself learnt.
    pub fn learn(&self, tenant: TenantId, input: Input, asker: Asker) {
        let is_end = matches!(asker, Asker::Lost(_));
        let learnt = ShardInput {
            tenant,
            command: RoutingCommand { idempotency: None, input },
            private: Bytes::new(),
            asker,
            received: Instant::now(),
            permit: None,
        };
        let ring = self.ring(tenant);
        if is_end {
            ring.push_end(learnt);
        } else {
            ring.push_internal(learnt);
        }
    }

    /// Has committed what waits for the next commit and holds budget until then: receipts. Of those
    /// who ask in one [`COMMIT_INTERVAL`] the first is heard, and the others ask again.
    pub fn ask_for_commit(&self, tenant: TenantId) {
        let (now, interval) = (self.clock.now_us(), COMMIT_INTERVAL.as_micros() as u64);
        let is_due = |asked: u64| (asked + interval <= now).then_some(now);
        if self.commit_asked_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok() {
            // A look at the timers waits for nobody, and takes with it what came before.
            self.learn(tenant, Input::Tick, Asker::Nobody);
        }
    }

    /// Wakes every shard: to stop.
    pub fn wake_shards(&self) {
        for ring in &self.rings {
            ring.wake();
        }
    }

    /// Commands that wait in all rings.
    #[must_use]
    pub fn ring_depth(&self) -> usize {
        self.rings.iter().map(Producer::depth).sum()
    }

    /// Sessions are taken from now on.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Ready, and not draining, and the log works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && self.accepting().is_ok()
    }

    /// Do the sessions go?
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// No new commands from now on.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// The process cannot go on.
    pub fn fail(&self, what: &str) {
        tracing::error!(what, "the daemon cannot go on");
        self.fatal.send_replace(Some(Fatal::Panic));
    }

    /// Live numbers, for those tenants that the session may see.
    #[must_use]
    pub fn status(&self, session: &Session) -> StatusReport {
        let scope = (session.role != Role::Operator).then_some(session.tenant);
        let mut sessions = [0; 3];
        for entry in &self.sessions {
            if scope.is_some_and(|tenant| tenant != entry.tenant) {
                continue;
            }
            let at = match entry.party {
                Party::Bot(_) => 0,
                Party::Agent(_) => 1,
                Party::Admin => 2,
            };
            sessions[at] += 1;
        }
        let figures = self.views.figures(scope);
        StatusReport {
            server: env!("CARGO_PKG_VERSION").to_owned(),
            ready: self.is_ready(),
            uptime_us: u64::try_from(self.clock.uptime().as_micros()).unwrap_or(u64::MAX),
            sessions,
            tickets: figures.tickets,
            agents: figures.agents,
            seats: figures.seats,
            durable_record: self.journal.durable_record().0,
            queues: self.views.longest_queues(scope, &self.published, self.clock.now_us()),
        }
    }

    fn ring(&self, tenant: TenantId) -> &Producer<ShardInput> {
        &self.rings[shard_of(tenant, self.rings.len())]
    }
}
