//! Admission: one budget of entries and bytes for everything between a session and publish.
//!
//! A session takes a [`Permit`] before a command enters the ring, the command carries it through
//! ring, shard, journal and publish, and publish drops it when the result has been passed on. So
//! one number bounds all stages together, and nothing behind admission refuses or drops.
//!
//! # Limits
//! - The [`Budget`] bounds entries because each costs a fixed amount of memory and time whatever
//!   its size, and bytes because sizes differ by a factor of ten thousand.
//! - A [`BotShare`] is a quarter of its entries and [`SHARE_BYTES`]: what goes before the commands
//!   of others is at most that, and one command that is larger. Of a share such a command takes
//!   [`LARGE_BYTES`]. What cannot fit the whole is refused at once and never waited for.
//! - A permit counts one entry and its bytes; at most 16,777,215 entries and 1 TiB in all, which
//!   is what one atomic word holds.
//!
//! # Waiting
//! A hand-off waits for the share of its bot with its lane unread, and is answered `overloaded` at
//! once where the whole is taken, with `take_of_share`. A command on a ticket waits for both, with
//! `take_within`. Those who wait go first: as long as somebody is in line, `try_take` refuses, else
//! a flood of hand-offs would take every entry that comes free before the waiting task has even
//! run. A bot's sessions stand in line for their share first and only with it for the whole, so a
//! bot that is over its share is in nobody's way.
//!
//! Who waits is called one at a time, in the order of coming, and calls the next when served; a
//! give is one addition, one fence and one look while nobody waits, and wakes at most one task when
//! thousands do. Who is called and still finds too little goes to the end of the line: a large
//! command does not hold up small ones, and may be passed by them until its time is over.
//!
//! The counting is in the private module `ledger`, which a loom model checks.

mod ledger;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use ledger::{Amount, Call, Ledger};

/// One bot holds at most the whole divided by this.
pub const BOT_SHARE_DIVISOR: u64 = 4;

/// And no more bytes than these, and those of one large command. All of them go before what another bot says next,
/// and the journal commits 64 KiB at once: eight commits. Four hundred messages are under way in
/// them, more than a bot needs for as many as the daemon relays in all.
pub const SHARE_BYTES: u64 = 512 * 1024;
/// No command takes more of a share. All of it would be free only while the bot says nothing else, and
/// with half of it two of the largest would go before others at once.
pub const LARGE_BYTES: u64 = SHARE_BYTES / 4 * 3;

/// Entries and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Commands, whatever their size.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl From<Amount> for Level {
    fn from(amount: Amount) -> Self {
        Self { entries: amount.entries(), bytes: amount.bytes() }
    }
}

/// The budget of the daemon. Cheap to clone: all clones are one budget.
#[derive(Clone, Debug)]
pub struct Budget {
    purse: Arc<Purse>,
}

impl Budget {
    /// A budget of which nothing is taken.
    ///
    /// # Panics
    /// If either is zero or does not fit the ledger; the configuration has checked both.
    #[must_use]
    pub fn new(entries: u64, bytes: u64) -> Self {
        assert!(entries > 0 && bytes > 0, "an empty budget admits nothing");
        let whole = Amount::new(entries, bytes).expect("the configuration bounds the budget");
        let whole = Arc::new(Gate::new(whole, whole.bytes()));
        Self { purse: Arc::new(Purse { whole, share: None }) }
    }

    /// A bot's part of the budget. One per bot: all sessions of a bot use clones of one handle.
    #[must_use]
    pub fn bot_share(&self) -> BotShare {
        let whole = self.purse.whole.size;
        let part = |of: u64| (of / BOT_SHARE_DIVISOR).max(1);
        let share = Amount::new(part(whole.entries()), part(whole.bytes()).min(SHARE_BYTES))
            .expect("a part fits where the whole does");
        let whole = Arc::clone(&self.purse.whole);
        BotShare { purse: Arc::new(Purse { whole, share: Some(Gate::new(share, LARGE_BYTES)) }) }
    }

    /// A permit for one entry of so many bytes, if it is free and nobody waits for it.
    #[must_use]
    pub fn try_take(&self, bytes: u64) -> Option<Permit> {
        Purse::try_take(&self.purse, bytes)
    }

    /// A permit for one entry of so many bytes, waiting for it at most so long. Cancelling the
    /// wait leaves nothing behind.
    pub async fn take_within(&self, bytes: u64, patience: Duration) -> Option<Permit> {
        Purse::take_within(&self.purse, bytes, patience).await
    }

    /// What is free at this moment, for metrics.
    #[must_use]
    pub fn free(&self) -> Level {
        self.purse.whole.ledger.free().into()
    }

    /// How many wait for the whole at this moment, for metrics; not those who wait for a share.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.purse.whole.ledger.waiting()
    }
}

/// The part of the budget that one bot may hold. Cheap to clone: all clones are one share.
#[derive(Clone, Debug)]
pub struct BotShare {
    purse: Arc<Purse>,
}

impl BotShare {
    /// As [`Budget::try_take`], if the share has it free too.
    #[must_use]
    pub fn try_take(&self, bytes: u64) -> Option<Permit> {
        Purse::try_take(&self.purse, bytes)
    }

    /// A permit for one entry of so many bytes, waiting for the share at most so long; of the whole
    /// it takes what is free, and waits for nothing. Cancelling the wait leaves nothing behind.
    pub async fn take_of_share(&self, bytes: u64, patience: Duration) -> Option<Permit> {
        if let Some(permit) = self.try_take(bytes) {
            return Some(permit);
        }
        let purse = &self.purse;
        let amount = purse.amount(bytes)?;
        let share = purse.share.as_ref()?;
        let of_share = share.take_until(amount, Instant::now() + patience).await?;
        let is_taken = !purse.whole.has_line() && purse.whole.ledger.try_take(amount);
        is_taken.then(|| {
            of_share.keep();
            Permit { purse: Arc::clone(purse), amount }
        })
    }

