//! Ticket ids: UUIDv7 of `now`, with where they were made in the random bits. No randomness.

use crate::Micros;
use relevo_wire::TicketId;

/// Where ids are made: no two of them meet, neither of two starts of a daemon, nor of two shards of a
/// start, nor of two tenants of a shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// Number of the daemon's start (its low 20 bits are used).
    pub start: u32,
    /// Number of the shard (its low 8 bits are used).
    pub shard: u16,
    /// Number of the tenant among those of its shard (its low 22 bits are used). Counted, not drawn
    /// from the tenant's own id: two of four million would be enough to meet.
    pub tenant: u32,
}

const COUNTER_BITS: u32 = 24;
const TENANT_BITS: u32 = 22;
const SHARD_BITS: u32 = 8;
const START_BITS: u32 = 20;
/// Low random bits of a UUIDv7; the other 12 stand before the variant.
const LOW_BITS: u32 = 62;

const _: () = assert!(COUNTER_BITS + TENANT_BITS + SHARD_BITS + START_BITS == LOW_BITS + 12);

/// Makes the ids of one tenant: each greater than the one before while `now` does not go back.
#[derive(Debug, Clone, Default)]
pub(crate) struct TicketIds {
    origin: u128,
    last_ms: u64,
    counter: u32,
}

impl TicketIds {
    pub(crate) fn set_origin(&mut self, origin: Origin) {
        let start = u128::from(origin.start) & ((1 << START_BITS) - 1);
        let shard = u128::from(origin.shard) & ((1 << SHARD_BITS) - 1);
        let tenant = u128::from(origin.tenant) & ((1 << TENANT_BITS) - 1);
        self.origin = ((((start << SHARD_BITS) | shard) << TENANT_BITS) | tenant) << COUNTER_BITS;
    }

    pub(crate) fn next(&mut self, now: Micros) -> TicketId {
        let ms = now / 1000;
        if ms > self.last_ms {
            self.last_ms = ms;
            self.counter = 0;
        } else {
            // 16 million ids in one millisecond are more than memory holds.
            self.counter = (self.counter + 1) & ((1 << COUNTER_BITS) - 1);
        }
        let random = self.origin | u128::from(self.counter);
        let (high, low) = (random >> LOW_BITS, random & ((1 << LOW_BITS) - 1));
        let time = u128::from(self.last_ms) & 0xffff_ffff_ffff;
        TicketId((time << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7_with_the_time_first() {
        let mut ids = TicketIds::default();
        ids.set_origin(Origin { start: u32::MAX, shard: u16::MAX, tenant: u32::MAX });
        let id = ids.next(1_700_000_000_000_000).0;
        assert_eq!(id >> 80, 1_700_000_000_000);
        assert_eq!((id >> 76) & 0xf, 7);
        assert_eq!((id >> 62) & 0b11, 0b10);
    }

    #[test]
    fn ids_rise_and_never_repeat() {
        let mut ids = TicketIds::default();
        let mut last = TicketId(0);
        for now in [5_000, 5_000, 5_001, 6_000, 6_000, 9_000] {
            let id = ids.next(now);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn starts_shards_and_tenants_do_not_meet() {
        let id = |start, shard, tenant| {
            let mut ids = TicketIds::default();
            ids.set_origin(Origin { start, shard, tenant });
            ids.next(1_000)
        };
        let first = id(1, 1, 1);
        assert_ne!(first, id(2, 1, 1));
        assert_ne!(first, id(1, 2, 1));
        assert_ne!(first, id(1, 1, 2));
    }
}
