//! The load of a campaign: bots hand customers over, agents answer, transfer and close, for ever,
//! through whatever happens to the daemon. Everything that is acknowledged goes into the ledger.

use super::ledger::{Ledger, Size};
use super::seeded::Seeded;
use crate::harness::deployment::{TENANT, queue};
use crate::harness::party::hand_off;
use crate::harness::{Deployment, Site};
use relevo_client::{
    AgentClient, BotClient, ClientError, ClientEvent, Events, HandOffAnswer, MessageOptions,
    Options,
};
use relevo_wire::command::{HandOff, TransferTarget};
use relevo_wire::error::ErrorCode;
use relevo_wire::ids::TicketId;
use relevo_wire::push::{Entry, EntryEvent};
use relevo_wire::vocabulary::{Body, Intent};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Seats of each agent.
const SEATS: u16 = 3;
/// Customers of each bot; each has at most one open ticket.
const CONTACTS: u64 = 12;
/// Longest pause between two things that somebody does.
const PAUSE_MS: u64 = 40;

/// How much load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Bots, each with two queues.
    pub bots: usize,
    /// Agents, each in a queue of every bot.
    pub agents: usize,
    /// What it is made of.
    pub seed: u64,
}

/// Load that is running.
#[derive(Debug)]
pub struct Traffic {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    sessions: usize,
}

#[derive(Debug, Default)]
struct Shared {
    ledger: Mutex<Ledger>,
    /// No further customer is handed over.
    stopping: AtomicBool,
    /// Reconnects of all sessions.
    reconnects: AtomicUsize,
}

/// The directory that the load needs.
#[must_use]
pub fn site(load: Load) -> Site {
    let names: Vec<String> = (0..load.agents).map(agent_name).collect();
    let agents = names.iter().fold(Site::new(TENANT), |site, name| site.agent(name, SEATS));
    (0..load.bots).fold(agents, |site, number| {
        let bot = bot_name(number);
        let half = |rest| -> Vec<&str> {
            let mine = |(at, _): &(usize, &String)| load.agents == 1 || at % 2 == rest;
            names.iter().enumerate().filter(mine).map(|(_, name)| name.as_str()).collect()
        };
        site.bot(&bot, "first").queue(queue(&bot, "first", &half(0))).queue(queue(
            &bot,
            "second",
            &half(1),
        ))
    })
}

/// A connection counts as lost well within the grace period of a campaign, as 15 s are within the
/// default 30 s.
fn impatient(options: Options) -> Options {
    Options {
        idle_timeout: Duration::from_secs(3),
        keep_alive_interval: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(2),
        ..options
    }
}

fn agent_name(number: usize) -> String {
    format!("agent-{number}")
}

fn bot_name(number: usize) -> String {
    format!("bot-{number}")
}

impl Traffic {
    /// Starts the load.
    ///
    /// # Panics
    /// The daemon refuses a session.
    pub async fn start(deployment: &Deployment, load: Load) -> Self {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        let mut seeds = Seeded::new(load.seed);
        for name in (0..load.agents).map(agent_name) {
            shared.ledger().agent(&name, u32::from(SEATS));
            let options = impatient(deployment.options(deployment.key(TENANT, &name)));
            let opened = deployment.connector.agent(options).await;
            let (client, events) = opened.expect("the agent is let in");
            client.set_presence(Intent::Online, "").await.expect("an agent may go online");
            let random = seeds.fork();
            let agent = Agent { name, client, shared: Arc::clone(&shared), random };
            tasks.spawn(agent.run(events));
        }
        for name in (0..load.bots).map(bot_name) {
            let options = impatient(deployment.options(deployment.key(TENANT, &name)));
            let opened = deployment.connector.bot(options).await;
            let (client, events) = opened.expect("the bot is let in");
            tasks.spawn(watch(name.clone(), true, events, Arc::clone(&shared)));
            for contact in 0..CONTACTS {
                let customer = Customer {
                    contact: format!("{name}-customer-{contact}"),
                    bot: name.clone(),
                    client: client.clone(),
                    shared: Arc::clone(&shared),
                    random: seeds.fork(),
                };
                tasks.spawn(customer.run());
            }
        }
        Self { shared, tasks, sessions: load.agents + load.bots }
    }

    /// The ledger.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    /// How much was acknowledged so far.
    #[must_use]
    pub fn ledger_size(&self) -> Size {
        self.ledger().size()
    }

    /// Sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions
    }

    /// Reconnects so far, of all sessions.
    #[must_use]
    pub fn reconnects(&self) -> usize {
        self.shared.reconnects.load(Ordering::Relaxed)
    }

    /// No further customer comes; those that are there are served to the end.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Ends everything.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// Writes down what comes to a session; gives each entry on.
