//! The daemon as a whole: recovery, threads, endpoint, drain.
//!
//! It wires the stages together and decides nothing.

mod alive;
mod bootstrap;
mod gauges;
pub mod heartbeat;
mod marker;
mod recovery;
pub mod shared;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quinn::Endpoint;
use relevo_journal::{Failure, Hooks};
use relevo_routing::input::Input;
use relevo_routing::tenant::{Origin, Settings};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::admission::Budget;
use crate::clock::Clock;
use crate::config::Config;
use crate::explain::past::{LookBack, SecondState};
use crate::http;
use crate::memory::Bound;
use crate::metrics::{ContactCenterBuckets, Metrics};
use crate::publish::Publisher;
use crate::publish::load::{Load, Most};
use crate::quic;
use crate::ring::ring;
use crate::session::buffers::Buffers;
use crate::shard::machine::ShardMachine;
use crate::shard::presence::Presences;
use crate::shard::shard_of;
use crate::shard::thread::ShardThread;
use crate::telemetry::{Telemetry, queue_entries};
use crate::tls::{Tls, TlsError};
use crate::views::Views;

use alive::Alive;
use heartbeat::Heartbeat;
use marker::Marker;
pub use recovery::RecoverError;
pub use shared::Fatal;
use shared::{Parts, Shared};

/// Entries of the command ring beyond the budget: what holds a permit and is not yet in the ring
/// never finds it full.
pub(crate) const RING_SLACK: usize = 1024;

