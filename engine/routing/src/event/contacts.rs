//! Contacts who are blocked, and call-back lists.

use crate::Micros;
use relevo_wire::vocabulary::Callback;
use relevo_wire::{BotId, ContactKey, QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A contact is blocked from now on. Who it is and why stands in the private part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ContactBlocked {
    /// The bot.
    pub bot: BotId,
    /// Its contact.
    pub contact: ContactKey,
    /// Until when; none: until somebody unblocks it.
    pub until: Option<Micros>,
}

/// A contact is blocked no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ContactUnblocked {
    /// The bot.
    pub bot: BotId,
    /// Its contact.
    pub contact: ContactKey,
    /// The block's time is over; else somebody unblocked it.
    pub expired: bool,
}

/// A contact stands in its bot's call-back list from now on, as its newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CallbackListed {
    /// The bot.
    pub bot: BotId,
    /// The queue that was closed.
    pub queue: QueueId,
    /// The contact.
    pub contact: ContactKey,
    /// What it wishes.
    pub wish: Callback,
    /// The ticket that was closed at closing time; none: a hand-off was refused, and the private part of
    /// this record says who it is.
    pub ticket: Option<TicketId>,
}

/// A customer who waits or stands in a call-back list was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CallbackWished {
    /// The bot.
    pub bot: BotId,
    /// The contact.
    pub contact: ContactKey,
    /// It wants to be called back.
    pub yes: bool,
}

/// Why a contact no longer stands in a call-back list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum CallbackEnd {
    /// An agent has had a ticket of it since.
    Served,
    /// Its time is over.
    Expired,
    /// The list was full, and it had stood there for longest.
    Displaced,
}

/// A contact no longer stands in its bot's call-back list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CallbackEnded {
    /// The bot.
    pub bot: BotId,
    /// The contact.
    pub contact: ContactKey,
    /// Why.
    pub end: CallbackEnd,
}
