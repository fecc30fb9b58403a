//! Commands of admins and operators.

use std::slice;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use relevo_routing::input::{Command as RoutingCommand, Input, Key as StoredKey};
use relevo_wire::Answer;
use relevo_wire::answer::{KeyCreated, KeyInfo, Keys};
use relevo_wire::command::{
    Apply, Change, Command, CreateKey, Delete, DeleteChange, Put, PutChange, Request,
};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::failures::Failures;
use relevo_wire::ids::TenantId;
use relevo_wire::validate;
use relevo_wire::vocabulary::Role;

use super::absence;
use super::intake::idempotency;
use super::request::{Asked, ENTRY_BYTES, LaneState, Verdict, answer, refuse};
use super::{Session, contacts, directory, explain, queues};
use crate::keys::Key;
use crate::metrics::CommandName;
use crate::publish::outcome::{Asker, Beside};
use crate::runtime::shared::Shared;
use crate::shard::ShardInput;
use crate::tenants::{OPERATORS, tenant_id};

/// Takes one request of an admin.
pub(super) async fn take(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    lane: &mut LaneState,
    request: Request,
    bytes: usize,
    received: Instant,
) -> Verdict {
    let asked = Asked { id: request.request_id, name: CommandName::from(&request.command) };
    // A secret is in one answer and nowhere else: a repeat makes another key.
    let makes_key = matches!(request.command, Command::CreateKey(_));
    let idempotency = if makes_key { None } else { idempotency(session, &request) };
    match decide(shared, session, request.command).await {
        Ok(Decided::Now(now)) => {
            // What this session changed before is in what it reads now: both go in order.
            lane.flush(shared, session);
            answer(shared, session, lane, asked, &now);
        }
        Ok(Decided::Shard { tenant, input, beside, private }) => {
            let asker = Asker::Request {
                session: Arc::clone(session),
                lane: Arc::clone(&lane.outbox),
                request: asked.id,
                name: asked.name,
                beside,
            };
            let input = ShardInput {
                tenant,
                command: RoutingCommand { idempotency, input },
                private,
                asker,
                received,
                permit: shared.budget.take_within(bytes as u64 + ENTRY_BYTES, ADMIN_PATIENCE).await,
            };
            if input.permit.is_none() {
                let error = WireError::new(ErrorCode::Overloaded, "no budget now: repeat later");
                return refuse(shared, session, lane, asked, error);
            }
            shared.submit_one(input);
        }
        Err(error) => return refuse(shared, session, lane, asked, error),
    }
    Verdict::Next
}

/// How long an admin's command waits for budget.
pub(super) const ADMIN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

pub(super) enum Decided {
    Now(Answer),
    Shard { tenant: TenantId, input: Input, beside: Option<Box<Beside>>, private: Bytes },
}

async fn decide(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    command: Command,
) -> Result<Decided, WireError> {
    validate::command(&command)?;
    match command {
        Command::Put(Put { tenant, object, if_version }) => {
            let change = Change::Put(PutChange { object, if_version });
            one(shared, session, tenant.as_deref(), change)
        }
        Command::Delete(Delete { tenant, object }) => {
            let change = Change::Delete(DeleteChange { object, if_version: None });
            one(shared, session, tenant.as_deref(), change)
        }
        Command::Apply(Apply { tenant, changes, dry_run }) => {
            let (tenant, faults) = directory::check(shared, session, tenant.as_deref(), &changes)?;
            let mut failures = Failures::default();
            for (at, error) in faults {
                failures.note(at, &changes[at], error);
            }
            failures.into_result()?;
            Ok(Decided::Shard {
                tenant,
                input: Input::Apply { changes, dry_run },
                beside: None,
                private: Bytes::new(),
            })
        }
        Command::ListDirectory(list) => directory::list(shared, session, &list).map(Decided::Now),
        Command::CreateKey(create) => create_key(shared, session, create),
        Command::ListKeys(list) => {
            let tenant = key_tenant(shared, session, list.tenant.as_deref())?;
            let directories = shared.published.directories.load();
            let keys = directories.tenant(tenant).map(|d| d.keys().map(info).collect());
            Ok(Decided::Now(Answer::Keys(Keys { keys: keys.unwrap_or_default() })))
        }
        Command::RevokeKey(revoke) => {
            let tenant = key_tenant(shared, session, revoke.tenant.as_deref())?;
            let input = Input::RevokeKey { prefix: revoke.prefix };
            Ok(Decided::Shard { tenant, input, beside: None, private: Bytes::new() })
        }
        Command::Status(_) => Ok(Decided::Now(Answer::Status(shared.status(session)))),
        Command::SetAbsence(set) => {
            let tenant = key_tenant(shared, session, set.tenant.as_deref())?;
            let directories = shared.published.directories.load();
            let known = directories.tenant(tenant);
            let directory =
                known.ok_or_else(|| WireError::new(ErrorCode::NotFound, "no tenant"))?;
            Ok(Decided::Shard {
                tenant,
                input: absence::of(directory, set)?,
                beside: None,
                private: Bytes::new(),
            })
        }
        Command::BlockContact(block) => contacts::block(shared, session, block),
        Command::UnblockContact(unblock) => contacts::unblock(shared, session, unblock),
        Command::ListCallbacks(list) => contacts::callbacks(shared, session, list).await,
        Command::ListBlocked(list) => contacts::blocked(shared, session, list).await,
        Command::SetQueueMode(set) => queues::set_mode(shared, session, set),
        Command::NotifyWaiting(notice) => queues::notify(shared, session, notice),
        Command::Explain(explain) => explain::decide(shared, session, explain).await,
        Command::Hello(_) | Command::Cursors(_) => {
            Err(WireError::new(ErrorCode::WrongState, "the session is open: hello comes once"))
        }
        Command::Read(_)
        | Command::Send(_)
        | Command::Receipt(_)
        | Command::Typing(_)
        | Command::HandOff(_)
        | Command::AgentsOnline(_)
        | Command::CustomerLeft(_)
        | Command::TakeBack(_)
        | Command::WantCallback(_)
        | Command::SetPresence(_)
        | Command::Next(_)
        | Command::Targets(_)
        | Command::Transfer(_)
        | Command::Close(_)
        | Command::Accept(_)
        | Command::Decline(_)
        | Command::Hold(_)
        | Command::Park(_)
        | Command::Unpark(_)
        | Command::Unhold(_)
        | Command::WrapUpDone(_)
        | Command::Reopen(_) => {
            Err(WireError::new(ErrorCode::Forbidden, "this command is for bots and agents"))
        }
    }
}

