//! Sets a server up for a run: sessions, and for Relevo directory, keys and open tickets.

use super::admin::Admin;
use super::session::Session;
use super::{cycle, relay};
use crate::bare::relay::{ticket, token};
use crate::frames::{HandOffFrame, SendFrame};
use crate::lane::write_batch;
use crate::process::{Relevo, Server};
use crate::transport::{self, Target};
use anyhow::{Result, ensure};
use quinn::Endpoint;
use relevo_wire::command::SetPresence;
use relevo_wire::directory::{Agent, Bot, Object, Queue, Tenant};
use relevo_wire::frame::ServerFrame;
use relevo_wire::vocabulary::{Intent, Role};
use relevo_wire::{Answer, Command, EntryEvent, Push, RequestId};

/// Name of the tenant that a run makes.
pub const TENANT: &str = "bench";
/// Seats of an agent: more than a run ever has under way.
const SEATS: u16 = 4_000;

/// What the messages of a run are.
#[derive(Debug, Clone, Copy)]
pub struct Messages {
    /// Bytes of a packed body.
    pub body_bytes: usize,
    /// Each has a client message id, as a bot's that may have to repeat it.
    pub ids: bool,
}

/// Bots and agents of a run, one endpoint each side: as many sockets for every server.
#[derive(Debug)]
pub struct Sockets {
    bots: Endpoint,
    agents: Endpoint,
}

impl Sockets {
    /// Opens both.
    ///
    /// # Errors
    /// There is no socket.
    pub fn open(target: &Target) -> Result<Self> {
        Ok(Self { bots: transport::client(target)?, agents: transport::client(target)? })
    }
}

/// Pairs on the bare relay.
///
/// # Errors
/// The server cannot be reached.
pub async fn bare(server: &Server, pairs: usize, messages: Messages) -> Result<Vec<relay::Pair>> {
    let target = &server.target;
    let sockets = Sockets::open(target)?;
    let mut all = Vec::with_capacity(pairs);
    for pair in 0..pairs {
        let bot = Session::open(&sockets.bots, target.address, &token(pair, Role::Bot)).await?;
        let agent =
            Session::open(&sockets.agents, target.address, &token(pair, Role::Agent)).await?;
        let frame = SendFrame::customer(&contact(pair), messages.body_bytes, messages.ids)?;
        all.push(relay::Pair { bot, agent, frame, ticket: ticket(pair), number: 0 });
    }
    Ok(all)
}

/// An operator of the daemon, working for the run's tenant, which is made.
///
/// # Errors
/// The daemon refuses.
pub async fn admin(server: &Server, relevo: &Relevo) -> Result<Admin> {
    let endpoint = transport::client(&server.target)?;
    let session = Session::open(&endpoint, server.target.address, &relevo.admin_key).await?;
    let mut admin = Admin::new(session, TENANT);
    admin.put(vec![Object::Tenant(Tenant::new(TENANT))]).await?;
    Ok(admin)
}

/// Pairs on Relevo: each bot has one queue with one member, who is online.
///
/// # Errors
/// The daemon refuses.
pub async fn cycles(server: &Server, relevo: &Relevo, pairs: usize) -> Result<Vec<cycle::Pair>> {
    let mut admin = admin(server, relevo).await?;
    let name = |kind: &str, pair: usize| format!("{kind}-{pair:03}");
    let mut objects = Vec::with_capacity(3 * pairs);
    for pair in 0..pairs {
        objects.push(Object::Agent(Agent::new(name("agent", pair), SEATS)));
        objects.push(Object::Bot(Bot::new(name("bot", pair), "line")));
        let mut queue = Queue::new(name("bot", pair), "line");
        queue.members.push(name("agent", pair).into());
        objects.push(Object::Queue(queue));
    }
    admin.put(objects).await?;
    let names = |kind| (0..pairs).map(|pair| name(kind, pair)).collect::<Vec<_>>();
    let bot_keys = admin.keys(Role::Bot, &names("bot")).await?;
    let agent_keys = admin.keys(Role::Agent, &names("agent")).await?;
    let sockets = Sockets::open(&server.target)?;
    let mut all = Vec::with_capacity(pairs);
    for (bot, agent) in bot_keys.iter().zip(&agent_keys) {
        let mut agent = Session::open(&sockets.agents, server.target.address, agent).await?;
        go_online(&mut agent).await?;
        let bot = Session::open(&sockets.bots, server.target.address, bot).await?;
        all.push(cycle::Pair { bot, agent });
    }
    Ok(all)
}

/// Pairs on Relevo with one open ticket each.
///
/// # Errors
/// The daemon refuses.
pub async fn relays(
    server: &Server,
    relevo: &Relevo,
    pairs: usize,
    messages: Messages,
) -> Result<Vec<relay::Pair>> {
    let mut all = Vec::with_capacity(pairs);
    for (index, pair) in cycles(server, relevo, pairs).await?.into_iter().enumerate() {
        let cycle::Pair { mut bot, mut agent } = pair;
        let contact = contact(index);
        let mut batch = Vec::new();
        HandOffFrame::new(&contact).append(&mut batch, 2, 0);
        write_batch(&mut bot.send, &mut batch).await?;
        // Both may come in one read: what a wait does not pick out is gone.
        let (mut accepted, mut told) = (None, None);
        let both = bot.wait_for(|frame| {
            if let ServerFrame::Answer(_, Answer::Accepted(answer)) = frame {
                accepted = Some(answer.ticket);
            }
            told = told.or_else(|| assigned_entry(frame));
            accepted.zip(told)
        });
        let (ticket, (told, _)) = both.await?;
        let (assigned, number) = agent.wait_for(assigned_entry).await?;
        ensure!(ticket == assigned && ticket == told, "another ticket was assigned");
        let frame = SendFrame::customer(&contact, messages.body_bytes, messages.ids)?;
        all.push(relay::Pair { bot, agent, frame, ticket, number });
    }
    Ok(all)
}

fn assigned_entry(frame: &ServerFrame) -> Option<(relevo_wire::TicketId, u32)> {
    let ServerFrame::Push(Push::Entry(entry)) = frame else { return None };
    matches!(entry.event, EntryEvent::Assigned(_)).then_some((entry.ticket, entry.number))
}

async fn go_online(agent: &mut Session) -> Result<()> {
    let presence = SetPresence { intent: Intent::Online, reason: String::new() };
    agent.request(RequestId(2), Command::SetPresence(presence)).await?;
    agent
        .wait_for(|frame| {
            matches!(frame, ServerFrame::Answer(RequestId(2), Answer::Done(_))).then_some(())
        })
        .await
}

fn contact(pair: usize) -> String {
    format!("contact-{pair:03}")
}
