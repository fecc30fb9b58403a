//! Who stands in the call-back list of its bot, oldest first, and what customers who wait wish.

use crate::Micros;
use relevo_wire::vocabulary::Callback;
use relevo_wire::{BotId, ContactKey};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::BTreeMap;

/// The lists of all bots: a contact stands in its bot's once, at its latest place.
#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    listed: BTreeMap<(BotId, ContactKey), (u64, Callback)>,
    in_order: BTreeMap<u64, (Micros, BotId, ContactKey)>,
    by_bot: BTreeMap<BotId, BTreeMap<u64, ContactKey>>,
    next: u64,
    /// Of customers who wait, as far as they were asked.
    wishes: BTreeMap<(BotId, ContactKey), bool>,
}

/// A place in a list, in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) bot: BotId,
    pub(crate) contact: ContactKey,
    pub(crate) at: Micros,
    pub(crate) wish: Callback,
}

/// What a customer who waits wishes, in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) bot: BotId,
    pub(crate) contact: ContactKey,
    pub(crate) yes: bool,
}

impl Callbacks {
    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.listed.len()
    }

    /// What who stands in a list wishes.
    pub(crate) fn listed(&self, bot: BotId, contact: ContactKey) -> Option<Callback> {
        self.listed.get(&(bot, contact)).map(|(_, wish)| *wish)
    }

    /// What a customer who waits wishes.
    pub(crate) fn wish(&self, bot: BotId, contact: ContactKey) -> Option<bool> {
        self.wishes.get(&(bot, contact)).copied()
    }

    /// The newest of its bot from now on.
    pub(crate) fn put(&mut self, row: Listed) {
        let Listed { bot, contact, at, wish } = row;
        self.remove(bot, contact);
        let number = self.next;
        self.next += 1;
        self.listed.insert((bot, contact), (number, wish));
        self.in_order.insert(number, (at, bot, contact));
        self.by_bot.entry(bot).or_default().insert(number, contact);
    }

    pub(crate) fn remove(&mut self, bot: BotId, contact: ContactKey) {
        let Some((number, _)) = self.listed.remove(&(bot, contact)) else { return };
        self.in_order.remove(&number);
        if let Some(of_bot) = self.by_bot.get_mut(&bot) {
            of_bot.remove(&number);
            if of_bot.is_empty() {
                self.by_bot.remove(&bot);
            }
        }
    }

    /// The bot is gone.
    pub(crate) fn remove_bot(&mut self, bot: BotId) {
        for contact in self.by_bot.remove(&bot).into_iter().flat_map(BTreeMap::into_values) {
            if let Some((number, _)) = self.listed.remove(&(bot, contact)) {
                self.in_order.remove(&number);
            }
        }
        self.wishes.retain(|(of, _), _| *of != bot);
    }

    /// Who stands in a list is asked.
    pub(crate) fn set_listed(&mut self, bot: BotId, contact: ContactKey, yes: bool) {
        if let Some((_, wish)) = self.listed.get_mut(&(bot, contact)) {
            *wish = yes.into();
        }
    }

    /// Who waits is asked.
    pub(crate) fn set_wish(&mut self, bot: BotId, contact: ContactKey, yes: bool) {
        self.wishes.insert((bot, contact), yes);
    }

    /// Nobody waits any more: most who wait were never asked.
    #[inline]
    pub(crate) fn forget_wish(&mut self, bot: BotId, contact: ContactKey) {
        if !self.wishes.is_empty() {
            self.wishes.remove(&(bot, contact));
        }
    }

    /// Who has stood in a list for longest, and since when.
    pub(crate) fn oldest(&self) -> Option<(Micros, BotId, ContactKey)> {
        self.in_order.first_key_value().map(|(_, oldest)| *oldest)
    }

    /// As many of a bot, and who of them has stood there for longest.
    pub(crate) fn of_bot(&self, bot: BotId) -> (usize, Option<ContactKey>) {
        self.by_bot.get(&bot).map_or((0, None), |of_bot| {
            (of_bot.len(), of_bot.first_key_value().map(|(_, contact)| *contact))
        })
    }

    /// In the order in which they came.
    pub(crate) fn rows(&self) -> Vec<Listed> {
        let row = |&(at, bot, contact): &(Micros, BotId, ContactKey)| {
            let wish = self.listed(bot, contact).unwrap_or_default();
            Listed { bot, contact, at, wish }
        };
        self.in_order.values().map(row).collect()
    }

    pub(crate) fn wishes(&self) -> Vec<Wish> {
        let row = |((bot, contact), yes): (&(BotId, ContactKey), &bool)| Wish {
            bot: *bot,
            contact: *contact,
            yes: *yes,
        };
        self.wishes.iter().map(row).collect()
    }
}
