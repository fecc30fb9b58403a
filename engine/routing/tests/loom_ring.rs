//! The bell of the daemon's command ring under loom: no wake-up is lost, and none is given twice.
//!
//! The file is included from the daemon, which does not build under `--cfg loom` because tokio
//! does not; this crate does.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p relevo-routing --release --test loom_ring
//! ```
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a model is a test; its parts are functions beside it")]

#[path = "../../daemon/src/ring/bell.rs"]
mod bell;

use bell::{Bell, planted};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::sync::Arc;

type Sleep = fn(&Bell, &dyn Fn() -> bool, &dyn Fn());

/// What a planted bug can replace.
#[derive(Clone, Copy)]
struct Acts {
    sleep: Sleep,
    ring: fn(&Bell) -> bool,
}

const REAL: Acts =
    Acts { sleep: |bell, has_work, park| bell.sleep(has_work, park), ring: Bell::ring };

/// Park with a token, as crossbeam's `Parker`.
struct Parker {
    token: Mutex<bool>,
    unparked: Condvar,
}

impl Parker {
    fn park(&self) {
        let mut token = self.token.lock().unwrap();
        while !*token {
            token = self.unparked.wait(token).unwrap();
        }
        *token = false;
    }

    fn unpark(&self) {
        *self.token.lock().unwrap() = true;
        self.unparked.notify_one();
    }
}

/// The ring with its lanes reduced to a count, which orders nothing by itself.
struct Ring {
    bell: Bell,
    pushed: AtomicUsize,
    parker: Parker,
    unparks: AtomicUsize,
}

impl Ring {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            bell: Bell::new(),
            pushed: AtomicUsize::new(0),
            parker: Parker { token: Mutex::new(false), unparked: Condvar::new() },
            unparks: AtomicUsize::new(0),
        })
    }

    fn push(&self, acts: Acts) {
        self.pushed.fetch_add(1, Ordering::Release);
        if (acts.ring)(&self.bell) {
            self.unparks.fetch_add(1, Ordering::Relaxed);
            self.parker.unpark();
        }
    }
}

/// Every push reaches the consumer, which sleeps whenever it has caught up; a wake-up lost shows
/// as a deadlock. Each sleep is ended by at most one unpark.
///
/// Two producers have too many interleavings for every run: they are cut at three preemptions
/// unless `LOOM_MAX_PREEMPTIONS` says otherwise. Without the cut it takes minutes, and passes.
fn pushes_beside_sleep(acts: Acts, producers: usize) {
    let mut model = loom::model::Builder::new();
    if producers > 1 {
        model.preemption_bound = model.preemption_bound.or(Some(3));
    }
    model.check(move || {
        let ring = Ring::new();
        let pushing: Vec<_> = (0..producers)
            .map(|_| {
                let ring = Arc::clone(&ring);
                thread::spawn(move || ring.push(acts))
            })
            .collect();
        let mut taken = 0;
        let mut sleeps = 0;
        while taken < producers {
            let seen = taken;
            let has_work = || ring.pushed.load(Ordering::Acquire) != seen;
            sleeps += 1;
            (acts.sleep)(&ring.bell, &has_work, &|| ring.parker.park());
            taken = ring.pushed.load(Ordering::Acquire);
        }
        for producer in pushing {
            producer.join().unwrap();
        }
        let unparks = ring.unparks.load(Ordering::Relaxed);
        assert!(unparks <= sleeps, "{unparks} unparks for {sleeps} sleeps");
    });
}

#[test]
fn one_producer() {
    pushes_beside_sleep(REAL, 1);
}

#[test]
fn two_producers() {
    pushes_beside_sleep(REAL, 2);
}

#[test]
fn a_consumer_that_is_awake_is_not_unparked() {
    loom::model(|| {
        let ring = Ring::new();
        let producer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || ring.push(REAL))
        };
        ring.push(REAL);
        producer.join().unwrap();
        assert_eq!(ring.unparks.load(Ordering::Relaxed), 0);
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_look_before_the_flag() {
    pushes_beside_sleep(
        Acts { sleep: |bell, work, park| planted::sleep_after_looking(bell, work, park), ..REAL },
        1,
    );
}

#[test]
#[should_panic(expected = "deadlock")]
fn planted_missing_fence() {
    pushes_beside_sleep(
        Acts { sleep: |bell, work, park| planted::sleep_without_fence(bell, work, park), ..REAL },
        1,
    );
}

#[test]
#[should_panic(expected = "2 unparks for 1 sleeps")]
fn planted_unpark_of_each_producer() {
    pushes_beside_sleep(Acts { ring: planted::ring_without_taking, ..REAL }, 2);
}
