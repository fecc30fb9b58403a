//! The start of a daemon, from inside the process.

use relevo::config::Config;
use relevo::runtime::Daemon;
use relevo::tls::Tls;
use relevo_journal::Options;
use relevo_routing::Event;
use relevo_routing::record::{SCHEMA_VERSION, decode};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// On free ports, with this data directory.
fn config(data: &Path) -> Config {
    let mut config = Config::default();
    config.server.listen.set_port(0);
    config.server.http.set_port(0);
    config.journal.directory = data.to_owned();
    config
}

/// It is seen by whoever connects, and may be pinned.
#[test]
fn the_certificate_is_on_disk_before_anybody_can_connect() {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let data = folder.path().join("data");
    let config = config(&data);
    let tls = Tls::open(None, &data).expect("a certificate can be made");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let daemon = Daemon::start(&config, &tls).await.expect("nothing is in its way");
        let kept = Tls::open(None, &data).expect("what is on disk is whole");
        assert_eq!(kept.fingerprint(), tls.fingerprint());
        daemon.drain(Duration::from_secs(5)).await;
    });
}

/// Where a start was cut short between them, the next one took that for the time since when all were
/// down: the clocks of those it had not come to ran on while nobody could serve them.
#[test]
fn all_tenants_are_told_of_a_start_by_one_group_of_the_log() {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let tenants: String =
        (0..4).map(|number| format!("[[tenant]]\nname = \"tenant-{number}\"\n")).collect();
    let text = format!("[journal]\ndirectory = \"data\"\n{tenants}");
    let mut config = Config::parse(&text, &folder.path().join("relevo.toml")).expect(&text);
    config.server.listen.set_port(0);
    config.server.http.set_port(0);
    // Each tenant has a thread of its own, or nearly.
    config.server.shards = Some(64);
    let data = &config.journal.directory;
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    for _ in 0..2 {
        let tls = Tls::open(None, data).expect("a certificate can be made");
        runtime.block_on(async {
            let daemon = Daemon::start(&config, &tls).await.expect("nothing is in its way");
            daemon.drain(Duration::from_secs(5)).await;
        });
    }
    let options = Options { schema: SCHEMA_VERSION, ..Options::new(data) };
    let log = relevo_journal::open(options).expect("it was closed");
    let groups: Vec<u64> = log
        .records()
        .map(|record| record.expect("it was just written"))
        .filter(|(_, record)| {
            let (_, events) = decode(record.public()).expect("it was just written");
            events.iter().any(|event| matches!(event, Event::Started(_)))
        })
        .map(|(place, _)| place.group.0)
        .collect();
    // Four, and the tenant of the operators.
    assert_eq!(groups.len(), 5);
    assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
}

/// A daemon without traffic writes nothing to its log: what it waited for would be put off by that time.
#[test]
fn time_without_a_record_is_no_downtime() {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let data = folder.path().join("data");
    let config = config(&data);
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let start = || {
        let tls = Tls::open(None, &data).expect("a certificate can be made");
        runtime.block_on(async {
            let daemon = Daemon::start(&config, &tls).await.expect("nothing is in its way");
            daemon.drain(Duration::from_secs(5)).await;
        });
    };
    start();
    let alive = data.join("alive");
    let said = || fs::read_to_string(&alive).expect("it says when it was there");
    let number = |text: String| text.trim().parse::<u64>().expect("a number");
    let left_us = number(said());
    start();
    let options = Options { schema: SCHEMA_VERSION, ..Options::new(&data) };
    let log = relevo_journal::open(options).expect("it was closed");
    let mut downtimes = Vec::new();
    let mut last_us = 0;
    for record in log.records() {
        let (_, record) = record.expect("it was just written");
        let (header, events) = decode(record.public()).expect("it was just written");
        for event in events {
            if let Event::Started(started) = event {
                downtimes.push((header.now - started.down_us, last_us));
            }
        }
        last_us = header.now;
    }
    let (since_us, last_us) = downtimes.pop().expect("there was a start");
    assert_eq!(since_us, left_us, "it was there until then");
    assert!(last_us < left_us, "and its last record was before");
}
