//! Decisions a second with their records encoded, on one thread, beside the plain loop.

use super::Turns;
use super::plain_loop::PlainLoop;
use super::workload::{Shape, Workload, mix};
use crate::report::{Required, Row, figure};
use crate::statistics::Spread;
use anyhow::{Result, bail, ensure};
use relevo_routing::event::{Demand, Event};
use relevo_routing::input::{Command, HandOff, Input};
use relevo_routing::record::{Actor, ActorKind, RecordHeader, encode};
use relevo_routing::seats::Seats;
use relevo_routing::{Micros, Settings, Tenant};
use relevo_wire::directory::{Agent, Bot, Object, Queue, Tenant as TenantObject};
use relevo_wire::vocabulary::{Contact, HandOffDetails, HandOffReason, Intent};
use relevo_wire::{AgentId, BotId, ContactKey, Packed, QueueId, SessionId, TenantId, TicketId};
use std::collections::VecDeque;
use std::time::Instant;

/// What one core must decide, in tickets a second, when the line is long.
const LINE_LONG_PER_SECOND: f64 = 300_000.0;
/// Virtual time between two rounds: what 333,000 tickets a second leave.
const STEP_US: Micros = 3;
/// When the virtual day begins, in microseconds since 1970.
const BEGIN_US: Micros = 1_700_000_000_000_000;
/// Closed tickets that stay resumable. The runs begin when there are so many: from then on each close
/// forgets the oldest, and memory no longer grows.
const RESUMABLE: usize = 50_000;
/// Rounds between two looks at the clock.
const ROUNDS: usize = 256;
/// Where the record buffer is emptied, as a group commit would.
const LOG_BYTES: usize = 64 * 1024;

/// Measures one shape: alternating runs over the same decisions. A round is one ticket: a hand-off,
/// and a close that frees a seat.
///
/// # Errors
/// The router refused what it must take, or lost count.
pub fn row(shape: Shape, turns: Turns) -> Result<Row> {
    let workload = Workload::new(shape);
    let private = private_part();
    let mut desk = Desk::new(&workload)?;
    desk.fill(&workload, &private)?;
    let mut plain = PlainLoop::new(&workload);
    let mut contacts = 0;
    for _ in 0..workload.filled {
        plain.hand_off(workload.queue_of(contacts), contact(contacts).0, &private);
        contacts += 1;
    }
    while desk.tenant.stats().tickets.resumable < u32::try_from(RESUMABLE)? {
        desk.round(&workload, &private)?;
    }
    let (waiting, served) = (desk.tenant.stats().tickets.waiting, desk.served.len());
    let (mut raw, mut measured, mut of_core) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns.pairs {
        let rate = per_second(turns, || {
            plain.hand_off(workload.queue_of(contacts), contact(contacts).0, &private);
            contacts += 1;
            if plain.served() > workload.served {
                plain.close_oldest();
            }
            Ok(())
        })?;
        raw.push(rate.of_clock);
        let rate = per_second(turns, || desk.round(&workload, &private))?;
        measured.push(rate.of_clock);
        of_core.push(rate.of_core);
    }
    desk.check()?;
    let required = match shape {
        Shape::LineLong => Required::AtLeast(LINE_LONG_PER_SECOND),
        Shape::LineEmpty => Required::Nothing,
    };
    Ok(Row::beside(shape.name(), "tickets/s", &measured, "plain loop", &raw)
        .judged(required, turns.claim, None)
        .note("a second of the thread's own processor time", shown(&of_core))
        .note("with agents, waiting at the begin", format!("{served}, {waiting}"))
        .note("private part", format!("{} B packed", private.len())))
}

fn shown(rates: &[f64]) -> String {
    Spread::of(rates).map_or_else(String::new, |spread| figure(spread.median))
}

/// Rounds a second of one thread.
pub(super) struct Rate {
    /// By the clock.
    pub(super) of_clock: f64,
    /// By the processor time that the thread got: what a core of its own would do.
    pub(super) of_core: f64,
}

