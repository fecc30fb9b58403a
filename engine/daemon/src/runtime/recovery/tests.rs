//! What the retention `needed` leaves of the log.

use super::*;
use crate::metrics::buckets::ContactCenterBuckets;
use crate::publish::conversations::Record;
use crate::publish::tests::scene::opened;
use bytes::Bytes;
use relevo_journal::{Failure, Fold as _, GroupNumber, Hooks, Place, Submission};
use relevo_routing::record::{Actor, ActorKind, RecordHeader, encode};
use relevo_wire::ids::TicketId;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::{io, iter};

const TENANT: TenantId = TenantId(1);

/// Generations that are left after so many snapshots, each behind a record of a tenant without
/// conversations.
fn generations_after(snapshots: u64, retention: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[journal]\ndirectory = \"data\"\nretention = \"{retention}\"\n");
    let config = Config::parse(&text, &folder.path().join("relevo.toml")).unwrap();
    let settings = Settings::default();
    let State { log, needed, .. } = recover(&config, &settings).unwrap();
    let buckets = ContactCenterBuckets::new(&[]).unwrap();
    let folding =
        folding(&settings, Arc::new(Metrics::new(&buckets, "0")), needed, SecondState::default());
    let (told, done) = channel();
    let folding = Folding { done: Box::new(move |result| told.send(result).unwrap()), ..folding };
    let (committed, groups) = channel();
    let hooks = Hooks {
        sink: Box::new(move |_| committed.send(()).unwrap()),
        failed: Box::new(|failure: Failure| panic!("{failure}")),
    };
    let journal = log.start(hooks, Some(folding)).unwrap();
    for now in 1..=snapshots {
        let actor = Actor { kind: ActorKind::Daemon, id: 0, session: 0 };
        let header =
            RecordHeader { tenant: TENANT, now, actor, request_id: 0, directory_version: 0 };
        let mut public = Vec::new();
        encode(&mut public, &header, &[]);
        let record = Submission { public, private: Vec::new(), urgent: true, payload: () };
        journal.submit(vec![record]).unwrap();
        groups.recv().unwrap();
        journal.snapshot_now();
        done.recv().unwrap().unwrap();
    }
    journal.close().unwrap();
    entries(&config.journal.directory.join("generations"))
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// The floor was never told to the journal: it stayed at 0, and nothing was ever removed.
#[test]
fn retention_needed_removes_what_no_conversation_needs() {
    // The last two snapshots stay: what is behind the older one, and the present generation.
    assert_eq!(generations_after(5, "needed"), 2);
    assert_eq!(generations_after(5, "all"), 6);
}

/// The floor that a fold tells which begins with this snapshot.
fn floor(snapshot: &[u8]) -> u64 {
    let needed = Arc::<AtomicU64>::default();
    let mut folder = Folder::new(Settings::default(), Arc::clone(&needed));
    let mut previous = snapshot;
    folder.fold(Some(&mut previous), &mut iter::empty(), &mut io::sink()).unwrap();
    needed.load(Ordering::Acquire)
}

#[test]
fn what_a_conversation_has_entries_in_is_needed() {
    let fold = Fold::new(Settings::default(), 0);
    let mut snapshot = Vec::new();
    fold.save(&mut snapshot).unwrap();
    assert_eq!(floor(&snapshot), u64::MAX, "nobody needs anything");
    for (ticket, group) in [(1, 9), (2, 7), (3, 8)] {
        let place = Place { group: GroupNumber(group), index: 0 };
        let private = Bytes::new();
        let record = Record { tenant: TENANT, now: 1, place, events: &[], private: &private };
        fold.conversations.apply_event(record, &opened(TicketId(ticket), None));
    }
    snapshot.clear();
    fold.save(&mut snapshot).unwrap();
    assert_eq!(floor(&snapshot), 7);
}
