//! A tenant with its seats and clock, driven by names: what the tests of the core share.

use relevo_routing::event::*;
use relevo_routing::input::{Command, HandOff, Input, Party, Target};
use relevo_routing::record::{self, Actor, ActorKind, RecordHeader};
use relevo_routing::seats::{CloseCount, Seats};
use relevo_routing::{Event, Micros, Origin, Reply, Settings, Step, Tenant};
use relevo_wire::answer::{Accepted, Answer, Sent};
use relevo_wire::directory::{self, Object};
use relevo_wire::vocabulary::{HandOffReason, Intent, Language, Text, TicketState};
use relevo_wire::{
    AgentId, BotId, ContactKey, ErrorCode, QueueId, SessionId, TenantId, TicketId, WireError,
};

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const START: Micros = 1_700_000_000 * SECOND;
pub(crate) const BOT: BotId = BotId(0);
pub(crate) const TENANT: TenantId = TenantId(42);

pub(crate) fn new_tenant() -> Tenant {
    Tenant::new(TENANT, Settings::default())
}

pub(crate) struct Desk {
    pub(crate) tenant: Tenant,
    pub(crate) seats: Seats,
    pub(crate) now: Micros,
    /// Everything that was recorded, as a log would hold it.
    pub(crate) log: Vec<Vec<u8>>,
    next_session: u64,
    pub(crate) starts: u32,
}

/// The bot `b` with its default queue `q`; agents and queues are added by name.
pub(crate) fn desk() -> Desk {
    Desk::with(Settings::default())
}

impl Desk {
    pub(crate) fn with(settings: Settings) -> Self {
        let mut desk = Self {
            tenant: Tenant::new(TENANT, settings),
            seats: Seats::new(),
            now: START,
            log: Vec::new(),
            next_session: 1,
            starts: 1,
        };
        desk.put(Object::Bot(directory::Bot::new("b", "q")));
        desk
    }

    /// A desk with the queue `q` and agents of one seat each, online.
    pub(crate) fn staffed(agents: &[&str]) -> Self {
        let mut desk = desk();
        for agent in agents {
            desk.agent(agent, 1);
        }
        desk.queue("q", agents, |_| {});
        for agent in agents {
            desk.online(agent);
        }
        desk
    }

    pub(crate) fn handle(&mut self, input: Input) -> Step {
        self.command(Command { idempotency: None, input })
    }

    pub(crate) fn command(&mut self, command: Command) -> Step {
        let step = self.tenant.handle(self.now, &mut self.seats, command);
        if !step.events.is_empty() {
            let mut bytes = Vec::new();
            let header = RecordHeader {
                tenant: self.tenant.id(),
                now: self.now,
                actor: Actor { kind: ActorKind::Daemon, id: 0, session: 0 },
                request_id: 0,
                directory_version: self.tenant.directory_version(),
            };
            record::encode(&mut bytes, &header, &step.events);
            self.log.push(bytes);
        }
        step
    }

    /// What an input gave: its events and its answer.
    pub(crate) fn ask(&mut self, input: Input) -> (Vec<Event>, Answer) {
        let step = self.handle(input);
        match step.reply {
            Some(Reply::Answer(answer)) => (step.events.to_vec(), answer),
            other => panic!("an answer was expected, not {other:?}"),
        }
    }

    /// The events of an input that must not be refused.
    pub(crate) fn events(&mut self, input: Input) -> Vec<Event> {
        let step = self.handle(input);
        if let Some(Reply::Answer(Answer::Error(error))) = step.reply {
            panic!("refused: {error}");
        }
        step.events.to_vec()
    }

    /// The refusal of an input, which must leave no event.
    pub(crate) fn refused(&mut self, input: Input) -> WireError {
        let (events, answer) = self.ask(input);
        assert_eq!(events, [], "a refusal changes nothing");
        let Answer::Error(error) = answer else { panic!("a refusal was expected") };
        error
    }

    pub(crate) fn code(&mut self, input: Input) -> ErrorCode {
        self.refused(input).code
    }

    pub(crate) fn put(&mut self, object: Object) {
        self.events(Input::Put { object: Box::new(object), if_version: None });
    }

    pub(crate) fn agent(&mut self, name: &str, seats: u16) -> AgentId {
        self.put(Object::Agent(directory::Agent::new(name, seats)));
        self.agent_id(name)
    }

    pub(crate) fn queue(
        &mut self,
        name: &str,
        members: &[&str],
        change: impl FnOnce(&mut directory::Queue),
    ) -> QueueId {
        let mut queue = directory::Queue::new("b", name);
        queue.members = members.iter().map(|member| (*member).into()).collect();
        // Whoever leaves is lost at once, but where that is what a test is about.
        queue.resume_seconds = 0;
        change(&mut queue);
        self.put(Object::Queue(queue));
        self.queue_id(name)
    }

    pub(crate) fn bot(&mut self, change: impl FnOnce(&mut directory::Bot)) {
        let mut bot = directory::Bot::new("b", "q");
        change(&mut bot);
        self.put(Object::Bot(bot));
    }

