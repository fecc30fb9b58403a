//! All resumable conversations, and what is looked up by key.
//!
//! Publish changes it; session writers read single conversations out of it. The maps
//! are looked up by key only.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use relevo_journal::{GroupNumber, Place};
use relevo_routing::Event;
use relevo_routing::event::{NoticeStep, TicketOpened};
use relevo_routing::input::Party;
use relevo_wire::ids::{AgentId, BotId, SessionId, TenantId, TicketId};
use relevo_wire::vocabulary::{TicketState, Via};

use super::bodies::Bodies;
use super::catch_up::ANCESTORS;
use super::contacts::Contacts;
use super::conversation::{Conversation, Private, Stored, What};
use super::index::Index;
use super::load::{Load, Loads};
use super::table::Table;
use crate::session::Session;

/// A durable record as publish takes it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its tenant.
    pub tenant: TenantId,
    /// When.
    pub now: u64,
    /// Where it is in the log.
    pub place: Place,
    /// What became true.
    pub events: &'a [Event],
    /// Its private part.
    pub private: &'a Bytes,
}

/// All resumable conversations.
#[derive(Debug)]
pub struct Conversations {
    /// Boxed: a table has up to twice as many places as conversations, and each place is as large as
    /// what it holds.
    map: Table<TicketId, Box<Conversation>>,
    index: Mutex<Index>,
    loads: Loads,
    contacts: Contacts,
    bodies: Bodies,
}

