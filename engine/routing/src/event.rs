//! What became true: the facts that the log keeps and `apply` reads.
//!
//! An event carries what it changes, so that `apply` needs nothing but the state and the event, and
//! the measured times, so that nobody computes them twice. Bodies and personal fields are not here:
//! a record has one private part, and `private` says that an event refers to it.

use crate::Micros;
use crate::input::{Key, Party};
use relevo_wire::directory::{Object, ObjectRef, Ring, Skill};
use relevo_wire::vocabulary::{
    Author, CloseReason, HandOffReason, Intent, Outcome, RequeueReason, Via,
};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A fact. Each variant is encoded by itself, with a number and a version of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A directory object was created or changed.
    ObjectPut(ObjectPut),
    /// A directory object was deleted.
    ObjectDeleted(ObjectDeleted),
    /// A credential was made.
    KeyCreated(Key),
    /// A credential was ended.
    KeyRevoked(KeyRevoked),
    /// The daemon started after some time down.
    Started(Started),
    /// The daemon takes sessions: every agent's grace period runs from now.
    Ready(Ready),
    /// A bot has its first session.
    BotReachable(BotReachable),
    /// A bot has lost its last session.
    BotUnreachable(BotUnreachable),
    /// An agent has its first session.
    AgentReachable(AgentReachable),
    /// An agent has lost its last session: the grace period runs.
    AgentGrace(AgentGrace),
    /// The grace period is over.
    AgentUnreachable(AgentUnreachable),
    /// An agent's intent changed.
    IntentSet(IntentSet),
    /// A ticket was made and waits.
    TicketOpened(TicketOpened),
    /// The bot handed an already waiting or served contact over again.
    HandOffRepeated(HandOffRepeated),
    /// A hand-off was refused; no ticket was made.
    HandOffRejected(HandOffRejected),
    /// Somebody said something in a ticket.
    MessageStored(MessageStored),
    /// A customer said something while its bot has the conversation.
    ContactMessageStored(ContactMessageStored),
    /// An agent has the ticket.
    Assigned(Assigned),
    /// The ticket went back to its line.
    Requeued(Requeued),
    /// A ticket reserved for one agent joins its queue: the time is over.
    Unreserved(Unreserved),
    /// The next ring of a waiting ticket begins: it requires something else.
    Relaxed(Relaxed),

    /// The service-level threshold passed without a human message.
    TargetMissed(TargetMissed),
    /// The ticket ended.
    Closed(Closed),
    /// A party has come further.
    Progressed(Progressed),
    /// An idempotent command was answered.
    Answered(Answered),
    /// A closed ticket is no longer resumable and leaves memory.
    Forgotten(Forgotten),
}

/// A directory object was created or changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ObjectPut {
    /// Version of the tenant's directory from now on.
    pub version: u64,
    /// Number of the bot, queue or agent (0 for the tenant itself).
    pub id: u32,
    /// What it is.
    pub object: Object,
}

/// A directory object was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ObjectDeleted {
    /// Version of the tenant's directory from now on.
    pub version: u64,
    /// Its number.
    pub id: u32,
    /// Which.
    pub object: ObjectRef,
}

/// A credential was ended.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// Its prefix.
    pub prefix: String,
}

/// The daemon started after some time down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Started {
    /// Deadlines that close or move a ticket move by this.
    pub down_us: Micros,
}

/// The daemon takes sessions. One event for all agents: those that were reachable or in their grace
/// period before the start have it anew. Between `Started` and this no deadline fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Ready {
    /// End of the grace period.
    pub grace_until: Micros,
    /// Deadlines that close or move a ticket move by this: the time since `Started`.
    pub starting_us: Micros,
}

/// A bot has its first session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct BotReachable {
    /// Which.
    pub bot: BotId,
}

/// A bot has lost its last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct BotUnreachable {
    /// Which.
    pub bot: BotId,
}

/// An agent has its first session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentReachable {
    /// Which.
    pub agent: AgentId,
}

/// An agent has lost its last session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentGrace {
    /// Which.
    pub agent: AgentId,
    /// End of the grace period.
    pub until: Micros,
}

/// The grace period is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AgentUnreachable {
    /// Which.
    pub agent: AgentId,
    /// When its intent becomes offline.
    pub presence_expires: Micros,
}

/// Why an intent changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum IntentCause {
    /// The agent said so.
    Agent,
    /// First session after `offline`.
    Login,
    /// Unreachable for longer than the presence expiry.
    Expired,
}

/// An agent's intent changed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct IntentSet {
    /// Which agent.
    pub agent: AgentId,
    /// What it wants.
    pub intent: Intent,
    /// Its reason for a pause.
    pub reason: String,
    /// Why it changed.
    pub cause: IntentCause,
}

/// What a ticket requires of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct Demand {
    /// At first.
    pub skills: Vec<Skill>,
    /// Instead of that, each from some time of waiting on; in rising order.
    pub rings: Vec<Ring>,
}

impl Demand {
    /// What it requires in a ring; 0 is before the first.
    #[must_use]
    pub fn of_ring(&self, ring: u8) -> &[Skill] {
        let ring = usize::from(ring).checked_sub(1).and_then(|index| self.rings.get(index));
        ring.map_or(&self.skills, |ring| &ring.skills)
    }
}