    pub(crate) fn agent_id(&self, name: &str) -> AgentId {
        self.tenant.directory().agent_id(name).expect("the agent was put")
    }

    pub(crate) fn queue_id(&self, name: &str) -> QueueId {
        self.tenant.directory().queue_id(BOT, name).expect("the queue was put")
    }

    /// Opens a session of an agent.
    pub(crate) fn connect(&mut self, agent: &str) -> SessionId {
        let session = SessionId(self.next_session);
        self.next_session += 1;
        let agent = self.agent_id(agent);
        let seen = self.reachable_closes(agent);
        self.handle(Input::AgentSessionOpened { agent, session, seen });
        session
    }

    /// Loses a session as a session task does: the word is closed at once, then the command comes.
    pub(crate) fn disconnect(&mut self, agent: &str, session: SessionId) -> Vec<Event> {
        let agent = self.agent_id(agent);
        let seen = self.seats.word(agent.0 as usize).expect("a word").close_reachable();
        self.handle(Input::AgentSessionLost { agent, session, seen }).events.to_vec()
    }

    pub(crate) fn reachable_closes(&self, agent: AgentId) -> CloseCount {
        self.seats
            .word(agent.0 as usize)
            .map_or_else(CloseCount::default, |word| word.view().reachable_closes)
    }

    pub(crate) fn intent(&mut self, agent: &str, intent: Intent) -> Vec<Event> {
        let agent = self.agent_id(agent);
        let word = self.seats.word(agent.0 as usize).expect("a word");
        let seen = match intent {
            Intent::Online => word.view().intent_closes,
            Intent::Paused | Intent::Invisible | Intent::Offline => word.close_intent(),
        };
        let reason = String::new();
        self.events(Input::SetPresence { agent, intent, reason, seen })
    }

    pub(crate) fn online(&mut self, agent: &str) -> SessionId {
        let session = self.connect(agent);
        self.intent(agent, Intent::Online);
        session
    }

