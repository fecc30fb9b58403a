//! A soak of some seconds, end to end: a daemon of its own is killed under load, all agents are cut,
//! the directory is changed.

use relevo_loadtest::arguments::Soak;
use relevo_loadtest::checker::Counter;
use relevo_loadtest::soak;
use relevo_loadtest::soak::events::{Ending, Happening, Who};
use relevo_tests::harness::binary;
use std::path::Path;

fn arguments() -> Soak {
    Soak {
        daemon: Some(binary::relevo().to_path_buf()),
        minutes: 0.2,
        restart_every: Some(6.0),
        agents: 8,
        bots: 2,
        queues: 2,
        seats: 2,
        rate: 8.0,
        messages_per_ticket: 4,
        text_bytes: None,
        seed: 1,
        out: None,
    }
}

/// Memory and the like say nothing after seconds: what is judged here is right or wrong at any pace.
#[tokio::test(flavor = "multi_thread")]
async fn a_soak_restarts_cuts_and_changes_and_loses_nothing() {
    let report = Box::pin(soak::soak(&arguments(), "soak".into())).await.unwrap();
    let summary = report.summary();
    let happened = |what| report.marks.iter().any(|mark| mark.what == what);
    assert!(happened(Happening::Restart(Ending::Kill)), "{summary}");
    assert!(happened(Happening::Storm(Who::Agents)), "{summary}");
    assert!(report.changes > 0 && report.accepted > 0, "{summary}");
    assert!(report.samples.iter().any(|sample| sample.life == 1), "{summary}");
    let holds = |name: &str| report.lines.iter().any(|line| line.what == name && line.holds);
    for counter in Counter::ALL {
        // Whether two sides saw the same within seconds depends on the machine.
        if counter != Counter::WorkConservation {
            assert!(holds(counter.name()), "{summary}");
        }
    }
    assert!(holds("happened") && holds("restarts, storms, changes"), "{summary}");
    let folder = tempfile::tempdir().unwrap();
    report.write(folder.path()).unwrap();
    let page = read(&folder.path().join("soak.html"));
    assert!(page.contains("SIGKILL") && page.contains("agents cut"), "{page:.300}");
    assert!(!page.contains("<script") && !page.contains("http"), "{page:.300}");
    let stored: soak::report::Report =
        serde_json::from_str(&read(&folder.path().join("soak.json"))).unwrap();
    assert_eq!(stored.samples.len(), report.samples.len());
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the soak wrote it")
}
