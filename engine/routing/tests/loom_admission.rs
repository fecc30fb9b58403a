//! The ledger of the daemon's admission under loom: no overshoot, nothing leaked, no call lost.
//!
//! The file is included from the daemon, which does not build under `--cfg loom` because tokio
//! does not; this crate does.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p relevo-routing --release --test loom_admission
//! ```
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a model is a test; its parts are functions beside it")]

// The daemon shows some of it as metrics, which no model needs.
#[path = "../../daemon/src/admission/ledger.rs"]
mod ledger;

use std::collections::VecDeque;
use std::sync::Arc;

use ledger::{Amount, Call, Ledger, planted};
use loom::sync::{Condvar, Mutex};
use loom::thread;

/// What a planted bug can replace.
#[derive(Clone, Copy)]
struct Acts {
    try_take: fn(&Ledger, Amount) -> bool,
    try_take_both: fn((&Ledger, Amount), (&Ledger, Amount)) -> (bool, Call),
    give: fn(&Ledger, Amount) -> Call,
    leave: fn(&Ledger) -> Call,
}

const REAL: Acts = Acts {
    try_take: Ledger::try_take,
    try_take_both: ledger::try_take_both,
    give: Ledger::give,
    leave: Ledger::leave,
};

fn amount(entries: u64, bytes: u64) -> Amount {
    Amount::new(entries, bytes).unwrap()
}

/// All interleavings with at most three preemptions, unless `LOOM_MAX_PREEMPTIONS` says otherwise.
fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(run);
}

/// The line of an admission gate as tokio's `Notify` keeps it: one call is stored when nobody
/// waits, and a call to one who goes is handed on.
struct Line {
    state: Mutex<LineState>,
    changed: Condvar,
}

#[derive(Default)]
struct LineState {
    stored: bool,
    waiting: VecDeque<usize>,
    called: Vec<usize>,
}

impl LineState {
    fn notify_one(&mut self) {
        match self.waiting.pop_front() {
            Some(who) => self.called.push(who),
            None => self.stored = true,
        }
    }
}

impl Line {
    fn notify_one(&self) {
        self.state.lock().unwrap().notify_one();
        self.changed.notify_all();
    }

    fn enable(&self, who: usize) -> bool {
        let mut state = self.state.lock().unwrap();
        if !state.stored {
            state.waiting.push_back(who);
        }
        std::mem::take(&mut state.stored)
    }

    fn wait(&self, who: usize) {
        let mut state = self.state.lock().unwrap();
        while !state.called.contains(&who) {
            state = self.changed.wait(state).unwrap();
        }
        state.called.retain(|&called| called != who);
    }

    fn cancel(&self, who: usize) {
        let mut state = self.state.lock().unwrap();
        state.waiting.retain(|&waiting| waiting != who);
        if state.called.contains(&who) {
            state.called.retain(|&called| called != who);
            state.notify_one();
            self.changed.notify_all();
        }
    }
}

/// The gate of the daemon without its tasks: the same steps around the same ledger.
struct Gate {
    ledger: Ledger,
    line: Line,
}

impl Gate {
    fn new(whole: Amount) -> Arc<Self> {
        let line = Line { state: Mutex::new(LineState::default()), changed: Condvar::new() };
        Arc::new(Self { ledger: Ledger::new(whole), line })
    }

    fn call(&self, call: Call) {
        if call == Call::First {
            self.line.notify_one();
        }
    }

    fn give(&self, acts: Acts, amount: Amount) {
        self.call((acts.give)(&self.ledger, amount));
    }

    fn take(&self, acts: Acts, who: usize, amount: Amount) {
        let mut my_turn = self.ledger.join();
        loop {
            let stored = self.line.enable(who);
            if stored {
                self.ledger.answer();
                my_turn = true;
            }
            if my_turn && (acts.try_take)(&self.ledger, amount) {
                self.line.cancel(who);
                break;
            }
            if !stored {
                self.line.wait(who);
                self.ledger.answer();
                my_turn = true;
            }
        }
        self.call((acts.leave)(&self.ledger));
    }
}

