//! A daemon in a folder of its own, with one bot, one queue and one agent, and clients of each role.

use relevo::metrics::text::Scrape;
use relevo_client::wire::directory::{Agent, Bot, Object, Queue, Tenant};
use relevo_client::wire::vocabulary::Role;
use relevo_client::{AdminClient, AgentClient, BotClient, Connector, Events, Options, Trust};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The tenant.
pub(crate) const TENANT: &str = "acme";

/// A running daemon. Dropping it kills the process and removes the folder.
pub(crate) struct Desk {
    child: Child,
    _folder: TempDir,
    quic: SocketAddr,
    http: SocketAddr,
    trust: Trust,
    connector: Connector,
    pub(crate) admin: AdminClient,
    bot_key: String,
    agent_key: String,
}

impl Desk {
    /// With the queue `help` of the bot `web`, of which the agent `ana` is the only member.
    pub(crate) async fn start(change: impl FnOnce(&mut Queue)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = "[server]\nlisten = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\nshards = 1\n";
        std::fs::write(folder.path().join("relevo.toml"), text).expect("a temporary folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_relevo"))
            .args(["serve", "-c", "relevo.toml"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the daemon starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says that it is ready");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let told = |name: &str| ready[name].as_str().expect("the ready line has it").to_owned();
        let address = |name: &str| told(name).parse().expect("an address");
        let (quic, http) = (address("quic"), address("http"));
        let trust = Trust::fingerprint(&told("fingerprint")).expect("a fingerprint");
        let connector = Connector::new();
        let options = Options::agent(quic, trust.clone(), told("admin_key"));
        let admin = connector.admin(options).await.expect("the operator is let in");
        let mut queue = Queue { members: vec!["ana".into()], ..Queue::new("web", "help") };
        change(&mut queue);
        for object in [
            Object::Tenant(Tenant::new(TENANT)),
            Object::Agent(Agent::new("ana", 2)),
            Object::Bot(Bot::new("web", "help")),
            Object::Queue(queue),
        ] {
            admin.put(Some(TENANT.into()), object, None).await.expect("it is taken");
        }
        let mut keys = Vec::new();
        for (role, owner) in [(Role::Bot, "web"), (Role::Agent, "ana")] {
            let key = admin.create_key(Some(TENANT.into()), role, owner, "test").await;
            keys.push(key.expect("the operator makes keys").key);
        }
        let [bot_key, agent_key] = keys.try_into().expect("two keys");
        Self { child, _folder: folder, quic, http, trust, connector, admin, bot_key, agent_key }
    }

    /// A session of the bot.
    pub(crate) async fn bot(&self) -> (BotClient, Events) {
        let options = Options::bot(self.quic, self.trust.clone(), &*self.bot_key);
        self.connector.bot(options).await.expect("the bot is let in")
    }

    /// A session of the agent.
    pub(crate) async fn agent(&self) -> (AgentClient, Events) {
        let options = Options::agent(self.quic, self.trust.clone(), &*self.agent_key);
        self.connector.agent(options).await.expect("the agent is let in")
    }

    /// Somebody whose credential is none.
    pub(crate) async fn stranger(&self) {
        let key = format!("{}0", self.agent_key);
        let options = Options::agent(self.quic, self.trust.clone(), key);
        assert!(self.connector.agent(options).await.is_err(), "it is no key");
    }

    /// What the daemon exports now.
    pub(crate) fn scrape(&self) -> Scrape {
        let mut stream = TcpStream::connect(self.http).expect("it listens");
        let request = "GET /metrics HTTP/1.1\r\nHost: relevo\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let (_, body) = text.split_once("\r\n\r\n").expect("a header and a body");
        Scrape::parse(body).expect("text format")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // It has ended already where a test went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