async fn take(
    name: &str,
    is_bot: bool,
    events: &mut Events,
    shared: &Shared,
    mut each: impl FnMut(&Entry),
) {
    let mut went_online = false;
    while let Some(event) = events.next().await {
        match event {
            ClientEvent::Entry(entry) => {
                shared.ledger().saw(name, is_bot, &entry);
                each(&entry);
            }
            ClientEvent::Reconnected => {
                shared.reconnects.fetch_add(1, Ordering::Relaxed);
            }
            ClientEvent::Presence(presence) => {
                // A login starts invisible; once the agent went online nothing but itself changes it.
                if presence.intent == Intent::Online {
                    went_online = true;
                } else if went_online {
                    let what = format!("{name} is {:?} and did not ask for it", presence.intent);
                    shared.ledger().violation(what);
                }
            }
            ClientEvent::Snapshot(_)
            | ClientEvent::Progress(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Position(_)
            | ClientEvent::Offer(_)
            | ClientEvent::OfferEnded(_)
            | ClientEvent::WrapUp(_)
            | ClientEvent::Absence(_)
            | ClientEvent::Target(_)
            | ClientEvent::GoAway(_)
            | ClientEvent::Disconnected { .. } => {}
        }
    }
    let reason = events.end_reason().unwrap_or_default();
    shared.ledger().violation(format!("the session of {name} ended: {reason}"));
}

async fn watch(name: String, is_bot: bool, mut events: Events, shared: Arc<Shared>) {
    take(&name, is_bot, &mut events, &shared, |_| {}).await;
}

/// One customer of a bot: comes, says something now and then, comes back.
struct Customer {
    contact: String,
    bot: String,
    client: BotClient,
    shared: Arc<Shared>,
    random: Seeded,
}

impl Customer {
    async fn run(mut self) {
        let mut word = 0_u64;
        loop {
            pause(&mut self.random).await;
            if self.random.chance(300) {
                if self.shared.stopping() {
                    return;
                }
                self.hand_over().await;
            }
            let text = format!("{} says {word}", self.contact);
            word += 1;
            let body = Body::text(&text);
            let options = MessageOptions::default();
            match self.client.send_customer(self.contact.as_str(), options, &body).await {
                Ok(sent) => {
                    if let Some(ticket) = sent.ticket {
                        self.shared.ledger().said(&self.bot, false, ticket, sent.number, &text);
                    }
                }
                Err(error) => self.shared.unexpected(&self.contact, &error, &[]),
            }
        }
    }

    async fn hand_over(&mut self) {
        let queue = if self.random.chance(500) { "first" } else { "second" };
        let hand_off = HandOff { queue: Some(queue.into()), ..hand_off(&self.contact) };
        match self.client.hand_off(hand_off).await {
            Ok(HandOffAnswer::Accepted(accepted)) if !accepted.existing => {
                self.shared.ledger().accepted(&self.bot, accepted.ticket);
            }
            Ok(HandOffAnswer::Accepted(_)) => {}
            Ok(HandOffAnswer::Rejected(rejected)) => {
                self.shared.ledger().violation(format!("a hand-off was rejected: {rejected:?}"));
            }
            Err(error) => self.shared.unexpected(&self.contact, &error, &[ErrorCode::Overloaded]),
        }
    }
}

/// One agent: answers what it gets, and gives it away or ends it.
struct Agent {
    name: String,
    client: AgentClient,
    shared: Arc<Shared>,
    random: Seeded,
}

impl Agent {
    async fn run(mut self, mut events: Events) {
        let (name, shared) = (self.name.clone(), Arc::clone(&self.shared));
        let mut serving = JoinSet::new();
        let mut epochs: BTreeMap<TicketId, u32> = BTreeMap::new();
        let each = |entry: &Entry| {
            while serving.try_join_next().is_some() {}
            if let EntryEvent::Assigned(assigned) = &entry.event
                && assigned.agent == self.name
                && epochs.insert(entry.ticket, assigned.epoch) != Some(assigned.epoch)
            {
                let conversation = Conversation {
                    agent: self.name.clone(),
                    client: self.client.clone(),
                    shared: Arc::clone(&self.shared),
                    random: self.random.fork(),
                    ticket: entry.ticket,
                    epoch: assigned.epoch,
                };
                serving.spawn(conversation.run());
            }
        };
        take(&name, false, &mut events, &shared, each).await;
    }
}

struct Conversation {
    agent: String,
    client: AgentClient,
    shared: Arc<Shared>,
    random: Seeded,
    ticket: TicketId,
    epoch: u32,
}

impl Conversation {
    /// A ticket may have gone to another meanwhile.
    const GONE: [ErrorCode; 3] =
        [ErrorCode::StaleEpoch, ErrorCode::WrongState, ErrorCode::HeldByOther];

    async fn run(mut self) {
        for word in 0..self.random.below(5) {
            pause(&mut self.random).await;
            let text = format!("{} in {} at {}: {word}", self.agent, self.ticket, self.epoch);
            let body = Body::text(&text);
            let options = MessageOptions::default();
            match self.client.send(self.ticket, self.epoch, options, &body).await {
                Ok(sent) => {
                    self.shared.ledger().said(&self.agent, true, self.ticket, sent.number, &text);
                }
                Err(error) => return self.shared.unexpected(&self.agent, &error, &Self::GONE),
            }
        }
        pause(&mut self.random).await;
        if self.random.chance(150) && self.transferred().await {
            return;
        }
        match self.client.close_ticket(self.ticket, self.epoch, Vec::new()).await {
            Ok(()) => self.shared.ledger().closed(self.ticket),
            Err(error) => self.shared.unexpected(&self.agent, &error, &Self::GONE),
        }
    }

    async fn transferred(&mut self) -> bool {
        let queue = if self.random.chance(500) { "first" } else { "second" };
        let to = TransferTarget::Queue(queue.into());
        match self.client.transfer(self.ticket, self.epoch, to, "").await {
            Ok(_) => true,
            Err(error) => {
                self.shared.unexpected(&self.agent, &error, &Self::GONE);
                false
            }
        }
    }
}

impl Shared {
    fn unexpected(&self, who: &str, error: &ClientError, expected: &[ErrorCode]) {
        if !error.code().is_some_and(|code| expected.contains(&code)) {
            self.ledger().violation(format!("{who}: {error}"));
        }
    }
}

async fn pause(random: &mut Seeded) {
    sleep(Duration::from_millis(random.below(PAUSE_MS))).await;
}
