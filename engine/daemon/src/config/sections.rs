//! The sections of the configuration file: each key with its range.

use super::directory::{self, Found};
use super::problem::{Problem, Report};
use super::reader::{Located, Section, shown};
use super::references::Known;
use super::{
    Config, Directory, Journal, Limits, Log, LogFormat, LogLevel, MIB, Metrics, Retention, Server,
    TlsFiles, read_tables, references, room,
};
use crate::memory::Bound;
use crate::metrics::buckets::{EXTRA_BUCKET_SECONDS, EXTRA_BUCKETS};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The words of `[log] level`.
pub(super) const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// The words of `[log] format`.
pub(super) const FORMATS: [(&str, LogFormat); 3] =
    [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];

/// The words of `[journal] retention`.
pub(super) const RETENTIONS: [(&str, Retention); 2] =
    [("all", Retention::All), ("needed", Retention::Needed)];

/// Largest size that a key may give, in MiB: 1 TiB.
const SIZE_MAX_MIB: u64 = 1024 * 1024;

/// Reads every section. Problems of files that the text names go to `elsewhere`.
pub(super) fn read(
    document: &Section<'_>,
    base: &Path,
    report: &Report<'_>,
    elsewhere: &mut Vec<Problem>,
) -> Config {
    let metrics = metrics(document.section("metrics"));
    let limits = limits(document.section("limits"));
    let (server, memory_max) = server(document.section("server"), base);
    let config = Config {
        server,
        journal: journal(document.section("journal"), base),
        log: log(document.section("log")),
        directory: directory(document, base, report, &metrics, &limits, elsewhere),
        limits,
        metrics,
    };
    if let Some(found) = memory_max {
        below(&found, &Bound::of(&config), report);
    }
    config
}

/// The bound that the limits add up to must be no more than what the machine gives.
fn below(max: &Located<u64>, bound: &Bound, report: &Report<'_>) {
    if max.value < bound.mib() {
        report.add(
            &max.span,
            format!(
                "memory_max_mib = {} is below the {} that the limits add up to",
                max.value,
                bound.mib()
            ),
            format!("write at least that, or lower max_sessions or [limits] (in MiB: {bound})"),
        );
    }
}

fn server(section: Section<'_>, base: &Path) -> (Server, Option<Located<u64>>) {
    let default = Server::default();
    let grace = section.optional_number("grace_seconds", 1..=3600, "seconds");
    let grace_s = grace.as_ref().map_or(default.grace.as_secs(), |found| found.value);
    let expiry_default = default.presence_expiry.as_secs();
    let expiry = section.optional_number("presence_expiry_seconds", 60..=7 * 24 * 3600, "seconds");
    if let Some(expiry) = expiry.as_ref().filter(|expiry| expiry.value <= grace_s) {
        section.problem(
            &expiry.span,
            format!("presence_expiry_seconds is not above grace_seconds ({grace_s})"),
            "an agent expires after its grace period is over",
        );
    }
    if let Some(grace) = grace.filter(|grace| grace.value >= expiry_default)
        && !section.has("presence_expiry_seconds")
    {
        section.problem(
            &grace.span,
            format!(
                "grace_seconds is not below presence_expiry_seconds ({expiry_default} when it is left out)"
            ),
            "write a later expiry too: an agent expires after its grace period is over",
        );
    }
    let memory_max = section.optional_number("memory_max_mib", 64..=SIZE_MAX_MIB, "MiB");
    let server = Server {
        listen: address(&section, "listen", default.listen),
        http: address(&section, "http", default.http),
        tls: tls(&section, base),
        shards: section.optional_number("shards", 1..=256, "threads").map(|found| found.value),
        grace: Duration::from_secs(grace_s),
        presence_expiry: Duration::from_secs(expiry.map_or(expiry_default, |found| found.value)),
        position_interval: Duration::from_secs(section.number(
            "position_interval_seconds",
            default.position_interval.as_secs(),
            1..=3600,
            "seconds",
        )),
        drain: Duration::from_secs(section.number(
            "drain_seconds",
            default.drain.as_secs(),
            1..=3600,
            "seconds",
        )),
        max_sessions: section.number(
            "max_sessions",
            default.max_sessions,
            1..=1_000_000,
            "sessions",
        ),
        memory_max_bytes: memory_max.as_ref().map(|found| found.value * MIB),
    };
    section.finish();
    (server, memory_max)
}

fn address(section: &Section<'_>, name: &'static str, default: SocketAddr) -> SocketAddr {
    let Some(text) = section.text(name) else { return default };
    text.value.parse().unwrap_or_else(|_| {
        section.problem(
            &text.span,
            format!("{name} cannot be {:?}", shown(&text.value)),
            format!(
                "write an address and a port, such as \"{default}\" or \"[::]:{}\"",
                default.port()
            ),
        );
        default
    })
}

fn tls(section: &Section<'_>, base: &Path) -> Option<TlsFiles> {
    let certificate = section.text("tls_certificate_file");
    let key = section.text("tls_key_file");
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(alone), None) => {
            let what = "tls_certificate_file without tls_key_file";
            section.problem(
                &alone.span,
                what,
                "name both, or neither for a development certificate",
            );
            return None;
        }
        (None, Some(alone)) => {
            let what = "tls_key_file without tls_certificate_file";
            section.problem(
                &alone.span,
                what,
                "name both, or neither for a development certificate",
            );
            return None;
        }
        (None, None) => return None,
    };
    let span = certificate.span.clone();
    let key_span = key.span.clone();
    let files = TlsFiles { certificate: base.join(certificate.value), key: base.join(key.value) };
    if let Err(error) = crate::tls::read_files(&files) {
        let at = if error.file() == files.key { &key_span } else { &span };
        section.problem(at, error.to_string(), "");
    }
    Some(files)
}

