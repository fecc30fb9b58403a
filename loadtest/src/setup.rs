//! Prepares a run: writes its directory, makes its keys, opens its sessions.

use crate::daemon::Target;
use crate::desk::{AgentDesk, BotDesk, Desk};
use crate::session::{Input, MAILBOX, Session};
use crate::world::World;
use anyhow::{Context, Result, bail};
use relevo_client::wire::answer::{Answer, KeyCreated};
use relevo_client::wire::command::{Command, CreateKey, Put};
use relevo_client::wire::directory::{Agent, Bot, Object, Queue, Tenant};
use relevo_client::wire::vocabulary::Role;
use relevo_client::{AdminClient, Client, Connector, Events, Options, Trust};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Admin commands on their way at once.
const COMMANDS: usize = 256;
/// Handshakes on their way at once: below the daemon's limit of 256.
const HANDSHAKES: usize = 64;
/// Label of the credentials that a run makes.
pub(crate) const LABEL: &str = "load test";
/// Sessions of one UDP socket.
const SESSIONS_PER_SOCKET: usize = 512;

/// What a run's queues are given besides names and members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueTimes {
    /// Service-level threshold, in seconds.
    pub threshold_seconds: u32,
    /// Losses before so many seconds are short.
    pub short_loss_seconds: u32,
    /// How long a transfer waits for its agent, in seconds.
    pub transfer_wait_seconds: u32,
}

/// An opened session that has not begun.
pub struct Ready {
    /// The sessions, bots first.
    pub sessions: Vec<Session>,
    /// Their mailboxes, in the same order.
    pub mailboxes: Vec<mpsc::Sender<Input>>,
}

/// Opens an admin's session.
///
/// # Errors
/// The daemon cannot be reached or refuses the key.
pub async fn admin(target: &Target) -> Result<AdminClient> {
    let options = Options::agent(target.quic, trust(target)?, target.admin_key.clone());
    Connector::new().admin(options).await.context("the admin's session")
}

/// Writes tenant, bots, queues and agents, and makes a key for each bot and agent: bots first.
///
/// # Errors
/// The daemon refuses an object or a key.
pub async fn write_directory(
    admin: &AdminClient,
    tenant: &str,
    world: &World,
    times: QueueTimes,
) -> Result<Vec<KeyCreated>> {
    let (plan, staff) = (&world.plan, &world.staff);
    put_all(admin, tenant, [Object::Tenant(Tenant::new(tenant))]).await?;
    let agent = |agent| Object::Agent(Agent::new(staff.agent(agent), staff.seats));
    put_all(admin, tenant, (0..staff.agents).map(agent)).await?;
    let bot = |bot| Object::Bot(Bot::new(staff.bot(bot), staff.queue(plan, 0)));
    put_all(admin, tenant, (0..staff.bots).map(bot)).await?;
    let queues = (0..staff.bots).flat_map(|bot| {
        (0..staff.queues_per_bot).map(move |queue| {
            let mut object = Queue::new(staff.bot(bot), staff.queue(plan, queue));
            // Whoever loses patience does not come back.
            object.resume_seconds = 0;
            object.members = staff.members(bot).map(|agent| staff.agent(agent).into()).collect();
            if plan.pulls(queue) {
                object.delivery = relevo_client::wire::directory::Delivery::Pull;
            }
            object.threshold_seconds = times.threshold_seconds;
            object.short_loss_seconds = times.short_loss_seconds;
            object.transfer_wait_seconds = times.transfer_wait_seconds;
            Object::Queue(object)
        })
    });
    put_all(admin, tenant, queues).await?;
    let bots = (0..staff.bots).map(|bot| (Role::Bot, staff.bot(bot)));
    let agents = (0..staff.agents).map(|agent| (Role::Agent, staff.agent(agent)));
    make_keys(admin, tenant, bots.chain(agents)).await
}