/// Why a daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log: exit 74.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The development certificate cannot be stored: exit 74.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address: exit 69.
    #[error(transparent)]
    Bind(#[from] quic::BindError),
    /// The HTTP address: exit 69.
    #[error("cannot listen on TCP {address}: {error}")]
    Http {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The bootstrap directory: exit 78.
    #[error("the bootstrap directory was refused: {0}")]
    Bootstrap(String),
    /// What the start writes did not come into the log, which has told why: exit 74.
    #[error("the log has failed")]
    LogFailed,
    /// A file that says how far a start came: exit 74.
    #[error("cannot keep {}: {error}", file.display())]
    Marker {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The system gives no thread: exit 70.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A running daemon.
pub struct Daemon {
    shared: Arc<Shared>,
    endpoint: Endpoint,
    quic_address: SocketAddr,
    http_address: SocketAddr,
    operator_key: Option<String>,
    untold_key: Marker,
    alive: Arc<Alive>,
    stop_shards: watch::Sender<bool>,
    stop_tasks: watch::Sender<bool>,
    shards: Vec<JoinHandle<()>>,
    fatal: watch::Receiver<Option<Fatal>>,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainOutcome {
    /// Every session has gone and the log is synced.
    Clean,
    /// Sessions were still there at the end of the time; the log is synced.
    TimedOut,
    /// The daemon could not go on: what the log had taken last may not be on disk.
    Failed(Fatal),
}

impl Daemon {
    /// Recovers, starts every stage, and takes sessions.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running.
    pub async fn start(config: &Config, tls: &Tls) -> Result<Self, StartError> {
        // Addresses first: a port in use must change nothing on disk.
        let endpoint = quic::bind(config.server.listen, tls.server_config(), &tls.reset_secret())?;
        let http_failed = |error| StartError::Http { address: config.server.http, error };
        let http = TcpListener::bind(config.server.http).await.map_err(http_failed)?;
        let http_address = http.local_addr().map_err(http_failed)?;
        let quic_address = endpoint.local_addr().map_err(http_failed)?;

        let limits = &config.limits;
        let settings = settings(config);
        let recovered = recovery::recover(config, &settings)?;
        // Whoever connects sees it, and may pin it.
        tls.keep()?;
        let report = recovered.log.report.clone();
        let clock = Clock::start(recovered.last_us);
        let started_us = clock.now_us();
        let data = &config.journal.directory;
        let down_us = alive::down_us(data, recovered.last_us, started_us);
        let alive = Alive::begin(data, clock);
        let buckets = ContactCenterBuckets::new(&config.metrics.extra_buckets_seconds)
            .expect("the configuration's buckets were checked");
        let metrics = Arc::new(Metrics::new(&buckets, env!("CARGO_PKG_VERSION")));
        metrics.engine().recovered(recovered.took);
        metrics.engine().memory_bound(Bound::of(config).bytes());
        let views = Arc::new(Views::default());
        let published = Arc::new(recovered.published);
        recovery::count_states(&published, &views);
        metrics.contact_center().set_directory(&queue_entries(&published));

        let (fatal_sender, fatal) = watch::channel(None);
        let failed = fatal_sender.clone();
        let mut publisher = Publisher::new(
            Arc::clone(&published),
            Telemetry::new(Arc::clone(&metrics), Arc::clone(&views)),
        );
        let hooks = Hooks {
            sink: Box::new(move |group| publisher.group(group)),
            failed: Box::new(move |failure| {
                tracing::error!(%failure, "the log has failed");
                let fatal = match failure {
                    Failure::Storage(_) => Fatal::Storage,
                    Failure::Panicked(_) => Fatal::Panic,
                };
                failed.send_replace(Some(fatal));
            }),
        };
        let look_back = LookBack { settings: settings.clone(), second: SecondState::default() };
        let second = look_back.second.clone();
        let folding = recovery::folding(&settings, Arc::clone(&metrics), recovered.needed, second);
        let journal = recovered
            .log
            .start(hooks, Some(folding))
            .map_err(|error| StartError::Recover(RecoverError::Start(error)))?;

        let budget = Budget::new(limits.budget_entries.into(), limits.budget_bytes);
        let buffers_bytes = usize::try_from(limits.buffers_bytes).unwrap_or(usize::MAX);
        let ring_entries = limits.budget_entries as usize + RING_SLACK;
        let count = config.server.shards();
        let (rings, consumers): (Vec<_>, Vec<_>) = (0..count).map(|_| ring(ring_entries)).unzip();
        let presences = Arc::new(Presences::default());
        let shared = Arc::new(Shared::new(Parts {
            clock,
            published: Arc::clone(&published),
            presences: Arc::clone(&presences),
            views: Arc::clone(&views),
            budget,
            buffers: Buffers::new(buffers_bytes),
            max_sessions: config.server.max_sessions as usize,
            max_objects: limits.max_objects,
            max_tenants: limits.max_tenants,
            most: Most(Load { tickets: limits.max_tickets, entries: limits.max_entries }),
            journal: journal.clone(),
            metrics: Arc::clone(&metrics),
            rings,
            look_back,
            fatal: fatal_sender.clone(),
        }));

        let (stop_shards, stop_seen) = watch::channel(false);
        let mut tenants: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for (id, tenant) in recovered.tenants {
            tenants[shard_of(id, count)].push((id, tenant));
        }
        let mut threads = Vec::new();
        let mut heartbeats = Vec::new();
        let mut started = Vec::new();
        let start = report.last_record.0 as u32;
        for (number, (ring, tenants)) in consumers.into_iter().zip(tenants).enumerate() {
            let shard = u16::try_from(number).expect("far fewer shards than 65,536");
            let origin = Origin { start, shard, tenant: 0 };
            let mut machine =
                ShardMachine::new(tenants, Arc::clone(&presences), settings.clone(), origin);
            started.extend(machine.all(started_us, Instant::now(), &Input::Started { down_us }));
            let heartbeat = Arc::new(Heartbeat::default());
            heartbeats.push(Arc::clone(&heartbeat));
            threads.push(ShardThread {
                machine,
                ring,
                clock,
                journal: journal.clone(),
                published: Arc::clone(&shared.published),
                views: Arc::clone(&views),
                metrics: Arc::clone(&metrics),
                heartbeat,
                stop: stop_seen.clone(),
            });
        }
        // All at once: the next start counts from the last record that there is, and would take a tenant
        // that is not told for one that lived until then. One group holds some 500 of them.
        journal.submit(started).map_err(|_refused| StartError::LogFailed)?;
        let mut shards = Vec::new();
        for (number, mut thread) in threads.into_iter().enumerate() {
            shards.push(spawn(&format!("shard-{number}"), &fatal_sender, move || {
                thread.all(&Input::Ready);
                thread.run();
            })?);
        }

        let is_empty = report.last_record.0 == 0;
        bootstrap::directory(&shared, data, &config.directory, is_empty).await?;
        let operator_key = bootstrap::operator_key(&shared, data).await?;

        let (stop_tasks, stopped) = watch::channel(false);
        tokio::spawn(http::serve(
            http,
            gauges::http_state(&shared, heartbeats),
            until(stopped.clone()),
        ));
        tokio::spawn(Arc::clone(&metrics).run_upkeep(until(stopped.clone())));
        tokio::spawn(Arc::clone(&alive).run(until(stopped)));
        tokio::spawn(quic::accept(Arc::clone(&shared), endpoint.clone()));
        shared.set_ready();
        Ok(Self {
            shared,
            endpoint,
            quic_address,
            http_address,
            operator_key,
            untold_key: Marker::untold_key(data),
            alive,
            stop_shards,
            stop_tasks,
            shards,
            fatal,
        })
    }

    /// Where sessions connect.
    #[must_use]
    pub fn quic_address(&self) -> SocketAddr {
        self.quic_address
    }

    /// Where metrics are scraped.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// The operator key that this start made, because there was none: shown once. Without
    /// [`Self::operator_key_shown`] the next start makes another in its place.
    #[must_use]
    pub fn operator_key(&self) -> Option<&str> {
        self.operator_key.as_deref()
    }

    /// Somebody has [`Self::operator_key`] now: it stays.
    ///
    /// # Errors
    /// That cannot be noted.
    pub fn operator_key_shown(&self) -> Result<(), StartError> {
        self.untold_key.remove()
    }

    /// Ends when the daemon cannot go on.
    pub async fn failed(&self) -> Fatal {
        let mut fatal = self.fatal.clone();
        loop {
            if let Some(fatal) = *fatal.borrow_and_update() {
                return fatal;
            }
            if fatal.changed().await.is_err() {
                return Fatal::Panic;
            }
        }
    }

    /// Counts a reload in the metrics.
    pub fn reloaded(&self, success: bool) {
        self.shared.metrics.engine().reloaded(success);
    }

    /// Takes nothing new, tells every session to reconnect elsewhere, waits for them at most
    /// `patience`, and syncs the log.
    pub async fn drain(self, patience: Duration) -> DrainOutcome {
        self.shared.set_draining();
        let sessions: Vec<_> =
            self.shared.sessions.iter().map(|entry| Arc::clone(entry.value())).collect();
        let spread = u32::try_from(patience.as_millis() / 2).unwrap_or(u32::MAX).max(1);
        for (number, session) in sessions.iter().enumerate() {
            // Jitter without randomness: sessions are spread evenly over half of the patience.
            let after = u32::try_from(number).unwrap_or(0).wrapping_mul(7919) % spread;
            session.send_away("draining", after);
        }
        drop(sessions);
        let gone = async {
            while !self.shared.sessions.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let outcome = tokio::select! {
            // Nobody goes in peace any more, and nothing is left to sync.
            fatal = self.failed() => return DrainOutcome::Failed(fatal),
            gone = tokio::time::timeout(patience, gone) => match gone {
                Ok(()) => DrainOutcome::Clean,
                Err(_) => DrainOutcome::TimedOut,
            },
        };
        self.endpoint.close(0u32.into(), b"draining");
        self.stop_shards.send_replace(true);
        self.shared.wake_shards();
        self.stop_tasks.send_replace(true);
        let Self { shared, shards, endpoint, fatal, alive, .. } = self;
        endpoint.wait_idle().await;
        let joined = tokio::task::spawn_blocking(move || {
            for shard in shards {
                drop(shard.join());
            }
            let closed = shared.journal.close();
            alive.say();
            drop(shared);
            closed
        });
        let closed = joined.await;
        let told = *fatal.borrow();
        match (told, closed) {
            (Some(fatal), _) => DrainOutcome::Failed(fatal),
            (None, Ok(Ok(()))) => outcome,
            (None, Ok(Err(_))) => DrainOutcome::Failed(Fatal::Storage),
            (None, Err(_)) => DrainOutcome::Failed(Fatal::Panic),
        }
    }
}

/// What each tenant may take. Tenants share what the limits allow in all.
pub(crate) fn settings(config: &Config) -> Settings {
    let (limits, default) = (&config.limits, Settings::default());
    let tenants = usize::from(limits.max_tenants);
    let tickets = usize::try_from(limits.max_tickets).unwrap_or(usize::MAX);
    Settings {
        grace_us: micros(config.server.grace),
        presence_expiry_us: micros(config.server.presence_expiry),
        position_interval_us: micros(config.server.position_interval),
        // Of all tickets half may be closed and wait for a confirmation.
        closed_tickets: tickets / 2 / tenants,
        idempotency_keys: default.idempotency_keys / tenants,
        objects: default.objects.min(limits.max_objects as usize),
        thresholds_seconds: config.metrics.buckets().seconds().to_vec(),
        ..default
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone means the same as one that says stop.
    drop(stopped.wait_for(|stop| *stop).await);
}

/// A named thread whose panic ends the process: a half-alive pipeline would lose customers.
fn spawn(
    name: &str,
    fatal: &watch::Sender<Option<Fatal>>,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    let fatal = fatal.clone();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                fatal.send_replace(Some(Fatal::Panic));
            }
        })
        .map_err(StartError::Thread)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