fn journal(section: Section<'_>, base: &Path) -> Journal {
    let default = Journal::default();
    let folder = section.text("directory").map_or(default.directory, |text| {
        if text.value.is_empty() {
            section.problem(&text.span, "directory is empty", "name a folder of the daemon's own");
        }
        PathBuf::from(text.value)
    });
    let reserve = section.optional_number("reserve_mib", 1..=SIZE_MAX_MIB, "MiB");
    let journal = Journal {
        directory: base.join(folder),
        retention: section.choice("retention", default.retention, &RETENTIONS),
        reserve_bytes: reserve.map(|found| found.value * MIB),
        accept_loss: None,
    };
    section.finish();
    journal
}

fn limits(section: Section<'_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        messages_memory_bytes: MIB
            * section.number(
                "messages_memory_mib",
                default.messages_memory_bytes / MIB,
                1..=SIZE_MAX_MIB,
                "MiB",
            ),
        // Whoever is alone still sends the longest line, in a vector that has doubled.
        buffers_bytes: MIB
            * section.number("buffers_mib", default.buffers_bytes / MIB, 80..=SIZE_MAX_MIB, "MiB"),
        max_tickets: section.number(
            "max_tickets",
            default.max_tickets,
            1000..=100_000_000,
            "tickets",
        ),
        max_entries: section.number(
            "max_entries",
            default.max_entries,
            1000..=4_000_000_000,
            "entries",
        ),
        max_objects: section.number("max_objects", default.max_objects, 100..=3_000_000, "objects"),
        max_tenants: section.number("max_tenants", default.max_tenants, 1..=1000, "tenants"),
        budget_entries: section.number(
            "budget_entries",
            default.budget_entries,
            1024..=4_194_304,
            "commands",
        ),
        // The least budget still holds the largest hand-offs of a few bots.
        budget_bytes: MIB
            * section.number("budget_mib", default.budget_bytes / MIB, 8..=65_536, "MiB"),
    };
    section.finish();
    limits
}

fn log(section: Section<'_>) -> Log {
    let default = Log::default();
    let log = Log {
        level: section.choice("level", default.level, &LEVELS),
        format: section.choice("format", default.format, &FORMATS),
    };
    section.finish();
    log
}

fn metrics(section: Section<'_>) -> Metrics {
    let extra = section.numbers("extra_buckets_seconds", 1..=EXTRA_BUCKET_SECONDS, "seconds");
    if let Some(beyond) = extra.get(EXTRA_BUCKETS) {
        let what = format!("extra_buckets_seconds has {} bounds", extra.len());
        section.problem(&beyond.span, what, format!("at most {EXTRA_BUCKETS}"));
    }
    let mut bounds: Vec<u32> =
        extra.into_iter().take(EXTRA_BUCKETS).map(|found| found.value).collect();
    bounds.sort_unstable();
    bounds.dedup();
    section.finish();
    Metrics { extra_buckets_seconds: bounds }
}

fn check(found: &Found, metrics: &Metrics, limits: &Limits, report: &Report<'_>) {
    references::check(found, &Known::default(), Some(metrics), report);
    room::check(found, limits, report);
}

fn directory(
    document: &Section<'_>,
    base: &Path,
    report: &Report<'_>,
    metrics: &Metrics,
    limits: &Limits,
    elsewhere: &mut Vec<Problem>,
) -> Directory {
    let section = document.section("directory");
    let file = section.text("file");
    section.finish();
    let inline = directory::read(document);
    let Some(file) = file else {
        check(&inline, metrics, limits, report);
        return inline.to_directory(None);
    };
    if let Some(span) = inline.first_span() {
        let what = "directory objects stand here and in the file that [directory] names";
        report.add(&span, what, "keep them in one place");
    }
    let path = base.join(&file.value);
    match directory_file(&path, metrics, limits, elsewhere) {
        Ok(found) => found.to_directory(Some(path)),
        Err(error) => {
            unreadable(report, &file, &path, &error);
            Directory::default()
        }
    }
}

fn directory_file(
    path: &Path,
    metrics: &Metrics,
    limits: &Limits,
    elsewhere: &mut Vec<Problem>,
) -> io::Result<Found> {
    let text = super::read_text(path)?;
    let report = Report::new(path, &text);
    let found = read_tables(&text, &report, directory::read);
    check(&found, metrics, limits, &report);
    elsewhere.append(&mut report.into_problems());
    Ok(found)
}

fn unreadable(report: &Report<'_>, file: &Located<String>, path: &Path, why: &io::Error) {
    report.add(
        &file.span,
        format!("the directory file {} cannot be read: {why}", path.display()),
        "name a TOML file that this user may read, relative to this file",
    );
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use std::path::Path;

    #[test]
    fn a_grace_period_beyond_the_usual_expiry_needs_a_later_one() {
        let parse = |server: &str| Config::parse(&format!("[server]\n{server}"), Path::new("f"));
        let problems = parse("grace_seconds = 3600\n").unwrap_err().0;
        let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
        let said = "f:2:17: grace_seconds is not below presence_expiry_seconds (3600 when it is left \
                    out); write a later expiry too: an agent expires after its grace period is over";
        assert_eq!(problems, [said]);
        assert!(parse("grace_seconds = 3599\n").is_ok());
        assert!(parse("grace_seconds = 3600\npresence_expiry_seconds = 3601\n").is_ok());
    }
}