    /// Lets time pass, handling every deadline on the way.
    pub(crate) fn pass(&mut self, time: Micros) -> Vec<Event> {
        let until = self.now + time;
        let mut events = Vec::new();
        while let Some(at) = self.tenant.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            events.extend(self.handle(Input::Tick).events);
        }
        self.now = until;
        events
    }

    /// Lets time pass without a tick: nothing may be due.
    pub(crate) fn wait(&mut self, time: Micros) {
        assert_eq!(self.pass(time), [], "something was due");
    }

    pub(crate) fn hand_off(&mut self, contact: u128) -> TicketId {
        self.accepted(hand_off(contact)).ticket
    }

    pub(crate) fn hand_off_to(&mut self, contact: u128, queue: &str) -> TicketId {
        let queue = Some(self.queue_id(queue));
        self.accepted(HandOff { queue, ..hand_off(contact) }).ticket
    }

    pub(crate) fn accepted(&mut self, hand_off: HandOff) -> Accepted {
        let Answer::Accepted(accepted) = self.ask(Input::HandOff(hand_off)).1 else {
            panic!("accepted was expected")
        };
        accepted
    }

    pub(crate) fn customer(&mut self, contact: u128, client_message: Option<u128>) -> Sent {
        let contact = ContactKey(contact);
        let input = Input::CustomerMessage { bot: BOT, contact, client_message, bytes: 100 };
        self.sent(input)
    }

    pub(crate) fn sent(&mut self, input: Input) -> Sent {
        let Answer::Sent(sent) = self.ask(input).1 else { panic!("sent was expected") };
        sent
    }

    /// The agent who has a ticket says something.
    pub(crate) fn reply(&mut self, agent: &str, ticket: TicketId) -> MessageStored {
        let epoch = self.epoch(ticket);
        let events = self.events(self.agent_says(agent, ticket, epoch));
        match &events[..] {
            [Event::MessageStored(stored)] => *stored,
            other => panic!("one message was expected, not {other:?}"),
        }
    }

    pub(crate) fn agent_says(&self, agent: &str, ticket: TicketId, epoch: u32) -> Input {
        let agent = self.agent_id(agent);
        Input::AgentMessage { agent, ticket, epoch, client_message: None, bytes: 100 }
    }

    pub(crate) fn close(&mut self, agent: &str, ticket: TicketId) -> Vec<Event> {
        let (agent, epoch) = (self.agent_id(agent), self.epoch(ticket));
        self.events(Input::Close { agent, ticket, epoch, tags: Vec::new() })
    }

    pub(crate) fn transfer(&self, agent: &str, ticket: TicketId, to: Target) -> Input {
        let (agent, epoch) = (self.agent_id(agent), self.epoch(ticket));
        Input::Transfer { agent, ticket, epoch, to, note: false }
    }

    /// The child of a transfer that must not be refused.
    pub(crate) fn child(&mut self, input: Input) -> TicketId {
        let Answer::Transferred(transferred) = self.ask(input).1 else {
            panic!("transferred was expected")
        };
        transferred.child
    }

    /// The open ticket of a contact.
    pub(crate) fn tickets_of_contact(&mut self, contact: u128) -> TicketId {
        let input = HandOff { dry_run: true, ..hand_off(contact) };
        let accepted = self.accepted(input);
        assert!(accepted.existing, "the contact has an open ticket");
        accepted.ticket
    }

    pub(crate) fn events_of_session(&mut self, input: Input) -> Vec<Event> {
        self.handle(input).events.to_vec()
    }

    pub(crate) fn left(&mut self, contact: u128) -> Vec<Event> {
        self.events(Input::CustomerLeft { bot: BOT, contact: ContactKey(contact) })
    }

    pub(crate) fn explain(&self, ticket: TicketId) -> relevo_wire::answer::Explained {
        // Explaining changes nothing: a copy of the tenant is asked.
        let mut copy =
            Tenant::from_snapshot(&self.tenant.snapshot(), self.tenant.settings().clone())
                .expect("a snapshot reads back");
        let mut seats = Seats::new();
        copy.restore_seats(&mut seats);
        let command = Command { idempotency: None, input: Input::Explain { ticket } };
        match copy.handle(self.now, &mut seats, command).reply {
            Some(Reply::Answer(Answer::Explained(explained))) => explained,
            other => panic!("explained was expected, not {other:?}"),
        }
    }

    /// State, agent and place of a ticket.
    pub(crate) fn place(&self, ticket: TicketId) -> (TicketState, Option<String>, u32) {
        let explained = self.explain(ticket);
        (explained.state, explained.agent, explained.position)
    }

    pub(crate) fn holder(&self, ticket: TicketId) -> Option<String> {
        self.explain(ticket).agent
    }

    /// The present epoch, as a refusal tells it.
    pub(crate) fn epoch(&self, ticket: TicketId) -> u32 {
        let mut copy =
            Tenant::from_snapshot(&self.tenant.snapshot(), self.tenant.settings().clone())
                .expect("a snapshot reads back");
        let bots: Vec<BotId> = self.tenant.directory().bots().map(|(bot, _)| bot).collect();
        let mut answers = bots.into_iter().map(|bot| {
            let (epoch, client_message) = (u32::MAX, None);
            let input = Input::BotMessage { bot, ticket, epoch, client_message, bytes: 0 };
            copy.handle(self.now, &mut Seats::new(), Command { idempotency: None, input }).reply
        });
        let present = answers.find_map(|answer| match answer {
            Some(Reply::Answer(Answer::Error(error))) => error.present,
            other => panic!("a stale epoch was expected, not {other:?}"),
        });
        present.expect("the ticket is some bot's").epoch
    }

    /// What the log gives.
    pub(crate) fn replayed(&self) -> Tenant {
        let tenant = Tenant::new(self.tenant.id(), self.tenant.settings().clone());
        self.replay(tenant, &self.log)
    }

    pub(crate) fn replay(&self, mut tenant: Tenant, log: &[Vec<u8>]) -> Tenant {
        for bytes in log {
            let (header, events) = record::decode(bytes).expect("a record reads back");
            for event in &events {
                tenant.apply(header.now, event);
            }
        }
        tenant
    }

    /// As after a crash: the log is read, sessions are gone, the daemon was down for a while.
    pub(crate) fn restart(&mut self, down: Micros) {
        let mut tenant = self.replayed();
        assert!(tenant.snapshot() == self.tenant.snapshot(), "recovery gives the same state");
        self.starts += 1;
        tenant.set_origin(Origin { start: self.starts, ..Origin::default() });
        self.tenant = tenant;
        self.seats = Seats::new();
        self.tenant.restore_seats(&mut self.seats);
        self.now += down;
        self.handle(Input::Started { down_us: down });
    }

    pub(crate) fn receipt(
        &mut self,
        party: Party,
        ticket: TicketId,
        delivered: u32,
        read: u32,
    ) -> Step {
        self.handle(Input::Progress { party, ticket, delivered, read })
    }
}

pub(crate) fn hand_off(contact: u128) -> HandOff {
    HandOff {
        bot: BOT,
        contact: ContactKey(contact),
        queue: None,
        queue_of_rule: None,
        reason: HandOffReason::Requested,
        priority: 0,
        priority_of_rule: None,
        preferred_agent: None,
        demand: None,
        language: None,
        rules: None,
        texts: None,
        truncated: false,
        position_updates: false,
        test: false,
        dry_run: false,
        bytes: 200,
    }
}

/// What is said in English where nobody says something else.
pub(crate) fn english(text: Text) -> String {
    relevo_routing::texts::shipped(Language::En, text).to_owned()
}

/// Who was assigned what, in order.
pub(crate) fn assignments(events: &[Event]) -> Vec<(TicketId, AgentId)> {
    let assigned = events.iter().filter_map(|event| {
        if let Event::Assigned(assigned) = event {
            Some((assigned.ticket, assigned.agent))
        } else {
            None
        }
    });
    assigned.collect()
}

pub(crate) fn closed(events: &[Event]) -> &Closed {
    let closed = events
        .iter()
        .find_map(|event| if let Event::Closed(closed) = event { Some(closed) } else { None });
    closed.expect("a ticket was closed")
}
