//! Commands of admins and operators.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use relevo_routing::input::{Input, Key as StoredKey};
use relevo_wire::Answer;
use relevo_wire::answer::{DirectoryAnswer, KeyCreated, KeyInfo, Keys};
use relevo_wire::command::{Command, CreateKey, Request};
use relevo_wire::directory::{Bot, Object, ObjectRef};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{RequestId, TenantId};
use relevo_wire::limits;
use relevo_wire::validate;
use relevo_wire::vocabulary::Role;

use super::Session;
use super::request::{ENTRY_BYTES, LaneState, Verdict, admin_input, answer, refuse};
use crate::keys::Key;
use crate::metrics::CommandName;
use crate::publish::outcome::Asker;
use crate::rules;
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
    let id = request.request_id;
    let name = CommandName::from(&request.command);
    match decide(shared, session, request.command) {
        Ok(Decided::Now(now)) => {
            // What this session changed before is in what it reads now: both go in order.
            lane.flush(shared, session);
            answer(session, lane, id, &now);
        }
        Ok(Decided::Shard { tenant, input, instead }) => {
            let asker = Asker::Request {
                session: Arc::clone(session),
                lane: Arc::clone(&lane.outbox),
                request: id,
                name,
                instead: instead.map(Box::new),
            };
            let input = ShardInput {
                tenant,
                command: admin_input(input),
                private: Bytes::new(),
                asker,
                received,
                permit: shared.budget.take_within(bytes as u64 + ENTRY_BYTES, ADMIN_PATIENCE).await,
            };
            if input.permit.is_none() {
                let error = WireError::new(ErrorCode::Overloaded, "no budget now: repeat later");
                return refuse(shared, session, lane, id, error);
            }
            shared.submit_one(input);
        }
        Err(error) => return refuse(shared, session, lane, id, error),
    }
    Verdict::Next
}

/// How long an admin's command waits for budget.
const ADMIN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

enum Decided {
    Now(Answer),
    Shard { tenant: TenantId, input: Input, instead: Option<Answer> },
}

fn decide(shared: &Shared, session: &Session, command: Command) -> Result<Decided, WireError> {
    validate::command(&command)?;
    match command {
        Command::Put(put) => {
            room_for(shared, put.tenant.as_deref(), session, &put.object)?;
            if let Object::Bot(bot) = &put.object {
                let tenant = existing(shared, session, put.tenant.as_deref())?;
                check_rules(shared, tenant, bot)?;
            }
            let tenant = match &put.object {
                Object::Tenant(object) => {
                    operator_or_own(session, &object.name)?;
                    tenant_id(&object.name)
                }
                Object::Bot(_) | Object::Queue(_) | Object::Agent(_) => {
                    existing(shared, session, put.tenant.as_deref())?
                }
            };
            let input = Input::Put { object: put.object, if_version: put.if_version };
            Ok(Decided::Shard { tenant, input, instead: None })
        }
        Command::Delete(delete) => {
            let tenant = match &delete.object {
                ObjectRef::Tenant(name) => {
                    operator_or_own(session, name)?;
                    tenant_id(name)
                }
                ObjectRef::Bot(_) | ObjectRef::Queue(_, _) | ObjectRef::Agent(_) => {
                    existing(shared, session, delete.tenant.as_deref())?
                }
            };
            Ok(Decided::Shard {
                tenant,
                input: Input::Delete { object: delete.object },
                instead: None,
            })
        }
        Command::ListDirectory(list) => {
            let tenant = existing(shared, session, list.tenant.as_deref())?;
            let directories = shared.published.directories.load();
            let objects = directories.tenant(tenant).map(|d| d.objects()).unwrap_or_default();
            let answer = Answer::Directory(DirectoryAnswer { objects });
            let mut bytes = Vec::new();
            session.codec.write_answer(&mut bytes, RequestId(0), &answer);
            if bytes.len() > limits::SERVER_FRAME_BYTES {
                let message = format!(
                    "the directory has {} bytes, and one answer at most {}",
                    bytes.len(),
                    limits::SERVER_FRAME_BYTES
                );
                return Err(WireError::new(ErrorCode::LimitExceeded, message));
            }
            Ok(Decided::Now(answer))
        }
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
            Ok(Decided::Shard { tenant, input, instead: None })
        }
        Command::Status(_) => Ok(Decided::Now(Answer::Status(shared.status(session)))),
        Command::Explain(explain) => {
            let of = shared.published.conversations.read(explain.ticket, |c| c.tenant);
            let visible = |tenant: &TenantId| is_operator(session) || *tenant == session.tenant;
            let tenant = of.filter(visible).ok_or_else(|| {
                WireError::field(ErrorCode::NotFound, "ticket", "no such ticket is in memory")
            })?;
            let input = Input::Explain { ticket: explain.ticket };
            Ok(Decided::Shard { tenant, input, instead: None })
        }
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
        | Command::SetPresence(_)
        | Command::Next(_)
        | Command::Targets(_)
        | Command::Transfer(_)
        | Command::Close(_) => {
            Err(WireError::new(ErrorCode::Forbidden, "this command is for bots and agents"))
        }
    }
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
    let instead = Answer::Key(KeyCreated { key: key.reveal().to_owned(), prefix });
    Ok(Decided::Shard { tenant, input: Input::CreateKey(stored), instead: Some(instead) })
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

