//! Call-back lists: who came or waited outside the hours, and whether he wants to be called back. Nobody
//! decides by them; people read them.

use super::refusals::no_bot;
use super::{Answered, Turn, done};
use crate::event::{CallbackEnd, CallbackEnded, CallbackListed, CallbackWished, Event};
use crate::state::slab::Slot;
use relevo_wire::vocabulary::{Callback, CloseReason};
use relevo_wire::{BotId, ContactKey, ErrorCode, QueueId, TicketId, WireError};

impl Turn<'_> {
    /// The wish of a customer who waits, or stands in the list.
    pub(super) fn want_callback(&mut self, bot: BotId, contact: ContactKey, yes: bool) -> Answered {
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        let open = self.state.tickets.open_of(bot, contact);
        let waits = open.is_some_and(|slot| self.state.tickets.at(slot).is_nobodys());
        let listed = self.state.callbacks.listed(bot, contact);
        if !waits && listed.is_none() {
            let message = "the contact neither waits nor stands in the call-back list";
            return Err(WireError::field(ErrorCode::NotFound, "contact", message));
        }
        let is_noted = !waits || self.state.callbacks.wish(bot, contact) == Some(yes);
        if !is_noted || listed.is_some_and(|listed| listed != yes.into()) {
            self.emit(Event::CallbackWished(CallbackWished { bot, contact, yes }));
        }
        Ok(done())
    }

    /// Closes a waiting ticket at closing time: its contact stands in the list from now on.
    pub(super) fn close_out_of_hours(&mut self, slot: Slot) {
        let ticket = self.state.tickets.at(slot);
        let (id, bot, contact) = (ticket.id, ticket.bot, ticket.contact);
        let (queue, test) = (ticket.queue, ticket.test);
        let wish = self.state.callbacks.wish(bot, contact);
        self.close(slot, CloseReason::OutOfHours, Vec::new(), None);
        if !test {
            self.list_callback((bot, contact), queue, wish, Some(id));
        }
    }

    /// A contact stands in the list from now on, with its latest wish; the oldest make room.
    pub(super) fn list_callback(
        &mut self,
        (bot, contact): (BotId, ContactKey),
        queue: QueueId,
        wish: Option<bool>,
        ticket: Option<TicketId>,
    ) {
        let before = self.state.callbacks.listed(bot, contact).unwrap_or_default();
        let wish = wish.map_or(before, Callback::from);
        self.emit(Event::CallbackListed(CallbackListed { bot, queue, contact, wish, ticket }));
        let settings = &self.state.settings;
        let (of_bot, oldest_of_bot) = self.state.callbacks.of_bot(bot);
        let displaced = if of_bot > settings.callbacks_per_bot {
            oldest_of_bot.map(|contact| (bot, contact))
        } else if self.state.callbacks.len() > settings.callbacks {
            self.state.callbacks.oldest().map(|(_, bot, contact)| (bot, contact))
        } else {
            None
        };
        if let Some((bot, contact)) = displaced {
            self.end_callback(bot, contact, CallbackEnd::Displaced);
        }
    }

    /// An agent has the ticket: its contact need not be called back.
    pub(crate) fn callback_served(&mut self, slot: Slot) {
        if self.state.callbacks.is_empty() {
            return;
        }
        let ticket = self.state.tickets.at(slot);
        let (bot, contact) = (ticket.bot, ticket.contact);
        if !ticket.test && self.state.callbacks.listed(bot, contact).is_some() {
            self.end_callback(bot, contact, CallbackEnd::Served);
        }
    }

    /// The time of who has stood in a list for longest may be over. A tick comes for each.
    pub(super) fn callback_over(&mut self) {
        let kept_us = self.state.settings.callbacks_us;
        let oldest = self.state.callbacks.oldest();
        let oldest = oldest.filter(|(at, ..)| at.saturating_add(kept_us) <= self.now);
        if let Some((_, bot, contact)) = oldest {
            self.end_callback(bot, contact, CallbackEnd::Expired);
        }
    }

    fn end_callback(&mut self, bot: BotId, contact: ContactKey, end: CallbackEnd) {
        self.emit(Event::CallbackEnded(CallbackEnded { bot, contact, end }));
    }
}
