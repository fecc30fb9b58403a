//! A past instant: the newest snapshot before it and the records up to it, folded into a state of their
//! own, on which the ticket is explained.
//!
//! It runs beside a living daemon or on the directory of a stopped one, the same way. Memory and time
//! are bounded by who calls: see [`LookBack`].

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use relevo_journal::{History, Place, RecordBytes, RecordError, SnapshotReader, Tail};
use relevo_routing::event::Started;
use relevo_routing::tenant::Settings;
use relevo_routing::{Event, record};
use relevo_wire::answer::{Answer, Explained};
use relevo_wire::ids::{TenantId, TicketId};

use super::routing::{Held, routing};
use crate::fold::{Fold, FoldError};
use crate::rules::BotRules;

/// Shards hand their records in as they decide them: in the log, a record of one may stand behind later
/// ones of another, but not as much later as this. A shard that stands still for 5 s is reported, and
/// supervision ends the daemon.
const SKEW_US: u64 = 60_000_000;
/// Records between two looks at whether anybody still wants the answer.
const LOOK_EVERY: usize = 256;

/// Why a past instant is not explained.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PastError {
    /// The log holds nothing of it any more.
    #[error(
        "the log no longer holds that instant; the earliest that can be explained is {}",
        super::shown(*.earliest_us)
    )]
    TooEarly {
        /// In microseconds since 1970.
        earliest_us: u64,
    },
    /// The log has neither its beginning nor a good snapshot.
    #[error("the log has neither its beginning nor a snapshot that can be read")]
    NoStart,
    /// There was no such ticket.
    #[error("there was no such ticket then: not yet, or no longer in memory")]
    NoTicket,
    /// It is not wanted any more, or took too long.
    #[error("reading the log up to that instant takes too long here")]
    Stopped,
    /// A record cannot be read.
    #[error("reading the log: {0}")]
    Records(#[from] RecordError),
    /// What the log says cannot be applied.
    #[error("reading the log: {0}")]
    Fold(#[from] FoldError),
    /// A snapshot cannot be read.
    #[error("reading a snapshot: {0}")]
    Io(#[from] std::io::Error),
}

/// Which instant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// Of a living daemon: time goes on after the last record. In microseconds since 1970.
    Living(u64),
    /// Of a daemon that has stopped: at its last record at the latest, and there when none is named.
    Stopped(Option<u64>),
}

impl When {
    fn limit_us(self) -> u64 {
        match self {
            Self::Living(at) | Self::Stopped(Some(at)) => at,
            Self::Stopped(None) => u64::MAX,
        }
    }
}

/// Explains a ticket as of a past instant. `is_visible` says whose tickets the asker may know of;
/// `goes_on` is asked now and then whether to go on.
pub(crate) fn explain(
    history: &History,
    settings: &Settings,
    ticket: TicketId,
    when: When,
    is_visible: impl Fn(TenantId) -> bool,
    goes_on: impl Fn() -> bool,
) -> Result<Explained, PastError> {
    let Folded { mut fold, is_the_end, was_down } =
        fold_at(history, settings, when.limit_us(), goes_on)?;
    let at = match when {
        When::Stopped(Some(at)) if !is_the_end => at,
        When::Stopped(_) => fold.last_us,
        When::Living(at) => at,
    };
    let known = fold.conversations.read(ticket, |c| (c.tenant, c.entries.first().map(|e| e.place)));
    let (id, place) = known.filter(|(tenant, _)| is_visible(*tenant)).ok_or(PastError::NoTicket)?;
    let tenant = fold.tenants.get_mut(&id).ok_or(PastError::NoTicket)?;
    let Ok(Answer::Explained(mut explained)) = tenant.explain_past(at, ticket) else {
        return Err(PastError::NoTicket);
    };
    if was_down {
        explained.because =
            format!("the daemon was down then; when it stopped: {}", explained.because);
    }
    let held = place.and_then(|place| opened(ticket, place, |place| history.read(place)));
    explained.routing = held.map(|held| {
        let directory = tenant.directory();
        let bot = directory.bot(held.bot()).map(|bot| &bot.object);
        let bot = bot.filter(|bot| !bot.rules.is_empty() || !bot.priority_rules.is_empty());
        let rules = bot.and_then(|bot| BotRules::compile(bot).ok());
        Box::new(routing(&held, directory, rules.as_ref()))
    });
    Ok(explained)
}

/// The record that opened a ticket, where the log still has it.
pub(crate) fn opened(
    ticket: TicketId,
    place: Place,
    read: impl FnOnce(Place) -> Result<RecordBytes, RecordError>,
) -> Option<Held> {
    match read(place) {
        Ok(record) => Held::of(ticket, record.public(), record.private()),
        Err(error) => {
            tracing::debug!(%ticket, %error, "the record of a hand-off is not there to explain it");
            None
        }
    }
}

struct Folded {
    fold: Fold,
    /// Nothing later is in the log.
    is_the_end: bool,
    /// The daemon was down at that instant.
    was_down: bool,
}

fn fold_at(
    history: &History,
    settings: &Settings,
    limit_us: u64,
    goes_on: impl Fn() -> bool,
) -> Result<Folded, PastError> {
    let mut fold = Fold::new(settings.clone(), 0);
    let start = match newest_before(history, limit_us)? {
        Some((tail, mut snapshot)) => {
            fold.load(&mut snapshot)?;
            tail
        }
        None => Tail::EMPTY,
    };
    let (mut is_the_end, mut was_down) = (true, false);
    for (count, item) in history.records(start).enumerate() {
        if count % LOOK_EVERY == 0 && !goes_on() {
            return Err(PastError::Stopped);
        }
        let (place, bytes) = item?;
        let number = bytes.number.0;
        let now =
            record::time_of(bytes.public()).map_err(|error| FoldError::Record { number, error })?;
        if now <= limit_us {
            fold.apply(place, &bytes)?;
            continue;
        }
        is_the_end = false;
        was_down |= began_to_be_down(&bytes).is_some_and(|since| since < limit_us);
        if now - limit_us > SKEW_US {
            break;
        }
    }
    Ok(Folded { fold, is_the_end, was_down })
}

/// The newest snapshot that holds nothing later; none where the log is read from its beginning.
fn newest_before(
    history: &History,
    limit_us: u64,
) -> Result<Option<(Tail, impl Read + use<>)>, PastError> {
    let mut found = None;
    let mut earliest_us = None;
    for mut snapshot in history.snapshots()? {
        let (tail, (head, last_us)) = (snapshot.tail(), head(&mut snapshot)?);
        earliest_us = earliest_us.or(Some(last_us));
        if last_us <= limit_us {
            found = Some((tail, std::io::Cursor::new(head).chain(snapshot)));
        }
    }
    match (found, earliest_us) {
        (Some(found), _) => Ok(Some(found)),
        (None, _) if history.is_whole() => Ok(None),
        (None, Some(earliest_us)) => Err(PastError::TooEarly { earliest_us }),
        (None, None) => Err(PastError::NoStart),
    }
}

/// The first bytes of a snapshot, and the time of the last record in it.
fn head(snapshot: &mut SnapshotReader) -> Result<([u8; Fold::HEAD_BYTES], u64), PastError> {
    let mut head = [0; Fold::HEAD_BYTES];
    snapshot.read_exact(&mut head)?;
    Ok((head, Fold::last_us_of(head)?))
}

/// When the daemon had stopped, of the first record after a start.
fn began_to_be_down(bytes: &RecordBytes) -> Option<u64> {
    let (header, events) = record::decode(bytes.public()).ok()?;
    if let Event::Started(Started { down_us }) = events.first()? {
        Some(header.now.saturating_sub(*down_us))
    } else {
        None
    }
}

/// How a living daemon looks back.
///
/// A second state of everything is folded for it, as for a snapshot: one at a time of both, so that the
/// bound of the daemon's memory holds with one.
#[derive(Debug, Clone)]
pub(crate) struct LookBack {
    pub(crate) settings: Settings,
    pub(crate) second: SecondState,
}

/// The right to fold a second state beside the living one.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecondState(Arc<Mutex<()>>);

impl SecondState {
    /// Waits for it.
    pub(crate) fn wait(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes it when nobody has it.
    pub(crate) fn take(&self) -> Option<MutexGuard<'_, ()>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

#[cfg(test)]
mod tests;
