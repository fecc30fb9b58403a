//! Contacts who are blocked.

use crate::event::{ContactBlocked, ContactUnblocked};
use crate::state::State;
use crate::state::blocks::{Block, Blocks};
use crate::state::timers::Timer;
use relevo_wire::BotId;

impl State {
    pub(super) fn contact_blocked(&mut self, event: ContactBlocked) {
        let ContactBlocked { bot, contact, until } = event;
        self.change_blocks(|blocks| blocks.put(Block { bot, contact, until: until.into() }));
    }

    pub(super) fn contact_unblocked(&mut self, event: ContactUnblocked) {
        self.change_blocks(|blocks| blocks.remove(event.bot, event.contact));
    }

    pub(super) fn forget_blocks_of(&mut self, bot: BotId) {
        self.change_blocks(|blocks| blocks.remove_bot(bot));
    }

    /// Whatever changes, a tick comes for the block that ends first.
    pub(crate) fn change_blocks(&mut self, change: impl FnOnce(&mut Blocks)) {
        if let Some((end, ..)) = self.blocks.first_end() {
            self.timers.clear(end, Timer::Unblock);
        }
        change(&mut self.blocks);
        if let Some((end, ..)) = self.blocks.first_end() {
            self.timers.set(end, Timer::Unblock);
        }
    }
}
