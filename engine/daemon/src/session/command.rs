//! From a command of the protocol to an input of the core: names become numbers, bodies are checked
//! and set aside, and what the role does not allow is refused.

use std::sync::Arc;

use bytes::Bytes;
use relevo_routing::directory::Directory;
use relevo_routing::event::{Demand, RulesHeld};
use relevo_routing::input::{HandOff, Input, Party as RoutingParty, Target};
use relevo_wire::answer::{Answer, Done};
use relevo_wire::command::{self, Command, TransferTarget};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{AgentId, BotId, ContactKey, QueueId, TenantId};
use relevo_wire::limits;
use relevo_wire::packed::Packed;
use relevo_wire::validate::{self, CutDetails};
use relevo_wire::vocabulary::{Author, Body, HandOffDetails, HandOffReason, Intent, Language};
use ring::digest::{Context, SHA256, digest};

use super::absence;
use super::{Party, Session};
use crate::publish::Published;
use crate::publish::conversation::Conversation;
use crate::publish::directory::Directories;
use crate::rules::{BotRules, HandedOver};
use crate::shard::presence::Presences;

/// What a command becomes.
#[derive(Debug)]
pub enum Converted {
    /// Goes to the shard.
    Shard {
        /// The input.
        input: Input,
        /// Body, details or note.
        private: Bytes,
        /// Answered at all?
        silent: bool,
    },
    /// Answered by the session itself.
    Local(Local),
}

/// What a session does by itself: it changes no routing state.
#[derive(Debug)]
pub enum Local {
    /// Is anybody there?
    AgentsOnline(BotId, Option<QueueId>),
    /// Somebody types.
    Typing(command::Typing),
    /// Reads entries of a ticket.
    Read(command::Read),
}

/// What a conversion may look at.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// Its directory.
    pub directory: &'a Directory,
    /// Rules of all bots.
    pub rules: &'a Directories,
    /// Conversations, for the bot of a ticket.
    pub published: &'a Published,
    /// What the clock shows, in microseconds since 1970.
    pub now_us: u64,
}

/// Converts a command of a bot or an agent.
///
/// # Errors
/// Named errors of the protocol: `forbidden`, `not_found`, `malformed`, `limit_exceeded`.
pub fn convert(
    session: &Arc<Session>,
    names: Names<'_>,
    presences: &Presences,
    command: Command,
) -> Result<Converted, WireError> {
    validate::command(&command)?;
    match session.party {
        Party::Bot(bot) => from_bot(names, bot, command),
        Party::Agent(agent) => from_agent(names, agent, presences, command),
        Party::Admin => Err(forbidden("bots and agents")),
    }
}

fn from_bot(names: Names<'_>, bot: BotId, command: Command) -> Result<Converted, WireError> {
    match command {
        Command::HandOff(hand_off) => self::hand_off(names, bot, hand_off),
        Command::Send(send) => bot_send(names, bot, send),
        Command::Receipt(receipt) => Ok(progress(RoutingParty::Bot(bot), receipt)),
        Command::Typing(typing) => Ok(Converted::Local(Local::Typing(typing))),
        Command::Read(read) => Ok(Converted::Local(Local::Read(read))),
        Command::AgentsOnline(asked) => {
            let queue = asked.queue.as_deref();
            let queue = match queue {
                Some(name) => names.directory.queue_id(bot, name),
                None => names.directory.default_queue(bot),
            };
            Ok(Converted::Local(Local::AgentsOnline(bot, queue)))
        }
        Command::CustomerLeft(left) => {
            let contact = contact_key(names.tenant, bot, &left.contact);
            Ok(shard(Input::CustomerLeft { bot, contact }))
        }
        Command::WantCallback(want) => {
            let contact = contact_key(names.tenant, bot, &want.contact);
            Ok(shard(Input::WantCallback { bot, contact, yes: want.yes }))
        }
        Command::TakeBack(back) => Ok(shard(Input::TakeBack { bot, ticket: back.ticket })),
        Command::Hello(_) | Command::Cursors(_) => Err(second_hello()),
        Command::SetPresence(_)
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
        | Command::Reopen(_)
        | Command::SetAbsence(_) => Err(forbidden("agents")),
        Command::Explain(_)
        | Command::SetQueueMode(_)
        | Command::NotifyWaiting(_)
        | Command::BlockContact(_)
        | Command::UnblockContact(_)
        | Command::ListBlocked(_)
        | Command::ListCallbacks(_)
        | Command::Put(_)
        | Command::Delete(_)
        | Command::ListDirectory(_)
        | Command::CreateKey(_)
        | Command::ListKeys(_)
        | Command::RevokeKey(_)
        | Command::Status(_)
        | Command::Apply(_) => Err(forbidden("admins")),
    }
}

