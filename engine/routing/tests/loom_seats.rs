//! The seat word under loom: every interleaving of the shard with the sessions of one agent.
//!
//! Each model is written over [`Acts`], the functions that a planted bug can replace. With the
//! real functions all models hold; with each planted bug one of them fails with the message of
//! the invariant that the bug breaks.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p relevo-routing --release --test loom_seats
//! ```
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a model is a test; its parts are functions beside it")]

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use relevo_routing::seats::{Claim, CloseCount, SeatWord, planted};

/// What the threads of a model do to the word.
#[derive(Clone, Copy)]
struct Acts {
    claim: for<'word> fn(&'word SeatWord) -> Option<Claim<'word>>,
    give_back: for<'word> fn(Claim<'word>),
    close_intent: fn(&SeatWord) -> CloseCount,
}

const REAL: Acts = Acts {
    claim: SeatWord::claim,
    give_back: |claim| drop(claim),
    close_intent: SeatWord::close_intent,
};

fn open_word(capacity: u16) -> Arc<SeatWord> {
    let word = SeatWord::new(capacity);
    word.restore(0, capacity, true, true, false);
    Arc::new(word)
}

/// A claim either comes before a close or fails: after a close has returned, no seat is taken.
fn claim_beside_a_close(acts: Acts) {
    loom::model(move || {
        let word = open_word(2);
        let session = {
            let word = Arc::clone(&word);
            thread::spawn(move || {
                (acts.close_intent)(&word);
                word.view().used
            })
        };
        let claimed = (acts.claim)(&word).map(Claim::commit).is_some();
        let used_after_close = session.join().unwrap();

        let end = word.view();
        assert!(end.used == u16::from(claimed) && !end.intent, "a claim or a close was lost");
        assert!(end.used <= used_after_close, "claimed after the close");
        assert!((acts.claim)(&word).is_none(), "claimed on a closed agent");
    });
}

/// Two claims of the last seat: exactly one has it. One shard owns an agent, so this is more than
/// the daemon asks; it is what makes the claim safe whoever calls it.
fn two_claims_of_the_last_seat(acts: Acts) {
    loom::model(move || {
        let word = open_word(1);
        let other = {
            let word = Arc::clone(&word);
            thread::spawn(move || (acts.claim)(&word).map(Claim::commit).is_some())
        };
        let mine = (acts.claim)(&word).map(Claim::commit).is_some();
        let theirs = other.join().unwrap();
        assert!(mine != theirs, "the last seat was claimed {}", u8::from(mine) + u8::from(theirs));
        assert_eq!(word.view().used, 1);
    });
}

/// A claim that does not become an assignment leaves no seat behind, closed or not.
fn claim_given_back_beside_a_close(acts: Acts) {
    loom::model(move || {
        let word = open_word(2);
        word.claim().unwrap().commit();
        let session = {
            let word = Arc::clone(&word);
            thread::spawn(move || (acts.close_intent)(&word))
        };
        if let Some(claim) = (acts.claim)(&word) {
            (acts.give_back)(claim);
        }
        word.release();
        session.join().unwrap();
        assert_eq!(word.view().used, 0, "a seat was not released");
        assert!(!word.view().intent, "a close was lost");
    });
}

/// Two sessions close the two facts while the shard changes the rest of the word: nobody's step
/// is lost.
fn closes_beside_the_shard(acts: Acts) {
    loom::model(move || {
        let word = open_word(1);
        let pausing = {
            let word = Arc::clone(&word);
            thread::spawn(move || (acts.close_intent)(&word))
        };
        let losing = {
            let word = Arc::clone(&word);
            thread::spawn(move || word.close_reachable())
        };
        word.set_grace(true);
        word.set_capacity(3);
        let paused = pausing.join().unwrap();
        let lost = losing.join().unwrap();

        let end = word.view();
        assert!(!end.intent && !end.reachable, "a close was lost");
        assert!(end.grace && end.capacity == 3, "a step of the shard was lost");
        assert_eq!((end.intent_closes, end.reachable_closes), (paused, lost));
    });
}

/// An open that was in the ring before a pause does not undo the pause; once the pause's own
/// command is handled, the state decides.
fn pause_beside_an_older_open(acts: Acts) {
    loom::model(move || {
        let word = open_word(1);
        let seen = word.view().intent_closes;
        let pressed = Arc::new(AtomicBool::new(false));
        let session = {
            let (word, pressed) = (Arc::clone(&word), Arc::clone(&pressed));
            thread::spawn(move || {
                let paused = (acts.close_intent)(&word);
                pressed.store(true, Ordering::Release);
                paused
            })
        };
        let pressed_before = pressed.load(Ordering::Acquire);
        let opened = word.open_intent(seen);
        let claimed = (acts.claim)(&word).map(Claim::commit).is_some();
        assert!(!(pressed_before && (opened || claimed)), "an older open undid a pause");

        let paused = session.join().unwrap();
        assert!(!word.view().intent, "an older open undid a pause");
        word.heard_intent_close(paused);
        assert!(!word.view().intent);
        assert!(word.open_intent(paused), "a handled pause held back an open");
    });
}

