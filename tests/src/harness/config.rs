//! The configuration of a daemon under test.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// What a test may want otherwise than the default.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where QUIC listens; port 0 at the first start, then the port that it got.
    pub listen: SocketAddr,
    /// Where HTTP listens; likewise.
    pub http: SocketAddr,
    /// How long an agent without a session keeps its place, in seconds.
    pub grace_seconds: u64,
    /// How long a drain may take, in seconds.
    pub drain_seconds: u64,
    /// Least time between two pushes of a ticket's place in line, in seconds.
    pub position_interval_seconds: u64,
    /// Shard threads.
    pub shards: u16,
    /// Most sessions at once.
    pub max_sessions: Option<u32>,
    /// How many groups may be given up of a damaged log.
    pub accept_loss: Option<u64>,
    /// More lines of the file.
    pub more: String,
}

impl Default for Settings {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any,
            http: any,
            grace_seconds: 30,
            drain_seconds: 10,
            position_interval_seconds: 10,
            shards: 2,
            max_sessions: None,
            accept_loss: None,
            more: String::new(),
        }
    }
}

impl Settings {
    /// With another grace period.
    #[must_use]
    pub fn grace_seconds(grace_seconds: u64) -> Self {
        Self { grace_seconds, ..Self::default() }
    }

    /// The file, for a daemon whose data stands in `data`.
    #[must_use]
    pub fn file(&self, data: &Path) -> String {
        let mut text = String::new();
        let data = toml::Value::from(data.to_string_lossy().as_ref());
        let sessions = self.max_sessions.map(|most| format!("max_sessions = {most}\n"));
        let sessions = sessions.unwrap_or_default();
        write!(
            text,
            "[server]\nlisten = \"{}\"\nhttp = \"{}\"\ngrace_seconds = {}\ndrain_seconds = {}\n\
             position_interval_seconds = {}\nshards = {}\n{sessions}\n[journal]\ndirectory = {data}\n\n\
             [log]\nlevel = \"debug\"\nformat = \"json\"\n{}",
            self.listen,
            self.http,
            self.grace_seconds,
            self.drain_seconds,
            self.position_interval_seconds,
            self.shards,
            self.more
        )
        .expect("writing into a string cannot fail");
        text
    }
}
