//! From a request, or a session that opens or ends, to what the shard is asked: plain steps without
//! a wait, a socket or a task.

use std::sync::Arc;
use std::time::Instant;

use relevo_routing::input::{Command as RoutingCommand, Idempotency, Input};
use relevo_wire::command::Request;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::RequestId;

use super::command::{Converted, Local, Names, convert, digest_128, digest_bytes_128};
use super::outbox::Outbox;
use super::{Party, Session};
use crate::metrics::CommandName;
use crate::publish::Published;
use crate::publish::outcome::Asker;
use crate::shard::ShardInput;
use crate::shard::presence::Presences;

/// What becomes of a request before it is admitted.
#[expect(
    clippy::large_enum_variant,
    reason = "moved on at once: a box would cost each command an allocation"
)]
#[derive(Debug)]
pub enum Intake {
    /// Goes to the shard once it has a permit.
    Shard(ShardInput),
    /// Answered by the session itself.
    Local(Local),
}

/// Takes in a request of a bot or an agent that came on the lane of `outbox`; `now_us` is what the clock
/// shows, in microseconds since 1970.
///
/// # Errors
/// Named errors of the protocol that need no routing state.
pub fn take_in(
    published: &Published,
    presences: &Presences,
    session: &Arc<Session>,
    outbox: &Arc<Outbox>,
    request: Request,
    received: Instant,
    now_us: u64,
) -> Result<Intake, WireError> {
    let idempotency = idempotency(session, &request);
    let Request { request_id: id, command, .. } = request;
    let name = CommandName::from(&command);
    let directories = published.directories.load_full();
    let directory = directories
        .tenant(session.tenant)
        .ok_or_else(|| WireError::new(ErrorCode::NotFound, "the tenant was deleted"))?;
    let rules = &*directories;
    let names = Names { tenant: session.tenant, directory, rules, published, now_us };
    let (input, private, silent) = match convert(session, names, presences, command)? {
        Converted::Shard { input, private, silent } => (input, private, silent),
        Converted::Local(local) => return Ok(Intake::Local(local)),
    };
    let asker = if silent {
        Asker::Silent { session: Arc::clone(session), name }
    } else {
        Asker::Request {
            session: Arc::clone(session),
            lane: Arc::clone(outbox),
            request: id,
            name,
            beside: None,
        }
    };
    Ok(Intake::Shard(ShardInput {
        tenant: session.tenant,
        command: RoutingCommand { idempotency, input },
        private,
        asker,
        received,
        permit: None,
    }))
}

/// What the shard learns of a session that opens. An agent's counts as live from here on.
#[must_use]
pub fn opened(presences: &Presences, session: &Session) -> Input {
    let id = session.id;
    match session.party {
        Party::Agent(agent) => {
            let seen = presences.session_opened(session.tenant, agent).unwrap_or_default();
            Input::AgentSessionOpened { agent, session: id, seen }
        }
        Party::Bot(bot) => Input::BotSessionOpened { bot, session: id },
        // An admin's session changes no routing state; it takes its place in the order all the same.
        Party::Admin => Input::Tick,
    }
}

/// What the shard learns of a session that is gone. From this instant nobody is assigned to an
/// agent whose last one it was.
#[must_use]
pub fn lost(presences: &Presences, session: &Session) -> Input {
    let id = session.id;
    match session.party {
        Party::Agent(agent) => {
            let seen = presences.session_lost(session.tenant, agent).unwrap_or_default();
            Input::AgentSessionLost { agent, session: id, seen }
        }
        Party::Bot(bot) => Input::BotSessionLost { bot, session: id },
        Party::Admin => Input::Tick,
    }
}

/// What makes a request with a key one that is done once.
pub(super) fn idempotency(session: &Session, request: &Request) -> Option<Idempotency> {
    let key = request.idempotency_key.as_deref()?;
    let mut content = Vec::new();
    let bare = Request {
        request_id: RequestId(0),
        idempotency_key: None,
        command: request.command.clone(),
    };
    relevo_wire::frame::write_request(&mut content, &bare);
    Some(Idempotency {
        credential: digest_128(&session.key_prefix) as u64,
        key: digest_128(key),
        digest: digest_bytes_128(&content),
    })
}
