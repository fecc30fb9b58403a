//! Planted bugs: the twins of five functions of [`super`], each wrong in one way.
//!
//! They exist only under `--cfg loom` and `--cfg planted`, and apart from the real functions, so
//! that those stay readable. A model that does not fail with each of them is blind.

use std::mem;

use super::packed::{Fact, Packed};
use super::{Claim, CloseCount, Ordering, SeatWord};

/// Missing release: the claim is dropped and its seat stays taken.
pub fn drop_without_release(claim: Claim<'_>) {
    mem::forget(claim);
}

/// Double claim: the word is loaded and stored instead of compared and swapped.
pub fn claim_by_load_and_store(word: &SeatWord) -> Option<Claim<'_>> {
    let claimed = word.load().claimed()?;
    word.packed.store(claimed.0, Ordering::Release);
    Some(Claim { word })
}

/// Claim on a closed agent: the bits are checked once, before the loop that swaps.
pub fn claim_with_bits_checked_once(word: &SeatWord) -> Option<Claim<'_>> {
    word.load().claimed()?;
    word.update(|seen| (seen.used() < seen.capacity()).then(|| seen.with_used(seen.used() + 1)))
        .map(|_| Claim { word })
}

/// Lost close: the word is loaded and stored instead of compared and swapped.
pub fn close_intent_by_load_and_store(word: &SeatWord) -> CloseCount {
    let closed = word.load().closing(Fact::Intent);
    word.packed.store(closed.0, Ordering::Release);
    closed.closes(Fact::Intent)
}

/// Counter not raised: the bit is cleared and an older open does not notice.
pub fn close_intent_uncounted(word: &SeatWord) -> CloseCount {
    word.update(|seen| Some(seen.without(Fact::Intent)))
        .map_or_else(CloseCount::default, |closed: Packed| closed.closes(Fact::Intent))
}
