//! Everything that can happen to a tenant: one variant each.

use crate::Micros;
use crate::event::{Demand, NoticeWords, QueueModeSet, RulesHeld};
use relevo_wire::command::Change;
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::vocabulary::{HandOffReason, Intent, Language, Role, Texts};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, SessionId, TicketId};

/// An input with what every input may carry.
#[derive(Debug, Clone)]
pub struct Command {
    /// Makes a mutating command idempotent.
    pub idempotency: Option<Idempotency>,
    /// What happened.
    pub input: Input,
}

/// Same key and same digest: the first answer again. Same key and another digest: a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Digest of the credential: keys of two credentials never meet.
    pub credential: u64,
    /// Digest of the key.
    pub key: u128,
    /// Digest of the command's content.
    pub digest: u128,
}

/// What happened. Names have become numbers; bodies and personal fields stay outside.
#[derive(Debug, Clone)]
pub enum Input {
    /// A bot hands a customer over.
    HandOff(HandOff),
    /// A bot passes on what its customer said.
    CustomerMessage {
        /// The bot.
        bot: BotId,
        /// Its customer.
        contact: ContactKey,
        /// Digest of the channel's message id.
        client_message: Option<u128>,
        /// Length of the packed body in bytes.
        bytes: u32,
    },
    /// The bot itself says something, while the ticket waits.
    BotMessage {
        /// The bot.
        bot: BotId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// Digest of the client's message id.
        client_message: Option<u128>,
        /// Length of the packed body in bytes.
        bytes: u32,
    },
    /// An agent says something.
    AgentMessage {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// Digest of the client's message id.
        client_message: Option<u128>,
        /// Length of the packed body in bytes.
        bytes: u32,
    },
    /// The customer left.
    CustomerLeft {
        /// The bot.
        bot: BotId,
        /// Its customer.
        contact: ContactKey,
    },
    /// The bot takes the conversation back.
    TakeBack {
        /// The bot.
        bot: BotId,
        /// The ticket.
        ticket: TicketId,
    },
    /// How far a party has come. Never answered; a stale one is no error.
    Progress {
        /// Who.
        party: Party,
        /// The ticket.
        ticket: TicketId,
        /// Entries up to this number have arrived.
        delivered: u32,
        /// Messages up to this number were read.
        read: u32,
    },
    /// An agent sets its intent.
    SetPresence {
        /// The agent.
        agent: AgentId,
        /// What it wants.
        intent: Intent,
        /// Why.
        reason: String,
        /// What the session saw of the seat word when it sent this: a close since then wins.
        seen: crate::seats::CloseCount,
    },
    /// An agent pulls the most urgent ticket it may serve.
    Next {
        /// The agent.
        agent: AgentId,
        /// From this queue only.
        queue: Option<QueueId>,
    },
    /// Where a ticket may be transferred. Changes nothing.
    Targets {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
    },
    /// Gives a ticket to a queue or an agent.
    Transfer {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// To whom.
        to: Target,
        /// A note goes with it (in the record's private part).
        note: bool,
    },
    /// An agent ends a ticket.
    Close {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// Tags.
        tags: Vec<String>,
    },
    /// An agent accepts an offer.
    Accept {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
    },
    /// An agent declines an offer.
    Decline {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
    },
    /// An agent puts a ticket in service on hold, or takes it up again.
    Hold {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// On hold from now on.
        on: bool,
    },
    /// An agent parks a ticket in service.
    Park {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
        /// Until when.
        until: Micros,
    },
    /// An agent takes a ticket up again that it has parked.
    Unpark {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// The epoch that it believes in.
        epoch: u32,
    },
    /// An agent has wrapped a closed ticket up.
    WrapUpDone {
        /// The agent.
        agent: AgentId,
        /// The ticket.
        ticket: TicketId,
        /// Further tags.
        tags: Vec<String>,
    },
    /// An agent is away for a bot, or no longer.
    SetAbsence {
        /// The agent.
        agent: AgentId,
        /// The bot.
        bot: BotId,
        /// Away, with this; none: no longer.
        absence: Option<crate::event::Absence>,
        /// The agent itself asks, and not an admin.
        own: bool,
    },
    /// A customer was asked whether he wants to be called back.
    WantCallback {
        /// The bot.
        bot: BotId,
        /// Its customer.
        contact: ContactKey,
        /// He wants to.
        yes: bool,
    },
    /// An admin blocks a contact; the private part says who it is and why.
    BlockContact {
        /// The bot.
        bot: BotId,
        /// Its contact.
        contact: ContactKey,
        /// Until when; none: until somebody unblocks it.
        until: Option<Micros>,
    },
    /// An admin unblocks a contact.
    UnblockContact {
        /// The bot.
        bot: BotId,
        /// Its contact.
        contact: ContactKey,
    },
    /// Whoever runs the desk opens, drains or closes a queue.
    SetQueueMode(QueueModeSet),
    /// Whoever runs the desk tells everybody who waits in a queue something.
    NotifyWaiting {
        /// The queue.
        queue: QueueId,
        /// What they are told.
        words: NoticeWords,
    },
    /// An agent goes on with a conversation that it has closed.
    Reopen {
        /// The agent.
        agent: AgentId,
        /// The closed ticket.
        ticket: TicketId,
    },
    /// What a ticket waits for, or why this agent has it. Changes nothing.
    Explain {
        /// The ticket.
        ticket: TicketId,
    },
    /// A session of an agent opened.
    AgentSessionOpened {
        /// The agent.
        agent: AgentId,
        /// The session.
        session: SessionId,
        /// What the session saw of the seat word: a close since then wins.
        seen: crate::seats::CloseCount,
    },
    /// A session of an agent is gone.
    AgentSessionLost {
        /// The agent.
        agent: AgentId,
        /// The session.
        session: SessionId,
        /// What closing the seat word returned, or what the session saw of it.
        seen: crate::seats::CloseCount,
    },
    /// A session of a bot opened.
    BotSessionOpened {
        /// The bot.
        bot: BotId,
        /// The session.
        session: SessionId,
    },
    /// A session of a bot is gone.
    BotSessionLost {
        /// The bot.
        bot: BotId,
        /// The session.
        session: SessionId,
    },
    /// Creates or changes a directory object.
    Put {
        /// What it is to be. Boxed: every message goes through a mailbox as one of these.
        object: Box<Object>,
        /// Refuse unless the present version is this one (0: it must not exist).
        if_version: Option<u64>,
    },
    /// Deletes a directory object; what is in use is refused with counts.
    Delete {
        /// Which.
        object: ObjectRef,
    },
    /// Changes several directory objects in one step: all of them or none.
    Apply {
        /// In this order, each as if those before it had been made.
        changes: Vec<Change>,
        /// Answer as if, change nothing.
        dry_run: bool,
    },
    /// Stores a credential. The secret never comes here.
    CreateKey(Key),
    /// Ends a credential.
    RevokeKey {
        /// Its prefix.
        prefix: String,
    },
    /// First input after a start: how long the daemon was down.
    Started {
        /// In microseconds, from the last record before.
        down_us: Micros,
    },
    /// The daemon takes sessions from now on: every agent's grace period starts.
    Ready,
    /// A deadline has come.
    Tick,
}

