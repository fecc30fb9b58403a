//! What the daemon counts and measures, and how it is shown: `/metrics` and `/admin/latency`.
//!
//! ```text
//! durable events ──► contact_center ─┐
//! journal, sessions ──► engine ──────┼─► recorder (metrics-exporter-prometheus) ─┐
//! GaugeView, each scrape ──► view ───┘                                           ├─► render()
//! shards, relay ──► hot (own atomics) ──► text ─────────────────────────────────┤
//!               └─► latency (hdrhistogram) ──► latency()    process ────────────┘
//! ```
//!
//! [`Metrics`] is a value that is passed around: nothing is global, several daemons may run in one
//! process. Handles are registered once; no name is hashed on the way of a message. It decides
//! nothing and no other part reads a figure back from it.

pub mod board;
pub mod buckets;
pub mod contact_center;
pub mod engine;
pub mod hot;
pub mod labels;
pub mod latency;
pub mod names;
mod process;
mod recorder;
mod series;
pub mod text;
pub mod view;

pub use board::QueueEntry;
pub use buckets::{BucketsError, ContactCenterBuckets};
pub use contact_center::{ContactCenter, TicketFacts};
pub use engine::Engine;
pub use hot::Hot;
pub use labels::{CommandName, Direction, SessionEnd, Transport};
pub use latency::{Latency, LatencyReport, Phase};
pub use text::scrape_names;
pub use view::GaugeView;

use recorder::Exporter;
use relevo_routing::{Event, Micros};
use relevo_wire::TenantId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often [`Metrics::run_upkeep`] counts the samples that the exporter keeps.
const UPKEEP: Duration = Duration::from_secs(2);

/// Every metric of one daemon.
#[derive(Debug)]
pub struct Metrics {
    exporter: Arc<Exporter>,
    contact_center: ContactCenter,
    engine: Engine,
    hot: Hot,
    latency: Latency,
}

impl Metrics {
    /// All series at 0; histograms with these bounds.
    #[must_use]
    pub fn new(buckets: &ContactCenterBuckets, version: &str) -> Self {
        let exporter = Arc::new(Exporter::new(buckets));
        Self {
            contact_center: ContactCenter::new(Arc::clone(&exporter)),
            engine: Engine::new(&exporter, version),
            hot: Hot::default(),
            latency: Latency::new(Instant::now()),
            exporter,
        }
    }

    /// What supervisors see.
    #[must_use]
    pub fn contact_center(&self) -> &ContactCenter {
        &self.contact_center
    }

    /// What the journal, the sessions and the start feed.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Counts a command's answer, a refusal or a message.
    #[must_use]
    pub fn hot(&self) -> &Hot {
        &self.hot
    }

    /// Counts one durable event, a message's direction too. See [`ContactCenter::observe`].
    pub fn observe(&self, tenant: TenantId, at: Micros, event: &Event, facts: Option<TicketFacts>) {
        if let Some(direction) = self.contact_center.observe(tenant, at, event, facts) {
            self.hot.lane().message(direction);
        }
    }

    /// Records a group of samples of one phase, in nanoseconds: the histogram of `/metrics`, if the
    /// phase has one, and the exact one. Takes one lock a call, so give it groups.
    pub fn record(&self, phase: Phase, samples_ns: &[u64]) {
        if samples_ns.is_empty() {
            return;
        }
        let lane = self.hot.lane();
        for sample in samples_ns {
            match phase {
                Phase::Decision => lane.decision.record(*sample),
                Phase::Relay => lane.relay.record(*sample),
                Phase::DispatchLag => lane.dispatch_lag.record(*sample),
                Phase::Commit => self.engine.commit.record(*sample as f64 / 1e9),
                Phase::Fsync => self.engine.fsync.record(*sample as f64 / 1e9),
                Phase::HandOffNotified => {}
            }
        }
        self.latency.record(phase, samples_ns);
    }

    /// The text of a scrape. Some milliseconds of work with many queues: not for a task that others
    /// wait for.
    #[must_use]
    pub fn render(&self, view: &GaugeView) -> String {
        self.engine.set(view);
        let mut out = text::Writer::default();
        self.hot.render(&mut out);
        process::render(&mut out);
        let mut scrape = self.contact_center.render(view);
        scrape.push_str(&out.into_text());
        scrape
    }

    /// Exact percentiles.
    #[must_use]
    pub fn latency(&self) -> LatencyReport {
        self.latency.report()
    }

    /// Counts kept samples into buckets and ends intervals.
    pub fn upkeep(&self, now: Instant) {
        self.exporter.run_upkeep();
        self.latency.rotate(now);
    }

    /// Does the upkeep until `shutdown`. Without it the exporter keeps every sample.
    pub async fn run_upkeep(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(UPKEEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                _ = ticks.tick() => self.upkeep(Instant::now()),
            }
        }
    }
}
