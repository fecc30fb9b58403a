//! The bell: how a producer decides whether it has to wake the consumer.
//!
//! Waking a thread costs a system call, so it is done only for one that sleeps, and by one
//! producer only. Both sides write first and look second, with a full fence between:
//!
//! ```text
//! producer                     consumer
//!   push                         asleep = true
//!   fence                        fence
//!   asleep? take it, unpark      work? then do not park
//! ```
//!
//! Of two fences one comes first, so either the producer sees the flag or the consumer sees the
//! work: a wake-up cannot be lost. Whoever takes the flag down owes the one unpark; a producer
//! that comes while the consumer is awake, or is being woken, owes none.
//!
//! Every change of the flag is a swap with acquire and release, so that the changes stand in one
//! order that both sides agree on, whichever thread made them. The consumer pays for it only
//! when it is idle.
//!
//! The file knows no queue and no thread, so that a loom model can include it alone
//! (`engine/routing/tests/loom_ring.rs`): tokio does not build under `--cfg loom`.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering, fence};

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering, fence};

/// Whether the one consumer sleeps or is about to.
#[derive(Debug)]
pub(crate) struct Bell {
    asleep: AtomicBool,
}

impl Bell {
    /// A bell whose consumer is awake.
    pub(crate) fn new() -> Self {
        Self { asleep: AtomicBool::new(false) }
    }

    /// By a producer, after its push: whether the caller must unpark the consumer.
    #[must_use = "the consumer sleeps on unless the caller unparks it"]
    pub(crate) fn ring(&self) -> bool {
        fence(Ordering::SeqCst);
        // A plain load first: while the consumer is awake the flag's cache line stays shared.
        self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel)
    }

    /// By the consumer: runs `park` unless there is work. `park` returns when it was unparked,
    /// also by an unpark from before it, or when it likes; the caller looks for work either way.
    pub(crate) fn sleep(&self, has_work: impl FnOnce() -> bool, park: impl FnOnce()) {
        self.asleep.swap(true, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        if !has_work() {
            park();
        }
        self.asleep.swap(false, Ordering::AcqRel);
    }
}

/// Planted bugs, each of which must make the model of the bell fail.
#[cfg(loom)]
pub(crate) mod planted {
    use super::{Bell, Ordering, fence};

    /// The look for work comes before the flag: a push between the two rings for nobody.
    pub(crate) fn sleep_after_looking(
        bell: &Bell,
        has_work: impl FnOnce() -> bool,
        park: impl FnOnce(),
    ) {
        let idle = !has_work();
        bell.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if idle {
            park();
        }
        bell.asleep.store(false, Ordering::Relaxed);
    }

    /// The flag and the look for work may pass each other on the way to memory.
    pub(crate) fn sleep_without_fence(
        bell: &Bell,
        has_work: impl FnOnce() -> bool,
        park: impl FnOnce(),
    ) {
        bell.asleep.store(true, Ordering::Relaxed);
        if !has_work() {
            park();
        }
        bell.asleep.store(false, Ordering::Relaxed);
    }

    /// The flag is read and not taken down: every producer of a batch unparks.
    pub(crate) fn ring_without_taking(bell: &Bell) -> bool {
        fence(Ordering::SeqCst);
        bell.asleep.load(Ordering::Relaxed)
    }
}
