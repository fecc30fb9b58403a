//! A bot and an agent who behave, beside an attack: what they notice of it.
//!
//! Open loop at a low rate: a latency counts from the moment at which something was to happen. Each
//! tick hands a customer over (to its assignment at the agent), and passes a message of a customer
//! to the agent and one of the agent to the bot.

use super::target::BYSTANDERS;
use crate::harness::deployment::TENANT;
use crate::harness::party::hand_off;
use crate::harness::{Deployment, wait::let_pass};
use relevo_client::{
    AgentClient, BotClient, ClientEvent, Connector, Events, HandOffAnswer, MessageOptions, Options,
    Reconnect,
};
use relevo_wire::ids::TicketId;
use relevo_wire::push::{Entry, EntryEvent, HandedOff};
use relevo_wire::vocabulary::{Body, Intent};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Between two ticks.
const TICK: Duration = Duration::from_millis(25);
/// How long what is under way at the end may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The customer whose ticket carries the messages.
const TALKER: &str = "talker";

/// Between two newcomers.
const BETWEEN_NEWCOMERS: Duration = Duration::from_secs(1);
/// A newcomer that is not let in by then is kept out; it comes again when it is turned away.
const LET_IN: Duration = Duration::from_secs(30);

/// The bot and the agent, with their sessions.
#[derive(Debug)]
pub struct Bystanders {
    /// What a further session of the agent is opened with.
    newcomer: (Connector, Options),
    bot: BotClient,
    agent: AgentClient,
    standing: (TicketId, u32),
    shared: Arc<Shared>,
    /// Readers of both sessions' events; they end with this value.
    _readers: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ticks: u64,
    tickets: BTreeMap<TicketId, u64>,
    standing: Option<(TicketId, u32)>,
    hand_offs: Flow,
    messages: Flow,
    /// How long newcomers took to be let in.
    let_in: Vec<Duration>,
    wrong: BTreeSet<String>,
}

/// What is on its way, by number, and how long what has arrived took.
#[derive(Debug, Default)]
struct Flow {
    intended: BTreeMap<u64, Instant>,
    took: Vec<Duration>,
}

impl Flow {
    fn arrived(&mut self, number: u64) {
        if let Some(intended) = self.intended.remove(&number) {
            self.took.push(intended.elapsed());
        }
    }
}

/// What the bystanders noticed.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    /// Hand-off to assigned: samples, and the 99th in a hundred.
    pub hand_offs: Quantile,
    /// A message to the other side.
    pub messages: Quantile,
    /// Somebody new to its welcome.
    pub newcomers: Quantile,
    /// What must not have happened.
    pub wrong: Vec<String>,
}

/// The 99th percentile of some samples.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantile {
    /// How many there are.
    pub samples: usize,
    /// 99 in a hundred took at most so long.
    pub p99: Duration,
}

impl Quantile {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = (took.len() * 99).div_ceil(100).saturating_sub(1);
        Self { samples: took.len(), p99: took.get(at).copied().unwrap_or_default() }
    }
}

impl Bystanders {
    /// Opens both sessions, and a ticket for the messages.
    ///
    /// # Panics
    /// The daemon refuses them.
    pub async fn open(deployment: &Deployment) -> Self {
        let options = |name| deployment.options(deployment.key(TENANT, name));
        let connector = &deployment.connector;
        let opened = connector.agent(options(BYSTANDERS.1)).await;
        let (agent, agent_events) = opened.expect("the agent is let in");
        let opened = connector.bot(options(BYSTANDERS.0)).await;
        let (bot, bot_events) = opened.expect("the bot is let in");
        let shared = Arc::new(Shared::default());
        let mut readers = JoinSet::new();
        readers.spawn(Arc::clone(&shared).read(agent_events, Some(agent.clone())));
        readers.spawn(Arc::clone(&shared).read(bot_events, None));
        agent.set_presence(Intent::Online, "").await.expect("an agent may go online");
        let talking = bot.hand_off(hand_off(TALKER)).await;
        assert!(matches!(talking, Ok(HandOffAnswer::Accepted(_))), "{talking:?}");
        let standing = loop {
            if let Some(standing) = shared.state().standing {
                break standing;
            }
            let_pass(TICK).await;
        };
        let options = Options { reconnect: Reconnect::Never, ..options(BYSTANDERS.1) };
        let newcomer = (Connector::new(), options);
        Self { newcomer, bot, agent, standing, shared, _readers: readers }
    }