/// A ticket was made and waits.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TicketOpened {
    /// Its id.
    pub ticket: TicketId,
    /// Its number within the bot, from 1.
    pub bot_number: u64,
    /// Its bot.
    pub bot: BotId,
    /// Its contact.
    pub contact: ContactKey,
    /// Its queue.
    pub queue: QueueId,
    /// How it came.
    pub via: Via,
    /// Why it was handed over.
    pub reason: HandOffReason,
    /// 0 to 1000.
    pub priority: u16,
    /// What it requires; absent: nothing.
    pub demand: Option<Box<Demand>>,
    /// A test.
    pub test: bool,
    /// Wants its position pushed.
    pub position_updates: bool,
    /// The ticket it goes on from.
    pub parent: Option<TicketId>,
    /// Reserved for this agent until then.
    pub reserved: Option<(AgentId, Micros)>,
    /// Excluded from this agent until then (or until another had it).
    pub excluded: Option<(AgentId, Micros)>,
    /// Place in line: inherited by a child.
    pub arrived: Micros,
    /// Start of the conversation's total wait.
    pub first_waiting_since: Micros,
    /// How long the conversation has waited before, in microseconds: its priority ages with it.
    pub waited_us: Micros,
    /// When the service-level threshold passes; absent when the conversation is already judged.
    pub target_at: Option<Micros>,
    /// Somebody human has already written in this conversation.
    pub answered_before: bool,
    /// Epoch.
    pub epoch: u32,
    /// Length of the private part in bytes.
    pub bytes: u32,
    /// The private part holds details or note.
    pub private: bool,
}

/// The bot handed an already waiting or served contact over again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct HandOffRepeated {
    /// The open ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Why it was handed over again.
    pub reason: HandOffReason,
    /// Length of the private part in bytes.
    pub bytes: u32,
}

/// Why a hand-off was refused by the directory's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum Rejection {
    /// Nobody is online and the queue refuses then.
    NoAgent,
    /// Tenant, bot or queue take no new tickets.
    Inactive,
}

/// A hand-off was refused; no ticket was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct HandOffRejected {
    /// The bot.
    pub bot: BotId,
    /// The queue.
    pub queue: QueueId,
    /// The contact.
    pub contact: ContactKey,
    /// Why it was handed over.
    pub reason: HandOffReason,
    /// Why it was refused.
    pub rejection: Rejection,
    /// A test.
    pub test: bool,
}

/// How a conversation is judged against its service level, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum Judgement {
    /// A human answered in time.
    AnsweredInTarget,
    /// The threshold passed, or it ended unserved.
    Missed,
    /// The customer left before the threshold.
    LostInTarget,
    /// The customer left before the threshold, and very soon.
    LostShort,
}

/// Somebody said something in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct MessageStored {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Who.
    pub author: Author,
    /// Which agent, if an agent did.
    pub agent: Option<AgentId>,
    /// Digest of the client's message id.
    pub client_message: Option<u128>,
    /// Length of the packed body in bytes: the private part.
    pub bytes: u32,
    /// Latest assignment to this first human message of the ticket, in microseconds.
    pub first_response_us: Option<Micros>,
    /// First wait of the conversation to its first human message, in microseconds.
    pub total_wait_us: Option<Micros>,
    /// First unanswered customer message to this human one after the first reply, in microseconds.
    pub response_us: Option<Micros>,
    /// The judgement that it brings.
    pub judged: Option<Judgement>,
}

/// A customer said something while its bot has the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ContactMessageStored {
    /// The bot.
    pub bot: BotId,
    /// The contact.
    pub contact: ContactKey,
    /// Digest of the channel's message id.
    pub client_message: Option<u128>,
    /// Length of the packed body in bytes: the private part.
    pub bytes: u32,
}

/// An agent has the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Assigned {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// The agent.
    pub agent: AgentId,
    /// Epoch from now on.
    pub epoch: u32,
    /// Waiting since to now, in microseconds.
    pub waited_us: Micros,
}

/// The ticket went back to its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Requeued {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// The agent who had it.
    pub agent: AgentId,
    /// Why.
    pub reason: RequeueReason,
    /// Epoch from now on.
    pub epoch: u32,
    /// The agent is excluded until then (or until another had it).
    pub excluded_until: Micros,
}

/// A ticket reserved for one agent joins its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Unreserved {
    /// The ticket.
    pub ticket: TicketId,
}

/// The next ring of a waiting ticket began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Relaxed {
    /// The ticket.
    pub ticket: TicketId,
    /// Which ring, from 1.
    pub ring: u8,
}

/// The service-level threshold passed without a human message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TargetMissed {
    /// The ticket.
    pub ticket: TicketId,
}

/// The ticket ended.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Closed {
    /// The ticket.
    pub ticket: TicketId,
    /// Number of this entry.
    pub number: u32,
    /// Why.
    pub reason: CloseReason,
    /// How.
    pub outcome: Outcome,
    /// Epoch from now on.
    pub epoch: u32,
    /// Tags that the agent gave.
    pub tags: Vec<String>,
    /// The child of a transfer.
    pub child: Option<TicketId>,
    /// Waiting since to now, if it was waiting, in microseconds.
    pub waited_us: Option<Micros>,
    /// First response to now, in microseconds.
    pub handle_us: Option<Micros>,
    /// The judgement that it brings.
    pub judged: Option<Judgement>,
}

/// A party has come further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Progressed {
    /// The ticket.
    pub ticket: TicketId,
    /// Who.
    pub party: Party,
    /// Entries up to this number have arrived.
    pub delivered: u32,
    /// Messages up to this number were read.
    pub read: u32,
}

/// An idempotent command was answered.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Answered {
    /// Digest of the credential.
    pub credential: u64,
    /// Digest of the key.
    pub key: u128,
    /// Digest of the command's content.
    pub digest: u128,
    /// The answer's frame, with request id 0.
    pub answer: Vec<u8>,
}

/// A closed ticket leaves memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Forgotten {
    /// The ticket.
    pub ticket: TicketId,
}
