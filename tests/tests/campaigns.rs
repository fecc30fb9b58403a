//! The campaigns, short: that they hold, that they see what they claim to see, and that they fail
//! where they must.

use relevo_tests::campaign::bit_flip::damage::Choice;
use relevo_tests::campaign::bit_flip::{self, Counts};
use relevo_tests::campaign::power_cut::disk::{DataSyncs, Disk};
use relevo_tests::campaign::power_cut::{self, Watch};
use relevo_tests::campaign::traffic::{self, Load, Traffic};
use relevo_tests::campaign::{crash, ledger::Ledger, resume, syncs};
use relevo_tests::harness::tree::tree;
use relevo_tests::harness::wait::until;
use relevo_tests::harness::{Deployment, Settings};
use relevo_wire::Packed;
use relevo_wire::ids::TicketId;
use relevo_wire::push::{Assigned, Entry, EntryEvent, HandedOff, Message, Returned};
use relevo_wire::vocabulary::{Author, Body, CloseReason, HandOffReason, Outcome};

const LOAD: Load = Load { bots: 2, agents: 6, seed: 11 };

#[tokio::test]
async fn killed_daemons_keep_what_they_acknowledged() {
    let report = crash::run(2, LOAD).await;
    assert_eq!(report.violations, [""; 0]);
}

#[tokio::test]
async fn a_power_cut_takes_nothing_that_was_acknowledged_and_without_fdatasync_it_does() {
    let report = power_cut::run(3, LOAD, DataSyncs::Count).await;
    assert_eq!(report.violations, [""; 0]);
    let blind = power_cut::run(8, LOAD, DataSyncs::AreNothing).await;
    assert!(!blind.violations.is_empty(), "without fdatasync nothing was lost: the test is blind");
}

#[test]
fn a_damaged_journal_is_whole_or_a_right_beginning_or_refused() {
    let choice = Choice { seed: 3, sample: 500, all_bits: false };
    let report = bit_flip::run(choice, 2).unwrap();
    assert_eq!(report.faults, [""; 0], "{report}");
    let Counts { whole, unreadable, prefix, refused, .. } = report.all();
    assert!([whole, unreadable, prefix, refused].iter().all(|count| *count > 0), "{report}");
}

#[tokio::test]
async fn the_notes_hold_everything_that_a_daemon_does_to_its_disk() {
    let (daemon, watch, empty) = power_cut::watched(Settings::default()).await;
    let mut deployment = Deployment::of(daemon);
    deployment.put(&traffic::site(LOAD)).await;
    let traffic = Traffic::start(&deployment, LOAD).await;
    until("some load", async || (traffic.ledger_size().closes > 20).then_some(())).await;
    traffic.end().await;
    assert_eq!(deployment.daemon.stop().await.code, Some(0));
    // Opening writes too: the next start is part of it.
    deployment.daemon.restart().await;
    assert_eq!(deployment.daemon.stop().await.code, Some(0));
    check_notes(&deployment, &watch, empty);

    // A repair swaps two names by a call that the C library has no part in.
    let root = deployment.daemon.disk().canonicalize().unwrap();
    let log = tree(&root).into_iter().find(|(path, _)| path.ends_with("db"));
    let (path, Some(mut bytes)) = log.expect("a generation has a file") else { panic!("a file") };
    let word = b"agent-0";
    let at = bytes.windows(word.len()).position(|at| at == word).expect("an agent is in the log");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let damaged = watch.begin_again().unwrap();
    let refused = deployment.daemon.try_restart().await.expect_err("the log is damaged");
    assert_eq!(refused.code, Some(74), "{}", refused.stderr);
    deployment.daemon.settings().accept_loss = Some(u64::MAX);
    deployment.daemon.restart().await;
    assert_eq!(deployment.daemon.stop().await.code, Some(0));
    let repaired = tree(&root).into_keys().any(|path| path.ends_with("lost"));
    assert!(repaired, "the damaged generation was replaced");
    check_notes(&deployment, &watch, damaged);
}

