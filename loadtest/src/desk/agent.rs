//! An agent with its tickets: replies, transfers, closes, and pulls where its queues want it.

use super::{Action, Answered, Due, Tag, crossed};
use crate::checker::{MessageId, Party};
use crate::phases::Phase;
use crate::plan::{Conversation, Transfer as TransferPlan};
use crate::random::{Purpose, stream};
use crate::stamp::{self, MessageStamp, TicketStamp};
use crate::world::World;
use rand::RngExt;
use rand::rngs::SmallRng;
use rand_distr::Exp1;
use relevo_client::ClientError;
use relevo_client::wire::answer::Answer;
use relevo_client::wire::command::{
    Close, Command, Next, Send, SetPresence, Transfer, TransferTarget,
};
use relevo_client::wire::push::{Entry, EntryEvent, HandedOff};
use relevo_client::wire::vocabulary::{Author, Intent};
use relevo_client::wire::{ErrorCode, Packed, TicketId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A close that a draining daemon refused is tried again after this, in microseconds.
const CLOSE_AGAIN_US: u64 = 500_000;

/// An agent with its tickets.
#[derive(Debug)]
pub struct AgentDesk {
    agent: u32,
    world: Arc<World>,
    tickets: HashMap<TicketId, Ticket>,
    online: bool,
    connected: bool,
    pulls: Option<Pulls>,
}

/// How an agent pulls: at random times, from the pulled queue of its own bot.
#[derive(Debug)]
struct Pulls {
    every_us: u64,
    random: SmallRng,
}

#[derive(Debug, Default)]
struct Ticket {
    mine: bool,
    epoch: u32,
    /// How often it was assigned, to anybody.
    assignments: u32,
    /// The daemon's time of its first entry, in microseconds since 1970.
    opened_at: Option<u64>,
    assigned_at: u64,
    stamp: Option<TicketStamp>,
    work: Option<Work>,
}

/// What is still to be done with a ticket.
#[derive(Debug)]
struct Work {
    conversation: Conversation,
    /// When the service began, in microseconds from the start of the run; before the assignment
    /// for a ticket that was transferred to here.
    began_us: u64,
    /// The next message.
    ordinal: u32,
    transfer: bool,
    busy: bool,
    postponed_us: Option<u64>,
}

/// What an agent does next with a ticket.
enum Step {
    Message,
    Transfer,
    Close,
}

impl AgentDesk {
    /// The desk of an agent; with `pull_every_us` it pulls that often on average.
    #[must_use]
    pub fn new(agent: u32, world: Arc<World>, pull_every_us: Option<u64>) -> Self {
        let random = stream(world.plan.seed, Purpose::Pulls, u64::from(agent));
        let pulls = pull_every_us.map(|every_us| Pulls { every_us, random });
        let tickets = HashMap::new();
        Self { agent, world, tickets, online: false, connected: true, pulls }
    }

    pub(super) fn opened(&mut self, now_us: u64, actions: &mut Vec<Action>) {
        let command =
            Command::SetPresence(SetPresence { intent: Intent::Online, reason: String::new() });
        let tag = Tag::Presence;
        actions.push(Action::Request {
            command: command.into(),
            once: false,
            tag,
            intended_us: now_us,
        });
        self.schedule_pull(now_us, actions);
    }

    pub(super) fn connected(&mut self, connected: bool, now_us: u64) {
        self.connected = connected;
        self.tell_floor(now_us);
    }

    pub(super) fn due(
        &mut self,
        due: Due,
        intended_us: u64,
        now_us: u64,
        actions: &mut Vec<Action>,
    ) {
        match due {
            Due::Step(ticket) => self.step(ticket, intended_us, actions),
            Due::Pull => {
                self.pull(intended_us, actions);
                self.schedule_pull(now_us, actions);
            }
            Due::Arrival { .. }
            | Due::Patience(_)
            | Due::Leaving(_)
            | Due::Writing(_)
            | Due::Drop => {}
        }
    }

    pub(super) fn saw(&mut self, entry: &Entry, now_us: u64, actions: &mut Vec<Action>) {
        self.world.checker.saw(Party::Agent(self.agent), entry);
        let ticket = self.tickets.entry(entry.ticket).or_default();
        ticket.opened_at.get_or_insert(entry.at);
        match &entry.event {
            EntryEvent::Empty(_)
            | EntryEvent::Held(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_) => {}
            EntryEvent::HandedOff(handed_off) => {
                ticket.stamp = ticket.stamp.or_else(|| stamp_of(handed_off));
            }
            EntryEvent::Message(message) => {
                if message.author == Author::Customer {
                    let body = message.body.unpack().ok();
                    let stamp = body.and_then(|body| MessageStamp::read(&body));
                    hears(entry.ticket, ticket.mine, stamp, &self.world, now_us);
                }
            }
            EntryEvent::Assigned(assigned) => {
                ticket.assignments += 1;
                ticket.assigned_at = entry.at;
                ticket.mine = self.world.staff.agent_of(&assigned.agent) == Some(self.agent);
                ticket.epoch = assigned.epoch;
                if ticket.mine {
                    ticket.begin(entry.ticket, &self.world, now_us, actions);
                }
            }
            EntryEvent::Requeued(_) => ticket.lose(),
            EntryEvent::Transferred(_) | EntryEvent::Returned(_) => {
                self.tickets.remove(&entry.ticket);
            }
        }
        self.tell_floor(now_us);
    }

    pub(super) fn answered(&mut self, answered: Answered, actions: &mut Vec<Action>) {
        let Answered { tag, intended_us, at_us, result } = answered;
        tag.count(&result, &self.world.tally);
        match tag {
            Tag::Presence => {
                self.online = result.is_ok();
                self.world.tally.online.fetch_add(u64::from(self.online), Ordering::Relaxed);
                self.tell_floor(at_us);
            }
            Tag::AgentMessage(ticket, message) => self.said(ticket, message, result, actions),
            Tag::Transfer(ticket) => {
                if let Err(error) = result {
                    self.go_on(ticket, &error, actions);
                }
            }
            Tag::Close(ticket) => match result {
                Ok(_) => {
                    let took_us = at_us.saturating_sub(intended_us);
                    self.world.recorder.record(Phase::CloseAcknowledged, took_us);
                    self.world.closed_after(took_us);
                }
                // The daemon goes away with the ticket open: it is closed once there is one again.
                Err(error) if error.code() == Some(ErrorCode::Draining) => {
                    if let Some(work) = self.tickets.get_mut(&ticket).and_then(|t| t.work.as_mut())
                    {
                        work.busy = false;
                    }
                    let due_us = at_us + CLOSE_AGAIN_US;
                    actions.push(Action::Schedule { due_us, due: Due::Step(ticket) });
                }
                Err(_) => {}
            },
            Tag::Pull | Tag::HandOff(_) | Tag::CustomerMessage(_) | Tag::CustomerLeft(_) => {}
        }
    }

    /// The next thing to do with a ticket is due.
    fn step(&mut self, id: TicketId, intended_us: u64, actions: &mut Vec<Action>) {
        let Some(ticket) = self.tickets.get_mut(&id).filter(|ticket| ticket.mine) else { return };
        let epoch = ticket.epoch;
        let (Some(stamp), Some(work)) = (ticket.stamp, &mut ticket.work) else {
            // A ticket that somebody else handed over: it is closed.
            let command = Command::Close(Close { ticket: id, epoch, tags: Vec::new() });
            let tag = Tag::Close(id);
            actions.push(Action::Request { command: command.into(), once: true, tag, intended_us });
            return;
        };
        if work.busy {
            work.postponed_us = Some(intended_us);
            return;
        }
        work.busy = true;
        let (command, once, tag) = match work.next() {
            Step::Message => {
                let (command, message) = work.message(id, epoch, intended_us, &self.world);
                (command, false, Tag::AgentMessage(id, message))
            }
            Step::Transfer => {
                let to = work.target(self.agent, &self.world);
                let note = TicketStamp { transferred: true, ..stamp }.text();
                let transfer = Transfer { ticket: id, epoch, to, note };
                (Command::Transfer(transfer), true, Tag::Transfer(id))
            }
            Step::Close => {
                let close = Close { ticket: id, epoch, tags: Vec::new() };
                (Command::Close(close), true, Tag::Close(id))
            }
        };
        actions.push(Action::Request { command: command.into(), once, tag, intended_us });
    }

    fn said(
        &mut self,
        id: TicketId,
        message: MessageId,
        result: Result<Answer, ClientError>,
        actions: &mut Vec<Action>,
    ) {
        match result {
            Ok(Answer::Sent(sent)) => {
                self.world.tally.messages.fetch_add(1, Ordering::Relaxed);
                let ticket = sent.ticket.unwrap_or(id);
                let party = Party::Agent(self.agent);
                self.world.checker.sent(party, ticket, sent.number, message);
            }
            Ok(_) => {}
            Err(error) if crossed(&error) => return,
            Err(_) => {}
        }
        let lead_us = self.world.lead_us();
        let Some(ticket) = self.tickets.get_mut(&id) else { return };
        if let Some(work) = &mut ticket.work {
            work.ordinal += 1;
            work.schedule(id, lead_us, actions);
        }
    }

    /// A transfer was refused: the ticket stays here to its end, unless it is gone.
    fn go_on(&mut self, id: TicketId, error: &ClientError, actions: &mut Vec<Action>) {
        let stays = matches!(error.code(), Some(ErrorCode::WrongState | ErrorCode::NoSeat));
        if crossed(error) && !stays {
            return;
        }
        let lead_us = self.world.lead_us();
        let Some(ticket) = self.tickets.get_mut(&id) else { return };
        if let Some(work) = &mut ticket.work {
            work.transfer = false;
            work.schedule(id, lead_us, actions);
        }
    }

    fn pull(&mut self, intended_us: u64, actions: &mut Vec<Action>) {
        if !self.online || !self.connected {
            return;
        }
        let staff = &self.world.staff;
        let [bot, _] = staff.bots_of(self.agent);
        let queue = staff.queue(&self.world.plan, self.world.plan.pushing_queues());
        let command = Command::Next(Next { queue: Some(format!("{}/{queue}", staff.bot(bot))) });
        actions.push(Action::Request {
            command: command.into(),
            once: true,
            tag: Tag::Pull,
            intended_us,
        });
    }

    fn schedule_pull(&mut self, now_us: u64, actions: &mut Vec<Action>) {
        if let Some(Pulls { every_us, random }) = &mut self.pulls {
            let wait: f64 = random.sample(Exp1);
            let due_us = now_us + (*every_us as f64 * wait) as u64;
            actions.push(Action::Schedule { due_us, due: Due::Pull });
        }
    }

    fn tell_floor(&self, now_us: u64) {
        let held = self.tickets.values().filter(|ticket| ticket.mine).count();
        let seats = usize::from(self.world.staff.seats);
        let free = self.online && self.connected && held < seats;
        self.world.floor.set_free(self.agent, free, now_us);
    }
}

impl Ticket {
    fn begin(&mut self, id: TicketId, world: &World, now_us: u64, actions: &mut Vec<Action>) {
        let Some(stamp) = self.stamp else {
            actions.push(Action::Schedule { due_us: now_us, due: Due::Step(id) });
            return;
        };
        if self.assignments == 1 && !stamp.transferred {
            let took_us = now_us.saturating_sub(stamp.intended_us);
            world.recorder.record(Phase::AgentNotified, took_us);
            if self.opened_at == Some(self.assigned_at) {
                world.recorder.record(Phase::NotifiedAtOnce, took_us);
            }
        }
        let conversation = world.plan.conversation(stamp.index, stamp.service_mean_us);
        let served_us = if stamp.transferred { conversation.service_us / 2 } else { 0 };
        let half = conversation.agent_messages / 2;
        let work = self.work.insert(Work {
            began_us: now_us.saturating_sub(served_us),
            ordinal: if stamp.transferred { half } else { 0 },
            transfer: conversation.transfer.is_some() && !stamp.transferred,
            busy: false,
            postponed_us: None,
            conversation,
        });
        work.schedule(id, world.lead_us(), actions);
    }

    fn lose(&mut self) {
        self.mine = false;
        self.work = None;
    }
}

impl Work {
    fn next(&self) -> Step {
        if self.transfer && self.ordinal >= self.conversation.agent_messages / 2 {
            Step::Transfer
        } else if self.ordinal < self.conversation.agent_messages {
            Step::Message
        } else {
            Step::Close
        }
    }

    /// Plans the next step, or takes the one that had to wait for an answer.
    fn schedule(&mut self, id: TicketId, lead_us: u64, actions: &mut Vec<Action>) {
        self.busy = false;
        let after_us = match self.next() {
            Step::Message => self.conversation.agent_message_after_us(self.ordinal),
            Step::Transfer => self.conversation.service_us / 2,
            Step::Close => self.conversation.service_us.saturating_sub(lead_us),
        };
        let due_us = self.postponed_us.take().unwrap_or(self.began_us + after_us);
        actions.push(Action::Schedule { due_us, due: Due::Step(id) });
    }

    fn message(
        &self,
        ticket: TicketId,
        epoch: u32,
        intended_us: u64,
        world: &World,
    ) -> (Command, MessageId) {
        let Self { conversation, ordinal, .. } = self;
        let (index, ordinal) = (conversation.index, *ordinal);
        let stamp = MessageStamp { index, by_customer: false, ordinal, intended_us };
        let text = conversation.texts.wrapping_add(u64::from(ordinal) * 2);
        let command = Command::Send(Send {
            ticket: Some(ticket),
            contact: None,
            epoch: Some(epoch),
            author: Author::Agent,
            client_message_id: Some(stamp.message_id()),
            at: None,
            body: Packed::new(&stamp.body(world.bodies.pick(text))),
        });
        (command, stamp.into())
    }

    fn target(&self, agent: u32, world: &World) -> TransferTarget {
        let Conversation { bot, queue, transfer, .. } = self.conversation;
        let to_queue = |queue| TransferTarget::Queue(world.staff.queue(&world.plan, queue));
        match transfer {
            Some(TransferPlan::Queue(other)) => to_queue(other),
            Some(TransferPlan::Agent(number)) => {
                world.staff.colleague(bot, agent, number).map_or_else(
                    || to_queue(queue),
                    |other| TransferTarget::Agent(world.staff.agent(other)),
                )
            }
            None => to_queue(queue),
        }
    }
}

fn stamp_of(handed_off: &HandedOff) -> Option<TicketStamp> {
    if handed_off.parent.is_some() {
        return TicketStamp::parse(&handed_off.note);
    }
    let details = handed_off.details.as_ref()?.unpack().ok()?;
    let (_, text) = details.context.iter().find(|(name, _)| name == stamp::FIELD)?;
    TicketStamp::parse(text)
}

/// A customer's message came. What was written before the assignment waited in line: its way says
/// nothing about the relay.
fn hears(
    ticket: TicketId,
    mine: bool,
    stamp: Option<(MessageStamp, bool)>,
    world: &World,
    now_us: u64,
) {
    world.checker.compared(ticket, stamp.is_some_and(|(_, unaltered)| unaltered));
    if let Some((stamp, _)) = stamp
        && mine
    {
        let took_us = now_us.saturating_sub(stamp.intended_us);
        world.recorder.record(Phase::RelayOneWay, took_us);
    }
}
