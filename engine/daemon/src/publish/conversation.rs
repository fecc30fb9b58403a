//! One conversation as its parties see it: the dense sequence of a ticket, with the bodies.
//!
//! A projection of durable events and nothing else: publish builds it in live traffic, recovery and
//! the snapshot's fold build the same from the log. It decides nothing.

use bytes::Bytes;
use relevo_journal::Place;
use relevo_routing::event::{
    Assigned, Closed, Held, Inactive, MessageStored, Parked, Requeued, TicketOpened, TransferAsked,
    TransferEnded, Unparked,
};
use relevo_wire::ids::{AgentId, BotId, QueueId, TenantId, TicketId};
use relevo_wire::vocabulary::{
    Author, CloseReason, HandOffReason, Outcome, RequeueReason, Silent, TicketState, TransferEnd,
    UnparkCause,
};

use super::live::Live;
use super::targets::ToldTargets;

/// Where the private part of an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Private {
    /// There is none.
    None,
    /// In memory.
    Here(Bytes),
    /// In the log, at the place of the entry.
    Logged,
}

/// An entry of the sequence. Its number is its index plus one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// When, in microseconds since 1970.
    pub at: u64,
    /// Where its record is in the log.
    pub place: Place,
    /// Body, details or note.
    pub private: Private,
    /// What.
    pub what: What,
}

/// What an entry tells, without names and bodies.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum What {
    /// A hand-off; the private part holds details, or the note of a transfer.
    HandedOff { reason: HandOffReason, priority: u16 },
    /// A message; the private part holds the body.
    Message { author: Author, agent: Option<AgentId> },
    /// An agent has it.
    Assigned { agent: AgentId, epoch: u32 },
    /// Back in its line.
    Requeued { agent: AgentId, reason: RequeueReason, epoch: u32 },
    /// Goes on in a child. Boxed: few entries are one, and every entry is as large as the largest.
    Transferred(Box<Child>),
    /// On hold, or no longer.
    Held { on: bool },
    /// Its agent parked it until then, in microseconds since 1970.
    Parked { until: u64 },
    /// Parked no longer.
    Unparked { agent: AgentId, cause: UnparkCause },
    /// Somebody was silent for too long; what the customer is told. Boxed as above.
    Inactive { silent: Silent, text: Option<Box<String>> },
    /// The receiver of a transfer is asked; the private part holds the giver's note.
    TransferAsked { queue: QueueId, agent: Option<AgentId>, seconds: u32 },
    /// Nobody has accepted it.
    TransferEnded(TransferEnd),
    /// Whoever waits is told this, in the system's name.
    Notified { text: Box<String> },
    /// Over.
    Returned {
        reason: CloseReason,
        outcome: Outcome,
        tags: Option<Box<Vec<String>>>,
        epoch: u32,
        /// In microseconds since 1970; 0: it cannot be reopened.
        reopen_until: u64,
    },
}

/// Where a ticket goes on.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Child {
    /// The child ticket.
    pub ticket: TicketId,
    /// Its queue.
    pub queue: QueueId,
    /// The agent for whom it is reserved.
    pub agent: Option<AgentId>,
    /// The epoch from then on.
    pub epoch: u32,
}

/// How far a party has come.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
pub struct Progress {
    /// Entries up to this number have arrived.
    pub delivered: u32,
    /// Messages up to this number were read.
    pub read: u32,
}

