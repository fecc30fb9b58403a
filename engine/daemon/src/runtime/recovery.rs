//! From the data directory to state: snapshot, then every record after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use relevo_journal::{Folding, OpenError, Options, RecordError, Recovered, Retention};
use relevo_routing::record::SCHEMA_VERSION;
use relevo_routing::tenant::{Settings, Tenant};
use relevo_wire::ids::TenantId;

use crate::allocator;
use crate::config::{self, Config};
use crate::explain::past::SecondState;
use crate::fold::{Fold, FoldError, Folder};
use crate::metrics::Metrics;
use crate::publish::Published;
use crate::publish::directory::Directories;
use crate::views::Views;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A record cannot be read.
    #[error("reading the log: {0}")]
    Records(#[from] RecordError),
    /// What it says cannot be applied.
    #[error("reading the log: {0}")]
    Fold(#[from] FoldError),
    /// Its writer does not start.
    #[error(transparent)]
    Start(relevo_journal::StartError),
}

/// What recovery found.
pub(super) struct State {
    /// The log, ready to be started.
    pub(super) log: Recovered,
    /// Every tenant.
    pub(super) tenants: BTreeMap<TenantId, Tenant>,
    /// What is visible.
    pub(super) published: Published,
    /// Time of the last record; 0 before the first.
    pub(super) last_us: u64,
    /// How long it took.
    pub(super) took: Duration,
    /// The lowest group that somebody may still resume from, as of the last snapshot.
    pub(super) needed: Arc<AtomicU64>,
}

/// Opens the log and reads it.
pub(super) fn recover(config: &Config, settings: &Settings) -> Result<State, RecoverError> {
    let started = Instant::now();
    let mut options = Options::new(&config.journal.directory);
    options.schema = SCHEMA_VERSION;
    options.reserve_bytes = config.journal.reserve_bytes;
    options.accept_loss = config.journal.accept_loss;
    // Until the first snapshot of this start everything is.
    let needed = Arc::<AtomicU64>::default();
    options.retention = match config.journal.retention {
        config::Retention::All => Retention::KeepAll,
        config::Retention::Needed => Retention::RetainFrom(Arc::clone(&needed)),
    };
    let mut log = relevo_journal::open(options)?;
    let mut fold = Fold::new(settings.clone(), config.limits.messages_memory_bytes);
    if let Some(mut snapshot) = log.snapshot.take() {
        fold.load(&mut snapshot)?;
    }
    for item in log.records() {
        let (place, record) = item?;
        fold.apply(place, &record)?;
    }
    let Fold { tenants, conversations, last_us, .. } = fold;
    let mut directories = Directories::default();
    for (id, tenant) in &tenants {
        directories.insert(*id, tenant.directory().clone());
    }
    let published = Published { conversations, directories: ArcSwap::from_pointee(directories) };
    Ok(State { log, tenants, published, last_us, took: started.elapsed(), needed })
}

/// Tickets by state, as recovery found them: gauges start from the truth, counters from zero.
pub(super) fn count_states(published: &Published, views: &Views) {
    published.conversations.each(|conversation| {
        views.count_state(conversation, None, Some(conversation.state));
    });
}

/// How the journal makes its snapshots; with each of them `needed` is told what must stay.
pub(super) fn folding(
    settings: &Settings,
    metrics: Arc<Metrics>,
    needed: Arc<AtomicU64>,
    second: SecondState,
) -> Folding {
    Folding {
        fold: Box::new(Folder::new(settings.clone(), needed).sharing(second)),
        done: Box::new(move |result| {
            match result {
                Ok(report) => metrics.engine().snapshot_taken(report.duration),
                Err(error) => tracing::warn!(%error, "no snapshot was made; the log is whole"),
            }
            // The second state that it made.
            allocator::give_back();
        }),
    }
}

#[cfg(test)]
mod tests;
