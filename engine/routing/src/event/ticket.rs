//! The life of a ticket.

use crate::Micros;
use relevo_wire::answer::{ChosenBy, PreferredBy};
use relevo_wire::directory::{Ring, Skill};
use relevo_wire::vocabulary::{CloseReason, HandOffReason, Language, Outcome, RequeueReason, Via};
use relevo_wire::{AgentId, BotId, ContactKey, EstimatedWait, QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

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
    /// In which its customer is told what there is to tell.
    pub language: Language,
    /// The ticket it goes on from.
    pub parent: Option<TicketId>,
    /// Reserved for this agent until then.
    pub reserved: Option<(AgentId, Micros)>,
    /// Excluded from this agent until then (or until another had it).
    pub excluded: Option<(AgentId, Micros)>,
    /// Place in line: inherited by a child.
    pub arrived: Micros,
    /// Start of the conversation's total wait, later by the time in which its queues were closed.
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
    /// The queue that it was handed over to, and why another one of its chain has it.
    pub overflowed: Option<(QueueId, OverflowReason)>,
    /// Who chose the queue that it was handed over to.
    pub routed: Routed,
}

/// Who chose the queue of a ticket, by which rules, and whom it preferred: for explanations, and no decision reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Routed {
    /// Who chose it.
    pub by: ChosenBy,
    /// What the bot's rules said; absent: it had none, or no hand-off made the ticket.
    pub rules: Option<Box<RulesHeld>>,
    /// The agent who was to have it first, and why, whether or not it was there to be waited for; only at
    /// a hand-off.
    pub preferred: Option<(AgentId, PreferredBy)>,
}

/// What came of holding a bot's rules against a hand-off. With its details, which are in the private
/// part of the same record, that is all it takes to hold them against it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct RulesHeld {
    /// Version of the bot that has them.
    pub version: u64,
    /// What the clock showed them.
    pub at: Micros,
    /// The language that the hand-off named.
    pub language: Option<String>,
    /// The routing rule that matched: its place among them, from 0, and its name.
    pub rule: Option<(u32, String)>,
    /// Likewise the priority rule.
    pub priority_rule: Option<(u32, String)>,
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
    /// As many wait as may.
    QueueFull,
    /// The queue's hours have it closed, and it refuses then.
    OutOfHours,
    /// The contact is blocked.
    Blocked,
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
    /// Waiting since to now, without the time in which the queue was closed, in microseconds.
    pub waited_us: Micros,
    /// The wait that was estimated when it was handed over, without the time in which the queue was
    /// closed; absent where there were no figures, and where the daemon started meanwhile.
    pub told: Option<EstimatedWait>,
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

/// Why a ticket goes on to the next queue that takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum OverflowReason {
    /// It has been in the queue for as long as the queue's overflow says.
    Timeout,
    /// No member is online who could have it.
    NobodyOnline,
    /// As many wait as may: only at a hand-off.
    Full,
    /// Its hours have the queue closed, and it sends on who comes then: only at a hand-off.
    OutOfHours,
}

/// A waiting ticket went on to another queue of its bot. It is the same ticket, with its place in line
/// and all its clocks: no entry of its sequence tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Overflowed {
    /// The ticket.
    pub ticket: TicketId,
    /// From this queue.
    pub from: QueueId,
    /// To this one: the first of the chain that takes it.
    pub to: QueueId,
    /// Why.
    pub reason: OverflowReason,
    /// Its priority from now on.
    pub priority: u16,
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
    /// Until when its agent keeps the seat to wrap up, if it does.
    pub wraps_until: Option<Micros>,
    /// Its queue wants a tag, and the agent has given none: it may while it wraps up.
    pub owes_tags: bool,
    /// Until when the conversation can be reopened, if it can.
    pub reopen_until: Option<Micros>,
}

/// A closed ticket leaves memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Forgotten {
    /// The ticket.
    pub ticket: TicketId,
}