    /// Goes on as ever while something happens; what was noticed of it, and what it came to.
    pub async fn beside<T>(&self, happens: impl Future<Output = T>) -> (Noticed, T) {
        self.shared.state().forget();
        let mut asking = JoinSet::new();
        let mut ticks = interval_at(Instant::now() + TICK, TICK);
        // What was missed is caught up at once: open loop.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        tokio::pin!(happens);
        let newcomers = self.newcomers();
        tokio::pin!(newcomers);
        let came_to = loop {
            tokio::select! {
                came_to = &mut happens => break came_to,
                () = &mut newcomers => {}
                intended = ticks.tick() => self.tick(intended, &mut asking),
            }
            while asking.try_join_next().is_some() {}
        };
        let start = Instant::now();
        while !self.shared.state().is_done() && start.elapsed() < PATIENCE {
            let_pass(TICK).await;
        }
        (self.shared.state().noticed(), came_to)
    }

    /// Somebody new comes now and then, and goes, for ever.
    async fn newcomers(&self) {
        loop {
            let_pass(BETWEEN_NEWCOMERS).await;
            let (connector, options) = &self.newcomer;
            let start = Instant::now();
            let mut told = String::from("nothing");
            let coming = async {
                loop {
                    match connector.agent(options.clone()).await {
                        Ok(opened) => return opened,
                        Err(error) => told = error.to_string(),
                    }
                    let_pass(TICK).await;
                }
            };
            match timeout(LET_IN, coming).await {
                Ok((client, _events)) => {
                    self.shared.state().let_in.push(start.elapsed());
                    client.close().await;
                }
                Err(_) => self.shared.state().wrong(format!("a newcomer was kept out: {told}")),
            }
        }
    }

    fn tick(&self, intended: Instant, asking: &mut JoinSet<()>) {
        let number = self.shared.state().begin(intended);
        let (shared, bot) = (Arc::clone(&self.shared), self.bot.clone());
        asking.spawn(async move {
            match bot.hand_off(hand_off(&format!("customer-{number}"))).await {
                Ok(HandOffAnswer::Accepted(_)) => {}
                other => shared.state().wrong(format!("a hand-off: {other:?}")),
            }
        });
        let (shared, bot) = (Arc::clone(&self.shared), self.bot.clone());
        asking.spawn(async move {
            let body = Body::text(format!("{}", 2 * number));
            let sent = bot.send_customer(TALKER, MessageOptions::default(), &body).await;
            if let Err(error) = sent {
                shared.state().wrong(format!("a customer's message: {error}"));
            }
        });
        let (shared, agent) = (Arc::clone(&self.shared), self.agent.clone());
        let (ticket, epoch) = self.standing;
        asking.spawn(async move {
            let body = Body::text(format!("{}", 2 * number + 1));
            let sent = agent.send(ticket, epoch, MessageOptions::default(), &body).await;
            if let Err(error) = sent {
                shared.state().wrong(format!("an agent's message: {error}"));
            }
        });
    }
}

