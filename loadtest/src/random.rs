//! Random numbers of a run: many independent streams from one seed, so that the same seed plans
//! the same run, whatever the order in which its parts ask.

use rand::SeedableRng;
use rand::rngs::SmallRng;

/// What a stream is for. Streams of different purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Times of arrival.
    Arrivals,
    /// What a conversation is like.
    Conversation,
    /// What is said.
    Bodies,
    /// Which sessions are dropped, and when.
    Drops,
    /// When an agent pulls.
    Pulls,
    /// Simulations in tests.
    Simulation,
    /// What happens in a soak.
    Soak,
}

/// The stream of a purpose and an index under a seed.
#[must_use]
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> SmallRng {
    let purpose = match purpose {
        Purpose::Arrivals => 1,
        Purpose::Conversation => 2,
        Purpose::Bodies => 3,
        Purpose::Drops => 4,
        Purpose::Pulls => 5,
        Purpose::Simulation => 6,
        Purpose::Soak => 7,
    };
    SmallRng::seed_from_u64(mix(mix(mix(seed) ^ purpose) ^ index))
}

/// SplitMix64's finisher: neighbouring inputs give unrelated outputs.
#[must_use]
pub fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_stream_depends_on_seed_purpose_and_index_and_on_nothing_else() {
        let first = |seed, purpose, index| stream(seed, purpose, index).next_u64();
        let base = first(7, Purpose::Arrivals, 3);
        assert_eq!(base, first(7, Purpose::Arrivals, 3));
        assert_ne!(base, first(8, Purpose::Arrivals, 3));
        assert_ne!(base, first(7, Purpose::Drops, 3));
        assert_ne!(base, first(7, Purpose::Arrivals, 4));
    }
}
