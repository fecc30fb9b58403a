//! Contacts who are blocked, by bot: a bounded number. The core knows their keys and ends; who they are and
//! why stands in the log.

use super::maybe::MaybeTime;
use crate::Micros;
use relevo_wire::{BotId, ContactKey};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Until when each is blocked.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    untils: BTreeMap<(BotId, ContactKey), MaybeTime>,
    /// Of those that end by themselves.
    ends: BTreeSet<(Micros, BotId, ContactKey)>,
}

/// A block in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) bot: BotId,
    pub(crate) contact: ContactKey,
    pub(crate) until: MaybeTime,
}

impl Blocks {
    pub(crate) fn len(&self) -> usize {
        self.untils.len()
    }

    /// Blocked, or no longer though no tick has come since.
    pub(crate) fn holds(&self, bot: BotId, contact: ContactKey) -> bool {
        self.untils.contains_key(&(bot, contact))
    }

    /// Blocked now.
    #[inline]
    pub(crate) fn is_blocked(&self, bot: BotId, contact: ContactKey, now: Micros) -> bool {
        let until = self.untils.get(&(bot, contact));
        until.is_some_and(|until| until.get().is_none_or(|until| now < until))
    }

    pub(crate) fn put(&mut self, block: Block) {
        let Block { bot, contact, until } = block;
        self.remove(bot, contact);
        self.untils.insert((bot, contact), until);
        self.ends.extend(until.get().map(|until| (until, bot, contact)));
    }

    pub(crate) fn remove(&mut self, bot: BotId, contact: ContactKey) {
        if let Some(until) = self.untils.remove(&(bot, contact)).and_then(MaybeTime::get) {
            self.ends.remove(&(until, bot, contact));
        }
    }

    /// The bot is gone.
    pub(crate) fn remove_bot(&mut self, bot: BotId) {
        self.untils.retain(|(of, _), _| *of != bot);
        self.ends.retain(|(_, of, _)| *of != bot);
    }

    /// The block that ends first, and when.
    pub(crate) fn first_end(&self) -> Option<(Micros, BotId, ContactKey)> {
        self.ends.first().copied()
    }

    pub(crate) fn rows(&self) -> Vec<Block> {
        let row = |((bot, contact), until): (&(BotId, ContactKey), &MaybeTime)| Block {
            bot: *bot,
            contact: *contact,
            until: *until,
        };
        self.untils.iter().map(row).collect()
    }
}