impl Shared {
    /// Takes what comes to a session; of the agent's, closes what it was given.
    async fn read(self: Arc<Self>, mut events: Events, agent: Option<AgentClient>) {
        while let Some(event) = events.next().await {
            match event {
                ClientEvent::Entry(entry) => {
                    let given = self.state().entry(&entry, agent.is_some());
                    if let (Some(agent), Some(epoch)) = (&agent, given) {
                        let (shared, agent) = (Arc::clone(&self), agent.clone());
                        tokio::spawn(async move {
                            let closed = agent.close_ticket(entry.ticket, epoch, Vec::new()).await;
                            if let Err(error) = closed {
                                shared.state().wrong(format!("a close: {error}"));
                            }
                        });
                    }
                }
                ClientEvent::Disconnected { reason } => {
                    self.state().wrong(format!("a session was lost: {reason}"));
                }
                ClientEvent::Snapshot(_)
                | ClientEvent::Progress(_)
                | ClientEvent::Typing(_)
                | ClientEvent::Position(_)
                | ClientEvent::Presence(_)
                | ClientEvent::Offer(_)
                | ClientEvent::OfferEnded(_)
                | ClientEvent::WrapUp(_)
                | ClientEvent::Absence(_)
                | ClientEvent::Target(_)
                | ClientEvent::GoAway(_)
                | ClientEvent::Reconnected => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self) {
        self.hand_offs = Flow::default();
        self.messages = Flow::default();
        self.let_in.clear();
        self.wrong.clear();
    }

    fn begin(&mut self, intended: Instant) -> u64 {
        self.ticks += 1;
        self.hand_offs.intended.insert(self.ticks, intended);
        self.messages.intended.insert(2 * self.ticks, intended);
        self.messages.intended.insert(2 * self.ticks + 1, intended);
        self.ticks
    }

    /// Takes an entry; the epoch of a ticket that the agent is to close.
    fn entry(&mut self, entry: &Entry, is_agents: bool) -> Option<u32> {
        match &entry.event {
            EntryEvent::HandedOff(handed) if is_agents => {
                if let Some(number) = number_of(handed) {
                    self.tickets.insert(entry.ticket, number);
                }
                None
            }
            EntryEvent::Assigned(assigned) if is_agents => {
                match self.tickets.remove(&entry.ticket) {
                    Some(0) => {
                        self.standing = Some((entry.ticket, assigned.epoch));
                        None
                    }
                    Some(number) => {
                        self.hand_offs.arrived(number);
                        Some(assigned.epoch)
                    }
                    // A ticket that was there before: the one that the attacker wants.
                    None => None,
                }
            }
            EntryEvent::Message(message) => {
                let text = message.body.unpack().map(|body| body.text).unwrap_or_default();
                if let Ok(number) = text.parse() {
                    self.messages.arrived(number);
                }
                None
            }
            EntryEvent::HandedOff(_)
            | EntryEvent::Assigned(_)
            | EntryEvent::Empty(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Transferred(_)
            | EntryEvent::Returned(_) => None,
        }
    }

    fn wrong(&mut self, what: String) {
        self.wrong.insert(what);
    }

    fn is_done(&self) -> bool {
        self.hand_offs.intended.is_empty() && self.messages.intended.is_empty()
    }

    fn noticed(&mut self) -> Noticed {
        let lost = [
            ("hand-offs were never assigned", self.hand_offs.intended.len()),
            ("messages never arrived", self.messages.intended.len()),
        ];
        let lost = lost.into_iter().filter(|(_, count)| *count > 0);
        let mut wrong: Vec<String> = lost.map(|(what, count)| format!("{count} {what}")).collect();
        wrong.extend(std::mem::take(&mut self.wrong));
        Noticed {
            hand_offs: Quantile::of(std::mem::take(&mut self.hand_offs.took)),
            messages: Quantile::of(std::mem::take(&mut self.messages.took)),
            newcomers: Quantile::of(std::mem::take(&mut self.let_in)),
            wrong,
        }
    }
}

/// The number of a customer; 0 is the one that talks.
fn number_of(handed: &HandedOff) -> Option<u64> {
    let contact = handed.details.as_ref()?.unpack().ok()?.contact.id;
    if contact == TALKER { Some(0) } else { contact.strip_prefix("customer-")?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_a_hundred_is_the_quantile() {
        let took = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(Quantile::of(took).p99, Duration::from_millis(99));
        assert_eq!(Quantile::of(vec![Duration::from_millis(7)]).p99, Duration::from_millis(7));
        assert_eq!(Quantile::of(Vec::new()).p99, Duration::ZERO);
    }
}
