//! `explain`: now, with the rules of the hand-off beside what the core says; or as of a past instant,
//! from the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use relevo_routing::input::{Command as RoutingCommand, Input};
use relevo_wire::answer::{Answer, Explained, RoutingExplained};
use relevo_wire::command::Explain;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{TenantId, TicketId};
use tokio::sync::oneshot;

use super::Session;
use super::admin::{ADMIN_PATIENCE, Decided, is_operator};
use super::request::ENTRY_BYTES;
use crate::allocator;
use crate::explain::past::{self, PastError, When};
use crate::explain::{routing, shown};
use crate::publish::outcome::{Asker, Beside};
use crate::runtime::shared::Shared;
use crate::shard::ShardInput;

/// How long the log is read for one answer. A million records take about two seconds; whoever needs
/// more reads the directory of a stopped daemon, or a copy of it.
const PAST_PATIENCE: Duration = Duration::from_secs(10);

/// What becomes of the command.
pub(super) async fn decide(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    explain: Explain,
) -> Result<Decided, WireError> {
    let Explain { ticket, at } = explain;
    let Some(at) = at else {
        let tenant = tenant_of(shared, session, ticket).ok_or_else(no_ticket)?;
        let beside = routing_now(shared, tenant, ticket)
            .await
            .map(|routing| Box::new(Beside::Routing(routing)));
        return Ok(Decided::Shard {
            tenant,
            input: Input::Explain { ticket },
            beside,
            private: Bytes::new(),
        });
    };
    let explained = past(shared, session, ticket, at).await?;
    Ok(Decided::Now(Answer::Explained(explained)))
}

/// Whose ticket it is, where this session may know of it.
fn tenant_of(shared: &Shared, session: &Session, ticket: TicketId) -> Option<TenantId> {
    let of = shared.published.conversations.read(ticket, |c| c.tenant);
    of.filter(|tenant| is_operator(session) || *tenant == session.tenant)
}

fn no_ticket() -> WireError {
    WireError::field(ErrorCode::NotFound, "ticket", "no such ticket is in memory")
}

/// The rules of its hand-off, read from the log off the hot path; none where that is gone.
async fn routing_now(
    shared: &Arc<Shared>,
    tenant: TenantId,
    ticket: TicketId,
) -> Option<RoutingExplained> {
    let first = shared.published.conversations.read(ticket, |c| c.entries.first().map(|e| e.place));
    let place = first.flatten()?;
    let shared = Arc::clone(shared);
    let read = tokio::task::spawn_blocking(move || {
        let reader = shared.journal.reader();
        let held = past::opened(ticket, place, |place| reader.read(place))?;
        let directories = shared.published.directories.load_full();
        let directory = directories.tenant(tenant)?;
        Some(routing(&held, directory, directories.rules(tenant, held.bot())))
    });
    read.await.ok().flatten()
}

/// As of a past instant.
async fn past(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    ticket: TicketId,
    at: u64,
) -> Result<Explained, WireError> {
    let now = shared.clock.now_us();
    if at > now {
        let message = format!("it is {} now: only what has been is explained", shown(now));
        return Err(WireError::field(ErrorCode::Malformed, "at", message));
    }
    let tenant = tenant_of(shared, session, ticket).unwrap_or(session.tenant);
    pass_through(shared, tenant, ticket).await?;
    let (sender, receiver) = oneshot::channel();
    let (shared, session) = (Arc::clone(shared), Arc::clone(session));
    // A thread of its own: it goes last for processor time, which a pool's thread would for good.
    let spawned = std::thread::Builder::new().name("explain-past".to_owned()).spawn(move || {
        relevo_journal::yield_to_all();
        // Nobody waits any more when this fails.
        drop(sender.send(read(&shared, &session, ticket, at)));
        // The second state that it made.
        allocator::give_back();
    });
    if spawned.is_err() {
        return Err(WireError::new(ErrorCode::Overloaded, "the system gives no thread now"));
    }
    let gone = |_| WireError::new(ErrorCode::Internal, "the log could not be read");
    receiver.await.map_err(gone)?
}

/// Goes the way of every command of the tenant: what was decided before is durable then.
async fn pass_through(
    shared: &Arc<Shared>,
    tenant: TenantId,
    ticket: TicketId,
) -> Result<(), WireError> {
    let permit = shared.budget.take_within(ENTRY_BYTES, ADMIN_PATIENCE).await;
    if permit.is_none() {
        return Err(WireError::new(ErrorCode::Overloaded, "no budget now: repeat later"));
    }
    let (sender, answer) = oneshot::channel();
    shared.submit_one(ShardInput {
        tenant,
        command: RoutingCommand { idempotency: None, input: Input::Explain { ticket } },
        private: Bytes::new(),
        asker: Asker::Daemon(sender),
        received: Instant::now(),
        permit,
    });
    match answer.await {
        Ok(_) => Ok(()),
        Err(_) => Err(WireError::new(ErrorCode::Unavailable, "the log has failed")),
    }
}

fn read(
    shared: &Shared,
    session: &Session,
    ticket: TicketId,
    at: u64,
) -> Result<Explained, WireError> {
    let look_back = &shared.look_back;
    let Some(_second) = look_back.second.take() else {
        let message = "a snapshot is being made, or another past instant explained: repeat later";
        return Err(WireError::new(ErrorCode::Overloaded, message));
    };
    let Some(history) = shared.journal.history() else {
        return Err(WireError::new(ErrorCode::Unavailable, "this log holds no past"));
    };
    let started = Instant::now();
    let is_visible = |tenant| is_operator(session) || tenant == session.tenant;
    let goes_on = || started.elapsed() < PAST_PATIENCE && shared.accepting().is_ok();
    let explained =
        past::explain(&history, &look_back.settings, ticket, When::Living(at), is_visible, goes_on);
    explained.map_err(|error| refusal(&error))
}

fn refusal(error: &PastError) -> WireError {
    let text = error.to_string();
    match error {
        PastError::TooEarly { .. } => WireError::field(ErrorCode::NotFound, "at", text),
        PastError::NoTicket => WireError::field(ErrorCode::NotFound, "ticket", text),
        PastError::Stopped => {
            let message = format!("{text}: explain it from the data directory of a stopped daemon");
            WireError::field(ErrorCode::LimitExceeded, "at", message)
        }
        PastError::NoStart | PastError::Records(_) | PastError::Fold(_) | PastError::Io(_) => {
            tracing::warn!(%error, "a past instant cannot be read from the log");
            WireError::new(ErrorCode::Internal, text)
        }
    }
}