/// A command of one change.
fn one(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
    change: Change,
) -> Result<Decided, WireError> {
    let (tenant, faults) = directory::check(shared, session, named, slice::from_ref(&change))?;
    if let Some((_, error)) = faults.into_iter().next() {
        return Err(error);
    }
    let input = match change {
        Change::Put(PutChange { object, if_version }) => Input::Put { object, if_version },
        Change::Delete(DeleteChange { object, .. }) => Input::Delete { object },
    };
    Ok(Decided::Shard { tenant, input, beside: None, private: Bytes::new() })
}

fn create_key(shared: &Shared, session: &Session, create: CreateKey) -> Result<Decided, WireError> {
    if create.role == Role::Operator && !is_operator(session) {
        let message = "only an operator makes a key for operators";
        return Err(WireError::field(ErrorCode::Forbidden, "role", message));
    }
    let tenant = if create.role == Role::Operator {
        tenant_id(OPERATORS)
    } else {
        existing(shared, session, create.tenant.as_deref())?
    };
    let key = Key::generate(create.role)
        .map_err(|_| WireError::new(ErrorCode::Internal, "the system gave no random numbers"))?;
    let prefix = key.prefix().to_owned();
    let stored = StoredKey {
        prefix: prefix.clone(),
        sha256: key.sha256(),
        role: create.role,
        owner: create.owner,
        label: create.label,
        created: shared.clock.now_us(),
    };
    let beside = Beside::Key(KeyCreated { key: key.reveal().to_owned(), prefix });
    let (input, beside) = (Input::CreateKey(stored), Some(Box::new(beside)));
    Ok(Decided::Shard { tenant, input, beside, private: Bytes::new() })
}

fn info(key: &StoredKey) -> KeyInfo {
    KeyInfo {
        prefix: key.prefix.clone(),
        role: key.role,
        owner: key.owner.clone(),
        label: key.label.clone(),
        created: key.created,
    }
}

pub(super) fn is_operator(session: &Session) -> bool {
    session.role == Role::Operator
}

/// The tenant that a command is about: an admin's own, or the one that an operator names. Another
/// tenant is answered like one that does not exist.
pub(super) fn existing(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
) -> Result<TenantId, WireError> {
    let tenant = match named {
        Some(name) => tenant_id(name),
        None if is_operator(session) => {
            return Err(WireError::field(
                ErrorCode::Malformed,
                "tenant",
                "an operator names the tenant",
            ));
        }
        None => session.tenant,
    };
    let visible = is_operator(session) || tenant == session.tenant;
    let exists = || {
        let directories = shared.published.directories.load();
        directories.tenant(tenant).is_some_and(|directory| directory.tenant_name().is_some())
    };
    if visible && exists() {
        Ok(tenant)
    } else {
        let name = named.unwrap_or_default();
        let message = format!("there is no tenant named `{name}`");
        Err(WireError::field(ErrorCode::NotFound, "tenant", message))
    }
}

/// As [`existing`]; an operator who names no tenant means the operators' own keys.
fn key_tenant(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
) -> Result<TenantId, WireError> {
    if named.is_none() && is_operator(session) {
        return Ok(tenant_id(OPERATORS));
    }
    existing(shared, session, named)
}