/// A ticket as its parties see it.
#[derive(Debug)]
pub struct Conversation {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its bot.
    pub bot: BotId,
    /// Its queue.
    pub queue: QueueId,
    /// The ticket it goes on from. Boxed, as most have none.
    pub parent: Option<Box<TicketId>>,
    /// The ticket in which it was reopened. Boxed, as most have none.
    pub reopened: Option<Box<TicketId>>,
    /// The agent who has it, or had it when it closed.
    pub agent: Option<AgentId>,
    /// Its state.
    pub state: TicketState,
    /// Until when its agent wraps it up, in microseconds since 1970; 0: it does not.
    pub wraps_until: u64,
    /// Its queue wants a tag, and it has none.
    pub untagged: bool,
    /// Its epoch.
    pub epoch: u32,
    /// A test.
    pub test: bool,
    /// The conversation has had an agent.
    pub had_agent: bool,
    /// The conversation's service-level threshold has passed.
    pub target_missed: bool,
    /// What was told of its targets.
    pub told: ToldTargets,
    /// How far the bot has come.
    pub bot_progress: Progress,
    /// How far the agent has come.
    pub agent_progress: Progress,
    /// The core has forgotten it; it stays only for a child.
    pub forgotten: bool,
    /// Open or resumable children that show it.
    pub children: u32,
    /// The sequence.
    pub entries: Vec<Stored>,
    /// Who gets what comes.
    pub live: Live,
}

impl Conversation {
    /// The ticket it goes on from.
    #[must_use]
    pub fn parent(&self) -> Option<TicketId> {
        self.parent.as_deref().copied()
    }

    /// The ticket in which it goes on after a transfer, or once it is reopened.
    #[must_use]
    pub fn child(&self) -> Option<TicketId> {
        if let Some(child) = &self.reopened {
            return Some(**child);
        }
        match &self.entries.last()?.what {
            What::Transferred(child) => Some(child.ticket),
            What::HandedOff { .. }
            | What::Message { .. }
            | What::Assigned { .. }
            | What::Requeued { .. }
            | What::Held { .. }
            | What::Parked { .. }
            | What::Unparked { .. }
            | What::Inactive { .. }
            | What::TransferAsked { .. }
            | What::TransferEnded(_)
            | What::Notified { .. }
            | What::Returned { .. } => None,
        }
    }

    /// A ticket that has just been opened.
    #[must_use]
    pub fn open(
        tenant: TenantId,
        at: u64,
        place: Place,
        opened: &TicketOpened,
        private: Private,
    ) -> Self {
        let what = What::HandedOff { reason: opened.reason, priority: opened.priority };
        // Most waiting tickets have one entry: room for no more.
        let entries = vec![Stored { at, place, private, what }];
        Self {
            tenant,
            bot: opened.bot,
            queue: opened.queue,
            parent: opened.parent.map(Box::new),
            reopened: None,
            agent: None,
            state: TicketState::Waiting,
            wraps_until: 0,
            untagged: false,
            epoch: opened.epoch,
            test: opened.test,
            had_agent: false,
            target_missed: false,
            told: ToldTargets::default(),
            bot_progress: Progress::default(),
            agent_progress: Progress::default(),
            forgotten: false,
            children: 0,
            entries,
            live: Live::default(),
        }
    }

    /// Number of the last entry.
    #[must_use]
    pub fn last(&self) -> u32 {
        u32::try_from(self.entries.len()).expect("a ticket has fewer than 2^32 entries")
    }

    /// Appends an entry. The core numbers densely: another number is a fault of ours.
    pub fn append(&mut self, number: u32, stored: Stored) {
        assert_eq!(number, self.last() + 1, "entries of a ticket are dense");
        self.entries.push(stored);
    }

    /// A message was stored.
    pub fn message(&mut self, at: u64, place: Place, event: &MessageStored, private: Private) {
        if event.author == Author::Agent && self.state == TicketState::Assigned {
            self.state = TicketState::InService;
        }
        if event.author == Author::Agent {
            self.told.end_responses();
        }
        let what = What::Message { author: event.author, agent: event.agent };
        self.append(event.number, Stored { at, place, private, what });
    }

