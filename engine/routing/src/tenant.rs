//! A tenant: the whole routing state of an organization as a plain value.

use crate::audit::Audit;
use crate::directory::Directory;
use crate::event::Event;
use crate::input::Command;
pub use crate::origin::Origin;
use crate::seats::Seats;
pub use crate::settings::Settings;
use crate::snapshot::SnapshotError;
use crate::stats::{QueueAgents, QueueStats, Stats};
use crate::{Micros, Step};
use relevo_wire::{QueueId, TenantId};

/// The state of one tenant. [`Tenant::handle`] decides, [`Tenant::apply`] changes.
#[derive(Debug)]
pub struct Tenant {
    id: TenantId,
    settings: Settings,
    directory: Directory,
    stats: Stats,
    origin: Origin,
}

impl Tenant {
    /// An empty tenant.
    #[must_use]
    pub fn new(id: TenantId, settings: Settings) -> Self {
        let (directory, stats, origin) = Default::default();
        Self { id, settings, directory, stats, origin }
    }

    /// Where the ids of new tickets are made: to be set once after every start.
    pub fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// Decides one input: the events are already applied when this returns.
    pub fn handle(&mut self, _now: Micros, _seats: &mut Seats, _command: Command) -> Step {
        Step::default()
    }

    /// Applies an event of the log.
    pub fn apply(&mut self, _now: Micros, event: &Event) {
        self.directory.apply(event);
    }

    /// When an `Input::Tick` is needed, at or after it.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        None
    }

    /// Counts the seat words from the tickets, after recovery.
    pub fn restore_seats(&self, _seats: &mut Seats) {}

    /// The state as bytes: same state, same bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Reads [`Tenant::snapshot`].
    ///
    /// # Errors
    /// The bytes are damaged, or of another version.
    pub fn from_snapshot(_bytes: &[u8], _settings: Settings) -> Result<Self, SnapshotError> {
        Err(SnapshotError::Version(0))
    }

    /// Whose state it is.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// The periods and bounds.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Objects, names, keys.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Version of the directory, for the header of records.
    #[must_use]
    pub fn directory_version(&self) -> u64 {
        self.directory.version()
    }

    /// Looks for waiting tickets beside eligible agents, in `queues` queues from `queue_from` on.
    #[must_use]
    pub fn audit(&self, _seats: &Seats, _from: usize, _queues: usize, _now: Micros) -> Audit {
        Audit::default()
    }

    /// Numbers of the tenant.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Numbers of a queue; all zero for one that does not exist.
    #[must_use]
    pub fn queue_stats(&self, _queue: QueueId) -> QueueStats {
        QueueStats::default()
    }

    /// What the members of a queue do. Walks them: for a scrape, not for every step.
    #[must_use]
    pub fn queue_agents(&self, _queue: QueueId) -> QueueAgents {
        QueueAgents::default()
    }

    /// Queues whose [`Tenant::queue_stats`] have changed since the last call, each once.
    pub fn take_changed_queues(&mut self) -> Vec<QueueId> {
        Vec::new()
    }
}
