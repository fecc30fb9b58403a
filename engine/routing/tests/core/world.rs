//! Random commands on a small contact center, and what must hold after each.

mod contacts;
mod objects;
mod presence;
mod service;

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{Command, HandOff, Idempotency, Input, Party, Target};
use relevo_wire::directory::{Agent, Bot, Object};
use relevo_wire::vocabulary::{Author, TargetState, TicketState, TicketTarget};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, SessionId, TicketId};
use std::collections::BTreeMap;

const AGENTS: u64 = 6;
const QUEUES: u64 = 5;
const CONTACTS: u64 = 14;

/// What the events have told about a ticket.
#[derive(Debug)]
struct Known {
    bot: BotId,
    contact: ContactKey,
    state: TicketState,
    agent: Option<AgentId>,
    offers: Vec<AgentId>,
    /// Its agent has it while the receiver of a transfer is asked.
    is_asked: bool,
    epoch: u32,
    last: u32,
    progress: BTreeMap<&'static str, (u32, u32)>,
    test: bool,
    /// Of its targets.
    told: Vec<(TicketTarget, TargetState)>,
}

impl Known {
    fn is_open(&self) -> bool {
        !matches!(self.state, TicketState::Wrapping | TicketState::Closed)
    }

    fn is_seated(&self) -> bool {
        !matches!(self.state, TicketState::Parked | TicketState::Closed)
    }
}

pub(crate) struct World {
    pub(crate) desk: Desk,
    random: u64,
    sessions: BTreeMap<AgentId, Vec<SessionId>>,
    bot_sessions: BTreeMap<BotId, Vec<SessionId>>,
    next_session: u64,
    /// Commands of sessions that have closed the word already.
    late: Vec<Input>,
    tickets: BTreeMap<TicketId, Known>,
    created: u64,
    closed: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut desk = desk();
        let mut second = Bot::new("c", "q3");
        second.seats_per_agent = Some(1);
        desk.put(Object::Bot(second));
        for agent in 0..AGENTS {
            desk.agent(&format!("a{agent}"), 1 + u16::try_from(agent % 3).expect("small"));
        }
        let mut world = Self {
            desk,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678,
            sessions: BTreeMap::new(),
            bot_sessions: BTreeMap::new(),
            next_session: 1,
            late: Vec::new(),
            tickets: BTreeMap::new(),
            created: 0,
            closed: 0,
        };
        for queue in 0..QUEUES {
            world.put_queue(queue);
        }
        for number in 0..AGENTS {
            let seats = 1 + u16::try_from(number % 3).expect("small");
            let mut agent = Agent::new(format!("a{number}"), seats);
            agent.skills = world.skills();
            world.desk.put(Object::Agent(agent));
        }
        world
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn chance(&mut self, in_hundred: u64) -> bool {
        self.below(100) < in_hundred
    }

    fn agent(&mut self) -> AgentId {
        AgentId(u32::try_from(self.below(AGENTS)).expect("small"))
    }

    fn contact(&mut self) -> (BotId, ContactKey) {
        let contact = self.below(CONTACTS);
        let bot = BotId(u32::from(contact >= CONTACTS - 4));
        (bot, ContactKey(u128::from(contact)))
    }

    fn ticket(&mut self) -> Option<TicketId> {
        let closed_too = self.chance(20);
        let known = self.tickets.iter().rev();
        let open: Vec<TicketId> = known
            .filter(|(_, known)| closed_too || known.state != TicketState::Closed)
            .map(|(id, _)| *id)
            .take(20)
            .collect();
        if open.is_empty() {
            return None;
        }
        let at = self.below(open.len() as u64);
        Some(open[usize::try_from(at).expect("small")])
    }

