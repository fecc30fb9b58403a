//! Contacts who are blocked.

use crate::Micros;
use relevo_wire::{BotId, ContactKey};
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
