//! A running daemon with a directory: what most tests start from.

use super::config::Settings;
use super::daemon::{Daemon, Ready};
use super::inbox::Inbox;
use super::party::{Agent, Bot};
use super::scrape::Scrape;
use super::wait::within;
use relevo_client::{AdminClient, ConnectError, Connector, Options, Reconnect, Trust};
use relevo_wire::answer::StatusReport;
use relevo_wire::directory::{self, Object, Queue, Tenant};
use relevo_wire::vocabulary::Role;
use std::collections::BTreeMap;
use std::time::Duration;

/// The tenant of a test that needs only one.
pub const TENANT: &str = "acme";

/// The directory of one tenant, to be put by admin commands.
#[derive(Debug, Clone)]
pub struct Site {
    tenant: String,
    agents: Vec<directory::Agent>,
    bots: Vec<directory::Bot>,
    queues: Vec<Queue>,
}

impl Site {
    /// An empty one.
    #[must_use]
    pub fn new(tenant: &str) -> Self {
        Self { tenant: tenant.into(), agents: vec![], bots: vec![], queues: vec![] }
    }

    /// One bot `shop`, its queue `sales` with these members, each with so many seats.
    #[must_use]
    pub fn simple(members: &[(&str, u16)]) -> Self {
        let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
        let site =
            members.iter().fold(Self::new(TENANT), |site, (name, seats)| site.agent(name, *seats));
        site.bot("shop", "sales").queue(queue("shop", "sales", &names))
    }

    /// With an agent.
    #[must_use]
    pub fn agent(self, name: &str, seats: u16) -> Self {
        self.agent_with(directory::Agent::new(name, seats))
    }

    /// With an agent.
    #[must_use]
    pub fn agent_with(mut self, agent: directory::Agent) -> Self {
        self.agents.push(agent);
        self
    }

    /// With a bot.
    #[must_use]
    pub fn bot(mut self, name: &str, default_queue: &str) -> Self {
        self.bots.push(directory::Bot::new(name, default_queue));
        self
    }

    /// With a queue.
    #[must_use]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queues.push(queue);
        self
    }

    /// The agents.
    pub fn agent_names(&self) -> impl Iterator<Item = &str> {
        self.agents.iter().map(|agent| agent.name.as_str())
    }

    fn objects(&self) -> impl Iterator<Item = Object> {
        let tenant = Object::Tenant(Tenant::new(&*self.tenant));
        std::iter::once(tenant)
            .chain(self.agents.iter().cloned().map(Object::Agent))
            .chain(self.bots.iter().cloned().map(Object::Bot))
            .chain(self.queues.iter().cloned().map(Object::Queue))
    }
}

/// A queue with these members and every other default.
#[must_use]
pub fn queue(bot: &str, name: &str, members: &[&str]) -> Queue {
    Queue {
        members: members.iter().map(|member| (*member).into()).collect(),
        // Whoever leaves is lost at once, but where that is what a test is about.
        resume_seconds: 0,
        ..Queue::new(bot, name)
    }
}

/// A running daemon and the credentials of those who use it.
#[derive(Debug)]
pub struct Deployment {
    /// The process.
    pub daemon: Daemon,
    /// Where clients come from.
    pub connector: Connector,
    keys: BTreeMap<(String, String), String>,
    operator_key: String,
}

impl Deployment {
    /// A daemon with this directory.
    ///
    /// # Panics
    /// It did not become ready, or refused the directory.
    pub async fn start(site: &Site) -> Self {
        Self::with(site, Settings::default()).await
    }

    /// A daemon with this directory and configuration.
    ///
    /// # Panics
    /// It did not become ready, or refused the directory.
    pub async fn with(site: &Site, settings: Settings) -> Self {
        let mut deployment = Self::of(Daemon::start(settings).await);
        deployment.put(site).await;
        deployment
    }

    /// Around a daemon that was just started for the first time.
    ///
    /// # Panics
    /// It printed no operator key.
    #[must_use]
    pub fn of(daemon: Daemon) -> Self {
        let operator_key = daemon.ready().admin_key.clone();
        Self {
            daemon,
            connector: Connector::new(),
            keys: BTreeMap::new(),
            operator_key: operator_key.expect("the first start makes an operator's key"),
        }
    }