    /// One random command, or some time.
    pub(crate) fn step(&mut self) {
        let input = match self.below(100) {
            0..20 => Some(self.hand_off()),
            20..30 => Some(self.customer_message()),
            30..55 => self.on_ticket(),
            55..60 => {
                let (bot, contact) = self.contact();
                Some(Input::CustomerLeft { bot, contact })
            }
            60..64 => {
                let agent = self.agent();
                Some(Input::Next { agent, queue: None })
            }
            64..76 => self.presence(),
            76 => Some(self.absence()),
            77 => Some(self.about_contact()),
            78..80 => Some(self.bot_session()),
            80..84 => Some(self.directory()),
            84..86 => self.late.pop(),
            86 if self.chance(20) => return self.restart(),
            87 if self.chance(30) => Some(self.notice_to_all()),
            87 => Some(self.queue_mode()),
            _ => {
                let time = match self.below(40) {
                    0..25 => self.below(2_000_000),
                    25..37 => self.below(20 * SECOND),
                    37 => 70 * SECOND,
                    38 => self.below(700 * SECOND),
                    _ => self.below(5_000 * SECOND),
                };
                return self.pass(self.desk.now + time);
            }
        };
        if let Some(input) = input {
            self.give(input);
        }
    }

    fn give(&mut self, input: Input) {
        let is_dry = if let Input::HandOff(input) = &input { input.dry_run } else { false };
        let reads = is_dry || matches!(input, Input::Targets { .. } | Input::Explain { .. });
        let idempotency = self.chance(20).then(|| {
            let key = u128::from(self.below(3_000));
            Idempotency { credential: 1, key, digest: key }
        });
        let step = self.desk.command(Command { idempotency, input });
        let is_act = |event: &Event| matches!(event, Event::Responding(_));
        let shows_itself = step.events.iter().any(is_act);
        assert!(!reads || shows_itself || step.events.is_empty(), "a read changed something");
        self.learn(&step.events);
    }

    fn pass(&mut self, until: u64) {
        while let Some(at) = self.desk.tenant.next_deadline().filter(|at| *at <= until) {
            self.desk.now = self.desk.now.max(at);
            let step = self.desk.handle(Input::Tick);
            self.learn(&step.events);
        }
        self.desk.now = until;
    }

    fn hand_off(&mut self) -> Input {
        let (bot, contact) = self.contact();
        let named = self.chance(60);
        let queue = QueueId(u32::try_from(self.below(QUEUES)).expect("small"));
        Input::HandOff(HandOff {
            bot,
            contact,
            queue: named.then_some(queue),
            priority: if self.chance(20) { 500 } else { 0 },
            test: self.chance(10),
            dry_run: self.chance(5),
            position_updates: contact.0 % 2 == 0,
            demand: self.demand(),
            preferred_agent: self.chance(20).then(|| self.agent()),
            ..hand_off(0)
        })
    }

    fn customer_message(&mut self) -> Input {
        let (bot, contact) = self.contact();
        let client_message = self.chance(50).then(|| u128::from(self.below(30)));
        Input::CustomerMessage { bot, contact, client_message, bytes: 50 }
    }

    fn on_ticket(&mut self) -> Option<Input> {
        let ticket = self.ticket()?;
        let known = &self.tickets[&ticket];
        let (bot, owner, last) = (known.bot, known.agent, known.last);
        let asked = known.offers.last().copied();
        let stale = u32::from(self.chance(10));
        let epoch = self.tickets[&ticket].epoch - stale;
        let agent = if self.chance(95) { asked.or(owner)? } else { self.agent() };
        if asked.is_some() && self.chance(70) {
            return Some(if self.chance(60) {
                Input::Accept { agent, ticket }
            } else {
                Input::Decline { agent, ticket }
            });
        }
        if self.tickets[&ticket].state == TicketState::Wrapping && self.chance(50) {
            return Some(Input::WrapUpDone { agent, ticket, tags: vec!["t".to_owned()] });
        }
        let is_parked = self.tickets[&ticket].state == TicketState::Parked;
        if self.chance(if is_parked { 50 } else { 10 }) {
            return Some(self.hold_or_park(agent, ticket, epoch));
        }
        let client_message = self.chance(50).then(|| u128::from(self.below(30)));
        Some(match self.below(20) {
            0..6 => Input::AgentMessage { agent, ticket, epoch, client_message, bytes: 50 },
            6..8 => Input::BotMessage { bot, ticket, epoch, client_message, bytes: 50 },
            8..13 => Input::Close { agent, ticket, epoch, tags: Vec::new() },
            13 => Input::TakeBack { bot, ticket },
            14 => {
                let to = Target::Queue(QueueId(u32::try_from(self.below(QUEUES)).expect("small")));
                Input::Transfer { agent, ticket, epoch, to, note: false }
            }
            15 => {
                let to = Target::Agent(self.agent());
                Input::Transfer { agent, ticket, epoch, to, note: false }
            }
            16 => Input::Targets { agent, ticket },
            17 => Input::Explain { ticket },
            _ => {
                let party = if self.chance(50) { Party::Bot(bot) } else { Party::Agent(agent) };
                let delivered = u32::try_from(self.below(u64::from(last) + 2)).expect("small");
                let read = delivered.saturating_sub(u32::try_from(self.below(3)).expect("small"));
                Input::Progress { party, ticket, delivered, read }
            }
        })
    }