    /// An agent has it.
    pub fn assigned(&mut self, at: u64, place: Place, event: &Assigned) {
        self.state = TicketState::Assigned;
        self.epoch = event.epoch;
        self.agent = Some(event.agent);
        self.had_agent = true;
        self.agent_progress = Progress::default();
        let what = What::Assigned { agent: event.agent, epoch: event.epoch };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Back in its line.
    pub fn requeued(&mut self, at: u64, place: Place, event: &Requeued) {
        self.state = TicketState::Waiting;
        self.epoch = event.epoch;
        self.agent = None;
        self.told.end_responses();
        let what = What::Requeued { agent: event.agent, reason: event.reason, epoch: event.epoch };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Over. `child` is the ticket that the same record opened for a transfer.
    pub fn closed(&mut self, at: u64, place: Place, event: &Closed, child: Option<&TicketOpened>) {
        self.state = TicketState::Closed;
        self.told.end();
        if let Some(until) = event.wraps_until {
            self.state = TicketState::Wrapping;
            self.wraps_until = until;
            self.untagged = event.owes_tags;
        }
        self.epoch = event.epoch;
        let what = match child {
            Some(child) => What::Transferred(Box::new(Child {
                ticket: child.ticket,
                queue: child.queue,
                agent: child.reserved.map(|(agent, _)| agent),
                epoch: event.epoch,
            })),
            None => What::Returned {
                reason: event.reason,
                outcome: event.outcome,
                tags: (!event.tags.is_empty()).then(|| Box::new(event.tags.clone())),
                epoch: event.epoch,
                reopen_until: event.reopen_until.unwrap_or(0),
            },
        };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// On hold, or taken up again.
    pub fn held(&mut self, at: u64, place: Place, event: &Held) {
        self.state = if event.on { TicketState::OnHold } else { TicketState::InService };
        let what = What::Held { on: event.on };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Its agent has parked it, and it stays the agent's.
    pub fn parked(&mut self, at: u64, place: Place, event: &Parked) {
        self.state = TicketState::Parked;
        let what = What::Parked { until: event.until };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Parked no longer: it waits.
    pub fn unparked(&mut self, at: u64, place: Place, event: &Unparked) {
        self.state = TicketState::Waiting;
        self.agent = None;
        let what = What::Unparked { agent: event.agent, cause: event.cause };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Somebody was told that he is awaited.
    pub fn inactive(&mut self, at: u64, place: Place, event: &Inactive) {
        let text = (!event.text.is_empty()).then(|| Box::new(event.text.clone()));
        let what = What::Inactive { silent: event.silent, text };
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// The receiver of a transfer is asked: it stays with its agent.
    pub fn transfer_asked(
        &mut self,
        at: u64,
        place: Place,
        event: &TransferAsked,
        private: Private,
    ) {
        let seconds = u32::try_from(event.wait_us / 1_000_000).unwrap_or(u32::MAX);
        let what = What::TransferAsked { queue: event.queue, agent: event.agent, seconds };
        self.append(event.number, Stored { at, place, private, what });
    }

    /// Nobody has accepted it.
    pub fn transfer_ended(&mut self, at: u64, place: Place, event: &TransferEnded) {
        let what = What::TransferEnded(event.end);
        self.append(event.number, Stored { at, place, private: Private::None, what });
    }

    /// Its customer was told something while it waits.
    pub fn notified(&mut self, at: u64, place: Place, number: u32, text: &str) {
        let what = What::Notified { text: Box::new(text.to_owned()) };
        self.append(number, Stored { at, place, private: Private::None, what });
    }

    /// Its agent has wrapped it up.
    pub fn wrapped_up(&mut self) {
        self.state = TicketState::Closed;
        self.wraps_until = 0;
    }

    /// Up to which entry an agent may read: all of what it has, what it had until it lost it.
    #[must_use]
    pub fn visible_to(&self, agent: AgentId) -> Option<u32> {
        if self.agent == Some(agent) {
            return Some(self.last());
        }
        let lost = |what: &What| {
            matches!(what, What::Requeued { agent: from, .. } | What::Unparked { agent: from, .. }
                if *from == agent)
        };
        self.entries.iter().rposition(|entry| lost(&entry.what)).map(|at| at as u32 + 1)
    }
}

// A center has hundreds of thousands of waiting tickets, with one entry each.
const _: () = assert!(size_of::<Conversation>() <= 160);
const _: () = assert!(size_of::<Stored>() <= 96);
