//! Seats: one packed atomic word per agent, shared by the agent's shard, the agent's sessions and
//! every reader.
//!
//! # What it is for
//! A shard *claims* a seat before it decides an assignment. A session *closes* the agent the
//! instant it pauses or is lost, while its command is still in the ring. Both work on one word by
//! compare-and-swap, so whichever comes first wins and nobody is assigned to after pressing
//! pause. Anyone reads the word without entering a shard.
//!
//! # Who may do what
//! | who | may |
//! |---|---|
//! | the owning shard, one thread | everything |
//! | sessions of the agent | [`SeatWord::view`], [`SeatWord::close_intent`], [`SeatWord::close_reachable`] |
//! | anyone | [`SeatWord::view`] |
//!
//! Only the shard opens: whether an agent is open is decided in ring order, by its state. Words
//! are never recorded; after a restart they are counted from the tickets ([`SeatWord::restore`]).
//!
//! # Closing and opening again
//! A close overtakes the commands that are in the ring. An *open* among them was decided without
//! knowing of the close and must not undo it. So each close raises a counter, each command on
//! presence carries the count it knew, and an open takes effect only if the shard has been told
//! of every close so far:
//!
//! - a session that closes puts the count which the close returned into its command;
//! - a session that opens puts the count of a [`view`](SeatWord::view) taken when it accepts the
//!   command (for reachability: after it has entered the table of live sessions);
//! - the shard applies the command to its state and then, by what the *state* says now, calls
//!   `open_*` or `heard_*_close` with the count of the command, whichever kind of command it was.
//!
//! The shard keeps the newest count it was told, because ring order decides, not the age of a
//! count: when *pause (1)* comes before a *go online* that saw 0, the agent is online. And a lost
//! session may close just after another has opened; its command then finds a live session in the
//! state, and opens with its own count. A close whose command never comes (a session that
//! panicked between the two) ends with the next open, which has seen it.
//!
//! **Two counters, not one.** Intent and reachability are separate facts with separate commands.
//! With one counter, a session lost while *go online* waits in the ring would make that command
//! fail, and the command of the lost session, which speaks of reachability, would never open
//! intent again: the agent would be online in the state and closed in the word for ever.
//!
//! **18 bits each.** An old count is mistaken for a new one only after exactly 262,144 closes (or
//! a multiple) of one fact of one agent while one command waits in the ring. A ring is drained
//! within milliseconds, and a shard that stands still for five seconds fails the daemon's health
//! check.
//!
//! **What is left open.** When two sessions close in one order and their commands enter the ring
//! in the other, a third session's older open between the two is not held back, until the second
//! command arrives a moment later. It takes three devices of one agent within microseconds.
//!
//! # What it must not do
//! No locks, no tokio, no waiting. This module alone in the crate knows atomics; it is
//! model-checked by `tests/loom_seats.rs`, with planted bugs that the model has to find.

mod packed;
#[cfg(any(loom, planted))]
pub mod planted;
mod table;

use std::fmt;
use std::mem;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use packed::{Fact, Packed};

pub use table::Seats;

/// The most seats one agent can have: twelve bits of the word. No person serves a hundred
/// conversations; the rest is room for agents that are programs.
pub const MAX_SEATS: u16 = 4095;

/// How often one fact of one agent has been closed, modulo 2^18. See the module's
/// documentation for who passes which count where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CloseCount(u32);

impl CloseCount {
    const MASK: u32 = (1 << 18) - 1;

    const fn next(self) -> Self {
        Self((self.0 + 1) & Self::MASK)
    }

    /// The later of two counts that lie less than half the range apart.
    const fn newest(self, other: Self) -> Self {
        let ahead = other.0.wrapping_sub(self.0) & Self::MASK;
        if ahead <= Self::MASK / 2 { other } else { self }
    }
}

