//! The reference: a tenant as plain lists, decided by looking at everything every time.
//!
//! It is written from what a contact center means by its words, not from the router: no index, no
//! timer, no note of what may match, no difference between deciding and applying. Whatever is asked
//! is found by a linear search at the moment of the question.
//!
//! Two things that meaning leaves open are taken from the router's own events (the *witness*): the
//! ids of new tickets, which must only be fresh, and who of several tickets goes first that are due
//! at the same microsecond for the same reason, where any order is right.

use crate::agents::Agent;
use crate::callbacks::Listed;
use crate::contacts::Block;
use crate::figures::Ever;
use crate::idempotency::{self, FirstAnswer};
use crate::last_agent::Served;
use crate::notices::Running;
use crate::queues::{Bot, Queue};
use crate::tickets::Ticket;
use relevo_routing::event::{AbsenceSet, QueueModeSet};
use relevo_routing::input::{Command, Input, Key};
use relevo_routing::{Event, Micros, Reply, Settings};
use relevo_wire::answer::{Answer, Done};
use relevo_wire::directory::{self, Versioned};
use relevo_wire::{BotId, ContactKey, TicketId, WireError};

/// A tenant. Numbers of bots, queues and agents are their places in the lists; deleted ones stay.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) settings: Settings,
    pub(crate) now: Micros,
    /// Counts the changes of the directory.
    pub(crate) version: u64,
    pub(crate) tenant: Option<Versioned<directory::Tenant>>,
    pub(crate) bots: Vec<Bot>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) keys: Vec<Key>,
    /// Remembered tickets in order of creation.
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) first_answers: Vec<FirstAnswer>,
    /// What customers without a ticket said, as far as it is remembered, oldest first.
    pub(crate) contact_messages: Vec<(BotId, ContactKey, u128)>,
    /// Who was served last, longest ago first.
    pub(crate) served: Vec<Served>,
    pub(crate) ever: Ever,
    /// Who is away for which bot, and who no longer is.
    pub(crate) absences: Vec<AbsenceSet>,
    pub(crate) blocks: Vec<Block>,
    /// Who stands in call-back lists, oldest first.
    pub(crate) callbacks: Vec<Listed>,
    /// What was said of queues; the last word counts.
    pub(crate) modes: Vec<QueueModeSet>,
    pub(crate) notices: Vec<Running>,
    /// Between `Started` and `Ready`: since when.
    pub(crate) starting_since: Option<Micros>,
    /// How many tickets were ever assigned: the order of an agent's tickets.
    pub(crate) assignments: u64,
    /// The child of a transfer that is being accepted: its agent was asked before.
    pub(crate) accepted: Option<TicketId>,
    /// The step made as many assignments as a step may, and there is more to do.
    pub(crate) is_unfinished: bool,
    pub(crate) assignments_left: usize,
    /// How many tickets the step may still move on to other queues.
    pub(crate) steps_left: usize,
    newest_id: TicketId,
    events: Vec<Event>,
    witness: Vec<Event>,
}

/// What an input came to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) events: Vec<Event>,
    pub(crate) reply: Option<Reply>,
    pub(crate) lazy: bool,
}

/// What a command gives: an answer, or why not. The text of a refusal is no part of the meaning.
pub(crate) type Answered = Result<Answer, WireError>;

pub(crate) fn done() -> Answer {
    Answer::Done(Done {})
}

