//! Whatever is submitted, in whatever batches, comes out of the log as it went in; whatever bytes lie
//! in a log, reading them ends in records or an error.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

use proptest::prelude::*;
use relevo_journal::{
    Committer, GROUP_BYTES_MAX, GROUP_BYTES_MIN, GroupNumber, Log, MemoryLog, Records, Submission,
    Tail,
};

fn submission() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        8 => (0..300_usize, 0..300_usize),
        3 => (0..60_000_usize, 0..20_000_usize),
        1 => (0..300_000_usize, 0..300_000_usize),
        1 => Just((0, 0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn submissions_come_out_as_they_went_in(
        batches in prop::collection::vec(prop::collection::vec(submission(), 0..12), 0..6),
        limit in GROUP_BYTES_MIN..=GROUP_BYTES_MAX,
    ) {
        let log = MemoryLog::new();
        let mut committer = Committer::new(log.clone(), Tail::EMPTY, 1, limit);
        let mut expected = Vec::new();
        let mut payload = 0_usize;
        let mut delivered = Vec::new();
        for batch in batches {
            for (public, private) in batch {
                payload += 1;
                let public = vec![payload as u8; public];
                let private = vec![!payload as u8; private];
                if !public.is_empty() || !private.is_empty() {
                    expected.push((public.clone(), private.clone()));
                }
                committer.push([Submission { public, private, urgent: true, payload }]);
            }
            // One commit only: the rest waits behind the next batch.
            if let Some(group) = committer.commit().unwrap() {
                prop_assert!(group.bytes <= limit);
                delivered.extend(group.deliveries);
            }
        }
        while let Some(group) = committer.commit().unwrap() {
            prop_assert!(group.bytes <= limit);
            delivered.extend(group.deliveries);
        }
        let payloads: Vec<_> = delivered.iter().map(|delivery| delivery.payload).collect();
        prop_assert_eq!(payloads, (1..=payload).collect::<Vec<_>>());
        let places: Vec<_> = delivered.iter().filter_map(|delivery| delivery.place).collect();
        let mut records = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
        for (number, (expected, place)) in expected.iter().zip(&places).enumerate() {
            let (at, record) = records.next().unwrap().unwrap();
            prop_assert_eq!(at, *place);
            prop_assert_eq!(record.number.0, number as u64 + 1);
            prop_assert!((record.public(), record.private()) == (&expected.0[..], &expected.1[..]));
        }
        prop_assert!(records.next().is_none());
        prop_assert_eq!(places.len(), expected.len());
        prop_assert_eq!(records.tail(), committer.tail());
    }

    #[test]
    fn any_bytes_are_records_or_an_error(value in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut log = MemoryLog::new();
        log.append(GroupNumber(0), &value).unwrap();
        let records = Records::new(log.read(GroupNumber(1)).unwrap(), Tail::EMPTY);
        for record in records {
            prop_assert!(record.is_err());
        }
    }
}
