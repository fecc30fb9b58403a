//! Contacts who are blocked.

use crate::action::{contact, moments};
use crate::pair::Pair;
use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_bot, refused};
use crate::shapes::mostly;
use proptest::prelude::*;
use relevo_routing::event::{ContactBlocked, ContactUnblocked};
use relevo_routing::input::Input;
use relevo_routing::{Event, Micros};
use relevo_wire::{BotId, ContactKey, ErrorCode};

/// A contact and until when it is blocked.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    bot: BotId,
    contact: ContactKey,
    until: Option<Micros>,
}

/// What is asked about contacts.
#[derive(Debug, Clone)]
pub(crate) enum ContactAsk {
    /// For so long; none: for good.
    Block {
        contact: u8,
        time: Option<Micros>,
    },
    Unblock {
        contact: u8,
    },
    WantCallback {
        contact: u8,
        yes: bool,
    },
}

pub(crate) fn contact_ask() -> impl Strategy<Value = ContactAsk> {
    let time = prop_oneof![1 => Just(None), 3 => moments().prop_map(Some)];
    prop_oneof![
        7 => (0..11_u8, time).prop_map(|(contact, time)| ContactAsk::Block { contact, time }),
        6 => contact().prop_map(|contact| ContactAsk::Unblock { contact }),
        11 => (contact(), mostly(55))
            .prop_map(|(contact, yes)| ContactAsk::WantCallback { contact, yes }),
    ]
}

impl Pair {
    pub(crate) fn about_contact(&self, ask: &ContactAsk) -> Input {
        match ask {
            ContactAsk::Block { contact, time } => {
                let (bot, contact) = self.contact(*contact);
                let until = time.map(|time| self.reference.now + time);
                Input::BlockContact { bot, contact, until }
            }
            ContactAsk::WantCallback { contact, yes } => {
                let (bot, contact) = self.contact(*contact);
                Input::WantCallback { bot, contact, yes: *yes }
            }
            ContactAsk::Unblock { contact } => {
                let (bot, contact) = self.contact(*contact);
                Input::UnblockContact { bot, contact }
            }
        }
    }
}

impl Reference {
    /// Of bots that are still there.
    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| self.bot(block.bot).is_some())
    }

    fn block_of(&self, bot: BotId, contact: ContactKey) -> Option<&Block> {
        self.blocks().find(|block| (block.bot, block.contact) == (bot, contact))
    }

    pub(crate) fn is_blocked(&self, bot: BotId, contact: ContactKey) -> bool {
        let is_over = |block: &Block| block.until.is_some_and(|until| until <= self.now);
        self.block_of(bot, contact).is_some_and(|block| !is_over(block))
    }

    pub(crate) fn block_contact(
        &mut self,
        bot: BotId,
        contact: ContactKey,
        until: Option<Micros>,
    ) -> Answered {
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        if until.is_some_and(|until| until <= self.now) {
            return Err(refused(ErrorCode::Malformed, "until"));
        }
        let is_new = self.block_of(bot, contact).is_none();
        if is_new && self.blocks().count() == self.settings.blocked_contacts {
            return Err(refused(ErrorCode::LimitExceeded, "contact"));
        }
        self.blocks.retain(|block| (block.bot, block.contact) != (bot, contact));
        self.blocks.push(Block { bot, contact, until });
        self.emit(Event::ContactBlocked(ContactBlocked { bot, contact, until }));
        Ok(done())
    }

    pub(crate) fn unblock_contact(&mut self, bot: BotId, contact: ContactKey) -> Answered {
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        if self.block_of(bot, contact).is_none() {
            return Err(refused(ErrorCode::NotFound, "contact"));
        }
        self.unblock(bot, contact, false);
        Ok(done())
    }

    /// When the first block ends by itself.
    pub(crate) fn blocks_end(&self) -> Option<Micros> {
        self.blocks().filter_map(|block| block.until).min()
    }

    pub(crate) fn block_over(&mut self) {
        let ends = self.blocks().filter_map(|block| Some((block.until?, block.bot, block.contact)));
        let (_, bot, contact) = ends.min().expect("a block ends");
        self.unblock(bot, contact, true);
    }

    fn unblock(&mut self, bot: BotId, contact: ContactKey, expired: bool) {
        self.blocks.retain(|block| (block.bot, block.contact) != (bot, contact));
        self.emit(Event::ContactUnblocked(ContactUnblocked { bot, contact, expired }));
    }
}