fn from_agent(
    names: Names<'_>,
    agent: AgentId,
    presences: &Presences,
    command: Command,
) -> Result<Converted, WireError> {
    match command {
        Command::Send(send) => agent_send(agent, send),
        Command::Receipt(receipt) => Ok(progress(RoutingParty::Agent(agent), receipt)),
        Command::Typing(typing) => Ok(Converted::Local(Local::Typing(typing))),
        Command::Read(read) => Ok(Converted::Local(Local::Read(read))),
        Command::SetPresence(set) => {
            // From this instant nobody is assigned to an agent that pauses, whatever the ring holds.
            let online = set.intent == Intent::Online;
            let seen = presences.intent(names.tenant, agent, online).unwrap_or_default();
            let (intent, reason) = (set.intent, set.reason);
            Ok(shard(Input::SetPresence { agent, intent, reason, seen }))
        }
        Command::Next(next) => {
            let queue = next.queue.map(|name| named_queue(names.directory, &name)).transpose()?;
            Ok(shard(Input::Next { agent, queue }))
        }
        Command::Targets(targets) => Ok(shard(Input::Targets { agent, ticket: targets.ticket })),
        Command::Transfer(transfer) => self::transfer(names, agent, transfer),
        Command::Close(close) => Ok(shard(Input::Close {
            agent,
            ticket: close.ticket,
            epoch: close.epoch,
            tags: close.tags,
        })),
        Command::Accept(accept) => Ok(shard(Input::Accept { agent, ticket: accept.ticket })),
        Command::Decline(decline) => Ok(shard(Input::Decline { agent, ticket: decline.ticket })),
        Command::Hold(command::Hold { ticket, epoch }) => {
            Ok(shard(Input::Hold { agent, ticket, epoch, on: true }))
        }
        Command::Unhold(command::Unhold { ticket, epoch }) => {
            Ok(shard(Input::Hold { agent, ticket, epoch, on: false }))
        }
        Command::WrapUpDone(command::WrapUpDone { ticket, tags }) => {
            Ok(shard(Input::WrapUpDone { agent, ticket, tags }))
        }
        Command::SetAbsence(set) => absence::own(names, agent, set),
        Command::Park(command::Park { ticket, epoch, until }) => {
            Ok(shard(Input::Park { agent, ticket, epoch, until }))
        }
        Command::Unpark(command::Unpark { ticket, epoch }) => {
            Ok(shard(Input::Unpark { agent, ticket, epoch }))
        }
        Command::Reopen(reopen) => Ok(shard(Input::Reopen { agent, ticket: reopen.ticket })),
        Command::Hello(_) | Command::Cursors(_) => Err(second_hello()),
        Command::HandOff(_)
        | Command::AgentsOnline(_)
        | Command::CustomerLeft(_)
        | Command::TakeBack(_)
        | Command::WantCallback(_) => Err(forbidden("bots")),
        Command::Explain(_)
        | Command::SetQueueMode(_)
        | Command::NotifyWaiting(_)
        | Command::BlockContact(_)
        | Command::UnblockContact(_)
        | Command::ListBlocked(_)
        | Command::ListCallbacks(_)
        | Command::Put(_)
        | Command::Delete(_)
        | Command::ListDirectory(_)
        | Command::CreateKey(_)
        | Command::ListKeys(_)
        | Command::RevokeKey(_)
        | Command::Status(_)
        | Command::Apply(_) => Err(forbidden("admins")),
    }
}

fn hand_off(
    names: Names<'_>,
    bot: BotId,
    command: command::HandOff,
) -> Result<Converted, WireError> {
    let CutDetails { details, contact_id, language: of_contact, truncated } =
        validate::cut_details(&command.details)?;
    let queue = command
        .queue
        .map(|name| {
            names
                .directory
                .queue_id(bot, &name)
                .ok_or_else(|| not_found("queue", format!("the bot has no queue named `{name}`")))
        })
        .transpose()?;
    let preferred = command
        .preferred_agent
        .map(|name| {
            let found = names.directory.agent_id(&name);
            found.ok_or_else(|| not_found("preferred_agent", format!("no agent is named `{name}`")))
        })
        .transpose()?;
    let language = command.language.as_deref();
    let ByRules { queue: queue_of_rule, priority: priority_of_rule, demand, preferred_agent, held } =
        by_rules(names, bot, queue, &details, language, command.reason);
    let language = language.and_then(Language::understood).or(of_contact);
    let private = details.bytes().clone();
    let input = Input::HandOff(HandOff {
        bot,
        contact: contact_key(names.tenant, bot, &contact_id),
        queue,
        queue_of_rule,
        reason: command.reason,
        priority: command.priority.unwrap_or(0),
        priority_of_rule,
        preferred_agent: preferred.or(preferred_agent),
        demand,
        language,
        rules: held,
        texts: command.texts,
        truncated,
        position_updates: command.position_updates,
        test: command.test,
        dry_run: command.dry_run,
        bytes: length(&private),
    });
    Ok(Converted::Shard { input, private, silent: false })
}