/// What one read of a [`SeatWord`] saw: all fields of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// The agent wants tickets (intent `online`).
    pub intent: bool,
    /// The agent has at least one live session.
    pub reachable: bool,
    /// The agent is in its grace period: it keeps its tickets and gets no new ones.
    pub grace: bool,
    /// Seats in use. Above `capacity` only after the capacity was lowered.
    pub used: u16,
    /// Seats the agent has.
    pub capacity: u16,
    /// How often intent was closed; the count for a command that sets intent.
    pub intent_closes: CloseCount,
    /// How often reachability was closed; the count for a command that opens a session.
    pub reachable_closes: CloseCount,
}

impl SeatView {
    /// Whether the agent takes new tickets, seats aside.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.intent && self.reachable && !self.grace
    }

    /// Seats that are free, whether or not the agent is open.
    #[must_use]
    pub const fn free(&self) -> u16 {
        self.capacity.saturating_sub(self.used)
    }
}

/// The word of one agent.
///
/// The orderings are acquire and release. The word alone would need none, being one location; they
/// make what a session wrote before it closed visible to the shard that sees it closed.
pub struct SeatWord {
    packed: AtomicU64,
    /// The newest counts the shard was told by commands. Only the shard reads and writes them:
    /// atomics because the word is shared, relaxed because they are one thread's notes.
    intent_told: AtomicU32,
    reachable_told: AtomicU32,
}

impl SeatWord {
    /// A closed agent with no seat in use. `capacity` is at most [`MAX_SEATS`].
    #[must_use]
    pub fn new(capacity: u16) -> Self {
        Self {
            packed: AtomicU64::new(Packed::closed(capacity).0),
            intent_told: AtomicU32::new(0),
            reachable_told: AtomicU32::new(0),
        }
    }

    /// Reads the word. Pure, and by anyone: the answer may be old by the time it is used.
    #[must_use]
    pub fn view(&self) -> SeatView {
        self.load().view()
    }

