//! Router and reference side by side: an action becomes a command for both.

use crate::action::{Action, What};
use crate::ask::Which;
use crate::compare::{self, Compared, When};
use crate::reached::Reached;
use crate::reference::Reference;
use crate::router::Router;
use crate::sessions::Sessions;
use crate::shapes::Setup;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use relevo_routing::input::{Command, Idempotency, Input, Party};
use relevo_routing::{Event, Micros, Settings};
use relevo_wire::TicketId;
use relevo_wire::vocabulary::Intent;

pub(crate) const START: Micros = 1_700_000_000_000_000;
/// Spreads small numbers as digests are spread.
pub(crate) const DIGEST: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
/// Late commands are in a ring, which is drained long before so much time passes.
const RING_IS_DRAINED: Micros = 1_000_000;

/// A command, and the count of closes that it carries, as the reference counts.
pub(crate) type Sent = (Command, u32);

pub(crate) struct Pair {
    pub(crate) router: Router,
    pub(crate) reference: Reference,
    pub(crate) now: Micros,
    pub(crate) reached: Reached,
    pub(crate) sessions: Sessions,
    keyed: Vec<Sent>,
    /// Until the daemon is ready: how long it takes.
    starting: Option<Micros>,
}

impl Pair {
    pub(crate) fn new(setup: &Setup) -> Result<Self, TestCaseError> {
        let settings = Settings {
            blocked_contacts: 2,
            callbacks_us: 3_600_000_000,
            callbacks_per_bot: 2,
            callbacks: 3,
            ..setup.tight.settings()
        };
        let mut pair = Self {
            router: Router::new(settings.clone(), START),
            reference: Reference::new(settings),
            now: START,
            reached: Reached::default(),
            sessions: Sessions::default(),
            keyed: Vec::new(),
            starting: None,
        };
        let bots = (0..).zip(&setup.bots).map(|(number, bot)| bot.object(number));
        let agents = (0..).zip(&setup.agents).map(|(number, agent)| agent.object(number));
        let queues = (0..).zip(&setup.queues).map(|(number, queue)| queue.object(number));
        let tenant = setup.tenant.iter().map(crate::shapes::Shape::object);
        for object in tenant.chain(bots).chain(agents).chain(queues) {
            pair.give(Input::Put { object: Box::new(object), if_version: None }, "setup")?;
        }
        for agent in (0..8).filter(|agent| setup.online & (1 << agent) != 0) {
            pair.open_session(agent, false, "setup")?;
            pair.set_presence(agent, Intent::Online, false, false, None, "setup")?;
        }
        Ok(pair)
    }

    pub(crate) fn act(&mut self, action: &Action, when: &str) -> Compared {
        let key = action.key;
        match &action.what {
            What::Ask(ask) => {
                let Some(input) = self.input(ask) else { return Ok(()) };
                self.send(&(keyed(key, input), 0), when)
            }
            What::Confirm { ticket } => self.confirm(*ticket, when),
            What::Come { agent } => {
                self.open_session(*agent, false, when)?;
                self.set_presence(*agent, Intent::Online, false, false, key, when)
            }
            What::SetPresence { agent, intent, reason, late } => {
                self.set_presence(*agent, *intent, *reason, *late, key, when)
            }
            What::OpenSession { agent, late } => self.open_session(*agent, *late, when),
            What::LoseSession { agent, nth, late } => self.lose_session(*agent, *nth, *late, when),
            What::Deliver => self.deliver(when),
            What::OpenBotSession { bot } => self.open_bot_session(*bot, when),
            What::LoseBotSession { bot, nth } => self.lose_bot_session(*bot, *nth, when),
            What::Again { nth } => self.again(*nth, when),
            What::Pass { time } => self.pass(*time, when),
            What::Late { time } => {
                self.be_ready(when)?;
                self.now += time;
                Ok(())
            }
            What::Rush { queue, agent, seconds } => self.rush(*queue, *agent, *seconds, when),
            What::Give { agent, then } => self.hand_around(*agent, *then, when),
            What::Tick => self.give(Input::Tick, when),
            What::Snapshot => {
                self.router.take_snapshot();
                Ok(())
            }
            What::Restart { down, starting, at_once } => {
                self.restart(*down, *starting, *at_once, when)
            }
        }
    }

