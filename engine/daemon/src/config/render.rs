//! The configuration as text: the documented defaults, and what is in force.

use super::directory::KeySeed;
use super::sections::{FORMATS, LEVELS, RETENTIONS};
use super::{Config, Directory, MIB};
use relevo_wire::directory::Object;
use std::fmt::Write as _;
use std::path::Path;

/// A key of the file: its documentation and its value.
struct Knob {
    name: &'static str,
    /// Lines of the comment above it.
    doc: &'static str,
    /// As TOML.
    value: Value,
}

enum Value {
    Set(String),
    /// Absent; the text is an example.
    Unset(&'static str),
}

/// A commented file that parses to the defaults.
#[must_use]
pub fn default_document() -> String {
    let mut text = String::from(
        "# The configuration of relevo. Every key below has its default; a file may leave out any.\n\
         # Check a file with `relevo check-config -c FILE`; `relevo config print -c FILE` shows what\n\
         # is in force. Relative paths start at the folder of this file. SIGHUP reloads the log level\n\
         # and the TLS files; everything else takes a restart.\n",
    );
    for (section, knobs) in sections(&Config::default()) {
        let _ = write!(text, "\n[{section}]\n");
        for (at, knob) in knobs.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            for line in knob.doc.lines() {
                let _ = writeln!(text, "# {}", line.trim());
            }
            let _ = match &knob.value {
                Value::Set(value) => writeln!(text, "{} = {value}", knob.name),
                Value::Unset(example) => writeln!(text, "# {} = {example}", knob.name),
            };
        }
    }
    text
}

/// What is in force, without comments: reading it gives the same configuration again.
#[must_use]
pub fn effective_document(config: &Config) -> String {
    let mut text = String::new();
    for (section, knobs) in sections(config) {
        let _ = writeln!(text, "[{section}]");
        for knob in knobs {
            let _ = match knob.value {
                Value::Set(value) => writeln!(text, "{} = {value}", knob.name),
                Value::Unset(_) => writeln!(text, "# {} is not set", knob.name),
            };
        }
        text.push('\n');
    }
    if config.directory.file.is_none() {
        objects(&config.directory, &mut text);
    }
    text
}

fn sections(config: &Config) -> [(&'static str, Vec<Knob>); 6] {
    [
        ("server", server(config)),
        ("journal", journal(config)),
        ("limits", limits(config)),
        ("log", log(config)),
        ("metrics", metrics(config)),
        ("directory", directory(config)),
    ]
}

fn server(config: &Config) -> Vec<Knob> {
    let server = &config.server;
    let tls = server.tls.as_ref();
    vec![
        knob("listen", quoted(server.listen), "Address of QUIC (UDP) for bots, agents and admins."),
        knob(
            "http",
            quoted(server.http),
            "Address of plain HTTP for /metrics, /livez, /readyz and /admin/latency. It asks for no
            credential: keep it on loopback or behind something that does.",
        ),
        optional(
            "tls_certificate_file",
            tls.map(|files| path(&files.certificate)),
            "\"certificate.pem\"",
            "Certificate chain, PEM, the server's own certificate first. Absent, with its key: a
            development certificate, made once and kept in the data directory.",
        ),
        optional(
            "tls_key_file",
            tls.map(|files| path(&files.key)),
            "\"key.pem\"",
            "Its private key, PEM: P-256 or Ed25519.",
        ),
        optional(
            "shards",
            server.shards,
            "2",
            "Threads that decide; each owns a set of tenants. Absent: one per core. May change between
            starts.",
        ),
        knob(
            "grace_seconds",
            server.grace.as_secs(),
            "How long an agent whose last session was lost keeps its tickets as reachable (it gets no
            new ones). 30: twice the 15 s after which a silent connection counts as lost.",
        ),
        knob(
            "presence_expiry_seconds",
            server.presence_expiry.as_secs(),
            "How long an agent may be unreachable before it counts as gone offline. 1 h: a lunch with
            the laptop shut.",
        ),
        knob(
            "position_interval_seconds",
            server.position_interval.as_secs(),
            "A waiting customer whose hand-off asked hears of a new place in line at most once in so
            many seconds, and less often while more than 256,000 wait in a shard's lines. 10: more
            news than that reads as noise.",
        ),
        knob(
            "drain_seconds",
            server.drain.as_secs(),
            "How long a drain (SIGTERM) may take before the exit with code 75. 20: below the 30 s
            after which container schedulers kill.",
        ),
        knob(
            "max_sessions",
            server.max_sessions,
            "Most sessions at once. 16384: 15,000 agents and 1,000 bots, about 0.5 GiB when idle.",
        ),
        optional(
            "memory_max_mib",
            server.memory_max_bytes.map(|bytes| bytes / MIB),
            "262144",
            "What the daemon's memory bound may be: the sum of all its limits, which it logs part by part
            at its start. A file whose limits go beyond it is refused. Absent: not checked, as the
            bound adds up worst cases that do not come together.",
        ),
    ]
}

