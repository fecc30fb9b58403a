//! The fold of the past: what the log says up to a point, as state.
//!
//! Recovery and the snapshot's background thread run the same code over the same records: the
//! routing state of every tenant, and the conversations with the places of their bodies. A snapshot
//! holds no body and no personal field: those stay in the log, at the places that it names.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use relevo_journal::{FoldError as JournalFoldError, FoldItem, Place, RecordBytes};
use relevo_routing::record::{self, RecordError, RecordHeader};
use relevo_routing::snapshot::SnapshotError;
use relevo_routing::tenant::{Settings, Tenant};
use relevo_wire::ids::TenantId;

use crate::explain::past::SecondState;
use crate::publish::conversations::{Conversations, Record};
use crate::publish::saved::{self, InvalidSaved};

/// First bytes of a fold.
const MAGIC: [u8; 8] = *b"rlvfold3";
/// Longest section of a fold, in bytes: a length above it is damage, not a promise to allocate.
const SECTION_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// Why the past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// A record.
    #[error("record {number} cannot be read: {error}")]
    Record {
        /// Its number.
        number: u64,
        /// Why.
        error: RecordError,
    },
    /// A record of another schema.
    #[error("record {number} has schema {schema}; this version reads {}", record::SCHEMA_VERSION)]
    Schema {
        /// Its number.
        number: u64,
        /// Its schema.
        schema: u16,
    },
    /// A tenant in a snapshot.
    #[error("the snapshot's tenant cannot be read: {0}")]
    Tenant(#[from] SnapshotError),
    /// The conversations in a snapshot, or the contacts in lists.
    #[error("the snapshot's conversations cannot be read: {0}")]
    Conversations(#[from] InvalidSaved),
    /// The snapshot is no fold.
    #[error("the snapshot is not one of this daemon's")]
    NotAFold,
    /// Reading or writing.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// State at a point of the log.
#[derive(Debug)]
pub struct Fold {
    /// Every tenant.
    pub tenants: BTreeMap<TenantId, Tenant>,
    /// Resumable conversations.
    pub conversations: Conversations,
    /// Time of the last record, in microseconds since 1970; 0 before the first.
    pub last_us: u64,
    settings: Settings,
}

impl Fold {
    /// The beginning.
    #[must_use]
    pub fn new(settings: Settings, body_budget_bytes: u64) -> Self {
        Self {
            tenants: BTreeMap::new(),
            conversations: Conversations::new(body_budget_bytes),
            last_us: 0,
            settings,
        }
    }

    /// Bytes before the state itself: what a fold is, and the time of its last record.
    pub const HEAD_BYTES: usize = 16;

    /// The time of the last record of a snapshot, in microseconds since 1970, by its first bytes.
    ///
    /// # Errors
    /// It is no fold.
    pub fn last_us_of(head: [u8; Self::HEAD_BYTES]) -> Result<u64, FoldError> {
        let mut head = &head[..];
        let mut magic = [0; 8];
        head.read_exact(&mut magic)?;
        if magic == MAGIC { read_u64(&mut head) } else { Err(FoldError::NotAFold) }
    }

    /// Goes on from a snapshot.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(&mut self, input: &mut dyn Read) -> Result<(), FoldError> {
        let mut magic = [0; 8];
        input.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(FoldError::NotAFold);
        }
        self.last_us = read_u64(input)?;
        for _ in 0..read_u64(input)? {
            let id = TenantId(read_u64(input)?);
            let bytes = read_section(input)?;
            self.tenants.insert(id, Tenant::from_snapshot(&bytes, self.settings.clone())?);
        }
        saved::load(&self.conversations, &read_section(input)?)?;
        self.conversations.contacts().load(&read_section(input)?)?;
        Ok(())
    }

    /// Applies one record.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn apply(&mut self, place: Place, bytes: &RecordBytes) -> Result<(), FoldError> {
        let number = bytes.number.0;
        if bytes.schema != record::SCHEMA_VERSION {
            return Err(FoldError::Schema { number, schema: bytes.schema });
        }
        let (RecordHeader { tenant, now, .. }, events) =
            record::decode(bytes.public()).map_err(|error| FoldError::Record { number, error })?;
        self.last_us = self.last_us.max(now);
        let settings = &self.settings;
        let state =
            self.tenants.entry(tenant).or_insert_with(|| Tenant::new(tenant, settings.clone()));
        for event in &events {
            state.apply(now, event);
        }
        let private = Bytes::copy_from_slice(bytes.private());
        self.conversations.apply(Record { tenant, now, place, events: &events, private: &private });
        Ok(())
    }

    /// Writes the snapshot. The same state gives the same bytes.
    ///
    /// # Errors
    /// The output failed.
    pub fn save(&self, output: &mut dyn Write) -> Result<(), FoldError> {
        output.write_all(&MAGIC)?;
        output.write_all(&self.last_us.to_le_bytes())?;
        output.write_all(&(self.tenants.len() as u64).to_le_bytes())?;
        for (id, tenant) in &self.tenants {
            output.write_all(&id.0.to_le_bytes())?;
            write_section(output, &tenant.snapshot())?;
        }
        write_section(output, &saved::save(&self.conversations))?;
        write_section(output, &self.conversations.contacts().save())?;
        Ok(())
    }
}

/// Makes the journal's snapshots: the fold of the one before and the records since.
#[derive(Debug)]
pub struct Folder {
    settings: Settings,
    needed: Arc<AtomicU64>,
    second: SecondState,
}

impl Folder {
    /// Folds as the daemon with these settings does. With each snapshot `needed` is told the lowest
    /// group that somebody may still resume from: what the journal must retain.
    #[must_use]
    pub fn new(settings: Settings, needed: Arc<AtomicU64>) -> Self {
        Self { settings, needed, second: SecondState::default() }
    }

    /// Folds only while nobody else has this.
    pub(crate) fn sharing(self, second: SecondState) -> Self {
        Self { second, ..self }
    }
}

impl relevo_journal::Fold for Folder {
    fn fold(
        &mut self,
        previous: Option<&mut dyn Read>,
        records: &mut dyn Iterator<Item = FoldItem>,
        out: &mut dyn Write,
    ) -> Result<(), JournalFoldError> {
        let failed = |error: FoldError| JournalFoldError::Other(Box::new(error));
        let _second = self.second.wait();
        // No body is kept: a snapshot names their places only.
        let mut fold = Fold::new(self.settings.clone(), 0);
        if let Some(mut previous) = previous {
            fold.load(&mut previous).map_err(failed)?;
        }
        for item in records {
            let (place, record) = item?;
            fold.apply(place, &record).map_err(failed)?;
        }
        fold.save(out).map_err(failed)?;
        // The snapshot is behind the daemon: what it has forgotten the daemon has forgotten too, and
        // conversations that it does not know yet begin behind it.
        let first = fold.conversations.first_group();
        self.needed.store(first.map_or(u64::MAX, |group| group.0), Ordering::Release);
        Ok(())
    }
}

fn read_u64(input: &mut dyn Read) -> Result<u64, FoldError> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn read_section(input: &mut dyn Read) -> Result<Vec<u8>, FoldError> {
    let length = read_u64(input)?;
    if length > SECTION_BYTES {
        return Err(FoldError::NotAFold);
    }
    let mut bytes = Vec::new();
    let read = input.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok(bytes) } else { Err(FoldError::NotAFold) }
}

fn write_section(output: &mut dyn Write, bytes: &[u8]) -> Result<(), FoldError> {
    output.write_all(&(bytes.len() as u64).to_le_bytes())?;
    output.write_all(bytes)?;
    Ok(())
}
