//! Call-back lists.

use crate::Micros;
use crate::event::{CallbackEnded, CallbackListed, CallbackWished};
use crate::state::State;
use crate::state::callbacks::{Callbacks, Listed};
use crate::state::timers::Timer;
use relevo_wire::BotId;

impl State {
    pub(super) fn callback_listed(&mut self, now: Micros, event: CallbackListed) {
        let CallbackListed { bot, contact, wish, .. } = event;
        self.change_callbacks(|callbacks| callbacks.put(Listed { bot, contact, at: now, wish }));
    }

    pub(super) fn callback_wished(&mut self, event: CallbackWished) {
        let CallbackWished { bot, contact, yes } = event;
        self.callbacks.set_listed(bot, contact, yes);
        let waits = self.tickets.open_of(bot, contact);
        if waits.is_some_and(|slot| self.tickets.at(slot).is_nobodys()) {
            self.callbacks.set_wish(bot, contact, yes);
        }
    }

    pub(super) fn callback_ended(&mut self, event: CallbackEnded) {
        self.change_callbacks(|callbacks| callbacks.remove(event.bot, event.contact));
    }

    pub(super) fn forget_callbacks_of(&mut self, bot: BotId) {
        self.change_callbacks(|callbacks| callbacks.remove_bot(bot));
    }

    /// Whatever changes, a tick comes for who has stood in a list for longest.
    pub(crate) fn change_callbacks(&mut self, change: impl FnOnce(&mut Callbacks)) {
        let kept_us = self.settings.callbacks_us;
        if let Some((at, ..)) = self.callbacks.oldest() {
            self.timers.clear(at.saturating_add(kept_us), Timer::Callback);
        }
        change(&mut self.callbacks);
        if let Some((at, ..)) = self.callbacks.oldest() {
            self.timers.set(at.saturating_add(kept_us), Timer::Callback);
        }
    }
}