/// What the notes say of the disk is what it has.
fn check_notes(deployment: &Deployment, watch: &Watch, before: Disk) {
    let replayed = watch.replay(before).expect("the notes are whole").live();
    let root = deployment.daemon.disk().canonicalize().expect("the disk is there");
    let real = tree(&root);
    assert_eq!(replayed.keys().collect::<Vec<_>>(), real.keys().collect::<Vec<_>>());
    for (path, bytes) in real {
        assert!(replayed[&path] == bytes, "{} is not what was noted", path.display());
    }
}

#[tokio::test]
async fn every_group_is_synced_once_and_answered_after() {
    if let Some(report) = syncs::run().await {
        assert_eq!(report.wrong(), [""; 0], "{report}");
    }
}

#[tokio::test]
async fn agents_resume_and_none_counts_as_gone() {
    let report = resume::run(30).await;
    assert!(report.held(), "{report}");
}

fn entry(number: u32, at: u64, event: EntryEvent) -> Entry {
    Entry { ticket: TicketId(1), number, at, event }
}

fn handed_off() -> EntryEvent {
    EntryEvent::HandedOff(HandedOff {
        bot: "bot".into(),
        queue: "first".into(),
        reason: HandOffReason::Planned,
        priority: 0,
        parent: None,
        note: String::new(),
        details: None,
    })
}

fn assigned() -> EntryEvent {
    EntryEvent::Assigned(Assigned { agent: "ana".into(), epoch: 2 })
}

fn message(text: &str) -> EntryEvent {
    let body = Packed::new(&Body::text(text));
    EntryEvent::Message(Message { author: Author::Agent, agent: Some("ana".into()), body })
}

fn returned() -> EntryEvent {
    let (reason, outcome) = (CloseReason::Agent, Outcome::Attended);
    EntryEvent::Returned(Returned {
        reason,
        outcome,
        tags: Vec::new(),
        epoch: 3,
        reopen_until: None,
    })
}

/// A conversation in which nothing is wrong.
fn sound() -> Vec<(u32, EntryEvent)> {
    vec![(1, handed_off()), (2, assigned()), (3, message("hello")), (4, returned())]
}

fn ledger(entries: Vec<(u32, EntryEvent)>) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.agent("ana", 1);
    ledger.accepted("bot", TicketId(1));
    ledger.said("ana", true, TicketId(1), 3, "hello");
    ledger.closed(TicketId(1));
    for (number, event) in entries {
        ledger.saw("bot", true, &entry(number, u64::from(number), event));
    }
    ledger
}

#[test]
fn the_ledger_finds_what_is_lost_doubled_disordered_or_different() {
    assert_eq!(ledger(sound()).check(), [""; 0]);
    type Change = fn(&mut Vec<(u32, EntryEvent)>);
    let faults: [(&str, Change); 6] = [
        ("an acknowledged message is missing", |e| drop(e.remove(2))),
        ("an acknowledged close is missing", |e| drop(e.remove(3))),
        ("an entry comes twice", |e| e.insert(2, (2, assigned()))),
        ("entries change places", |e| e.swap(1, 2)),
        ("a message is stored twice", |e| {
            e.splice(3.., [(4, message("hello")), (5, returned())]).for_each(drop)
        }),
        ("a number holds something else", |e| e[2].1 = message("goodbye")),
    ];
    for (fault, change) in faults {
        let mut entries = sound();
        change(&mut entries);
        assert!(!ledger(entries).check().is_empty(), "{fault}");
    }
}

#[test]
fn the_ledger_counts_the_tickets_of_an_agent_at_every_moment() {
    let mut ledger = ledger(sound());
    ledger.accepted("bot", TicketId(2));
    let other = |number, at, event| Entry { ticket: TicketId(2), number, at, event };
    ledger.saw("bot", true, &other(1, 1, handed_off()));
    // The first was assigned at 2 and ended at 4.
    ledger.saw("bot", true, &other(2, 3, assigned()));
    ledger.saw("bot", true, &other(3, 5, returned()));
    assert_eq!(ledger.check(), ["ana had 2 tickets with 1 seats"]);
}
