//! Contacts who are blocked: their hand-offs are refused, and their words reopen nothing. What they have
//! open goes on, and an agent may reopen what it has closed.

use super::refusals::no_bot;
use super::{Answered, Turn, done};
use crate::Micros;
use crate::event::{ContactBlocked, ContactUnblocked, Event};
use relevo_wire::{BotId, ContactKey, ErrorCode, WireError};

impl Turn<'_> {
    /// Blocked from now on; who is so already gets the new end.
    pub(super) fn block_contact(
        &mut self,
        bot: BotId,
        contact: ContactKey,
        until: Option<Micros>,
    ) -> Answered {
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        if until.is_some_and(|until| until <= self.now) {
            let message = "the end of a block must be later than now";
            return Err(WireError::field(ErrorCode::Malformed, "until", message));
        }
        let most = self.state.settings.blocked_contacts;
        if self.state.blocks.len() >= most && !self.state.blocks.holds(bot, contact) {
            let message =
                format!("at most {most} contacts are blocked at once: unblock one before");
            return Err(WireError::field(ErrorCode::LimitExceeded, "contact", message));
        }
        self.emit(Event::ContactBlocked(ContactBlocked { bot, contact, until }));
        Ok(done())
    }

    pub(super) fn unblock_contact(&mut self, bot: BotId, contact: ContactKey) -> Answered {
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        if !self.state.blocks.holds(bot, contact) {
            let message = "no such contact of the bot is blocked";
            return Err(WireError::field(ErrorCode::NotFound, "contact", message));
        }
        self.unblock(bot, contact, false);
        Ok(done())
    }

    /// The time of the first block may be over. A tick comes for each.
    pub(super) fn block_over(&mut self) {
        let first = self.state.blocks.first_end().filter(|(end, ..)| *end <= self.now);
        if let Some((_, bot, contact)) = first {
            self.unblock(bot, contact, true);
        }
    }

    pub(super) fn is_blocked(&self, bot: BotId, contact: ContactKey) -> bool {
        self.state.blocks.is_blocked(bot, contact, self.now)
    }

    fn unblock(&mut self, bot: BotId, contact: ContactKey, expired: bool) {
        self.emit(Event::ContactUnblocked(ContactUnblocked { bot, contact, expired }));
    }
}
