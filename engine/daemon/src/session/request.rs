//! One request of an open session: converted, admitted, and handed to its shard.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relevo_routing::input::Input;
use relevo_wire::Answer;
use relevo_wire::command::Request;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::RequestId;
use relevo_wire::push::{Push, TypingPush};
use relevo_wire::vocabulary::Author;
use tokio::time::timeout;

use super::command::{Local, done};
use super::intake::{Intake, take_in};
use super::outbox::{CatchUp, Outbox};
use super::{Party, Session, admin, catch_up};
use crate::admission::{BotShare, Permit};
use crate::metrics::CommandName;
use crate::publish::catch_up::ANCESTORS;
use crate::publish::outcome::Asker;
use crate::runtime::shared::{COMMIT_INTERVAL, Shared};
use crate::shard::ShardInput;
use crate::telemetry;

/// A command waits so long for budget with its lane unread (protocol).
const ADMISSION_PATIENCE: Duration = Duration::from_millis(250);
/// What an entry of the pipeline takes beside its frame, in bytes: input, record header, outcome.
pub(super) const ENTRY_BYTES: u64 = 1024;

/// What a lane holds between requests. Admitted inputs go to the ring together, so that a chunk of
/// frames rings its bell once.
pub(super) struct LaneState {
    /// Where its answers go.
    pub(super) outbox: Arc<Outbox>,
    pending: VecDeque<ShardInput>,
    share: Option<BotShare>,
}

impl LaneState {
    /// A lane of a session.
    pub(super) fn new(shared: &Shared, session: &Session, outbox: Arc<Outbox>) -> Self {
        Self { outbox, pending: VecDeque::new(), share: shared.bot_share(session) }
    }

    /// Hands everything admitted to the shard.
    pub(super) fn flush(&mut self, shared: &Shared, session: &Session) {
        if !self.pending.is_empty() {
            shared.submit(session.tenant, &mut self.pending);
        }
    }
}

/// How the lane goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Read the next request.
    Next,
    /// Close the lane: going on would reorder what was refused.
    CloseLane,
}

/// A request as its answer needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Which one.
    pub(super) id: RequestId,
    /// Its command, for the metrics.
    pub(super) name: CommandName,
}

/// Takes one request.
pub(super) async fn take(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    lane: &mut LaneState,
    request: Request,
    bytes: usize,
    received: Instant,
) -> Verdict {
    let asked = Asked { id: request.request_id, name: CommandName::from(&request.command) };
    let refused = shared
        .accepting()
        .and_then(|()| session.authorized())
        .and_then(|()| shared.storing(&request.command))
        .and_then(|()| shared.remembering(session, &request.command));
    if let Err(error) = refused {
        return refuse(shared, session, lane, asked, error);
    }
    if session.party == Party::Admin {
        // Boxed, as whatever is rare and large: every session has room for it else, 2 KB an agent.
        return Box::pin(admin::take(shared, session, lane, request, bytes, received)).await;
    }
    let (published, presences) = (&shared.published, &shared.presences);
    let now_us = shared.clock.now_us();
    let taken = take_in(published, presences, session, &lane.outbox, request, received, now_us);
    let mut input = match taken {
        Ok(Intake::Shard(input)) => input,
        Ok(Intake::Local(local)) => {
            return Box::pin(answer_locally(shared, session, lane, asked, local)).await;
        }
        Err(error) => return refuse(shared, session, lane, asked, error),
    };
    let is_hand_off = matches!(input.command.input, Input::HandOff(_));
    match admit(shared, session, lane, is_hand_off, bytes).await {
        Ok(permit) => input.permit = Some(permit),
        Err(verdict) => {
            let message = if verdict == Verdict::Next {
                "no budget now: hand over again later"
            } else {
                "no budget for 250 ms: repeat what is unanswered, in order, on a new lane"
            };
            let error = WireError::new(ErrorCode::Overloaded, message);
            // The lane's end answers no request: this one is repeated on the next lane with the
            // rest, or what came behind it would overtake it.
            let id = if verdict == Verdict::Next { asked.id } else { RequestId(0) };
            refuse(shared, session, lane, Asked { id, ..asked }, error);
            if matches!(input.command.input, Input::SetPresence { .. }) {
                // The seat word was closed for it: without its command it would stay closed. At
                // most one a lane, which ends here.
                shared.learn(session.tenant, input.command.input, Asker::Nobody);
            }
            return verdict;
        }
    }
    lane.pending.push_back(input);
    Verdict::Next
}