fn journal(config: &Config) -> Vec<Knob> {
    let journal = &config.journal;
    vec![
        knob("directory", path(&journal.directory), "The data directory. One daemon holds it."),
        knob(
            "retention",
            word(&RETENTIONS, journal.retention),
            "\"all\": the log is the archive and nothing is ever removed. \"needed\": what is neither
            resumable nor newer than the older kept snapshot may go.",
        ),
        optional(
            "reserve_mib",
            journal.reserve_bytes.map(|bytes| bytes / MIB),
            "1024",
            "Free disk below which hand-offs and sends are refused with `storage_full`; closes go on.
            Absent: twice what the log takes between two snapshots, and two of the present size.",
        ),
    ]
}

fn limits(config: &Config) -> Vec<Knob> {
    let limits = &config.limits;
    vec![
        knob(
            "messages_memory_mib",
            limits.messages_memory_bytes / MIB,
            "Memory for the message bodies of tickets that may still be resumed; older ones are read
            from disk. 256: a million messages of 256 bytes.",
        ),
        knob(
            "buffers_mib",
            limits.buffers_bytes / MIB,
            "Memory for what all sessions hold of frames that are half read or not taken by their
            clients. Nobody holds more than a sixteenth of what is free. 1024: a thousand clients may
            lag behind by all that they may at once.",
        ),
        knob(
            "max_tickets",
            limits.max_tickets,
            "Tickets that are remembered: open, or closed and not confirmed by both sides. A bot has at
            most as many as are still free; beyond it hand-offs and transfers are refused with
            `limit_exceeded`. 1000000: one bot alone may have half a million.",
        ),
        knob(
            "max_entries",
            limits.max_entries,
            "Entries of their sequences, likewise; messages are refused too. 16000000: sixteen a
            ticket when there are as many of those as may be.",
        ),
        knob(
            "max_objects",
            limits.max_objects,
            "Bots, queues and agents of all tenants, those that were deleted too. 250000: ten times
            15,000 agents, 5,000 queues and 1,000 bots.",
        ),
        knob(
            "max_tenants",
            limits.max_tenants,
            "Tenants. They share a million idempotency keys. 4: an organization, and some to try.",
        ),
        knob(
            "budget_entries",
            limits.budget_entries,
            "Commands between admission and publish; beyond it hand-offs are answered `overloaded`.
            One bot holds at most a quarter. 32768: a tenth of a second of what one core decides.",
        ),
        knob(
            "budget_mib",
            limits.budget_bytes / MIB,
            "Their bytes. One bot holds at most 512 KiB, and one command that is larger, and waits for
            more. 64: sixty-four bots are under way with a hand-off of the largest size.",
        ),
    ]
}

fn log(config: &Config) -> Vec<Knob> {
    let log = &config.log;
    vec![
        knob(
            "level",
            word(&LEVELS, log.level),
            "\"error\", \"warn\", \"info\", \"debug\" or \"trace\". Message bodies are never logged.",
        ),
        knob(
            "format",
            word(&FORMATS, log.format),
            "\"text\", \"json\", or \"auto\": text on a terminal, JSON otherwise.",
        ),
    ]
}

