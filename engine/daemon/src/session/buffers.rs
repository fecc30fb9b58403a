//! One memory for what all sessions hold of frames under way: half-read ones, and those that their
//! clients have not taken.
//!
//! It is never exceeded. So that clients who do not read take little from those who do:
//! - Nobody holds more than a sixteenth of what is free.
//! - The last eighth is for small pieces: who keeps up needs no more.
//! - The less is free, the less patience there is with who does not take or does not finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Nobody holds more than what is free divided by this.
pub(crate) const SHARE_DIVISOR: usize = 16;
/// The memory divided by this is for small pieces alone.
const RESERVE_DIVISOR: usize = 8;
/// A small piece, in bytes: some ten messages.
const SMALL_BYTES: usize = 4096;
/// With anybody, whatever is free.
const PATIENCE_LEAST: Duration = Duration::from_millis(250);

/// The memory.
#[derive(Debug)]
pub struct Buffers {
    size: usize,
    free: AtomicUsize,
}

/// What one holds of it; given back when dropped.
#[derive(Debug)]
pub struct Held {
    buffers: Arc<Buffers>,
    bytes: usize,
}

/// More than the holder may have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl Buffers {
    /// So many bytes, of which nothing is held.
    #[must_use]
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { size: bytes, free: AtomicUsize::new(bytes) })
    }

    /// Nothing of it, to begin with.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> Held {
        Held { buffers: Arc::clone(self), bytes: 0 }
    }

    /// What is free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }

    /// Most that somebody may hold now.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most_of(self.free())
    }

    /// How long to wait for a client, of `full` when nothing is held.
    #[must_use]
    pub fn patience(&self, full: Duration) -> Duration {
        full.mul_f64(self.free() as f64 / self.size as f64).max(PATIENCE_LEAST)
    }

    /// More is held than is free.
    #[must_use]
    pub fn is_scarce(&self) -> bool {
        self.free() < self.size / 2
    }

    fn most_of(&self, free: usize) -> usize {
        let shared = free.saturating_sub(self.size / RESERVE_DIVISOR);
        (shared / SHARE_DIVISOR).max(SMALL_BYTES.min(free))
    }
}

impl Held {
    /// Holds so many bytes from now on. What shrinks always may.
    ///
    /// # Errors
    /// It would be more than anybody may have now; then as much is held as before.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if bytes == self.bytes {
            return Ok(());
        }
        if bytes < self.bytes {
            self.buffers.free.fetch_add(self.bytes - bytes, Ordering::Relaxed);
        } else {
            let (buffers, more) = (&self.buffers, bytes - self.bytes);
            let take =
                |free: usize| free.checked_sub(more).filter(|_| bytes <= buffers.most_of(free));
            let taken = buffers.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
            taken.map_err(|_| Exhausted)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The memory that it is of.
    #[must_use]
    pub fn buffers(&self) -> &Arc<Buffers> {
        &self.buffers
    }

    /// So much of what is held passes to another, and is not held here any more.
    #[must_use]
    pub fn hand_over(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { buffers: Arc::clone(&self.buffers), bytes }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.buffers.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn nobody_holds_more_than_a_sixteenth_of_what_is_free() {
        let buffers = Buffers::new(8 * MIB);
        let mut one = buffers.hold();
        let most = 7 * MIB / SHARE_DIVISOR;
        assert_eq!(one.resize(most + 1), Err(Exhausted));
        assert_eq!(one.resize(most), Ok(()));
        assert_eq!(buffers.free(), 8 * MIB - most);
        assert!(buffers.most() < most, "the next may have less");
        assert_eq!(one.resize(most + 1), Err(Exhausted));
        assert_eq!(buffers.free(), 8 * MIB - most, "and keeps what it had");
        assert_eq!(one.resize(10), Ok(()));
        drop(one);
        assert_eq!(buffers.free(), 8 * MIB);
    }

    #[test]
    fn whoever_takes_all_it_may_leaves_room_for_small_pieces() {
        let buffers = Buffers::new(8 * MIB);
        let greedy: Vec<Held> = (0..1_000)
            .map_while(|_| {
                let most = buffers.most();
                let mut held = buffers.hold();
                (most > SMALL_BYTES).then(|| held.resize(most)).map(|_| held)
            })
            .collect();
        let mut small: Vec<Held> = Vec::new();
        for _ in 0..MIB / SMALL_BYTES {
            let mut held = buffers.hold();
            assert_eq!(held.resize(SMALL_BYTES + 1), Err(Exhausted));
            assert_eq!(held.resize(SMALL_BYTES), Ok(()));
            small.push(held);
        }
        assert!(buffers.patience(Duration::from_secs(10)) < Duration::from_secs(1));
        drop((greedy, small));
        assert_eq!(buffers.free(), 8 * MIB);
        assert_eq!(buffers.patience(Duration::from_secs(10)), Duration::from_secs(10));
    }

    #[test]
    fn nothing_beyond_the_whole_is_given_out() {
        let buffers = Buffers::new(10_000);
        let held: Vec<_> = (0..10)
            .map(|_| {
                let mut held = buffers.hold();
                held.resize(3_000).is_ok().then_some(held)
            })
            .collect();
        assert_eq!(held.iter().flatten().count(), 3);
        assert_eq!(buffers.hold().resize(1_001), Err(Exhausted));
        assert_eq!(buffers.hold().resize(1_000), Ok(()));
    }

    #[test]
    fn what_is_handed_over_is_counted_once() {
        let buffers = Buffers::new(8 * MIB);
        let mut first = buffers.hold();
        first.resize(40).unwrap();
        let second = first.hand_over(30);
        assert_eq!(buffers.free(), 8 * MIB - 40);
        drop(first);
        assert_eq!(buffers.free(), 8 * MIB - 30);
        drop(second);
        assert_eq!(buffers.free(), 8 * MIB);
    }
}