/// A bot hands a customer over.
#[derive(Debug, Clone)]
pub struct HandOff {
    /// The bot.
    pub bot: BotId,
    /// Its customer.
    pub contact: ContactKey,
    /// The queue that the bot names; absent: a rule's, else the bot's default queue.
    pub queue: Option<QueueId>,
    /// The queue that a rule of the directory names; where it is gone meanwhile, the default queue.
    pub queue_of_rule: Option<QueueId>,
    /// Why.
    pub reason: HandOffReason,
    /// 0 to 1000, as the bot asks; the directory caps it.
    pub priority: u16,
    /// 0 to 1000, as a rule of the directory says: that is not capped, and goes before the bot's.
    pub priority_of_rule: Option<u16>,
    /// What a rule of the directory says that the ticket requires.
    pub demand: Option<Box<Demand>>,
    /// Who has it first: that of the hand-off, else that of a rule. Ignored where it is no member of the
    /// queue or not online.
    pub preferred_agent: Option<AgentId>,
    /// What the contact understands, where it is known; else the bot's language.
    pub language: Option<Language>,
    /// What the bot's rules said, for the record; absent: it has none.
    pub rules: Option<Box<RulesHeld>>,
    /// Texts instead of the queue's.
    pub texts: Option<Texts>,
    /// Transcript or context were cut.
    pub truncated: bool,
    /// Push the position in line.
    pub position_updates: bool,
    /// A test.
    pub test: bool,
    /// Answer as if, change nothing.
    pub dry_run: bool,
    /// Length of the packed details in bytes.
    pub bytes: u32,
}

/// Where a ticket is transferred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A queue.
    Queue(QueueId),
    /// An agent.
    Agent(AgentId),
}

/// A party of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum Party {
    /// The bot, for its customer.
    Bot(BotId),
    /// An agent.
    Agent(AgentId),
}

/// A stored credential: what is needed to recognise a key, never the key.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Key {
    /// Public part, for look-up and lists.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub sha256: [u8; 32],
    /// What it may be used for.
    pub role: Role,
    /// Name of the bot or agent; empty for admins.
    pub owner: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: Micros,
}
