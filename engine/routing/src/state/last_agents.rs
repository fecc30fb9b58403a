//! Who served a contact last, of bots that hand a returning contact to the same agent first.

use crate::Micros;
use relevo_wire::{AgentId, BotId, ContactKey};
use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// The contacts served last, longest ago out first; some 90 bytes each.
#[derive(Debug)]
pub(crate) struct LastAgents {
    by_contact: FxHashMap<ContactKey, Served>,
    in_order: BTreeSet<(Micros, ContactKey)>,
    most: usize,
    kept_us: Micros,
}

/// Who served a contact, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Served {
    pub(crate) bot: BotId,
    pub(crate) agent: AgentId,
    pub(crate) at: Micros,
}

impl LastAgents {
    pub(crate) fn new(most: usize, kept_us: Micros) -> Self {
        Self { by_contact: FxHashMap::default(), in_order: BTreeSet::new(), most, kept_us }
    }

    /// As [`Self::iter`] gave them; the newest where fewer are remembered now.
    pub(crate) fn restore(rows: Vec<(ContactKey, Served)>, most: usize, kept_us: Micros) -> Self {
        let mut all = Self::new(most, kept_us);
        let surplus = rows.len().saturating_sub(most);
        for (contact, served) in rows.into_iter().skip(surplus) {
            all.in_order.insert((served.at, contact));
            all.by_contact.insert(contact, served);
        }
        all
    }

    /// Who served the contact of a bot last, if that is not too long ago.
    pub(crate) fn of(&self, bot: BotId, contact: ContactKey, now: Micros) -> Option<AgentId> {
        let served = self.by_contact.get(&contact).filter(|served| served.bot == bot)?;
        self.is_kept(served.at, now).then_some(served.agent)
    }

    /// An agent serves a contact now. What is too old goes meanwhile: two for each that comes.
    pub(crate) fn note(&mut self, contact: ContactKey, served: Served) {
        let now = served.at;
        if let Some(before) = self.by_contact.insert(contact, served) {
            self.in_order.remove(&(before.at, contact));
        }
        self.in_order.insert((now, contact));
        for _ in 0..2 {
            let Some((at, _)) = self.in_order.first() else { return };
            if self.in_order.len() <= self.most && self.is_kept(*at, now) {
                return;
            }
            let oldest = self.in_order.pop_first();
            oldest.and_then(|(_, contact)| self.by_contact.remove(&contact));
        }
    }

    /// Nothing is remembered of a bot's contacts any more.
    pub(crate) fn forget(&mut self, bot: BotId) {
        let by_contact = &mut self.by_contact;
        self.in_order.retain(|(_, contact)| {
            let is_kept = by_contact.get(contact).is_some_and(|served| served.bot != bot);
            if !is_kept {
                by_contact.remove(contact);
            }
            is_kept
        });
    }

    /// From the longest ago on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ContactKey, Served)> {
        self.in_order.iter().map(|(_, contact)| (*contact, self.by_contact[contact]))
    }

    fn is_kept(&self, at: Micros, now: Micros) -> bool {
        now < at.saturating_add(self.kept_us)
    }
}