impl Reference {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: 0,
            version: 0,
            tenant: None,
            bots: Vec::new(),
            queues: Vec::new(),
            agents: Vec::new(),
            keys: Vec::new(),
            tickets: Vec::new(),
            first_answers: Vec::new(),
            contact_messages: Vec::new(),
            served: Vec::new(),
            ever: Ever::default(),
            absences: Vec::new(),
            blocks: Vec::new(),
            callbacks: Vec::new(),
            modes: Vec::new(),
            notices: Vec::new(),
            starting_since: None,
            assignments: 0,
            accepted: None,
            is_unfinished: false,
            assignments_left: 0,
            steps_left: 0,
            newest_id: TicketId(0),
            events: Vec::new(),
            witness: Vec::new(),
        }
    }

    /// Decides one input. `seen` is the count of closes that a command on presence carries.
    pub(crate) fn handle(
        &mut self,
        now: Micros,
        command: &Command,
        seen: u32,
        witness: &[Event],
    ) -> Said {
        assert!(now >= self.now, "time does not go back");
        self.now = now;
        self.witness = witness.to_vec();
        self.assignments_left = self.settings.assignments_per_step;
        self.steps_left = self.settings.assignments_per_step;
        let key = command.idempotency.filter(|_| idempotency::is_mutating(&command.input));
        if let Some(answer) = key.and_then(|key| self.first_answer(&key)) {
            // Nothing is carried out. But a session has closed the agent's word for it.
            if let Input::SetPresence { agent, .. } = command.input {
                self.follow_intent(agent, seen);
                self.settle();
            }
            let events = std::mem::take(&mut self.events);
            return Said { events, reply: Some(Reply::Answer(answer)), lazy: false };
        }
        let reply = self.decide(&command.input, seen);
        self.settle();
        if let (Some(key), Some(Reply::Answer(answer))) = (key, &reply) {
            self.remember_answer(key, answer);
        }
        let events = std::mem::take(&mut self.events);
        let told = |event: &Event| matches!(event, Event::Progressed(_) | Event::Forgotten(_));
        let lazy = matches!(command.input, Input::Progress { .. }) && events.iter().all(told);
        Said { events, reply, lazy }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push(event);
        self.forget_steps();
    }

    fn decide(&mut self, input: &Input, seen: u32) -> Option<Reply> {
        self.note_act(input);
        let answered = match input {
            Input::HandOff(hand_off) => self.hand_off(hand_off),
            Input::CustomerMessage { bot, contact, client_message, bytes } => {
                self.customer_message(*bot, *contact, *client_message, *bytes)
            }
            Input::BotMessage { bot, ticket, epoch, client_message, bytes } => {
                self.bot_message(*bot, *ticket, *epoch, *client_message, *bytes)
            }
            Input::AgentMessage { agent, ticket, epoch, client_message, bytes } => {
                self.agent_message(*agent, *ticket, *epoch, *client_message, *bytes)
            }
            Input::CustomerLeft { bot, contact } => self.customer_left(*bot, *contact),
            Input::TakeBack { bot, ticket } => self.take_back(*bot, *ticket),
            Input::SetPresence { agent, intent, reason, .. } => {
                let answered = self.set_presence(*agent, *intent, reason);
                self.follow_intent(*agent, seen);
                answered
            }
            Input::Next { agent, queue } => self.next(*agent, *queue),
            Input::Targets { agent, ticket } => self.targets(*agent, *ticket),
            Input::Transfer { agent, ticket, epoch, to, note } => {
                self.transfer(*agent, *ticket, *epoch, *to, *note)
            }
            Input::Close { agent, ticket, epoch, tags } => {
                self.agent_close(*agent, *ticket, *epoch, tags)
            }
            Input::Accept { agent, ticket } => self.accept(*agent, *ticket),
            Input::Decline { agent, ticket } => self.decline(*agent, *ticket),
            Input::Hold { agent, ticket, epoch, on } => self.hold(*agent, *ticket, *epoch, *on),
            Input::Park { agent, ticket, epoch, until } => {
                self.park(*agent, *ticket, *epoch, *until)
            }
            Input::Unpark { agent, ticket, epoch } => self.agent_unparks(*agent, *ticket, *epoch),
            Input::WrapUpDone { agent, ticket, tags } => self.wrap_up_done(*agent, *ticket, tags),
            Input::SetAbsence { agent, bot, absence, .. } => {
                self.set_absence(*agent, *bot, absence.as_ref())
            }
            Input::WantCallback { bot, contact, yes } => self.want_callback(*bot, *contact, *yes),
            Input::BlockContact { bot, contact, until } => {
                self.block_contact(*bot, *contact, *until)
            }
            Input::UnblockContact { bot, contact } => self.unblock_contact(*bot, *contact),
            Input::SetQueueMode(set) => self.set_queue_mode(set),
            Input::NotifyWaiting { queue, words } => self.notify_waiting(*queue, words),
            Input::Reopen { agent, ticket } => self.agent_reopens(*agent, *ticket),
            Input::Explain { ticket } => self.explain(*ticket),
            Input::Put { object, if_version } => self.put(object, *if_version),
            Input::Delete { object } => self.delete(object),
            Input::Apply { changes, dry_run } => self.apply(changes, *dry_run),
            Input::CreateKey(key) => self.create_key(key),
            Input::RevokeKey { prefix } => self.revoke_key(prefix),
            Input::AgentSessionOpened { agent, session, .. } => {
                return Some(self.agent_session_opened(*agent, *session, seen));
            }
            Input::BotSessionOpened { bot, session } => {
                return Some(self.bot_session_opened(*bot, *session));
            }
            Input::AgentSessionLost { agent, session, .. } => {
                self.agent_session_lost(*agent, *session, seen);
                return None;
            }
            Input::BotSessionLost { bot, session } => {
                self.bot_session_lost(*bot, *session);
                return None;
            }
            Input::Progress { party, ticket, delivered, read } => {
                self.progress(*party, *ticket, *delivered, *read);
                return None;
            }
            Input::Started { down_us } => {
                self.started(*down_us);
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
        Some(Reply::Answer(answered.unwrap_or_else(Answer::Error)))
    }

    /// The id of a new ticket: the router's first that is greater than all before, which must be a UUIDv7
    /// of this moment. Where the router opens none (a dry run, or a disagreement) it is the greatest.
    pub(crate) fn fresh_id(&mut self) -> TicketId {
        let opened = self.witness.iter().find_map(|event| {
            let Event::TicketOpened(opened) = event else { return None };
            Some(opened.ticket).filter(|id| *id > self.newest_id)
        });
        let Some(id) = opened else { return TicketId(u128::MAX) };
        assert_eq!(id.0 >> 80, u128::from(self.now / 1_000), "an id begins with its time");
        assert_eq!(((id.0 >> 76) & 0xf, (id.0 >> 62) & 0b11), (7, 0b10), "a UUID of version 7");
        self.newest_id = id;
        id
    }

    /// The id of the newest ticket.
    pub(crate) fn newest_id(&self) -> TicketId {
        self.newest_id
    }

    /// The place among the router's events of the first that `is_it`; behind all when there is none.
    pub(crate) fn witnessed(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.witness.iter().position(is_it).unwrap_or(usize::MAX)
    }
}
