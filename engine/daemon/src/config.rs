//! The configuration of the daemon: one TOML file, every key with a default.
//!
//! Durations and sizes are whole numbers with the unit in the key's name, as in the directory's
//! objects. Relative paths are taken from the folder of the configuration file, without a file from
//! the working directory. Nothing is taken from the environment.
//!
//! Reading finds every problem at once ([`Problems`]); what it returns is checked.

pub(crate) mod cases;
mod directory;
mod doubts;
mod hours;
mod inactivity;
mod labels;
mod members;
mod objects;
mod overflow;
mod problem;
mod reader;
mod references;
mod render;
mod room;
mod rules;
mod sections;
mod shares;
mod skills;
mod targets;
#[cfg(test)]
mod tests;
mod texts;

pub(crate) use directory::is_name;
pub use directory::{Directory, KeySeed, ObjectSeed};
pub(crate) use doubts::doubts;
pub(crate) use objects::ObjectFile;
pub use problem::{Problem, Problems};
pub(crate) use references::Known;
pub use render::{default_document, effective_document};
pub(crate) use render::{key_document, object_document};

use crate::files;
use crate::metrics::ContactCenterBuckets;
#[cfg(doc)]
use crate::metrics::buckets::CONTACT_CENTER_SECONDS;
use problem::Report;
use reader::Section;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest file that is read: 15,000 agents and 5,000 queues with 200 members each stay below it.
const FILE_MIB_MAX: u64 = 64;

/// Everything that the daemon is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[journal]`
    pub journal: Journal,
    /// `[limits]`
    pub limits: Limits,
    /// `[log]`
    pub log: Log,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[directory]` and the objects; read only into an empty journal.
    pub directory: Directory,
}

/// `[server]`: where it listens and how much it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// QUIC over UDP for bots, agents and admins.
    pub listen: SocketAddr,
    /// Plain HTTP for `/metrics`, `/livez`, `/readyz`, `/admin/latency`: no credential, so loopback.
    pub http: SocketAddr,
    /// Certificate and key; absent: a development certificate in the data directory.
    pub tls: Option<TlsFiles>,
    /// Shard threads; absent: one per core.
    pub shards: Option<u16>,
    /// How long an agent without a session keeps its place as reachable.
    pub grace: Duration,
    /// How long an agent may be unreachable before its intent becomes offline.
    pub presence_expiry: Duration,
    /// A waiting ticket that asked is pushed its place in line at most once in this time.
    pub position_interval: Duration,
    /// How long a drain may take.
    pub drain: Duration,
    /// Most sessions at once.
    pub max_sessions: u32,
    /// What the memory bound may be at most, in bytes; checked when the file is read. Absent: not
    /// checked, as the bound adds up worst cases that do not come together.
    pub memory_max_bytes: Option<u64>,
}

/// A certificate chain and its private key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its key: P-256 or Ed25519.
    pub key: PathBuf,
}

/// `[journal]`: the data directory and what may be removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The data directory.
    pub directory: PathBuf,
    /// What may be removed once it stands in a snapshot.
    pub retention: Retention,
    /// Free bytes on the disk below which hand-offs and sends are refused; absent: twice what
    /// the log takes between two snapshots, and two snapshots.
    pub reserve_bytes: Option<u64>,
    /// How many groups may be given up with what is damaged; absent: none. Of the command line alone: no
    /// file says so.
    pub accept_loss: Option<u64>,
}

/// What the journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retention {
    /// Everything: the log is the archive.
    #[default]
    All,
    /// What is still needed to resume and to recover.
    Needed,
}

/// `[limits]`: the memories that have a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bodies of resumable tickets that are kept in memory, in bytes.
    pub messages_memory_bytes: u64,
    /// What all sessions hold of frames that are half read or not taken by their clients, in bytes.
    pub buffers_bytes: u64,
    /// Most tickets that are remembered: open, or closed and not confirmed by both sides.
    pub max_tickets: u64,
    /// Most entries of their sequences.
    pub max_entries: u64,
    /// Most bots, queues and agents of all tenants.
    pub max_objects: u32,
    /// Most tenants.
    pub max_tenants: u16,
    /// Commands between admission and publish.
    pub budget_entries: u32,
    /// Their bytes.
    pub budget_bytes: u64,
}

/// `[log]`: what is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// The least important level that is logged.
    pub level: LogLevel,
    /// Text or JSON.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Only what needs a human.
    Error,
    /// And what will need one.
    Warn,
    /// And what happens to the daemon as a whole.
    #[default]
    Info,
    /// And what happens to single sessions.
    Debug,
    /// And each step.
    Trace,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Text.
    Text,
    /// JSON, one object a line.
    Json,
}

/// `[metrics]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Bounds beside [`CONTACT_CENTER_SECONDS`], ascending, none twice.
    pub extra_buckets_seconds: Vec<u32>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7443)),
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            tls: None,
            shards: None,
            grace: Duration::from_secs(30),
            presence_expiry: Duration::from_secs(60 * 60),
            position_interval: Duration::from_secs(10),
            drain: Duration::from_secs(20),
            max_sessions: 16_384,
            memory_max_bytes: None,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("./relevo-data"),
            retention: Retention::All,
            reserve_bytes: None,
            accept_loss: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_memory_bytes: 256 * MIB,
            buffers_bytes: 1024 * MIB,
            max_tickets: 1_000_000,
            max_entries: 16_000_000,
            max_objects: 250_000,
            max_tenants: 4,
            budget_entries: 32_768,
            budget_bytes: 64 * MIB,
        }
    }
}