impl Conversations {
    /// None yet; bodies take at most `body_budget_bytes` of memory.
    #[must_use]
    pub fn new(body_budget_bytes: u64) -> Self {
        Self {
            map: Table::new(),
            index: Mutex::default(),
            loads: Loads::default(),
            contacts: Contacts::default(),
            bodies: Bodies::new(body_budget_bytes),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// Bytes of bodies in memory, with what each takes beside its own.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        self.bodies.bytes()
    }

    /// How many tickets and entries are remembered.
    #[must_use]
    pub fn load(&self) -> Load {
        self.loads.all()
    }

    /// Those of one bot.
    #[must_use]
    pub fn load_of(&self, tenant: TenantId, bot: BotId) -> Load {
        self.loads.of_bot(tenant, bot)
    }

    /// Reads one conversation.
    pub fn read<R>(&self, ticket: TicketId, read: impl FnOnce(&Conversation) -> R) -> Option<R> {
        self.map.read(ticket, |conversation| read(conversation))
    }

    /// Changes one conversation.
    pub fn change<R>(
        &self,
        ticket: TicketId,
        change: impl FnOnce(&mut Conversation) -> R,
    ) -> Option<R> {
        self.map.change(ticket, |conversation| change(conversation))
    }

    /// Changes one conversation by an event that has an entry, and counts it.
    fn append<R>(
        &self,
        ticket: TicketId,
        change: impl FnOnce(&mut Conversation) -> R,
    ) -> Option<R> {
        self.change(ticket, |c| {
            let before = c.entries.len();
            let changed = change(c);
            let entries = (c.entries.len() - before) as u64;
            self.loads.add(c.tenant, c.bot, Load { tickets: 0, entries });
            changed
        })
    }

    /// Gives a ticket to a session of its bot, which is still to catch up, or to none; and changes it
    /// in the same look.
    pub fn give<R>(
        &self,
        ticket: TicketId,
        owner: Option<&Arc<Session>>,
        also: impl FnOnce(&mut Conversation) -> R,
    ) -> Option<R> {
        let id = |session: &Arc<Session>| session.id;
        let (changed, tenant, bot, before) = self.change(ticket, |c| {
            let before = c.live.bot_owner().map(id);
            c.live.give_to_bot(owner.cloned());
            (also(c), c.tenant, c.bot, before)
        })?;
        let mut index = self.lock_index();
        if index.of_owner.take(&(tenant, bot, before), ticket) {
            index.of_owner.put((tenant, bot, owner.map(id)), ticket);
        }
        Some(changed)
    }

    /// Tickets of a bot that this session of it has, or that none has; oldest first.
    #[must_use]
    pub fn of_owner(
        &self,
        tenant: TenantId,
        bot: BotId,
        owner: Option<SessionId>,
    ) -> Vec<TicketId> {
        self.lock_index().of_owner.of(&(tenant, bot, owner))
    }

    /// Tickets of an agent, oldest first.
    #[must_use]
    pub fn of_agent(&self, tenant: TenantId, agent: AgentId) -> Vec<TicketId> {
        self.lock_index().of_agent.of(&(tenant, agent))
    }

    /// Offers that an agent has, oldest ticket first, each with its end.
    #[must_use]
    pub fn offers_of(&self, tenant: TenantId, agent: AgentId) -> Vec<(TicketId, u64)> {
        self.lock_index().offers.of((tenant, agent))
    }

    /// An agent has accepted an offer: was there one? (Those of a log end with the start.)
    #[must_use]
    pub fn take_offer(&self, tenant: TenantId, agent: AgentId, ticket: TicketId) -> bool {
        self.lock_index().offers.take((tenant, agent), ticket)
    }

    /// Applies a durable record: recovery and the fold. Live traffic applies the same events one by
    /// one.
    pub fn apply(&self, record: Record<'_>) {
        for event in record.events {
            self.apply_event(record, event);
        }
        self.keep_body_budget();
    }

    /// Contacts in lists.
    pub(crate) fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Applies one event of a durable record.
    pub fn apply_event(&self, record: Record<'_>, event: &Event) {
        self.contacts.apply_event(record, event, |ticket| self.hand_off_of(ticket));
        let Record { now, place, .. } = record;
        match event {
            Event::TicketOpened(opened) => self.opened(record, opened),
            Event::HandOffRepeated(repeated) => {
                let private = self.keep(repeated.ticket, repeated.number, record.private);
                self.append(repeated.ticket, |conversation| {
                    let what = What::HandedOff { reason: repeated.reason, priority: 0 };
                    conversation.append(repeated.number, Stored { at: now, place, private, what });
                });
            }
            Event::MessageStored(message) => {
                let private = self.keep(message.ticket, message.number, record.private);
                self.append(message.ticket, |c| c.message(now, place, message, private));
            }
            Event::Assigned(assigned) => {
                let bot = self.append(assigned.ticket, |c| {
                    c.assigned(now, place, assigned);
                    c.tenant
                });
                if let Some(tenant) = bot {
                    let agent = (tenant, assigned.agent);
                    self.lock_index().of_agent.put(agent, assigned.ticket);
                }
            }
            Event::Requeued(requeued) => {
                let tenant = self.append(requeued.ticket, |c| {
                    c.requeued(now, place, requeued);
                    c.tenant
                });
                self.lost(tenant, requeued.agent, requeued.ticket);
            }
            Event::Parked(parked) => {
                self.append(parked.ticket, |c| c.parked(now, place, parked));
            }
            Event::Unparked(unparked) => {
                let tenant = self.append(unparked.ticket, |c| {
                    c.unparked(now, place, unparked);
                    c.tenant
                });
                self.lost(tenant, unparked.agent, unparked.ticket);
            }
            // The bot knows, and nobody else has the ticket: no entry tells of it.
            Event::CustomerAway(e) => {
                self.change(e.ticket, |conversation| conversation.state = TicketState::Away);
            }
            Event::CustomerBack(e) => {
                self.change(e.ticket, |conversation| conversation.state = TicketState::Waiting);
            }
            Event::Closed(closed) => {
                let child = closed.child.and_then(|child| opened_in(record.events, child));
                self.append(closed.ticket, |c| c.closed(now, place, closed, child));
            }
            Event::Progressed(progress) => {
                self.change(progress.ticket, |c| {
                    let mine = match progress.party {
                        Party::Bot(_) => &mut c.bot_progress,
                        Party::Agent(_) => &mut c.agent_progress,
                    };
                    mine.delivered = progress.delivered;
                    mine.read = progress.read;
                });
            }
            Event::TargetMissed(missed) => {
                self.change(missed.ticket, |c| c.target_missed = true);
            }
            Event::TargetTold(told) => {
                self.change(told.ticket, |c| c.told.tell(told));
            }
            Event::Overflowed(overflowed) => {
                self.change(overflowed.ticket, |c| c.queue = overflowed.to);
            }
            Event::Forgotten(forgotten) => self.forget(forgotten.ticket),
            Event::Offered(offered) => {
                let key = (record.tenant, offered.agent);
                self.lock_index().offers.put(key, offered.ticket, offered.until);
            }
            Event::OfferEnded(ended) => {
                self.lock_index().offers.take((record.tenant, ended.agent), ended.ticket);
            }
            Event::Started(_) => self.lock_index().offers.forget(record.tenant),
            Event::Held(held) => {
                self.append(held.ticket, |c| c.held(now, place, held));
            }
            Event::TransferAsked(asked) => {
                let private = if asked.private {
                    self.keep(asked.ticket, asked.number, record.private)
                } else {
                    Private::None
                };
                self.append(asked.ticket, |c| c.transfer_asked(now, place, asked, private));
            }
            Event::TransferEnded(ended) => {
                self.append(ended.ticket, |c| c.transfer_ended(now, place, ended));
            }
            Event::Inactive(inactive) => {
                self.append(inactive.ticket, |c| c.inactive(now, place, inactive));
            }
            Event::Notice(notice) => {
                if let NoticeStep::Told { ticket, number, text } = &notice.step {
                    self.append(*ticket, |c| c.notified(now, place, *number, text));
                }
            }
            Event::WrappedUp(wrapped) => {
                self.change(wrapped.ticket, Conversation::wrapped_up);
            }
            Event::ObjectPut(_)
            | Event::ObjectDeleted(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::Ready(_)
            | Event::BotReachable(_)
            | Event::BotUnreachable(_)
            | Event::AgentReachable(_)
            | Event::AgentGrace(_)
            | Event::AgentUnreachable(_)
            | Event::IntentSet(_)
            | Event::AbsenceSet(_)
            | Event::ContactBlocked(_)
            | Event::ContactUnblocked(_)
            | Event::CallbackListed(_)
            | Event::CallbackWished(_)
            | Event::CallbackEnded(_)
            | Event::HandOffRejected(_)
            | Event::ContactMessageStored(_)
            | Event::Unreserved(_)
            | Event::Relaxed(_)
            | Event::Responding(_)
            | Event::Answered(_)
            | Event::QueueHours(_)
            | Event::QueueModeSet(_)
            | Event::TargetMoved(_) => {}
        }
    }

    /// An agent has a ticket no more.
    fn lost(&self, tenant: Option<TenantId>, agent: AgentId, ticket: TicketId) {
        if let Some(tenant) = tenant {
            self.lock_index().of_agent.take(&(tenant, agent), ticket);
        }
    }

    fn opened(&self, record: Record<'_>, opened: &TicketOpened) {
        let private = if opened.private {
            self.keep(opened.ticket, 1, record.private)
        } else {
            Private::None
        };
        let mut conversation =
            Conversation::open(record.tenant, record.now, record.place, opened, private);
        if let Some(parent) = opened.parent {
            let inherited = self.read(parent, |parent| (parent.had_agent, parent.target_missed));
            (conversation.had_agent, conversation.target_missed) = inherited.unwrap_or_default();
            if opened.via == Via::Reopen {
                self.change(parent, |parent| parent.reopened = Some(Box::new(opened.ticket)));
            }
        }
        self.insert(opened.ticket, conversation);
    }

    /// Where the log says with which hand-off the conversation of a ticket began.
    fn hand_off_of(&self, ticket: TicketId) -> Option<Place> {
        let mut at = ticket;
        for _ in 0..ANCESTORS {
            let (place, parent) =
                self.read(at, |c| (c.entries.first().map(|first| first.place), c.parent()))?;
            match parent {
                Some(parent) => at = parent,
                None => return place,
            }
        }
        None
    }

    /// Puts a conversation in, with its place in the look-ups.
    pub(super) fn insert(&self, ticket: TicketId, conversation: Conversation) {
        if let Some(parent) = conversation.parent() {
            self.change(parent, |parent| parent.children += 1);
        }
        let entries = conversation.entries.len() as u64;
        self.loads.add(conversation.tenant, conversation.bot, Load { tickets: 1, entries });
        let mut index = self.lock_index();
        let tenant = conversation.tenant;
        if !conversation.forgotten {
            let owner = conversation.live.bot_owner().map(|session| session.id);
            index.of_owner.put((tenant, conversation.bot, owner), ticket);
            if let Some(agent) = conversation.agent {
                index.of_agent.put((tenant, agent), ticket);
            }
        }
        drop(index);
        self.map.insert(ticket, Box::new(conversation));
    }

    /// The core has forgotten a ticket: it goes, unless a child still shows it.
    fn forget(&self, ticket: TicketId) {
        let found = self.change(ticket, |c| {
            c.forgotten = true;
            // Nothing comes any more: the sessions that had it are not kept for it.
            let live = std::mem::take(&mut c.live);
            let owner = live.bot_owner().map(|session| session.id);
            ((c.tenant, c.bot, owner), c.agent, c.children)
        });
        let Some((owner, agent, children)) = found else { return };
        let mut index = self.lock_index();
        index.of_owner.take(&owner, ticket);
        if let Some(agent) = agent {
            index.of_agent.take(&(owner.0, agent), ticket);
        }
        drop(index);
        if children == 0 {
            self.remove(ticket);
        }
    }

    /// Removes a ticket, and those parents that stayed for it alone.
    fn remove(&self, ticket: TicketId) {
        let mut next = Some(ticket);
        while let Some(ticket) = next.take() {
            let Some(gone) = self.map.remove(ticket) else { return };
            let entries = gone.entries.len() as u64;
            self.loads.sub(gone.tenant, gone.bot, Load { tickets: 1, entries });
            for stored in &gone.entries {
                self.bodies.count_out(&stored.private);
            }
            let Some(parent) = gone.parent() else { return };
            let orphaned = self.change(parent, |parent| {
                parent.children = parent.children.saturating_sub(1);
                parent.forgotten && parent.children == 0
            });
            next = orphaned.unwrap_or(false).then_some(parent);
        }
    }

    fn keep(&self, ticket: TicketId, number: u32, private: &Bytes) -> Private {
        self.bodies.keep(ticket, number, private, |ticket| self.map.contains(ticket))
    }

    /// Sends the oldest bodies out of memory until the budget holds.
    pub fn keep_body_budget(&self) {
        while let Some((ticket, number)) = self.bodies.too_many() {
            self.change(ticket, |conversation| {
                let Some(stored) = conversation.entries.get_mut(number as usize - 1) else {
                    return;
                };
                if matches!(stored.private, Private::Here(_)) {
                    self.bodies.count_out(&stored.private);
                    stored.private = Private::Logged;
                }
            });
        }
    }

    fn lock_index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().expect("nothing panics while it holds the index")
    }

    /// Shows every conversation, in no particular order.
    pub fn each(&self, mut show: impl FnMut(&Conversation)) {
        self.map.each(|conversation| show(conversation));
    }

    /// The lowest group of the log in which one has an entry, or a contact stands in a list; if any.
    #[must_use]
    pub fn first_group(&self) -> Option<GroupNumber> {
        let mut first = self.contacts.first_group();
        self.each(|conversation| {
            let groups = conversation.entries.iter().map(|stored| stored.place.group);
            first = groups.chain(first).min();
        });
        first
    }

    /// Every conversation, for the snapshot's fold, in order of ticket.
    pub(super) fn sorted(&self) -> Vec<TicketId> {
        let mut tickets = self.map.keys();
        tickets.sort_unstable();
        tickets
    }
}

fn opened_in(events: &[Event], ticket: TicketId) -> Option<&TicketOpened> {
    events.iter().find_map(|event| {
        let Event::TicketOpened(opened) = event else { return None };
        (opened.ticket == ticket).then_some(opened)
    })
}