/// Runs rounds for the time of a turn.
pub(super) fn per_second(turns: Turns, mut round: impl FnMut() -> Result<()>) -> Result<Rate> {
    let (began, used) = (Instant::now(), thread_seconds());
    let mut rounds = 0;
    while began.elapsed() < turns.each {
        for _ in 0..ROUNDS {
            round()?;
        }
        rounds += ROUNDS;
    }
    let rounds = rounds as f64;
    let of_clock = rounds / began.elapsed().as_secs_f64();
    Ok(Rate { of_clock, of_core: rounds / (thread_seconds() - used) })
}

fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Four context entries of 32 bytes and a text of 100.
pub(super) fn private_part() -> Vec<u8> {
    let details = HandOffDetails {
        contact: Contact { id: "5531999990000".to_owned(), ..Contact::default() },
        message_to_agent: "x".repeat(100),
        transcript: Vec::new(),
        context: (0..4).map(|at| (format!("key-{at}"), "v".repeat(32))).collect(),
    };
    Packed::new(&details).bytes().to_vec()
}

/// The contact of the `index`-th hand-off.
fn contact(index: u64) -> ContactKey {
    ContactKey(u128::from(mix(index)) << 64 | u128::from(index))
}

/// The router with what a shard has around it: seats, clock, record buffer.
pub(super) struct Desk {
    pub(super) tenant: Tenant,
    seats: Seats,
    now: Micros,
    log: Vec<u8>,
    pub(super) served: VecDeque<Served>,
    handed_off: u64,
    closed: u64,
}

/// A ticket with an agent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    ticket: TicketId,
    agent: AgentId,
    epoch: u32,
}

impl Desk {
    /// The workload's directory, everybody online.
    pub(super) fn new(workload: &Workload) -> Result<Self> {
        let settings = Settings { closed_tickets: RESUMABLE, ..Settings::default() };
        let mut desk = Self {
            tenant: Tenant::new(TenantId(1), settings),
            seats: Seats::new(),
            now: BEGIN_US,
            log: Vec::with_capacity(2 * LOG_BYTES),
            served: VecDeque::new(),
            handed_off: 0,
            closed: 0,
        };
        desk.put(Object::Tenant(TenantObject::new("bench")))?;
        for agent in 0..workload.agents {
            desk.put(Object::Agent(Agent::new(agent_name(agent), workload.seats)))?;
        }
        for bot in 0..workload.bots() {
            let name = format!("bot-{bot}");
            let first = format!("queue-{}", workload.queues_of(bot).start);
            desk.put(Object::Bot(Bot::new(name.clone(), first)))?;
            for queue in workload.queues_of(bot) {
                let mut object = Queue::new(name.clone(), format!("queue-{queue}"));
                object.members =
                    workload.members[queue].iter().map(|agent| agent_name(*agent).into()).collect();
                desk.put(Object::Queue(object))?;
            }
        }
        for agent in 0..workload.agents {
            desk.log_in(agent)?;
        }
        let online = desk.tenant.stats().agents.online;
        ensure!(online == workload.agents, "{online} of {} agents are online", workload.agents);
        Ok(desk)
    }

    pub(super) fn put(&mut self, object: Object) -> Result<()> {
        self.step(Input::Put { object: Box::new(object), if_version: None }, &[]).map(|_| ())
    }

    fn log_in(&mut self, agent: u32) -> Result<()> {
        let session = SessionId(u64::from(agent) + 1);
        let view = self.seats.word(agent as usize).map(|word| word.view());
        let Some(view) = view else { bail!("agent {agent} has no seat word") };
        let agent = AgentId(agent);
        let seen = view.reachable_closes;
        self.step(Input::AgentSessionOpened { agent, session, seen }, &[])?;
        let (intent, reason, seen) = (Intent::Online, String::new(), view.intent_closes);
        self.step(Input::SetPresence { agent, intent, reason, seen }, &[]).map(|_| ())
    }

