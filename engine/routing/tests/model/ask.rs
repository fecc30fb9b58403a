//! What becomes one command: it refers to things by small numbers.

use crate::contacts::ContactAsk;
use crate::shapes::{Named, Shape};
use crate::texts::TextsShape;
use relevo_routing::event::Demand;
use relevo_wire::vocabulary::{Language, QueueMode, Role};

/// What becomes one command.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    HandOff(HandOver),
    CustomerMessage {
        contact: u8,
        id: Option<u8>,
        bytes: u32,
    },
    /// The customer of a ticket writes.
    Words {
        ticket: Which,
        bytes: u32,
    },
    BotMessage {
        ticket: Which,
        stale: bool,
        id: Option<u8>,
        bytes: u32,
    },
    AgentMessage {
        ticket: Which,
        by: By,
        stale: bool,
        id: Option<u8>,
        bytes: u32,
    },
    CustomerLeft {
        contact: u8,
    },
    /// The customer of a ticket leaves.
    Leaves(Which),
    /// The bot hands the customer of a ticket over again.
    Again {
        ticket: Which,
        dry_run: bool,
    },
    TakeBack {
        ticket: Which,
    },
    /// `delivered` and `read` count back from one behind the last entry.
    Progress {
        ticket: Which,
        by: Side,
        delivered: u8,
        read: u8,
    },
    Next {
        agent: u8,
        queue: Option<u8>,
    },
    Targets {
        ticket: Which,
        by: By,
    },
    Transfer {
        ticket: Which,
        by: By,
        stale: bool,
        to: To,
        note: bool,
    },
    Close {
        ticket: Which,
        by: By,
        stale: bool,
        tags: u8,
    },
    Accept {
        ticket: Which,
        by: By,
    },
    Decline {
        ticket: Which,
        by: By,
    },
    Hold {
        ticket: Which,
        by: By,
        stale: bool,
        on: bool,
    },
    /// For so many seconds.
    Park {
        ticket: Which,
        by: By,
        stale: bool,
        seconds: u64,
    },
    Unpark {
        ticket: Which,
        by: By,
        stale: bool,
    },
    WrapUpDone {
        ticket: Which,
        by: By,
        tags: u8,
    },
    Reopen {
        ticket: Which,
        by: By,
    },
    SetAbsence {
        agent: u8,
        bot: u8,
        colleague: Option<u8>,
        words: bool,
        on: bool,
        own: bool,
    },
    Contacts(ContactAsk),
    SetMode {
        queue: u8,
        mode: QueueMode,
        text: usize,
        in_us: Option<u64>,
    },
    /// A queue, and how long its words are.
    Notify(u8, usize, Option<usize>),
    Explain {
        ticket: Which,
    },
    Put {
        object: Box<Shape>,
        version: Guard,
    },
    Delete(Named),
    Apply {
        steps: Vec<Step>,
        dry_run: bool,
    },
    CreateKey {
        role: Role,
        owner: u8,
        prefix: u8,
    },
    RevokeKey {
        prefix: u8,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct HandOver {
    pub(crate) contact: u8,
    pub(crate) queue: Option<Line>,
    pub(crate) queue_of_rule: Option<Line>,
    pub(crate) priority: u16,
    pub(crate) priority_of_rule: Option<u16>,
    pub(crate) demand: Option<Box<Demand>>,
    pub(crate) preferred: Option<u8>,
    pub(crate) test: bool,
    pub(crate) dry_run: bool,
    pub(crate) language: Option<Language>,
    pub(crate) texts: Option<TextsShape>,
    pub(crate) truncated: bool,
    pub(crate) bytes: u32,
}

/// The nth ticket, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which {
    pub(crate) nth: u8,
    pub(crate) among: Among,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Among {
    Open,
    Held,
    Waiting,
    Offered,
    /// In service or on hold.
    Served,
    /// With its agent, while the receiver of its transfer is asked.
    Asked,
    OnHold,
    Parked,
    /// The customer left.
    Away,
    Wrapping,
    Closed,
    All,
}

/// A queue by its own number, or the nth of a bot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Line {
    OfBot(u8),
    Any(u8),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// The agent who has the ticket, or is asked first whether it takes it.
    Holder,
    /// The agent who is asked first, else who has it.
    Asked,
    Agent(u8),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    Bot,
    Agent(By),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum To {
    Queue(Line),
    Agent(u8),
}

/// One change of several that are made together.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Put { object: Box<Shape>, version: Guard },
    Delete { named: Named, version: Guard },
}

/// The version that a change expects.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guard {
    None,
    Present,
    Other,
}