    fn again(&mut self, nth: u8, when: &str) -> Compared {
        let Some(nth) = usize::from(nth).checked_rem(self.keyed.len()) else { return Ok(()) };
        let mut sent = self.keyed[nth].clone();
        self.close_again(&mut sent);
        self.send(&sent, when)
    }

    fn pass(&mut self, time: Micros, when: &str) -> Compared {
        self.be_ready(when)?;
        let until = self.now + time;
        if time >= RING_IS_DRAINED {
            self.deliver_all(when)?;
        }
        let mut ticks = 0;
        while let Some(at) = self.reference.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.give(Input::Tick, when)?;
            ticks += 1;
            prop_assert!(ticks < 1_000, "ticks come to an end; {}", when);
        }
        self.now = until;
        Ok(())
    }

    fn confirm(&mut self, which: Which, when: &str) -> Compared {
        let Some(ticket) = self.which(which) else { return Ok(()) };
        let known = self.reference.ticket(ticket);
        let (bot, agent, last) = (known.bot, known.agent, known.last);
        let parties = agent.map(Party::Agent).into_iter().chain([Party::Bot(bot)]);
        for party in parties {
            let (delivered, read) = (last, last);
            self.give(Input::Progress { party, ticket, delivered, read }, when)?;
        }
        Ok(())
    }

    /// The daemon ends. Between its start and its being ready no time is left for others.
    fn restart(&mut self, down: Micros, starting: Micros, at_once: bool, when: &str) -> Compared {
        self.sessions.are_gone();
        self.now += down;
        let (down_us, is_same) = self.router.crash(self.now);
        prop_assert!(is_same, "snapshot and log give the same state; {}", when);
        self.reference.crash();
        self.give(Input::Started { down_us }, when)?;
        self.starting = Some(starting);
        if at_once { self.be_ready(when) } else { Ok(()) }
    }

    fn be_ready(&mut self, when: &str) -> Compared {
        let Some(starting) = self.starting.take() else { return Ok(()) };
        self.now += starting;
        self.give(Input::Ready, when)
    }

    pub(crate) fn give(&mut self, input: Input, when: &str) -> Compared {
        self.send(&(Command { idempotency: None, input }, 0), when)
    }

    /// Gives a command to both and compares; then everything is explained by both.
    pub(crate) fn send(&mut self, sent: &Sent, when: &str) -> Compared {
        if sent.0.idempotency.is_some() {
            self.keyed.push(sent.clone());
        }
        let is_dry = if let Input::HandOff(input) = &sent.0.input { input.dry_run } else { false };
        let is_unfinished = is_dry && self.reference.is_unfinished;
        // Nothing comes before the start.
        let is_start = matches!(sent.0.input, Input::Started { .. });
        let is_overdue = !is_start && self.reference.has_overdue(self.now);
        if is_unfinished || is_overdue {
            self.compare(&(Command { idempotency: None, input: Input::Tick }, 0), when)?;
        }
        self.compare(sent, when)?;
        if self.reference.is_unfinished {
            return Ok(());
        }
        let open = self.reference.tickets.iter().filter(|ticket| ticket.is_open());
        let open: Vec<TicketId> = open.map(|ticket| ticket.id).collect();
        for ticket in open {
            let input = Input::Explain { ticket };
            self.compare(&(Command { idempotency: None, input }, 0), when)?;
        }
        Ok(())
    }

    fn compare(&mut self, (command, seen): &Sent, when: &str) -> Compared {
        let step = self.router.handle(self.now, command);
        let events: Vec<Event> = step.events.to_vec();
        let said = self.reference.handle(self.now, command, *seen, &events);
        let when = When { action: when, input: &command.input };
        self.reached.note(&step);
        compare::same_step(step, said, &when)?;
        compare::same_state(&self.router, &self.reference, &when)
    }
}

/// A command with a key of the client's, or without one.
pub(crate) fn keyed(key: Option<u8>, input: Input) -> Command {
    let digest = |content: &str| {
        let step = |digest: u128, byte: u8| (digest ^ u128::from(byte)).wrapping_mul(DIGEST);
        content.bytes().fold(DIGEST, step)
    };
    // What a session saw is no part of what the client said.
    let content = if let Input::SetPresence { agent, intent, reason, .. } = &input {
        format!("{agent:?} {intent:?} {reason}")
    } else {
        format!("{input:?}")
    };
    let idempotency = key.map(|key| Idempotency {
        credential: u64::from(key % 2),
        key: u128::from(key),
        digest: digest(&content),
    });
    Command { idempotency, input }
}