    fn fill(&mut self, workload: &Workload, private: &[u8]) -> Result<()> {
        for _ in 0..workload.filled {
            self.hand_off(workload, private)?;
        }
        let (expected, found) = (workload.filled as u64, u64::from(self.waiting()));
        let expected = expected.saturating_sub(self.served.len() as u64);
        ensure!(found == expected, "{found} tickets wait, not {expected}");
        Ok(())
    }

    /// One ticket. In a long line the hand-off waits and the close's seat takes the next; in an empty
    /// one the hand-off has its agent at once.
    fn round(&mut self, workload: &Workload, private: &[u8]) -> Result<()> {
        self.hand_off(workload, private)?;
        if self.served.len() >= workload.served { self.close_oldest() } else { Ok(()) }
    }

    fn hand_off(&mut self, workload: &Workload, private: &[u8]) -> Result<()> {
        let queue = workload.queue_of(self.handed_off);
        self.hand_off_to(queue, workload.bot_of(queue), None, private)
    }

    pub(super) fn hand_off_to(
        &mut self,
        queue: u32,
        bot: u32,
        demand: Option<Box<Demand>>,
        private: &[u8],
    ) -> Result<()> {
        let input = Input::HandOff(HandOff {
            bot: BotId(bot),
            contact: contact(self.handed_off),
            queue: Some(QueueId(queue)),
            queue_of_rule: None,
            reason: HandOffReason::Planned,
            priority: 0,
            priority_of_rule: None,
            preferred_agent: None,
            demand,
            language: None,
            rules: None,
            texts: None,
            truncated: false,
            position_updates: false,
            test: false,
            dry_run: false,
            bytes: u32::try_from(private.len())?,
        });
        self.handed_off += 1;
        let events = self.step(input, private)?;
        ensure!(events > 0, "a hand-off changed nothing");
        Ok(())
    }

    pub(super) fn close_oldest(&mut self) -> Result<()> {
        let Some(Served { ticket, agent, epoch }) = self.served.pop_front() else {
            bail!("nobody has a ticket")
        };
        self.closed += 1;
        let events = self.step(Input::Close { agent, ticket, epoch, tags: Vec::new() }, &[])?;
        ensure!(events > 0, "a close was refused");
        Ok(())
    }

    /// One input and its record, and what is due by then.
    fn step(&mut self, input: Input, private: &[u8]) -> Result<usize> {
        self.now += STEP_US;
        while self.tenant.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.decide(Input::Tick, &[]);
        }
        Ok(self.decide(input, private))
    }

    fn decide(&mut self, input: Input, private: &[u8]) -> usize {
        let command = Command { idempotency: None, input };
        let step = self.tenant.handle(self.now, &mut self.seats, command);
        if self.log.len() >= LOG_BYTES {
            self.log.clear();
        }
        if !step.events.is_empty() {
            let header = RecordHeader {
                tenant: self.tenant.id(),
                now: self.now,
                actor: Actor { kind: ActorKind::Bot, id: 1, session: 1 },
                request_id: self.handed_off,
                directory_version: self.tenant.directory_version(),
            };
            encode(&mut self.log, &header, &step.events);
            self.log.extend_from_slice(private);
        }
        for event in &step.events {
            if let Event::Assigned(assigned) = event {
                self.served.push_back(Served {
                    ticket: assigned.ticket,
                    agent: assigned.agent,
                    epoch: assigned.epoch,
                });
            }
        }
        step.events.len()
    }

    pub(super) fn waiting(&self) -> u32 {
        self.tenant.stats().tickets.waiting
    }

    /// Every ticket is where it must be: nothing lost, nothing twice.
    pub(super) fn check(&self) -> Result<()> {
        let all = self.tenant.stats().all;
        ensure!(all.created == self.handed_off, "{} of {} exist", all.created, self.handed_off);
        let closed = all.closed_in_all();
        ensure!(closed == self.closed, "{closed} are closed, not {}", self.closed);
        let open = u64::from(self.waiting()) + self.served.len() as u64;
        ensure!(open == self.handed_off - self.closed, "{open} are open");
        Ok(())
    }
}

pub(super) fn agent_name(agent: u32) -> String {
    format!("agent-{agent}")
}
