//! The decisions: an input is checked against the state, becomes events, and gets its answer.
//!
//! A handler reads the state, emits events (each applied at once), and returns what the asker gets.
//! It changes nothing else but seat words, sessions, places told and timers that have run out, none
//! of which a snapshot holds.

mod absence;
mod acceptance;
mod at_risk;
mod away;
mod callbacks;
mod changes;
mod clocks;
mod close;
mod contacts;
mod directory;
mod explain;
mod hand_off;
mod hours;
mod idempotent;
mod messages;
mod modes;
mod notices;
mod offers;
mod parking;
mod presence;
mod progress;
mod pull;
mod refusals;
mod reopen;
mod service;
mod sessions;
mod shares;
mod silence;
mod targets;
mod ticks;
mod transfer;
mod validate;

pub(crate) use sessions::Sessions;

use crate::input::{Command, Input};
use crate::origin::TicketIds;
use crate::seats::Seats;
use crate::state::State;
use crate::state::slab::Slot;
use crate::{Event, Micros, Reply, Step};
use relevo_wire::WireError;
use relevo_wire::answer::{Answer, Done};

/// One input being decided.
pub(crate) struct Turn<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) sessions: &'a mut Sessions,
    pub(crate) ids: &'a mut TicketIds,
    pub(crate) seats: &'a mut Seats,
    pub(crate) now: Micros,
    pub(crate) step: Step,
    /// How many more the matching may make in this step.
    pub(crate) assignments_left: usize,
    /// How many more tickets may go on to other queues in this step.
    pub(crate) steps_left: usize,
}

impl Turn<'_> {
    /// Decides a command, matches what it made possible, remembers its answer.
    pub(crate) fn decide(mut self, command: Command) -> Step {
        let Command { idempotency, input } = command;
        let idempotency = idempotency.filter(|_| idempotent::is_mutating(&input));
        if let Some(repeated) = idempotency.and_then(|key| self.repeated(&key)) {
            self.step.reply = Some(Reply::Answer(repeated));
            if let Input::SetPresence { agent, seen, .. } = input {
                self.follow_intent(agent, seen);
                self.settle();
            }
            return self.step;
        }
        self.step.reply = self.input(input);
        self.settle();
        if let Some(key) = idempotency {
            self.remember_answer(key);
        }
        // What an earlier step had no room for may have come with a receipt.
        self.step.lazy &= self.step.events.iter().all(is_of_a_receipt);
        self.step
    }

    /// A fact: true from here on.
    pub(crate) fn emit(&mut self, event: Event) {
        self.state.apply(self.now, &event);
        self.step.events.push(event);
    }

    /// As [`Turn::emit`], of a ticket whose slot is known.
    pub(crate) fn emit_of(&mut self, slot: Slot, event: Event) {
        self.state.at_hand = slot;
        self.emit(event);
    }

    fn input(&mut self, input: Input) -> Option<Reply> {
        self.note_act(&input);
        let answer = match input {
            Input::HandOff(hand_off) => self.hand_off(&hand_off),
            Input::CustomerMessage { bot, contact, client_message, bytes } => {
                self.customer_message(bot, contact, client_message, bytes)
            }
            Input::BotMessage { bot, ticket, epoch, client_message, bytes } => {
                self.bot_message(bot, ticket, epoch, client_message, bytes)
            }
            Input::AgentMessage { agent, ticket, epoch, client_message, bytes } => {
                self.agent_message(agent, ticket, epoch, client_message, bytes)
            }
            Input::CustomerLeft { bot, contact } => self.customer_left(bot, contact),
            Input::TakeBack { bot, ticket } => self.take_back(bot, ticket),
            Input::SetPresence { agent, intent, reason, seen } => {
                let answered = self.set_presence(agent, intent, reason);
                self.follow_intent(agent, seen);
                answered
            }
            Input::Next { agent, queue } => self.next(agent, queue),
            Input::Targets { agent, ticket } => self.targets(agent, ticket),
            Input::Transfer { agent, ticket, epoch, to, note } => {
                self.transfer(agent, ticket, epoch, to, note)
            }
            Input::Close { agent, ticket, epoch, tags } => {
                self.agent_close(agent, ticket, epoch, tags)
            }
            Input::Accept { agent, ticket } => self.accept(agent, ticket),
            Input::Decline { agent, ticket } => self.decline(agent, ticket),
            Input::Hold { agent, ticket, epoch, on } => self.hold(agent, ticket, epoch, on),
            Input::Park { agent, ticket, epoch, until } => self.park(agent, ticket, epoch, until),
            Input::Unpark { agent, ticket, epoch } => self.agent_unparks(agent, ticket, epoch),
            Input::WrapUpDone { agent, ticket, tags } => self.wrap_up_done(agent, ticket, tags),
            Input::SetAbsence { agent, bot, absence, .. } => self.set_absence(agent, bot, absence),
            Input::WantCallback { bot, contact, yes } => self.want_callback(bot, contact, yes),
            Input::BlockContact { bot, contact, until } => self.block_contact(bot, contact, until),
            Input::UnblockContact { bot, contact } => self.unblock_contact(bot, contact),
            Input::SetQueueMode(set) => self.set_queue_mode(set),
            Input::NotifyWaiting { queue, words } => self.notify_waiting(queue, words),
            Input::Reopen { agent, ticket } => self.agent_reopens(agent, ticket),
            Input::Explain { ticket } => self.explain(ticket),
            Input::Put { object, if_version } => self.put(object, if_version),
            Input::Delete { object } => self.delete(object),
            Input::Apply { changes, dry_run } => self.apply(changes, dry_run),
            Input::CreateKey(key) => self.create_key(key),
            Input::RevokeKey { prefix } => self.revoke_key(prefix),
            Input::AgentSessionOpened { agent, session, seen } => {
                return Some(self.agent_session_opened(agent, session, seen));
            }
            Input::BotSessionOpened { bot, session } => {
                return Some(self.bot_session_opened(bot, session));
            }
            Input::AgentSessionLost { agent, session, seen } => {
                self.agent_session_lost(agent, session, seen);
                return None;
            }
            Input::BotSessionLost { bot, session } => {
                self.bot_session_lost(bot, session);
                return None;
            }
            Input::Progress { party, ticket, delivered, read } => {
                self.progress(party, ticket, delivered, read);
                return None;
            }
            Input::Started { down_us } => {
                self.started(down_us);
                return None;
            }
            Input::Ready => {
                self.ready();
                return None;
            }
            Input::Tick => {
                self.tick();
                return None;
            }
        };
        Some(Reply::Answer(answer.unwrap_or_else(Answer::Error)))
    }
}

/// What a handler gives: an answer, or why not.
type Answered = Result<Answer, WireError>;

fn done() -> Answer {
    Answer::Done(Done {})
}

fn is_of_a_receipt(event: &Event) -> bool {
    matches!(event, Event::Progressed(_) | Event::Forgotten(_))
}
