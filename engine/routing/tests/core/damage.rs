//! Records and snapshots that are cut, flipped or of another version: refused, and nothing panics.

use crate::common::*;
use crate::record::{encoded, samples};
use relevo_routing::record::{self, RecordError};
use relevo_routing::snapshot::SnapshotError;
use relevo_routing::{Event, Settings, Tenant};

#[test]
fn every_truncation_is_told() {
    let events: Vec<Event> = samples().into_iter().map(|(_, event)| event).collect();
    let bytes = encoded(&events);
    for length in 0..bytes.len() {
        assert!(record::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(record::decode(&longer), Err(RecordError::Trailing(1)));
}

#[test]
fn no_flipped_byte_panics() {
    let events: Vec<Event> = samples().into_iter().map(|(_, event)| event).collect();
    let bytes = encoded(&events);
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let _decoded_or_refused = record::decode(&damaged).is_ok();
        }
    }
}

#[test]
fn other_schemas_actors_and_events_are_refused_by_name() {
    let revoked = samples().into_iter().find(|(name, _)| *name == "key_revoked");
    let bytes = encoded(&[revoked.expect("it has a sample").1]);
    let with = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        record::decode(&bytes)
    };
    assert_eq!(with(0, 1), Err(RecordError::Schema(1)));
    assert_eq!(with(18, 9), Err(RecordError::Actor(9)));
    let unknown = |number, version| RecordError::UnknownEvent { index: 0, at: 51, number, version };
    assert_eq!(with(51, 99), Err(unknown(99, 1)));
    assert_eq!(with(52, 2), Err(unknown(4, 2)));
}

#[test]
fn a_damaged_snapshot_is_refused_and_never_panics() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let ticket = desk.hand_off(1);
    desk.hand_off(2);
    desk.hand_off(3);
    desk.reply("ana", ticket);
    desk.close("ana", ticket);
    let bytes = desk.tenant.snapshot();
    let read = |bytes: &[u8]| Tenant::from_snapshot(bytes, Settings::default());
    assert_eq!(read(b"").err(), Some(SnapshotError::NotASnapshot));
    assert_eq!(read(b"RLVT").err(), Some(SnapshotError::NotASnapshot));
    let mut other = bytes.clone();
    other[4] = 1;
    assert_eq!(read(&other).err(), Some(SnapshotError::Version(1)));
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}
