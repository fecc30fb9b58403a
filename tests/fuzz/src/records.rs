//! Records of the routing core as the log holds them.

use crate::memory::Bound;
use relevo_routing::Event;
use relevo_routing::record::{self, RecordHeader};

/// The smallest event has 6 bytes and a few of its own, and takes the place of the largest.
const BOUND: Bound = Bound { per_byte: 48, fixed: 1024 };

pub(crate) fn run(bytes: &[u8]) {
    let Some((header, events)) = decoded(bytes) else { return };
    let mut again = Vec::new();
    record::encode(&mut again, &header, &events);
    assert_eq!(decoded(&again), Some((header, events)), "encoded again");
}

fn decoded(bytes: &[u8]) -> Option<(RecordHeader, Vec<Event>)> {
    let read = BOUND.hold(bytes, || record::decode(bytes));
    read.map_err(|error| assert!(!error.to_string().is_empty())).ok()
}