/// Takes budget before the shard has any work. A hand-off waits for its bot's share alone, and where all
/// of the budget is taken it is answered at once; a command on a ticket waits for both, so that
/// refusal never reorders a customer's words.
async fn admit(
    shared: &Shared,
    session: &Session,
    lane: &mut LaneState,
    is_hand_off: bool,
    bytes: usize,
) -> Result<Permit, Verdict> {
    let bytes = bytes as u64 + ENTRY_BYTES;
    let at_once = lane
        .share
        .as_ref()
        .map_or_else(|| shared.budget.try_take(bytes), |share| share.try_take(bytes));
    if let Some(permit) = at_once {
        return Ok(permit);
    }
    lane.flush(shared, session);
    let waiting = async {
        match &lane.share {
            Some(share) if is_hand_off => share.take_of_share(bytes, ADMISSION_PATIENCE).await,
            Some(share) => share.take_within(bytes, ADMISSION_PATIENCE).await,
            None => shared.budget.take_within(bytes, ADMISSION_PATIENCE).await,
        }
    };
    let mut waiting = Box::pin(waiting);
    let waited = loop {
        match timeout(COMMIT_INTERVAL, &mut waiting).await {
            Ok(waited) => break waited,
            Err(_) => shared.ask_for_commit(session.tenant),
        }
    };
    waited.ok_or(if is_hand_off { Verdict::Next } else { Verdict::CloseLane })
}

/// Answers with an error that saw no routing state: it goes at once.
pub(super) fn refuse(
    shared: &Shared,
    session: &Session,
    lane: &LaneState,
    asked: Asked,
    error: WireError,
) -> Verdict {
    telemetry::rejected(&shared.metrics, error.code);
    telemetry::answered(&shared.metrics, asked.name, Some(error.code));
    append(session, lane, asked.id, &Answer::Error(error));
    Verdict::Next
}

/// Answers well, at once.
pub(super) fn answer(
    shared: &Shared,
    session: &Session,
    lane: &LaneState,
    asked: Asked,
    answer: &Answer,
) {
    telemetry::answered(&shared.metrics, asked.name, None);
    append(session, lane, asked.id, answer);
}

fn append(session: &Session, lane: &LaneState, id: RequestId, answer: &Answer) {
    lane.outbox.append_now(|out| session.codec.write_answer(out, id, answer));
}

async fn answer_locally(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    lane: &LaneState,
    asked: Asked,
    local: Local,
) -> Verdict {
    match local {
        Local::AgentsOnline(bot, queue) => {
            let online = shared.views.agents_online(session.tenant, bot, queue);
            answer(shared, session, lane, asked, &Answer::AgentsOnline(online));
        }
        Local::Typing(typing) => {
            telemetry::answered(&shared.metrics, asked.name, None);
            type_on(shared, session, typing.ticket);
        }
        Local::Read(read) => {
            if may_read(shared, session, read.ticket) {
                let next = read.after.saturating_add(1);
                let at = CatchUp { ticket: read.ticket, next, live: false };
                catch_up::read(shared, session, &lane.outbox, at).await;
                answer(shared, session, lane, asked, &done());
            } else {
                let error =
                    WireError::field(ErrorCode::NotFound, "ticket", "no such ticket of yours");
                refuse(shared, session, lane, asked, error);
            }
        }
    }
    Verdict::Next
}

/// Passes a hint on to the other party: it is not journaled.
fn type_on(shared: &Shared, session: &Session, ticket: relevo_wire::TicketId) {
    shared.published.conversations.read(ticket, |c| {
        if c.tenant != session.tenant {
            return;
        }
        let push = |author| Push::Typing(TypingPush { ticket, author });
        match session.party {
            Party::Bot(bot) if bot == c.bot => {
                for agent in c.live.agents() {
                    if agent.hint(&push(Author::Customer)) {
                        agent.outbox.wake();
                    }
                }
            }
            Party::Agent(agent) if c.agent == Some(agent) => {
                if let Some(owner) = c.live.bot_owner()
                    && owner.hint(&push(Author::Agent))
                {
                    owner.outbox.wake();
                }
            }
            Party::Bot(_) | Party::Agent(_) | Party::Admin => {}
        }
    });
}

/// A bot reads its own tickets; an agent those that it has or had, and what they came from.
fn may_read(shared: &Shared, session: &Session, ticket: relevo_wire::TicketId) -> bool {
    let conversations = &shared.published.conversations;
    match session.party {
        Party::Bot(bot) => conversations
            .read(ticket, |c| c.tenant == session.tenant && c.bot == bot)
            .unwrap_or(false),
        Party::Agent(agent) => {
            // From the ticket on: its own tickets may be many, and each may come from many.
            let mut at = Some(ticket);
            for _ in 0..=ANCESTORS {
                let Some(this) = at else { return false };
                let seen = conversations.read(this, |c| {
                    let is_own = c.tenant == session.tenant && c.agent == Some(agent);
                    (is_own && !c.forgotten, c.child())
                });
                let Some((is_own, child)) = seen else { return false };
                if is_own {
                    return true;
                }
                at = child;
            }
            false
        }
        Party::Admin => false,
    }
}