/// What follows from rules, as far as they say so.
#[derive(Default)]
struct ByRules {
    queue: Option<QueueId>,
    priority: Option<u16>,
    demand: Option<Box<Demand>>,
    preferred_agent: Option<AgentId>,
    /// Which ones, for the record; absent where the bot has none.
    held: Option<Box<RulesHeld>>,
}

/// The queue of the first routing rule that matches, where the hand-off names none, and the priority of
/// the first priority rule that does in its queue, else that of the routing rule: as far as they say so.
fn by_rules(
    names: Names<'_>,
    bot: BotId,
    named: Option<QueueId>,
    details: &Packed<HandOffDetails>,
    language: Option<&str>,
    reason: HandOffReason,
) -> ByRules {
    let Some(rules) = names.rules.rules(names.tenant, bot) else { return ByRules::default() };
    let details = details.check().expect("details were checked, and cut ones are packed here");
    let handed = HandedOver { details, language, reason, now_us: names.now_us };
    let routed = match named {
        Some(_) => ByRules::default(),
        None => routed(names, bot, rules, handed),
    };
    let queue = named.or(routed.queue).or_else(|| names.directory.default_queue(bot));
    let queue = queue.and_then(|queue| names.directory.queue_name(queue));
    let prioritized = queue.and_then(|queue| rules.prioritize(handed, queue));
    let priority = prioritized.map(|found| found.priority).or(routed.priority);
    let mut held = routed.held.unwrap_or_default();
    held.version = names.directory.bot(bot).map_or(0, |bot| bot.version);
    held.at = names.now_us;
    held.language = language.map(ToOwned::to_owned);
    held.priority_rule = prioritized.map(|found| (found.index as u32, found.rule.to_owned()));
    ByRules { priority, held: Some(held), ..routed }
}

/// What the first routing rule that matches says.
fn routed(names: Names<'_>, bot: BotId, rules: &BotRules, handed: HandedOver<'_>) -> ByRules {
    let Some(routed) = rules.route(handed) else { return ByRules::default() };
    let queue = routed.queue.and_then(|name| {
        let id = names.directory.queue_id(bot, name);
        let queue = id.filter(|id| names.directory.queue(*id).is_some());
        if queue.is_none() {
            let tenant = names.directory.tenant_name().unwrap_or_default();
            let bot = names.directory.bot_name(bot).unwrap_or_default();
            routed.tell_missing(tenant, bot, name);
        }
        queue
    });
    // What it requires is for its queue: in the default one it may be nobody's.
    let is_gone = routed.queue.is_some() && queue.is_none();
    let demand = routed.demand.filter(|_| !is_gone).cloned().map(Box::new);
    let preferred_agent = routed.preferred_agent.and_then(|name| names.directory.agent_id(name));
    let rule = Some((routed.index as u32, routed.rule.to_owned()));
    let held = Some(Box::new(RulesHeld { rule, ..RulesHeld::default() }));
    ByRules { queue, priority: routed.priority, demand, preferred_agent, held }
}

fn bot_send(names: Names<'_>, bot: BotId, send: command::Send) -> Result<Converted, WireError> {
    let private = body(&send.body)?;
    let bytes = length(&private);
    let client_message = send.client_message_id.as_deref().map(digest_128);
    let input = match send.author {
        Author::Customer => {
            let contact = send.contact.as_deref().ok_or_else(|| {
                WireError::field(ErrorCode::Malformed, "contact", "needed for `author: customer`")
            })?;
            let contact = contact_key(names.tenant, bot, contact);
            Input::CustomerMessage { bot, contact, client_message, bytes }
        }
        Author::Bot => {
            let (ticket, epoch) = addressed(&send)?;
            Input::BotMessage { bot, ticket, epoch, client_message, bytes }
        }
        Author::Agent | Author::System => {
            return Err(WireError::field(
                ErrorCode::Forbidden,
                "author",
                "a bot writes as `customer` or `bot`",
            ));
        }
    };
    Ok(Converted::Shard { input, private, silent: false })
}

fn agent_send(agent: AgentId, send: command::Send) -> Result<Converted, WireError> {
    if send.author != Author::Agent {
        return Err(WireError::field(ErrorCode::Forbidden, "author", "an agent writes as `agent`"));
    }
    let private = body(&send.body)?;
    let (ticket, epoch) = addressed(&send)?;
    let client_message = send.client_message_id.as_deref().map(digest_128);
    let bytes = length(&private);
    let input = Input::AgentMessage { agent, ticket, epoch, client_message, bytes };
    Ok(Converted::Shard { input, private, silent: false })
}