/// Two take at once, more together than there is; what they got is given back.
fn takes_beside_takes(acts: Acts) {
    model(move || {
        let ledger = Arc::new(Ledger::new(amount(2, 10)));
        let taking: Vec<_> = [6, 5]
            .into_iter()
            .map(|bytes| {
                let ledger = Arc::clone(&ledger);
                thread::spawn(move || (acts.try_take)(&ledger, amount(1, bytes)).then_some(bytes))
            })
            .collect();
        let taken: Vec<u64> =
            taking.into_iter().filter_map(|taker| taker.join().unwrap()).collect();
        assert!(taken.iter().sum::<u64>() <= 10, "more was taken than there is");
        assert_eq!(taken.len(), 1, "either fits alone");
        for bytes in taken {
            let _nobody_waits = (acts.give)(&ledger, amount(1, bytes));
        }
        assert_eq!(ledger.free(), amount(2, 10), "something leaked");
    });
}

/// Two bots with a share each want the last entry of the whole: at most one has it, and nothing
/// is missing in the end.
fn bots_beside_each_other(acts: Acts) {
    model(move || {
        let whole = Arc::new(Ledger::new(amount(1, 10)));
        let taking: Vec<_> = (0..2)
            .map(|_| {
                let whole = Arc::clone(&whole);
                thread::spawn(move || {
                    let share = Ledger::new(amount(1, 10));
                    let (taken, _) =
                        (acts.try_take_both)((&share, amount(1, 4)), (&whole, amount(1, 4)));
                    if taken {
                        let _nobody_waits = (acts.give)(&whole, amount(1, 4));
                        let _nobody_waits = (acts.give)(&share, amount(1, 4));
                    }
                    assert_eq!(share.free(), amount(1, 10), "a share leaked");
                })
            })
            .collect();
        for taker in taking {
            taker.join().unwrap();
        }
        assert_eq!(whole.free(), amount(1, 10), "something leaked");
    });
}

/// Some wait while as many entries are given back one by one: everyone is served; a call lost
/// shows as a deadlock.
fn gives_beside_a_line(acts: Acts, waiters: usize) {
    model(move || {
        let one = amount(1, 1);
        let all = waiters as u64;
        let gate = Gate::new(amount(all, all));
        for _ in 0..waiters {
            assert!(gate.ledger.try_take(one));
        }
        let waiting: Vec<_> = (0..waiters)
            .map(|who| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || gate.take(acts, who, one))
            })
            .collect();
        for _ in 0..waiters {
            gate.give(acts, one);
        }
        for waiter in waiting {
            waiter.join().unwrap();
        }
        assert_eq!(gate.ledger.free(), amount(0, 0));
        assert_eq!(gate.ledger.waiting(), 0);
    });
}

/// Two wait for one entry that goes from hand to hand.
fn one_entry_through_a_line(acts: Acts) {
    model(move || {
        let one = amount(1, 1);
        let gate = Gate::new(one);
        assert!(gate.ledger.try_take(one));
        let waiting: Vec<_> = (0..2)
            .map(|who| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || {
                    gate.take(acts, who, one);
                    gate.give(acts, one);
                })
            })
            .collect();
        gate.give(acts, one);
        for waiter in waiting {
            waiter.join().unwrap();
        }
        assert_eq!(gate.ledger.free(), one, "something leaked");
    });
}

#[test]
fn takers() {
    takes_beside_takes(REAL);
}

#[test]
fn bots() {
    bots_beside_each_other(REAL);
}

#[test]
fn one_waits() {
    gives_beside_a_line(REAL, 1);
}

#[test]
fn two_wait() {
    gives_beside_a_line(REAL, 2);
}

#[test]
fn an_entry_goes_from_hand_to_hand() {
    one_entry_through_a_line(REAL);
}

#[test]
#[should_panic(expected = "more was taken than there is")]
fn planted_take_by_load_and_store() {
    takes_beside_takes(Acts { try_take: planted::take_by_load_and_store, ..REAL });
}

#[test]
#[should_panic(expected = "a share leaked")]
fn planted_share_kept() {
    bots_beside_each_other(Acts { try_take_both: planted::take_both_and_keep_the_share, ..REAL });
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_look_before_the_give() {
    gives_beside_a_line(Acts { give: planted::give_after_looking, ..REAL }, 1);
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_leave_without_a_call() {
    gives_beside_a_line(Acts { leave: planted::leave_without_calling, ..REAL }, 2);
}
