//! The ledger: what is free of a budget, and who waits for it. The lock-free core of admission.
//!
//! Entries and bytes stand in one word, so that one compare-and-swap takes both or neither and
//! no moment exists in which more is taken than there is:
//!
//! ```text
//!  63            40 39                        0
//! [ entries free   ][ bytes free               ]
//! ```
//!
//! Giving back is one addition. It cannot carry from bytes into entries, because only what was
//! taken comes back.
//!
//! Who finds too little joins the line and is called by a later give. To lose no call, both sides
//! write first and look second with a full fence between: the giver adds and then looks for a
//! line, the waiter joins and then tries to take. To call thousands not at once but one by one,
//! at most one call is unanswered at any time; who answers it and leaves calls the next.
//!
//! The file knows no task and no timer, so that a loom model can include it alone
//! (`engine/routing/tests/loom_admission.rs`): tokio does not build under `--cfg loom`.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

const BYTE_BITS: u32 = 40;
const BYTE_MASK: u64 = (1 << BYTE_BITS) - 1;

/// Entries and bytes, packed as in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(u64);

impl Amount {
    /// The most bytes that fit: one less than a tebibyte.
    pub(crate) const MAX_BYTES: u64 = BYTE_MASK;
    /// The most entries that fit: over sixteen million.
    pub(crate) const MAX_ENTRIES: u64 = u64::MAX >> BYTE_BITS;

    /// `None` if either does not fit its bits.
    pub(crate) fn new(entries: u64, bytes: u64) -> Option<Self> {
        (entries <= Self::MAX_ENTRIES && bytes <= Self::MAX_BYTES)
            .then_some(Self(entries << BYTE_BITS | bytes))
    }

    pub(crate) fn entries(self) -> u64 {
        self.0 >> BYTE_BITS
    }

    pub(crate) fn bytes(self) -> u64 {
        self.0 & BYTE_MASK
    }

    pub(crate) fn fits(self, into: Self) -> bool {
        self.entries() <= into.entries() && self.bytes() <= into.bytes()
    }

    fn without(self, taken: Self) -> Option<Self> {
        taken.fits(self).then(|| Self(self.0 - taken.0))
    }
}

/// Whether the caller owes a call to the first of the line.
#[must_use = "the line waits on unless the caller calls"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Call the first of the line.
    First,
    /// Nobody waits, or somebody is being called already.
    Nobody,
}

/// One budget.
#[derive(Debug)]
pub(crate) struct Ledger {
    free: AtomicU64,
    waiting: AtomicUsize,
    /// Somebody has been called and has not answered.
    called: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(whole: Amount) -> Self {
        Self {
            free: AtomicU64::new(whole.0),
            waiting: AtomicUsize::new(0),
            called: AtomicBool::new(false),
        }
    }

    pub(crate) fn free(&self) -> Amount {
        Amount(self.free.load(Ordering::Acquire))
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes the amount if all of it is free.
    #[must_use = "what was taken has to be given back"]
    pub(crate) fn try_take(&self, amount: Amount) -> bool {
        let mut seen = self.free();
        while let Some(left) = seen.without(amount) {
            match self.free.compare_exchange_weak(
                seen.0,
                left.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(changed) => seen = Amount(changed),
            }
        }
        false
    }

    /// Gives back what was taken.
    pub(crate) fn give(&self, amount: Amount) -> Call {
        self.free.fetch_add(amount.0, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        self.call()
    }

    /// Joins the line; whether it was empty. The first tries to take after it, before it first
    /// waits. The others need not: whoever is before them calls when it leaves.
    #[must_use = "the first of the line has to try once more"]
    pub(crate) fn join(&self) -> bool {
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        before == 0
    }

    /// Answers a call. The caller tries to take after it, before it waits again.
    pub(crate) fn answer(&self) {
        self.called.swap(false, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Leaves the line, with or without what was wanted.
    pub(crate) fn leave(&self) -> Call {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        self.call()
    }

    fn call(&self) -> Call {
        let owed = self.waiting.load(Ordering::Relaxed) > 0
            // A plain load first: givers of a batch do not fight over a flag that is up.
            && !self.called.load(Ordering::Relaxed)
            && !self.called.swap(true, Ordering::AcqRel);
        if owed { Call::First } else { Call::Nobody }
    }
}

/// Takes one amount from a share and one from the whole, or neither. The second value is the call owed
/// in the share's line when the whole refused and the share was given back.
pub(crate) fn try_take_both(share: (&Ledger, Amount), whole: (&Ledger, Amount)) -> (bool, Call) {
    if !share.0.try_take(share.1) {
        return (false, Call::Nobody);
    }
    if whole.0.try_take(whole.1) {
        return (true, Call::Nobody);
    }
    (false, share.0.give(share.1))
}

/// Planted bugs, each of which must make the model of the ledger fail.
#[cfg(loom)]
pub(crate) mod planted {
    use super::{Amount, Call, Ledger, Ordering};

    /// Loads and stores instead of comparing and swapping: more is taken than there is.
    pub(crate) fn take_by_load_and_store(ledger: &Ledger, amount: Amount) -> bool {
        let Some(left) = ledger.free().without(amount) else { return false };
        ledger.free.store(left.0, Ordering::Release);
        true
    }

    /// Keeps the share when the whole refuses.
    pub(crate) fn take_both_and_keep_the_share(
        share: (&Ledger, Amount),
        whole: (&Ledger, Amount),
    ) -> (bool, Call) {
        (share.0.try_take(share.1) && whole.0.try_take(whole.1), Call::Nobody)
    }

    /// Looks for a line before it gives.
    pub(crate) fn give_after_looking(ledger: &Ledger, amount: Amount) -> Call {
        let call = ledger.call();
        ledger.free.fetch_add(amount.0, Ordering::AcqRel);
        call
    }

    /// Leaves the line and calls nobody, though gives were silent while its call was open.
    pub(crate) fn leave_without_calling(ledger: &Ledger) -> Call {
        ledger.waiting.fetch_sub(1, Ordering::AcqRel);
        Call::Nobody
    }
}