    /// Takes a seat if the agent is open and has a free one. By the shard only.
    ///
    /// The claim succeeds in the same step that checks the open bits: a close that came before
    /// it makes it fail, a close that comes after it finds the seat already taken.
    pub fn claim(&self) -> Option<Claim<'_>> {
        self.update(Packed::claimed).map(|_| Claim { word: self })
    }

    /// Gives back a seat that a committed claim or [`SeatWord::restore`] had taken. By the shard
    /// only, once per seat, in any state of the agent.
    pub fn release(&self) {
        let released = self.update(Packed::released);
        debug_assert!(released.is_some(), "a seat was released that nobody held");
    }

    /// The agent no longer wants tickets, from this instant. By a session or the shard.
    ///
    /// The caller pushes a command with the returned count; the shard answers it with
    /// [`SeatWord::heard_intent_close`] or [`SeatWord::open_intent`].
    pub fn close_intent(&self) -> CloseCount {
        self.close(Fact::Intent)
    }

    /// The agent has lost its last session, from this instant. By a session or the shard; the
    /// caller's duty is that of [`SeatWord::close_intent`].
    pub fn close_reachable(&self) -> CloseCount {
        self.close(Fact::Reachable)
    }

    /// The state says that the agent wants tickets; `seen` is the count of the command just
    /// handled. By the shard only.
    ///
    /// False if a close came of which no handled command has told. It is not an error: that
    /// close's command is in the ring, and what the state says after it will be done then.
    pub fn open_intent(&self, seen: CloseCount) -> bool {
        self.open(Fact::Intent, seen)
    }

    /// The state says that the agent has a live session; as [`SeatWord::open_intent`].
    pub fn open_reachable(&self, seen: CloseCount) -> bool {
        self.open(Fact::Reachable, seen)
    }

    /// The state says that the agent does not want tickets; `heard` is the count of the command
    /// just handled. By the shard only.
    ///
    /// It closes intent if a later open overtook the command, and else only takes the count.
    pub fn heard_intent_close(&self, heard: CloseCount) {
        self.heard_close(Fact::Intent, heard);
    }

    /// The state says that the agent has no live session; as [`SeatWord::heard_intent_close`].
    pub fn heard_reachable_close(&self, heard: CloseCount) {
        self.heard_close(Fact::Reachable, heard);
    }

    /// Starts or ends the grace period. By the shard only: no session needs it at once, because
    /// losing the last session has closed the agent already.
    pub fn set_grace(&self, grace: bool) {
        self.update(|word| Some(word.with_grace(grace)));
    }

    /// Changes the number of seats, at most [`MAX_SEATS`]. By the shard only. Seats in use stay:
    /// below them, the agent gets nothing new until enough have been released.
    pub fn set_capacity(&self, capacity: u16) {
        self.update(|word| Some(word.with_capacity(capacity)));
    }

    /// Sets everything but the close counters, and counts as having been told of every close.
    ///
    /// By the shard only, in recovery, before the agent has a session: a close that runs beside
    /// it would be undone.
    pub fn restore(&self, used: u16, capacity: u16, intent: bool, reachable: bool, grace: bool) {
        self.update(|word| {
            let seats = word.with_capacity(capacity).with_used(used);
            let facts = seats.with_fact(Fact::Intent, intent).with_fact(Fact::Reachable, reachable);
            Some(facts.with_grace(grace))
        });
        let now = self.load();
        for fact in [Fact::Intent, Fact::Reachable] {
            self.note_told(fact, now.closes(fact));
        }
    }

    fn close(&self, fact: Fact) -> CloseCount {
        self.update(|word| Some(word.closing(fact)))
            .expect("a close applies to every word")
            .closes(fact)
    }

    fn open(&self, fact: Fact, seen: CloseCount) -> bool {
        let told = self.note_told(fact, seen);
        self.update(|word| word.opening(fact, told)).is_some()
    }

    fn heard_close(&self, fact: Fact, heard: CloseCount) {
        self.note_told(fact, heard);
        let closed = self.update(|word| word.holds(fact).then(|| word.closing(fact)));
        if let Some(closed) = closed {
            // The shard's own close needs no command: it is told at once.
            self.note_told(fact, closed.closes(fact));
        }
    }

    /// Remembers a count if it is the newest, and returns the newest.
    fn note_told(&self, fact: Fact, count: CloseCount) -> CloseCount {
        let told = match fact {
            Fact::Intent => &self.intent_told,
            Fact::Reachable => &self.reachable_told,
        };
        let newest = CloseCount(told.load(Ordering::Relaxed)).newest(count);
        told.store(newest.0, Ordering::Relaxed);
        newest
    }

    fn load(&self) -> Packed {
        Packed(self.packed.load(Ordering::Acquire))
    }

    /// Replaces the word by one step of it, decided afresh whenever another thread came between;
    /// the new word, or `None` if the step refuses.
    fn update(&self, step: impl Fn(Packed) -> Option<Packed>) -> Option<Packed> {
        let mut seen = self.load();
        loop {
            let next = step(seen)?;
            match self.packed.compare_exchange_weak(
                seen.0,
                next.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(next),
                Err(changed) => seen = Packed(changed),
            }
        }
    }
}

impl fmt::Debug for SeatWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SeatWord").field(&self.view()).finish()
    }
}

/// A seat taken but not yet kept. It becomes an assignment with [`Claim::commit`]; dropped, it
/// gives the seat back, also when the agent has been closed since.
#[derive(Debug)]
#[must_use = "a claim that is dropped gives its seat back"]
pub struct Claim<'word> {
    word: &'word SeatWord,
}