fn metrics(config: &Config) -> Vec<Knob> {
    let bounds = &config.metrics.extra_buckets_seconds;
    vec![knob(
        "extra_buckets_seconds",
        format!("{bounds:?}"),
        "Bounds of the waiting and response histograms beside 1 2 5 10 15 20 30 45 60 90 120 180 300
        600 1200 1800 3600 7200 14400 28800 86400; at most 16. A queue's threshold_seconds must be a
        bound: only then the service level is counted exactly.",
    )]
}

fn directory(config: &Config) -> Vec<Knob> {
    vec![optional(
        "file",
        config.directory.file.as_deref().map(path),
        "\"directory.example.toml\"",
        "Tenants, agents, bots, queues and keys to begin with. The objects may also stand in this file
        as [[tenant]], [[agent]], [[bot]], [[queue]] and [[key]]. They are read only while the data
        directory is empty; later `relevo apply` changes them in the running daemon.",
    )]
}

fn knob(name: &'static str, value: impl ToString, doc: &'static str) -> Knob {
    Knob { name, doc, value: Value::Set(value.to_string()) }
}

fn optional(
    name: &'static str,
    value: Option<impl ToString>,
    example: &'static str,
    doc: &'static str,
) -> Knob {
    let value = value.map_or(Value::Unset(example), |value| Value::Set(value.to_string()));
    Knob { name, doc, value }
}

fn quoted(value: impl ToString) -> String {
    toml::Value::String(value.to_string()).to_string()
}

fn path(path: &Path) -> String {
    quoted(path.display())
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> String {
    let found = words.iter().find(|(_, meaning)| *meaning == value);
    quoted(found.expect("every variant has its word").0)
}

fn objects(directory: &Directory, text: &mut String) {
    for seed in &directory.objects {
        let _ = writeln!(text, "{}", object_document(&seed.tenant, &seed.object));
    }
    for key in &directory.keys {
        let _ = writeln!(text, "{}", key_document(key));
    }
}

/// An object as a directory file holds it, with every field. With an empty tenant it names none.
pub(crate) fn object_document(tenant: &str, object: &Object) -> String {
    let written = |object: Result<toml::Table, toml::ser::Error>| {
        object.expect("directory objects are tables of plain values")
    };
    let (kind, mut table) = match object {
        Object::Tenant(tenant) => {
            return array_entry("tenant", written(toml::Table::try_from(tenant)));
        }
        Object::Agent(agent) => ("agent", written(toml::Table::try_from(agent))),
        Object::Bot(bot) => ("bot", written(toml::Table::try_from(bot))),
        Object::Queue(queue) => ("queue", written(toml::Table::try_from(queue))),
    };
    if !tenant.is_empty() {
        table.insert("tenant".into(), tenant.into());
    }
    // An empty channel says the same as none, and an empty name is refused.
    if table.get("channel").and_then(toml::Value::as_str) == Some("") {
        table.remove("channel");
    }
    array_entry(kind, table)
}

/// A `[[key]]` as a directory file holds it.
pub(crate) fn key_document(key: &KeySeed) -> String {
    let mut table = toml::Table::new();
    if !key.tenant.is_empty() {
        table.insert("tenant".into(), key.tenant.clone().into());
    }
    table.insert("role".into(), key.role.name().into());
    if !key.owner.is_empty() {
        table.insert("owner".into(), key.owner.clone().into());
    }
    if !key.label.is_empty() {
        table.insert("label".into(), key.label.clone().into());
    }
    table.insert("prefix".into(), key.prefix.clone().into());
    table.insert("sha256".into(), crate::keys::hex(&key.sha256).into());
    array_entry("key", table)
}

/// `[[kind]]` with its fields, tables below it included.
fn array_entry(kind: &str, table: toml::Table) -> String {
    let entries = toml::Value::Array(vec![toml::Value::Table(table)]);
    toml::Table::from_iter([(kind.to_owned(), entries)]).to_string()
}