    /// Puts a directory and makes a key for each of its bots and agents.
    ///
    /// # Panics
    /// It was refused.
    pub async fn put(&mut self, site: &Site) {
        let admin = self.admin().await;
        let tenant = || Some(site.tenant.clone());
        for object in site.objects() {
            let stored = within("put", admin.put(tenant(), object.clone(), None)).await;
            stored.unwrap_or_else(|error| panic!("{object:?}: {error}"));
        }
        let bots = site.bots.iter().map(|bot| (Role::Bot, &bot.name));
        let agents = site.agents.iter().map(|agent| (Role::Agent, &agent.name));
        for (role, owner) in bots.chain(agents) {
            let created = within("key", admin.create_key(tenant(), role, owner, "test")).await;
            let key = created.expect("the operator may make keys").key;
            self.keys.insert((site.tenant.clone(), owner.clone()), key);
        }
        admin.close().await;
    }

    /// The operator's session.
    ///
    /// # Panics
    /// It was refused.
    pub async fn admin(&self) -> AdminClient {
        self.try_admin().await.expect("the operator is let in")
    }

    /// The operator's session.
    ///
    /// # Errors
    /// It was refused: what the daemon knew of it is lost.
    pub async fn try_admin(&self) -> Result<AdminClient, ConnectError> {
        let options = self.options(&self.operator_key);
        within("operator", self.connector.admin(options)).await
    }

    /// The credential of a bot or agent.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn key(&self, tenant: &str, name: &str) -> &str {
        &self.keys[&(tenant.to_owned(), name.to_owned())]
    }

    /// The operator's credential.
    #[must_use]
    pub fn operator_key(&self) -> &str {
        &self.operator_key
    }

    /// A session of a bot of [`TENANT`].
    ///
    /// # Panics
    /// It was refused.
    pub async fn bot(&self, name: &str) -> Bot {
        self.bot_of(TENANT, name).await
    }

    /// A session of a bot.
    ///
    /// # Panics
    /// It was refused.
    pub async fn bot_of(&self, tenant: &str, name: &str) -> Bot {
        let opening = self.connector.bot(self.options(self.key(tenant, name)));
        let (client, events) = within("bot", opening).await.expect("the bot is let in");
        Bot { client, inbox: Inbox::new(events) }
    }

    /// A session of an agent of [`TENANT`].
    ///
    /// # Panics
    /// It was refused.
    pub async fn agent(&self, name: &str) -> Agent {
        self.agent_of(TENANT, name).await
    }

    /// A session of an agent.
    ///
    /// # Panics
    /// It was refused.
    pub async fn agent_of(&self, tenant: &str, name: &str) -> Agent {
        self.agent_with(name, self.options(self.key(tenant, name))).await
    }

    /// A session of an agent with options of its own.
    ///
    /// # Panics
    /// It was refused.
    pub async fn agent_with(&self, name: &str, options: Options) -> Agent {
        let opening = self.connector.agent(options);
        let (client, events) = within("agent", opening).await.expect("the agent is let in");
        Agent { name: name.to_owned(), client, inbox: Inbox::new(events) }
    }

    /// An agent that is online.
    ///
    /// # Panics
    /// It was refused.
    pub async fn online(&self, name: &str) -> Agent {
        let agent = self.agent(name).await;
        agent.online().await;
        agent
    }

    /// Options with this credential: reconnects at once.
    ///
    /// # Panics
    /// The daemon's fingerprint is none.
    #[must_use]
    pub fn options(&self, key: &str) -> Options {
        let ready = self.daemon.ready();
        let trust = Trust::fingerprint(&ready.fingerprint).expect("it prints a SHA-256");
        let reconnect = Reconnect::FullJitter {
            base: Duration::from_millis(20),
            cap: Duration::from_millis(200),
        };
        Options { reconnect, ..Options::agent(ready.quic, trust, key) }
    }

    /// Kills the daemon and starts it again.
    ///
    /// # Panics
    /// It did not become ready.
    pub async fn crash(&mut self) -> Ready {
        self.daemon.kill().await;
        self.daemon.restart().await
    }

    /// A scrape.
    ///
    /// # Panics
    /// The daemon does not answer.
    pub async fn scrape(&self) -> Scrape {
        let (status, body) = self.daemon.get("/metrics").await.expect("metrics are served");
        assert_eq!(status, 200, "{body}");
        Scrape::parse(&body)
    }

    /// Live numbers, as an operator sees them.
    ///
    /// # Panics
    /// The daemon does not answer.
    pub async fn status(&self) -> StatusReport {
        let admin = self.admin().await;
        let status = within("status", admin.status()).await.expect("the operator may ask");
        admin.close().await;
        status
    }
}
