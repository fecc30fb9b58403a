//! A bot with its customers: hands them over, passes on what they say, tells when they leave.

use super::{Action, Answered, Due, Tag};
use crate::checker::{MessageId, Party};
use crate::phases::Phase;
use crate::plan::{Conversation, Transfer};
use crate::stamp::{self, MessageStamp, TicketStamp};
use crate::world::{Wait, World};
use relevo_client::ClientError;
use relevo_client::wire::answer::Answer;
use relevo_client::wire::command::{Command, CustomerLeft, HandOff, Send};
use relevo_client::wire::push::{Entry, EntryEvent};
use relevo_client::wire::vocabulary::{Author, Contact, HandOffDetails, HandOffReason, Outcome};
use relevo_client::wire::{Packed, TicketId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A bot with its customers.
#[derive(Debug)]
pub struct BotDesk {
    bot: u32,
    world: Arc<World>,
    customers: HashMap<u64, Customer>,
    tickets: HashMap<TicketId, u64>,
    /// Entries that came before the answer that tells whose they are.
    early: HashMap<TicketId, Vec<Entry>>,
}

#[derive(Debug)]
struct Customer {
    conversation: Conversation,
    arrived_us: u64,
    /// Queue that the ticket waits in.
    queue: u32,
    waits_from: Option<u64>,
    /// Who had it last.
    agent: Option<u32>,
    waiting: bool,
    assigned_before: bool,
    replied_to: bool,
    leaving: bool,
    /// Messages written.
    written: u32,
    /// A message is on its way; the next one was meant to be sent at this time.
    sending: bool,
    postponed_us: Option<u64>,
}

impl BotDesk {
    /// The desk of a bot.
    #[must_use]
    pub fn new(bot: u32, world: Arc<World>) -> Self {
        let (customers, tickets, early) = Default::default();
        Self { bot, world, customers, tickets, early }
    }

    pub(super) fn due(&mut self, due: Due, intended_us: u64, actions: &mut Vec<Action>) {
        match due {
            Due::Arrival { index, service_mean_us } => {
                self.arrives(index, service_mean_us, intended_us, actions);
            }
            Due::Patience(index) => {
                let waits = |customer: &Customer| customer.waiting && !customer.assigned_before;
                self.leaves(index, intended_us, waits, actions);
            }
            Due::Leaving(index) => {
                self.leaves(index, intended_us, |customer| !customer.waiting, actions);
            }
            Due::Writing(index) => self.writes(index, intended_us, actions),
            Due::Step(_) | Due::Pull | Due::Drop => {}
        }
    }

    pub(super) fn answered(&mut self, answered: Answered, actions: &mut Vec<Action>) {
        let Answered { tag, intended_us, at_us, result } = answered;
        tag.count(&result, &self.world.tally);
        match tag {
            Tag::HandOff(index) => self.handed_off(index, intended_us, at_us, result, actions),
            Tag::CustomerMessage(message) => self.passed_on(message, result, actions),
            Tag::CustomerLeft(_)
            | Tag::AgentMessage(..)
            | Tag::Transfer(_)
            | Tag::Close(_)
            | Tag::Pull
            | Tag::Presence => {}
        }
    }

    pub(super) fn saw(&mut self, entry: Entry, now_us: u64, actions: &mut Vec<Action>) {
        self.world.checker.saw(Party::Bot(self.bot), &entry);
        if self.tickets.contains_key(&entry.ticket) {
            self.take(&entry, now_us, actions);
        } else {
            self.early.entry(entry.ticket).or_default().push(entry);
        }
    }

    fn arrives(&mut self, index: u64, mean_us: u64, intended_us: u64, actions: &mut Vec<Action>) {
        let conversation = self.world.plan.conversation(index, mean_us);
        let stamp =
            TicketStamp { index, intended_us, service_mean_us: mean_us, transferred: false };
        let contact = self.world.contact(index);
        let details = HandOffDetails {
            contact: Contact { name: format!("Customer {index}"), id: contact, fields: Vec::new() },
            message_to_agent: self.world.bodies.pick(conversation.texts).into(),
            transcript: Vec::new(),
            context: vec![(stamp::FIELD.into(), stamp.text())],
        };
        let command = Command::HandOff(HandOff {
            queue: Some(self.world.staff.queue(&self.world.plan, conversation.queue)),
            reason: HandOffReason::Planned,
            details: Packed::new(&details),
            priority: None,
            preferred_agent: None,
            language: None,
            texts: None,
            position_updates: false,
            test: false,
            dry_run: false,
        });
        self.customers.insert(index, Customer::new(conversation, intended_us));
        self.world.tally.issued.fetch_add(1, Ordering::Relaxed);
        self.world.tally.open.fetch_add(1, Ordering::Relaxed);
        actions.push(Action::Request {
            command: command.into(),
            once: true,
            tag: Tag::HandOff(index),
            intended_us,
        });
    }

    fn handed_off(
        &mut self,
        index: u64,
        intended_us: u64,
        at_us: u64,
        result: Result<Answer, ClientError>,
        actions: &mut Vec<Action>,
    ) {
        let tally = &self.world.tally;
        let Some(customer) = self.customers.get_mut(&index) else { return };
        let Ok(Answer::Accepted(accepted)) = result else {
            tally.refused.fetch_add(1, Ordering::Relaxed);
            tally.open.fetch_sub(1, Ordering::Relaxed);
            self.customers.remove(&index);
            return;
        };
        tally.accepted.fetch_add(1, Ordering::Relaxed);
        let ticket = accepted.ticket;
        self.world.recorder.record(Phase::HandOffAcknowledged, at_us.saturating_sub(intended_us));
        self.world.checker.accepted(ticket);
        self.world.floor.waits(self.bot, customer.queue, ticket, at_us, None);
        if let Some(patience_us) = customer.conversation.patience_us {
            let due_us = at_us + patience_us;
            actions.push(Action::Schedule { due_us, due: Due::Patience(index) });
        }
        if customer.conversation.writes_early && customer.conversation.customer_messages > 0 {
            actions.push(Action::Schedule { due_us: at_us, due: Due::Writing(index) });
        }
        self.owns(ticket, index, at_us, actions);
    }

    /// From now on it is known whose ticket this is.
    fn owns(&mut self, ticket: TicketId, index: u64, now_us: u64, actions: &mut Vec<Action>) {
        self.tickets.insert(ticket, index);
        for entry in self.early.remove(&ticket).unwrap_or_default() {
            self.take(&entry, now_us, actions);
        }
    }

    fn take(&mut self, entry: &Entry, now_us: u64, actions: &mut Vec<Action>) {
        let Entry { ticket, at, .. } = *entry;
        let Some(index) = self.tickets.get(&ticket).copied() else { return };
        let Some(customer) = self.customers.get_mut(&index) else { return };
        let world = &self.world;
        customer.waits_from.get_or_insert(at);
        match &entry.event {
            EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Held(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_) => {}
            EntryEvent::Message(message) => {
                if message.author == Author::Agent {
                    let heard = message.body.unpack().ok();
                    let stamp = heard.and_then(|body| MessageStamp::read(&body));
                    customer.hears(ticket, stamp, world, now_us, actions);
                }
            }
            EntryEvent::Assigned(assigned) => {
                world.floor.left(self.bot, customer.queue, ticket);
                let agent = world.staff.agent_of(&assigned.agent);
                customer.assigned(agent, at, world, now_us, actions);
            }
            EntryEvent::Requeued(_) => {
                customer.waiting = true;
                world.floor.waits(self.bot, customer.queue, ticket, now_us, customer.agent);
            }
            EntryEvent::Transferred(transferred) => {
                self.tickets.remove(&ticket);
                world.tally.transferred.fetch_add(1, Ordering::Relaxed);
                customer.waiting = true;
                let child = transferred.child;
                if let Some(Transfer::Queue(queue)) = customer.conversation.transfer {
                    customer.queue = queue;
                    world.floor.waits(self.bot, queue, child, now_us, customer.agent);
                }
                self.owns(child, index, now_us, actions);
            }
            EntryEvent::Returned(returned) => {
                world.floor.left(self.bot, customer.queue, ticket);
                world.tally.ended(returned.outcome);
                world.tally.open.fetch_sub(1, Ordering::Relaxed);
                if returned.outcome == Outcome::Lost {
                    customer.wait_over(at, true, world);
                }
                self.tickets.remove(&ticket);
                self.customers.remove(&index);
            }
        }
    }

    fn writes(&mut self, index: u64, intended_us: u64, actions: &mut Vec<Action>) {
        let Some(customer) = self.customers.get_mut(&index) else { return };
        if customer.leaving || customer.written >= customer.conversation.customer_messages {
            return;
        }
        if customer.sending {
            customer.postponed_us = Some(intended_us);
            return;
        }
        customer.sending = true;
        let ordinal = customer.written;
        customer.written += 1;
        let stamp = MessageStamp { index, by_customer: true, ordinal, intended_us };
        let text = customer.conversation.texts.wrapping_add(u64::from(ordinal) * 2 + 1);
        let command = Command::Send(Send {
            ticket: None,
            contact: Some(self.world.contact(index)),
            epoch: None,
            author: Author::Customer,
            client_message_id: Some(stamp.message_id()),
            at: None,
            body: Packed::new(&stamp.body(self.world.bodies.pick(text))),
        });
        let tag = Tag::CustomerMessage(stamp.into());
        actions.push(Action::Request { command: command.into(), once: false, tag, intended_us });
    }

    fn passed_on(
        &mut self,
        message: MessageId,
        result: Result<Answer, ClientError>,
        actions: &mut Vec<Action>,
    ) {
        if let Ok(Answer::Sent(sent)) = result {
            self.world.tally.messages.fetch_add(1, Ordering::Relaxed);
            if let Some(ticket) = sent.ticket {
                self.world.checker.sent(Party::Bot(self.bot), ticket, sent.number, message);
            }
        }
        let Some(customer) = self.customers.get_mut(&message.index) else { return };
        customer.sending = false;
        if let Some(intended_us) = customer.postponed_us.take() {
            self.writes(message.index, intended_us, actions);
        }
    }

    fn leaves(
        &mut self,
        index: u64,
        intended_us: u64,
        would: impl Fn(&Customer) -> bool,
        actions: &mut Vec<Action>,
    ) {
        let Some(customer) = self.customers.get_mut(&index) else { return };
        if customer.leaving || !would(customer) {
            return;
        }
        customer.leaving = true;
        let contact = self.world.contact(index);
        let command = Command::CustomerLeft(CustomerLeft { contact });
        let tag = Tag::CustomerLeft(index);
        actions.push(Action::Request { command: command.into(), once: true, tag, intended_us });
    }
}

impl Customer {
    fn new(conversation: Conversation, arrived_us: u64) -> Self {
        Self {
            queue: conversation.queue,
            conversation,
            arrived_us,
            waits_from: None,
            agent: None,
            waiting: true,
            assigned_before: false,
            replied_to: false,
            leaving: false,
            written: 0,
            sending: false,
            postponed_us: None,
        }
    }

    fn assigned(
        &mut self,
        agent: Option<u32>,
        at: u64,
        world: &World,
        now_us: u64,
        actions: &mut Vec<Action>,
    ) {
        self.waiting = false;
        self.agent = agent;
        if self.assigned_before {
            return;
        }
        self.assigned_before = true;
        world.recorder.record(Phase::Assigned, now_us.saturating_sub(self.arrived_us));
        self.wait_over(at, false, world);
        if let Some(after_us) = self.conversation.leaves_after_us {
            let due = Due::Leaving(self.conversation.index);
            actions.push(Action::Schedule { due_us: now_us + after_us, due });
        }
    }

    fn hears(
        &mut self,
        ticket: TicketId,
        stamp: Option<(MessageStamp, bool)>,
        world: &World,
        now_us: u64,
        actions: &mut Vec<Action>,
    ) {
        world.checker.compared(ticket, stamp.is_some_and(|(_, unaltered)| unaltered));
        if let Some((stamp, _)) = stamp {
            let took_us = now_us.saturating_sub(stamp.intended_us);
            world.recorder.record(Phase::RelayOneWay, took_us);
        }
        if !self.replied_to {
            self.replied_to = true;
            world.recorder.record(Phase::FirstReply, now_us.saturating_sub(self.arrived_us));
        }
        let due_us = now_us + self.conversation.customer_thinks_us();
        let due = Due::Writing(self.conversation.index);
        actions.push(Action::Schedule { due_us, due });
    }

    fn wait_over(&self, at: u64, left: bool, world: &World) {
        let from = self.waits_from.unwrap_or(at);
        let index = self.conversation.index;
        world.waited(Wait { index, from, waited_us: at.saturating_sub(from), left });
    }
}