    fn restart(&mut self) {
        self.sessions.clear();
        self.bot_sessions.clear();
        self.late.clear();
        let down = self.below(100) * SECOND;
        self.desk.restart(down);
        // Nobody is left who could accept.
        for known in self.tickets.values_mut().filter(|known| !known.offers.is_empty()) {
            known.offers.clear();
            if std::mem::take(&mut known.is_asked) {
                known.last += 1;
            } else {
                known.state = TicketState::Waiting;
            }
        }
        self.desk.now += SECOND;
        let step = self.desk.handle(Input::Ready);
        self.learn(&step.events);
    }

    /// What must be true of every event beside what was known.
    fn learn(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::TicketOpened(e) => {
                    self.created += 1;
                    let others = self.tickets.values();
                    let open = others.filter(|known| {
                        known.is_open() && (known.bot, known.contact) == (e.bot, e.contact)
                    });
                    assert_eq!(open.count(), 0, "one open ticket per contact and bot");
                    let known = Known {
                        bot: e.bot,
                        contact: e.contact,
                        state: TicketState::Waiting,
                        agent: None,
                        offers: Vec::new(),
                        is_asked: false,
                        epoch: e.epoch,
                        last: 1,
                        progress: BTreeMap::new(),
                        test: e.test,
                        told: Vec::new(),
                    };
                    assert!(self.tickets.insert(e.ticket, known).is_none(), "ids are unique");
                }
                Event::HandOffRepeated(e) => self.entry(e.ticket, e.number),
                Event::MessageStored(e) => {
                    self.entry(e.ticket, e.number);
                    let known = self.known(e.ticket);
                    assert_eq!(e.agent.is_some(), e.author == Author::Agent);
                    if e.author == Author::Agent {
                        assert_eq!(e.agent, known.agent, "only the owner speaks");
                        known.end_responses();
                        if known.state == TicketState::Assigned {
                            known.state = TicketState::InService;
                        }
                    }
                }
                Event::Offered(e) => self.offered(e),
                Event::OfferEnded(e) => self.offer_ended(e),
                Event::TransferAsked(e) => self.transfer_asked(e),
                Event::TransferEnded(e) => self.transfer_ended(e),
                Event::Held(e) => self.held(e),
                Event::Parked(e) => self.parked(e),
                Event::Unparked(e) => self.unparked(e),
                Event::CustomerAway(e) => self.away(e),
                Event::CustomerBack(e) => self.back(e),
                Event::Notice(e) => self.notice(e),
                Event::Inactive(e) => self.inactive(e),
                Event::WrappedUp(e) => self.wrapped_up(e),
                Event::Started(_) => panic!("only a restart brings it"),
                Event::Assigned(e) => {
                    self.entry(e.ticket, e.number);
                    let known = self.known(e.ticket);
                    let is_asked = known.offers.contains(&e.agent);
                    let is_free = known.state == TicketState::Waiting
                        || known.state == TicketState::Offered && is_asked;
                    assert!(is_free, "no ticket has two owners, and only who is asked accepts");
                    known.offers.clear();
                    assert_eq!(e.epoch, known.epoch + 1);
                    known.epoch = e.epoch;
                    known.state = TicketState::Assigned;
                    known.agent = Some(e.agent);
                    known.progress.remove("agent");
                }
                Event::Requeued(e) => {
                    self.entry(e.ticket, e.number);
                    let known = self.known(e.ticket);
                    assert_eq!(known.agent.take(), Some(e.agent));
                    assert!(!known.is_asked, "its transfer is over before");
                    known.end_responses();
                    assert_eq!(e.epoch, known.epoch + 1);
                    known.epoch = e.epoch;
                    known.state = TicketState::Waiting;
                }
                Event::Closed(e) => {
                    self.closed += 1;
                    self.entry(e.ticket, e.number);
                    let known = self.known(e.ticket);
                    assert!(known.is_open());
                    assert!(e.wraps_until.is_none() || known.agent.is_some());
                    let accepted = known.offers.drain(..).count();
                    let was_asked = std::mem::take(&mut known.is_asked);
                    let is_accepted = was_asked && e.child.is_some();
                    assert_eq!(accepted, usize::from(is_accepted), "one who accepted, or nobody");
                    known.epoch = e.epoch;
                    let wraps = e.wraps_until.is_some();
                    known.state = if wraps { TicketState::Wrapping } else { TicketState::Closed };
                }
                Event::Overflowed(e) => self.overflowed(e),
                Event::Progressed(e) => {
                    let party = match e.party {
                        Party::Bot(_) => "bot",
                        Party::Agent(_) => "agent",
                    };
                    let known = self.known(e.ticket);
                    assert!(e.read <= e.delivered && e.delivered <= known.last);
                    let before = known.progress.insert(party, (e.delivered, e.read));
                    let before = before.unwrap_or((0, 0));
                    assert!(before != (e.delivered, e.read), "nothing is told twice");
                    assert!(before.0 <= e.delivered && before.1 <= e.read, "never back");
                }
                Event::Forgotten(e) => {
                    let known = self.tickets.remove(&e.ticket).expect("known");
                    assert_eq!(known.state, TicketState::Closed);
                }
                Event::TargetTold(e) => self.target_told(e),
                Event::ObjectDeleted(e) => panic!("{e:?} is in use"),
                Event::ObjectPut(_)
                | Event::KeyCreated(_)
                | Event::KeyRevoked(_)
                | Event::Ready(_)
                | Event::BotReachable(_)
                | Event::BotUnreachable(_)
                | Event::AgentReachable(_)
                | Event::AgentGrace(_)
                | Event::AgentUnreachable(_)
                | Event::IntentSet(_)
                | Event::HandOffRejected(_)
                | Event::ContactMessageStored(_)
                | Event::Unreserved(_)
                | Event::Relaxed(_)
                | Event::Responding(_)
                | Event::TargetMissed(_)
                | Event::Answered(_)
                | Event::QueueHours(_)
                | Event::AbsenceSet(_)
                | Event::ContactBlocked(_)
                | Event::ContactUnblocked(_)
                | Event::CallbackListed(_)
                | Event::CallbackWished(_)
                | Event::CallbackEnded(_)
                | Event::QueueModeSet(_)
                | Event::TargetMoved(_) => {}
            }
        }
    }

    fn known(&mut self, ticket: TicketId) -> &mut Known {
        self.tickets.get_mut(&ticket).expect("events name known tickets")
    }

    fn entry(&mut self, ticket: TicketId, number: u32) {
        let known = self.known(ticket);
        assert_eq!(number, known.last + 1, "entries are dense");
        known.last = number;
    }

    /// Capacity, counters, work conservation.
    pub(crate) fn check(&self, when: &str) {
        let tenant = &self.desk.tenant;
        let stats = tenant.stats();
        let open = self.tickets.values().filter(|known| known.is_open());
        assert_eq!(stats.all.created, self.created, "{when}");
        assert_eq!(stats.all.closed_in_all(), self.closed, "{when}");
        assert_eq!(self.created - self.closed, open.count() as u64, "{when}");
        self.check_waiting(when);
        let mut held: BTreeMap<AgentId, BTreeMap<BotId, usize>> = BTreeMap::new();
        for known in self.tickets.values().filter(|known| known.is_seated()) {
            for agent in known.agent.iter().chain(&known.offers) {
                let agent = *agent;
                *held.entry(agent).or_default().entry(known.bot).or_default() += 1;
            }
        }
        for (agent, _) in tenant.directory().agents() {
            let view = self.desk.seats.word(agent.0 as usize).expect("a word").view();
            let used: usize = held.get(&agent).map_or(0, |bots| bots.values().sum());
            assert_eq!(usize::from(view.used), used, "{when}: the word counts the tickets");
        }
        let audit = tenant.audit(&self.desk.seats, 0, usize::MAX, self.desk.now);
        assert_eq!(audit.violations, [], "{when}: work conservation");
    }
}