fn transfer(
    names: Names<'_>,
    agent: AgentId,
    transfer: command::Transfer,
) -> Result<Converted, WireError> {
    let to = match &transfer.to {
        TransferTarget::Queue(name) => Target::Queue(target_queue(names, &transfer, name)?),
        TransferTarget::Agent(name) => Target::Agent(
            names
                .directory
                .agent_id(name)
                .ok_or_else(|| not_found("to", format!("there is no agent named `{name}`")))?,
        ),
    };
    let private = Bytes::from(transfer.note.into_bytes());
    let input = Input::Transfer {
        agent,
        ticket: transfer.ticket,
        epoch: transfer.epoch,
        to,
        note: !private.is_empty(),
    };
    Ok(Converted::Shard { input, private, silent: false })
}

pub(super) fn shard(input: Input) -> Converted {
    Converted::Shard { input, private: Bytes::new(), silent: false }
}

fn progress(party: RoutingParty, receipt: command::Receipt) -> Converted {
    let command::Receipt { ticket, delivered, read } = receipt;
    let input = Input::Progress { party, ticket, delivered, read };
    Converted::Shard { input, private: Bytes::new(), silent: true }
}

fn addressed(send: &command::Send) -> Result<(relevo_wire::TicketId, u32), WireError> {
    let needed = |field: &str| {
        WireError::field(ErrorCode::Malformed, field, "needed unless `author` is `customer`")
    };
    Ok((send.ticket.ok_or_else(|| needed("ticket"))?, send.epoch.ok_or_else(|| needed("epoch"))?))
}

/// A queue of the ticket's bot by its name, or any queue as `bot/queue` (which the core refuses when
/// it is another bot's).
fn target_queue(
    names: Names<'_>,
    transfer: &command::Transfer,
    name: &str,
) -> Result<QueueId, WireError> {
    if name.contains('/') {
        return named_queue(names.directory, name);
    }
    // Another tenant's ticket is answered like one that does not exist, in the core's words.
    let own = |c: &Conversation| (c.tenant == names.tenant).then_some(c.bot);
    let bot = names.published.conversations.read(transfer.ticket, own).flatten();
    let bot =
        bot.ok_or_else(|| not_found("ticket", format!("no ticket {} is known", transfer.ticket)))?;
    names
        .directory
        .queue_id(bot, name)
        .ok_or_else(|| not_found("to", format!("the ticket's bot has no queue named `{name}`")))
}

/// `bot/queue`, as agents name queues.
pub(super) fn named_queue(directory: &Directory, name: &str) -> Result<QueueId, WireError> {
    let found = name
        .split_once('/')
        .and_then(|(bot, queue)| directory.queue_id(directory.bot_id(bot)?, queue));
    found.ok_or_else(|| {
        not_found("queue", format!("there is no queue `{name}`: queues are named `bot/queue`"))
    })
}

/// Checks a packed body once, at the border.
fn body(body: &Packed<Body>) -> Result<Bytes, WireError> {
    validate::body(body)?;
    Ok(body.bytes().clone())
}

fn length(bytes: &Bytes) -> u32 {
    const { assert!(limits::HAND_OFF_BYTES < u32::MAX as usize) };
    u32::try_from(bytes.len()).expect("frames are capped far below 4 GiB")
}

/// The core's name for a contact: a digest, so that the core holds no personal field.
#[must_use]
pub fn contact_key(tenant: TenantId, bot: BotId, id: &str) -> ContactKey {
    let mut context = Context::new(&SHA256);
    context.update(&tenant.0.to_be_bytes());
    context.update(&bot.0.to_be_bytes());
    context.update(id.as_bytes());
    ContactKey(first_128(context.finish().as_ref()))
}

/// First 128 bits of the SHA-256 of a text.
#[must_use]
pub fn digest_128(text: &str) -> u128 {
    first_128(digest(&SHA256, text.as_bytes()).as_ref())
}

/// First 128 bits of the SHA-256 of bytes.
#[must_use]
pub fn digest_bytes_128(bytes: &[u8]) -> u128 {
    first_128(digest(&SHA256, bytes).as_ref())
}

fn first_128(digest: &[u8]) -> u128 {
    let first: [u8; 16] = *digest.first_chunk().expect("SHA-256 has 32 bytes");
    u128::from_be_bytes(first)
}

fn not_found(field: &str, message: String) -> WireError {
    WireError::field(ErrorCode::NotFound, field, message)
}

fn forbidden(who: &str) -> WireError {
    WireError::new(ErrorCode::Forbidden, format!("this command is for {who}"))
}

fn second_hello() -> WireError {
    WireError::new(ErrorCode::WrongState, "the session is open: hello comes once")
}

/// The answer to what has nothing to tell.
#[must_use]
pub fn done() -> Answer {
    Answer::Done(Done {})
}
