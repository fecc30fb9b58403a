//! Call-back lists.

use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_bot, refused};
use relevo_routing::event::{CallbackEnd, CallbackEnded, CallbackListed, CallbackWished};
use relevo_routing::{Event, Micros};
use relevo_wire::vocabulary::{Callback, CloseReason};
use relevo_wire::{BotId, ContactKey, ErrorCode, QueueId, TicketId};

/// A contact in the list of its bot, and since when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    bot: BotId,
    contact: ContactKey,
    at: Micros,
    wish: Callback,
}

impl Reference {
    /// Of bots that are still there, in the order in which they came.
    fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.callbacks.iter().filter(|listed| self.bot(listed.bot).is_some())
    }

    fn listed_wish(&self, bot: BotId, contact: ContactKey) -> Option<Callback> {
        let found = self.listed().find(|listed| (listed.bot, listed.contact) == (bot, contact));
        found.map(|listed| listed.wish)
    }

    /// Of a customer who waits, since nobody has had the ticket.
    fn waiting_wish(&self, bot: BotId, contact: ContactKey) -> Option<Option<bool>> {
        let ticket = self.ticket(self.open_of(bot, contact)?);
        ticket.is_nobodys().then_some(ticket.wants_callback)
    }

    pub(crate) fn want_callback(&mut self, bot: BotId, contact: ContactKey, yes: bool) -> Answered {
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        let (waiting, listed) = (self.waiting_wish(bot, contact), self.listed_wish(bot, contact));
        if waiting.is_none() && listed.is_none() {
            return Err(refused(ErrorCode::NotFound, "contact"));
        }
        let wish = if yes { Callback::Yes } else { Callback::No };
        let is_news = waiting.is_some_and(|noted| noted != Some(yes))
            || listed.is_some_and(|listed| listed != wish);
        if !is_news {
            return Ok(done());
        }
        if waiting.is_some() {
            let ticket = self.open_of(bot, contact).expect("it waits");
            self.ticket_mut(ticket).wants_callback = Some(yes);
        }
        let is_it = |listed: &&mut Listed| (listed.bot, listed.contact) == (bot, contact);
        if let Some(listed) = self.callbacks.iter_mut().find(is_it) {
            listed.wish = wish;
        }
        self.emit(Event::CallbackWished(CallbackWished { bot, contact, yes }));
        Ok(done())
    }

    pub(crate) fn close_out_of_hours(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (bot, contact, queue, test) = (ticket.bot, ticket.contact, ticket.queue, ticket.test);
        let wish = ticket.wants_callback;
        self.close(id, CloseReason::OutOfHours, &[], None);
        if !test {
            self.list_callback(bot, contact, queue, wish, Some(id));
        }
    }

    pub(crate) fn list_callback(
        &mut self,
        bot: BotId,
        contact: ContactKey,
        queue: QueueId,
        wish: Option<bool>,
        ticket: Option<TicketId>,
    ) {
        let before = self.listed_wish(bot, contact).unwrap_or(Callback::NotAsked);
        let wish = match wish {
            Some(true) => Callback::Yes,
            Some(false) => Callback::No,
            None => before,
        };
        self.unlist(bot, contact);
        self.callbacks.push(Listed { bot, contact, at: self.now, wish });
        self.emit(Event::CallbackListed(CallbackListed { bot, queue, contact, wish, ticket }));
        let of_bot = self.listed().filter(|listed| listed.bot == bot);
        let is_full = of_bot.count() > self.settings.callbacks_per_bot;
        let are_full = self.listed().count() > self.settings.callbacks;
        if is_full || are_full {
            let oldest = self.listed().find(|listed| !is_full || listed.bot == bot).copied();
            let oldest = oldest.expect("one was just listed");
            self.end_callback(oldest, CallbackEnd::Displaced);
        }
    }

    pub(crate) fn callback_served(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (bot, contact) = (ticket.bot, ticket.contact);
        let is_it = |listed: &&Listed| (listed.bot, listed.contact) == (bot, contact);
        let listed = self.listed().find(is_it).copied().filter(|_| !ticket.test);
        if let Some(listed) = listed {
            self.end_callback(listed, CallbackEnd::Served);
        }
    }

    /// When the first has stood in a list for long enough.
    pub(crate) fn callbacks_end(&self) -> Option<Micros> {
        self.listed().map(|listed| listed.at + self.settings.callbacks_us).min()
    }

    pub(crate) fn callback_over(&mut self) {
        let oldest = *self.listed().next().expect("somebody is listed");
        self.end_callback(oldest, CallbackEnd::Expired);
    }

    fn end_callback(&mut self, listed: Listed, end: CallbackEnd) {
        let Listed { bot, contact, .. } = listed;
        self.unlist(bot, contact);
        self.emit(Event::CallbackEnded(CallbackEnded { bot, contact, end }));
    }

    fn unlist(&mut self, bot: BotId, contact: ContactKey) {
        self.callbacks.retain(|listed| (listed.bot, listed.contact) != (bot, contact));
    }
}