/// Bytes of a MiB: sizes in the file are counted in it.
pub(crate) const MIB: u64 = 1024 * 1024;

impl Server {
    /// Shard threads: as configured, or one per core.
    #[must_use]
    pub fn shards(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.shards.map_or_else(cores, usize::from)
    }
}

impl Metrics {
    /// The bounds of the contact-center histograms: what a service-level threshold may be.
    #[must_use]
    pub fn buckets(&self) -> ContactCenterBuckets {
        ContactCenterBuckets::new(&self.extra_buckets_seconds)
            .expect("reading keeps to the number and the range of extra bounds")
    }
}

impl Config {
    /// Reads and checks a file, and the files that it names.
    ///
    /// # Errors
    /// Every problem, with its place and what would be right.
    pub fn load(file: &Path) -> Result<Self, Problems> {
        let text = read(file)?;
        Self::parse(&text, file)
    }

    /// Checks a text as if it stood in `file`; reads the files that it names.
    ///
    /// # Errors
    /// Every problem, with its place and what would be right.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Problems> {
        let base = file.parent().unwrap_or_else(|| Path::new(""));
        let report = Report::new(file, text);
        let mut elsewhere = Vec::new();
        let config = read_tables(text, &report, |document| {
            sections::read(document, base, &report, &mut elsewhere)
        });
        let mut problems = report.into_problems();
        problems.append(&mut elsewhere);
        if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
    }
}

impl Directory {
    /// Reads a file of directory objects that are to be put one by one into a running daemon: what
    /// they refer to may already be there, so only the objects themselves are checked. An object
    /// without a tenant has an empty one.
    ///
    /// # Errors
    /// Every problem, with its place and what would be right.
    pub fn load_objects(file: &Path) -> Result<Self, Problems> {
        Self::parse_objects(&read(file)?, file)
    }

    /// Checks a text as [`Self::load_objects`] does, as if it stood in `file`.
    ///
    /// # Errors
    /// Every problem, with its place and what would be right.
    pub fn parse_objects(text: &str, file: &Path) -> Result<Self, Problems> {
        let report = Report::new(file, text);
        let found = read_tables(text, &report, directory::read);
        let problems = report.into_problems();
        if problems.is_empty() { Ok(found.to_directory(None)) } else { Err(Problems(problems)) }
    }
}

/// Parses a text, notes what is no TOML, and hands the tables to a reader.
fn read_tables<T>(text: &str, report: &Report<'_>, read: impl FnOnce(&Section<'_>) -> T) -> T {
    let (root, errors) = toml::de::DeTable::parse_recoverable(text);
    for error in errors {
        report.syntax(error.span(), error.message());
    }
    let document = Section::document(report, root.get_ref());
    let value = read(&document);
    document.finish();
    value
}

fn read(file: &Path) -> Result<String, Problems> {
    let right = "name a TOML file that this user may read";
    read_text(file)
        .map_err(|error| Problems::unreadable(file, format!("cannot be read: {error}"), right))
}

fn read_text(file: &Path) -> io::Result<String> {
    let bytes = files::read(file, FILE_MIB_MAX)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}