    /// As [`Budget::take_within`]; the time covers both lines.
    pub async fn take_within(&self, bytes: u64, patience: Duration) -> Option<Permit> {
        Purse::take_within(&self.purse, bytes, patience).await
    }

    /// Has the share too little for so many bytes at this moment, whatever the whole has? Then a
    /// hand-off waits.
    #[must_use]
    pub fn is_short_of(&self, bytes: u64) -> bool {
        let share = self.purse.share.as_ref();
        share.is_some_and(|share| {
            let amount = Amount::new(1, bytes).map(|amount| share.part(amount));
            amount.is_some_and(|amount| !amount.fits(share.ledger.free()))
        })
    }

    /// What is free of the share at this moment, for metrics; the whole may have less.
    #[must_use]
    pub fn free(&self) -> Level {
        self.purse.share.as_ref().unwrap_or(&self.purse.whole).ledger.free().into()
    }
}

/// One entry and its bytes, given back when dropped.
#[must_use = "a permit that is dropped is given back"]
pub struct Permit {
    purse: Arc<Purse>,
    amount: Amount,
}

impl Permit {
    /// The bytes it was taken for.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.amount.bytes()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // The whole first: who waits for the share needs both.
        self.purse.whole.give(self.amount);
        if let Some(share) = &self.purse.share {
            share.give(share.part(self.amount));
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Permit").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// What permits are taken from and given back to: the whole, and for a bot its share.
#[derive(Debug)]
struct Purse {
    whole: Arc<Gate>,
    share: Option<Gate>,
}

impl Purse {
    /// `None` if so much can never be free.
    fn amount(&self, bytes: u64) -> Option<Amount> {
        Amount::new(1, bytes).filter(|amount| amount.fits(self.whole.size))
    }

    fn try_take(purse: &Arc<Self>, bytes: u64) -> Option<Permit> {
        let amount = purse.amount(bytes)?;
        if purse.whole.has_line() {
            return None;
        }
        let taken = match &purse.share {
            None => purse.whole.ledger.try_take(amount),
            Some(share) if share.has_line() => false,
            Some(share) => {
                let of_share = (&share.ledger, share.part(amount));
                let of_whole = (&purse.whole.ledger, amount);
                let (taken, call) = ledger::try_take_both(of_share, of_whole);
                share.call(call);
                taken
            }
        };
        taken.then(|| Permit { purse: Arc::clone(purse), amount })
    }

    async fn take_within(purse: &Arc<Self>, bytes: u64, patience: Duration) -> Option<Permit> {
        if let Some(permit) = Self::try_take(purse, bytes) {
            return Some(permit);
        }
        let amount = purse.amount(bytes)?;
        let deadline = Instant::now() + patience;
        let of_share = match &purse.share {
            Some(share) => Some(share.take_until(amount, deadline).await?),
            None => None,
        };
        let of_whole = purse.whole.take_until(amount, deadline).await?;
        of_whole.keep();
        if let Some(of_share) = of_share {
            of_share.keep();
        }
        Some(Permit { purse: Arc::clone(purse), amount })
    }
}

/// A ledger and the tasks in line before it.
#[derive(Debug)]
struct Gate {
    size: Amount,
    /// Most bytes that one command takes here, however many it has.
    most: u64,
    ledger: Ledger,
    line: Notify,
}

impl Gate {
    fn new(size: Amount, most: u64) -> Self {
        let most = most.min(size.bytes());
        Self { size, most, ledger: Ledger::new(size), line: Notify::new() }
    }

    fn has_line(&self) -> bool {
        self.ledger.waiting() > 0
    }

    /// What a command takes here.
    fn part(&self, amount: Amount) -> Amount {
        let bytes = amount.bytes().min(self.most);
        Amount::new(amount.entries(), bytes).expect("less than an amount fits too")
    }

    fn give(&self, amount: Amount) {
        self.call(self.ledger.give(amount));
    }

    fn call(&self, call: Call) {
        match call {
            // Kept by the `Notify` for the next in line if the one called has gone meanwhile.
            Call::First => self.line.notify_one(),
            Call::Nobody => {}
        }
    }

    async fn take_until(&self, amount: Amount, deadline: Instant) -> Option<Taken<'_>> {
        let amount = self.part(amount);
        let place = Place::join(self);
        let mut my_turn = place.is_first;
        loop {
            let mut called = pin!(self.line.notified());
            // In line before the try: a call between the try and the wait is not lost.
            if called.as_mut().enable() {
                self.ledger.answer();
                my_turn = true;
            }
            if my_turn && self.ledger.try_take(amount) {
                return Some(Taken { gate: self, amount });
            }
            timeout_at(deadline, called).await.ok()?;
            self.ledger.answer();
            my_turn = true;
        }
    }
}

/// A place in line, left when dropped: served, out of time or cancelled.
struct Place<'gate> {
    gate: &'gate Gate,
    is_first: bool,
}

impl<'gate> Place<'gate> {
    fn join(gate: &'gate Gate) -> Self {
        Self { gate, is_first: gate.ledger.join() }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.call(self.gate.ledger.leave());
    }
}

/// An amount taken from one gate by a task that may still be cancelled.
struct Taken<'gate> {
    gate: &'gate Gate,
    amount: Amount,
}

impl Taken<'_> {
    /// Leaves the amount to a [`Permit`].
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.gate.give(self.amount);
    }
}

#[cfg(test)]
mod tests;