/// Opens a session for every key: bots first, as the keys came.
///
/// # Errors
/// A session cannot be opened.
pub async fn open_sessions(
    target: &Target,
    world: &Arc<World>,
    keys: Vec<String>,
    pull_every_us: Option<u64>,
) -> Result<Ready> {
    let trust = trust(target)?;
    let bots = world.staff.bots as usize;
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    let mut connector = Connector::new();
    let mut opening = JoinSet::new();
    let count = keys.len();
    for (number, key) in keys.into_iter().enumerate() {
        if number % SESSIONS_PER_SOCKET == 0 {
            connector = Connector::new();
        }
        let (connector, handshakes) = (connector.clone(), Arc::clone(&handshakes));
        let (server, trust) = (target.quic, trust.clone());
        opening.spawn(async move {
            let _permit = handshakes.acquire().await;
            let opened = open(&connector, number < bots, server, trust, key).await;
            (number, opened)
        });
    }
    let mut opened: Vec<Option<(Client, Events)>> = (0..count).map(|_| None).collect();
    while let Some(done) = opening.join_next().await {
        let (number, session) = done?;
        opened[number] = Some(session.with_context(|| format!("session {number}"))?);
    }
    let mut ready = Ready { sessions: Vec::new(), mailboxes: Vec::new() };
    for (number, session) in opened.into_iter().enumerate() {
        let Some((client, events)) = session else { bail!("session {number} was not opened") };
        let desk = desk(number, world, pull_every_us);
        let (mailbox, inputs) = mpsc::channel(MAILBOX);
        ready.mailboxes.push(mailbox.clone());
        let world = Arc::clone(world);
        ready.sessions.push(Session { number, world, desk, client, events, mailbox, inputs });
    }
    Ok(ready)
}

fn desk(number: usize, world: &Arc<World>, pull_every_us: Option<u64>) -> Desk {
    let number = u32::try_from(number).expect("bots and agents are counted in 32 bits");
    match number.checked_sub(world.staff.bots) {
        None => Desk::Bot(BotDesk::new(number, Arc::clone(world))),
        Some(agent) => Desk::Agent(AgentDesk::new(agent, Arc::clone(world), pull_every_us)),
    }
}

async fn open(
    connector: &Connector,
    bot: bool,
    server: SocketAddr,
    trust: Trust,
    key: String,
) -> Result<(Client, Events)> {
    let name = concat!("relevo-loadtest/", env!("CARGO_PKG_VERSION")).to_owned();
    if bot {
        let options = Options { client: name, ..Options::bot(server, trust, key) };
        let (client, events) = connector.bot(options).await?;
        Ok((Client::clone(&client), events))
    } else {
        let options = Options { client: name, ..Options::agent(server, trust, key) };
        let (client, events) = connector.agent(options).await?;
        Ok((Client::clone(&client), events))
    }
}

pub(crate) fn trust(target: &Target) -> Result<Trust> {
    Ok(Trust::fingerprint(&target.fingerprint)?)
}

async fn put_all(
    admin: &AdminClient,
    tenant: &str,
    objects: impl IntoIterator<Item = Object>,
) -> Result<()> {
    let puts = objects.into_iter().map(|object| {
        let what = format!("{object:.60?}");
        let tenant = Some(tenant.to_owned());
        (what, Command::Put(Put { tenant, object: Box::new(object), if_version: None }))
    });
    request_all(admin, puts).await.map(drop)
}

pub(crate) async fn make_keys(
    admin: &AdminClient,
    tenant: &str,
    owners: impl Iterator<Item = (Role, String)>,
) -> Result<Vec<KeyCreated>> {
    let commands = owners.map(|(role, owner)| {
        let what = format!("key of {owner}");
        let (tenant, label) = (Some(tenant.to_owned()), LABEL.to_owned());
        (what, Command::CreateKey(CreateKey { tenant, role, owner, label }))
    });
    let answers = request_all(admin, commands).await?;
    answers
        .into_iter()
        .map(|answer| {
            let Answer::Key(key) = answer else {
                bail!("create_key was answered with {}", answer.name());
            };
            Ok(key)
        })
        .collect()
}

/// Sends commands many at a time; answers in the order of the commands.
pub(crate) async fn request_all(
    admin: &AdminClient,
    commands: impl Iterator<Item = (String, Command)>,
) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    let mut commands = commands.peekable();
    while commands.peek().is_some() {
        let mut pending = Vec::with_capacity(COMMANDS);
        for (what, command) in commands.by_ref().take(COMMANDS) {
            pending.push((what, admin.request_start(command, None).await?));
        }
        for (what, answer) in pending {
            answers.push(answer.await.with_context(|| what)?);
        }
    }
    Ok(answers)
}
