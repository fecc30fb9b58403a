//! Thousands of agents after a restart: all are back within the grace period, and none counts as
//! gone.
//!
//! Each agent holds a ticket that it has not answered: would it count as gone, that ticket would go
//! back to its line, and the bot would be told.

use crate::harness::deployment::{TENANT, queue};
use crate::harness::wait::let_pass;
use crate::harness::{Bot, Deployment, Settings, Site};
use relevo_client::{AgentClient, ClientEvent, Connector, Events};
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::Intent;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The default grace period.
const GRACE: Duration = Duration::from_secs(30);
/// Sessions that share a socket.
const SESSIONS_PER_SOCKET: usize = 250;
/// Sessions that are opened at once.
const OPENED_AT_ONCE: usize = 32;
/// After this nobody is waited for any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the campaign came to.
#[derive(Debug)]
pub struct Report {
    agents: usize,
    assigned: u32,
    back: usize,
    took: Duration,
    gone: usize,
    assigned_after: u32,
    unreachable: u32,
}

impl Report {
    /// Is all as it must be?
    #[must_use]
    pub fn held(&self) -> bool {
        let all = u32::try_from(self.agents).ok();
        self.back == self.agents
            && self.took <= GRACE
            && self.gone == 0
            && self.unreachable == 0
            && Some(self.assigned) == all
            && Some(self.assigned_after) == all
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resume: {} of {} agents back {:.1} s after the daemon was ready (grace period {} s); \
             tickets taken from an agent: {}; unreachable: {}; assigned before {} and after {}: {}",
            self.back,
            self.agents,
            self.took.as_secs_f64(),
            GRACE.as_secs(),
            self.gone,
            self.unreachable,
            self.assigned,
            self.assigned_after,
            if self.held() { "held" } else { "FAILED" },
        )
    }
}

/// Runs it.
///
/// # Panics
/// The daemon does not become ready, or refuses a session before the restart.
pub async fn run(agents: usize) -> Report {
    let names: Vec<String> = (0..agents).map(|number| format!("agent-{number}")).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let site = names.iter().fold(Site::new(TENANT), |site, name| site.agent(name, 1));
    let site = site.bot("shop", "sales").queue(queue("shop", "sales", &members));
    let mut deployment = Deployment::with(&site, Settings::default()).await;
    let back = Arc::new(AtomicUsize::new(0));
    let mut sessions = open(&deployment, &names, &back).await;
    let mut bot = deployment.bot("shop").await;
    for number in 0..agents {
        bot.hand_over(&format!("customer-{number}")).await;
        bot.inbox.drain();
    }
    let assigned = deployment.status().await.tickets[1];

    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    let ready = Instant::now();
    while back.load(Ordering::Relaxed) < agents && ready.elapsed() < PATIENCE {
        let_pass(Duration::from_millis(10)).await;
    }
    let took = ready.elapsed();
    // Beyond the end of the grace period: what would count as gone has done so.
    let_pass((GRACE + Duration::from_secs(2)).saturating_sub(took)).await;
    let status = deployment.status().await;
    let report = Report {
        agents,
        assigned,
        back: back.load(Ordering::Relaxed),
        took,
        gone: gone(&mut bot).await,
        assigned_after: status.tickets[1],
        unreachable: status.agents[3],
    };
    sessions.shutdown().await;
    report
}

async fn open(deployment: &Deployment, names: &[String], back: &Arc<AtomicUsize>) -> JoinSet<()> {
    let mut sessions = JoinSet::new();
    let mut opening: JoinSet<(AgentClient, Events)> = JoinSet::new();
    let mut connector = Connector::new();
    for (number, name) in names.iter().enumerate() {
        if opening.len() >= OPENED_AT_ONCE {
            keep(&mut opening, &mut sessions, back).await;
        }
        if number % SESSIONS_PER_SOCKET == 0 {
            connector = Connector::new();
        }
        let connector = connector.clone();
        let options = deployment.options(deployment.key(TENANT, name));
        opening.spawn(async move {
            let (client, events) = connector.agent(options).await.expect("the agent is let in");
            client.set_presence(Intent::Online, "").await.expect("an agent may go online");
            (client, events)
        });
    }
    while !opening.is_empty() {
        keep(&mut opening, &mut sessions, back).await;
    }
    sessions
}

async fn keep(
    opening: &mut JoinSet<(AgentClient, Events)>,
    sessions: &mut JoinSet<()>,
    back: &Arc<AtomicUsize>,
) {
    let Some(opened) = opening.join_next().await else { return };
    let (client, mut events) = opened.expect("opening a session does not panic");
    let back = Arc::clone(back);
    sessions.spawn(async move {
        let _client = client;
        while let Some(event) = events.next().await {
            if event == ClientEvent::Reconnected {
                back.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
}

/// Tickets that were taken from an agent.
async fn gone(bot: &mut Bot) -> usize {
    // An answer comes after everything that was pushed before it.
    bot.hand_over("the last customer").await;
    bot.inbox.drain();
    let requeued =
        |entry: &&relevo_wire::push::Entry| matches!(entry.event, EntryEvent::Requeued(_));
    bot.inbox.all().filter(requeued).count()
}