/// One session is lost as another opens, in whichever order their commands enter the ring: when
/// both are handled the agent is reachable, and intent was never touched.
fn a_session_lost_as_another_opens() {
    loom::model(|| {
        let word = open_word(1);
        let ring = Arc::new(Mutex::new(Vec::new()));
        let lost = {
            let (word, ring) = (Arc::clone(&word), Arc::clone(&ring));
            thread::spawn(move || {
                let count = word.close_reachable();
                ring.lock().unwrap().push(count);
            })
        };
        let opened = {
            let (word, ring) = (Arc::clone(&word), Arc::clone(&ring));
            thread::spawn(move || {
                let count = word.view().reachable_closes;
                ring.lock().unwrap().push(count);
            })
        };
        // A go-online from before: the lost session must not make it fail.
        assert!(word.open_intent(word.view().intent_closes), "a lost session held back intent");
        lost.join().unwrap();
        opened.join().unwrap();
        // The opened session is in the table of live sessions all the while, so the state says
        // reachable after either command.
        for count in ring.lock().unwrap().drain(..) {
            word.open_reachable(count);
        }
        assert!(word.view().is_open(), "a live session stayed unreachable");
    });
}

/// Two devices pause while the shard handles their commands as they come: the agent ends closed,
/// and the next open, which has seen both, opens.
fn two_pauses_and_the_ring(acts: Acts) {
    loom::model(move || {
        let word = open_word(1);
        let ring = Arc::new(Mutex::new(Vec::new()));
        let devices: Vec<_> = (0..2)
            .map(|_| {
                let (word, ring) = (Arc::clone(&word), Arc::clone(&ring));
                thread::spawn(move || {
                    let paused = (acts.close_intent)(&word);
                    ring.lock().unwrap().push(paused);
                })
            })
            .collect();
        let early = ring.lock().unwrap().pop();
        if let Some(paused) = early {
            word.heard_intent_close(paused);
        }
        for device in devices {
            device.join().unwrap();
        }
        for paused in ring.lock().unwrap().drain(..) {
            word.heard_intent_close(paused);
        }
        assert!(!word.view().intent, "a close was lost");
        assert!(word.open_intent(word.view().intent_closes));
    });
}

#[test]
fn a_claim_and_a_close() {
    claim_beside_a_close(REAL);
}

#[test]
fn the_last_seat() {
    two_claims_of_the_last_seat(REAL);
}

#[test]
fn a_claim_given_back() {
    claim_given_back_beside_a_close(REAL);
}

#[test]
fn closes_and_the_shard() {
    closes_beside_the_shard(REAL);
}

#[test]
fn a_pause_and_an_older_open() {
    pause_beside_an_older_open(REAL);
}

#[test]
fn sessions_lost_and_opened() {
    a_session_lost_as_another_opens();
}

#[test]
fn pauses_of_two_devices() {
    two_pauses_and_the_ring(REAL);
}

#[test]
#[should_panic(expected = "a seat was not released")]
fn planted_missing_release() {
    claim_given_back_beside_a_close(Acts { give_back: planted::drop_without_release, ..REAL });
}

#[test]
#[should_panic(expected = "the last seat was claimed 2")]
fn planted_double_claim() {
    two_claims_of_the_last_seat(Acts { claim: planted::claim_by_load_and_store, ..REAL });
}

#[test]
#[should_panic(expected = "a claim or a close was lost")]
fn planted_claim_that_overwrites_a_close() {
    claim_beside_a_close(Acts { claim: planted::claim_by_load_and_store, ..REAL });
}

#[test]
#[should_panic(expected = "claimed after the close")]
fn planted_claim_on_a_closed_agent() {
    claim_beside_a_close(Acts { claim: planted::claim_with_bits_checked_once, ..REAL });
}

#[test]
#[should_panic(expected = "a claim or a close was lost")]
fn planted_close_that_overwrites_a_claim() {
    claim_beside_a_close(Acts { close_intent: planted::close_intent_by_load_and_store, ..REAL });
}

#[test]
#[should_panic(expected = "a close was lost")]
fn planted_lost_close() {
    closes_beside_the_shard(Acts { close_intent: planted::close_intent_by_load_and_store, ..REAL });
}

#[test]
#[should_panic(expected = "an older open undid a pause")]
fn planted_counter_not_raised() {
    pause_beside_an_older_open(Acts { close_intent: planted::close_intent_uncounted, ..REAL });
}