fn is_operator(session: &Session) -> bool {
    session.role == Role::Operator
}

/// The tenant that a command is about: an admin's own, or the one that an operator names. Another
/// tenant is answered like one that does not exist.
fn existing(
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

/// Is there room in the directory, if this object is new?
fn room_for(
    shared: &Shared,
    named: Option<&str>,
    session: &Session,
    object: &Object,
) -> Result<(), WireError> {
    let directories = shared.published.directories.load();
    let own = directories.tenant(named.map_or(session.tenant, tenant_id));
    let is_there = match object {
        Object::Tenant(tenant) => directories.tenant(tenant_id(&tenant.name)).is_some(),
        Object::Bot(bot) => own.is_some_and(|own| own.bot_id(&bot.name).is_some()),
        Object::Agent(agent) => own.is_some_and(|own| own.agent_id(&agent.name).is_some()),
        Object::Queue(queue) => own.is_some_and(|own| {
            own.bot_id(&queue.bot).is_some_and(|bot| own.queue_id(bot, &queue.name).is_some())
        }),
    };
    let (what, has, most) = match object {
        Object::Tenant(_) => ("tenants", directories.named(), usize::from(shared.max_tenants)),
        Object::Bot(_) | Object::Agent(_) | Object::Queue(_) => {
            ("bots, queues and agents", directories.objects(), shared.max_objects as usize)
        }
    };
    if is_there || has < most {
        return Ok(());
    }
    let message = format!("at most {most} {what} in all");
    Err(WireError::field(ErrorCode::LimitExceeded, "object", message))
}

/// Are the rules of a bot whole, and is there room for them?
fn check_rules(shared: &Shared, tenant: TenantId, bot: &Bot) -> Result<(), WireError> {
    let directories = shared.published.directories.load();
    let own = directories.tenant(tenant).and_then(|own| own.bot_id(&bot.name));
    let (before, all) = directories.rule_bytes(own.map(|bot| (tenant, bot)));
    rules::check(bot, before, all)
}

fn operator_or_own(session: &Session, name: &str) -> Result<(), WireError> {
    if name == OPERATORS {
        return Err(WireError::field(ErrorCode::Forbidden, "name", "the name is reserved"));
    }
    if is_operator(session) || session.tenant == tenant_id(name) {
        return Ok(());
    }
    Err(WireError::new(ErrorCode::Forbidden, "only an operator makes or ends other tenants"))
}
