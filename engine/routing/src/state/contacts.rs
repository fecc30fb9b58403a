//! Channel message ids of customers who have no ticket, so that a repeat is recognised.

use relevo_wire::{BotId, ContactKey};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// The newest ids of the tenant, oldest out first.
#[derive(Debug)]
pub(crate) struct ContactMessages {
    order: VecDeque<u128>,
    known: FxHashSet<u128>,
    most: usize,
}

impl ContactMessages {
    pub(crate) fn new(most: usize) -> Self {
        Self { order: VecDeque::new(), known: FxHashSet::default(), most }
    }

    pub(crate) fn restore(ids: Vec<u128>, most: usize) -> Self {
        let mut messages = Self::new(most);
        for id in ids {
            messages.insert(id);
        }
        messages
    }

    pub(crate) fn knows(&self, bot: BotId, contact: ContactKey, id: u128) -> bool {
        !self.known.is_empty() && self.known.contains(&key(bot, contact, id))
    }

    pub(crate) fn remember(&mut self, bot: BotId, contact: ContactKey, id: u128) {
        self.insert(key(bot, contact, id));
    }

    /// In the order in which they came.
    pub(crate) fn in_order(&self) -> Vec<u128> {
        self.order.iter().copied().collect()
    }

    fn insert(&mut self, key: u128) {
        if !self.known.insert(key) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// Contact and id are digests; turned against each other they do not cancel out.
fn key(bot: BotId, contact: ContactKey, id: u128) -> u128 {
    contact.0.rotate_left(41) ^ id ^ u128::from(bot.0)
}