impl Claim<'_> {
    /// Keeps the seat until [`SeatWord::release`].
    pub fn commit(self) {
        mem::forget(self);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.word.release();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn open_word(capacity: u16) -> SeatWord {
        let word = SeatWord::new(capacity);
        word.restore(0, capacity, true, true, false);
        word
    }

    #[test]
    fn a_new_word_is_closed() {
        let word = SeatWord::new(3);
        assert!(!word.view().is_open());
        assert_eq!(word.view().free(), 3);
        assert!(word.claim().is_none());
    }

    #[test]
    fn a_claim_is_kept_or_given_back() {
        let word = open_word(2);
        word.claim().expect("a free seat").commit();
        assert_eq!(word.view().used, 1);
        drop(word.claim().expect("a second free seat"));
        assert_eq!(word.view().used, 1);
        let last = word.claim().expect("given back, so free again");
        assert!(word.claim().is_none(), "both seats are taken");
        last.commit();
        word.release();
        assert_eq!((word.view().used, word.view().free()), (1, 1));
    }

    #[test]
    fn a_claim_outlives_a_close() {
        let word = open_word(1);
        let claim = word.claim().expect("a free seat");
        word.close_intent();
        drop(claim);
        assert_eq!(word.view().used, 0);
        assert!(word.claim().is_none());
    }

    #[test]
    fn a_lowered_capacity_keeps_the_seats_in_use() {
        let word = open_word(2);
        word.claim().expect("a free seat").commit();
        word.claim().expect("a free seat").commit();
        word.set_capacity(1);
        assert_eq!((word.view().used, word.view().free()), (2, 0));
        word.release();
        assert!(word.claim().is_none(), "one of one is in use");
        word.release();
        assert!(word.claim().is_some());
    }

    #[test]
    fn grace_stops_claims_and_changes_no_fact() {
        let word = open_word(1);
        word.set_grace(true);
        assert!(word.claim().is_none());
        assert!(word.view().intent && word.view().reachable);
        word.set_grace(false);
        assert!(word.claim().is_some());
    }

    #[test]
    fn an_open_from_before_a_close_does_not_reopen() {
        let word = open_word(1);
        let seen = word.view().intent_closes;
        let paused = word.close_intent();
        assert!(!word.open_intent(seen), "the pause is still in the ring");
        word.heard_intent_close(paused);
        assert!(!word.view().intent);
        assert!(word.open_intent(word.view().intent_closes));
    }

    #[test]
    fn ring_order_decides_between_a_pause_and_an_older_open() {
        let word = open_word(1);
        let seen = word.view().intent_closes;
        let paused = word.close_intent();
        word.heard_intent_close(paused);
        assert!(word.open_intent(seen), "the last command of the ring says online");
    }

    #[test]
    fn a_pause_overtaken_by_a_later_open_still_closes() {
        let word = open_word(1);
        let paused = word.close_intent();
        assert!(word.open_intent(word.view().intent_closes));
        word.heard_intent_close(paused);
        assert!(!word.view().intent);
        assert!(word.open_intent(paused), "the shard knows its own close");
    }

    #[test]
    fn a_lost_session_does_not_hold_back_intent() {
        let word = open_word(1);
        word.heard_intent_close(word.close_intent());
        let seen = word.view().intent_closes;
        let lost = word.close_reachable();
        assert!(word.open_intent(seen));
        word.heard_reachable_close(lost);
        assert!(word.view().intent && !word.view().reachable);
    }

    #[test]
    fn a_session_opened_beside_a_lost_one_is_reachable() {
        let word = open_word(1);
        let opened = word.view().reachable_closes;
        let lost = word.close_reachable();
        assert!(!word.open_reachable(opened));
        assert!(word.open_reachable(lost), "the command of the lost session opens");
    }

    #[test]
    fn a_close_without_a_command_ends_with_the_next_open() {
        let word = open_word(1);
        word.close_intent();
        assert!(word.open_intent(word.view().intent_closes));
    }

    #[test]
    fn counts_compare_across_the_wrap() {
        let last = CloseCount(CloseCount::MASK);
        assert_eq!(last.next(), CloseCount(0));
        assert_eq!(last.newest(CloseCount(0)), CloseCount(0));
        assert_eq!(CloseCount(0).newest(last), CloseCount(0));
        assert_eq!(CloseCount(7).newest(CloseCount(7)), CloseCount(7));
    }

    #[test]
    fn restore_counts_as_told() {
        let word = SeatWord::new(1);
        word.close_intent();
        word.close_reachable();
        word.restore(2, 5, true, false, true);
        let view = word.view();
        assert_eq!((view.used, view.capacity), (2, 5));
        assert_eq!((view.intent, view.reachable, view.grace), (true, false, true));
        assert!(word.open_reachable(CloseCount(0)));
    }

    #[test]
    #[should_panic(expected = "a seat was released that nobody held")]
    fn a_release_too_many_is_a_bug() {
        open_word(1).release();
    }
}
