//! sled's thread pool, cut to what the journal needs.
//!
//! sled 0.34.7 starts seven threads for the whole process and wakes all of them for each write: one
//! writes, the others find nothing, thousands of times a second. On two cores that was 17 % of the
//! daemon's processor time under load, and of a commit of 560 µs only 130 µs were the sync. The pool
//! has no setting, so the threads that are not needed are given a task that does not end.
//!
//! The task is a flush whose waker does not return: sled wakes the one who waits for a flush from the
//! pool's own thread, which then holds nothing but the lock of that flush. One thread goes on
//! working. sled can need more (it may wait for a truncation of its file while it holds the lock that
//! a write needs at its end), and a damaged directory may kill the one: so those that were taken out
//! look each second whether a call into sled stands still, and go back to work if one does.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// Threads that sled 0.34.7 starts.
const STARTED: usize = 7;
/// Threads that go on working.
const KEPT: usize = 1;
/// Looks for a moment in which a flush is not done yet when its waker is left behind. Nearly always
/// the first one is.
const ATTEMPTS: usize = 100;
/// A call that takes longer stands still. On a slow disk it does not: then the threads come back for
/// nothing, and only their wake-ups are paid for again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Calls into sled that need its pool, of the whole process as the pool is.
static CALLS: Calls = Calls { begun: AtomicU64::new(0), ended: AtomicU64::new(0) };

struct Calls {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Calls {
    /// The number of the last call, if one has not ended.
    fn open(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        (begun != ended).then_some(begun)
    }
}

struct Call;

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.ended.fetch_add(1, Ordering::Release);
    }
}

/// Makes a call into sled that needs its pool.
pub(crate) fn call<R>(sled: impl FnOnce() -> R) -> R {
    CALLS.begun.fetch_add(1, Ordering::Release);
    let _ended = Call;
    sled()
}

struct OutOfWork;

impl Wake for OutOfWork {
    fn wake(self: Arc<Self>) {
        let mut seen = None;
        loop {
            thread::sleep(PATIENCE);
            let open = CALLS.open();
            if open.is_some() && open == seen {
                *out() -= 1;
                return;
            }
            seen = open;
        }
    }
}

/// Threads that are out of the pool.
fn out() -> MutexGuard<'static, usize> {
    static OUT: Mutex<usize> = Mutex::new(0);
    OUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the threads out of the pool that it does not need: at the start, and again now and then, as
/// they may have come back. Gives how many are out.
pub(crate) fn shrink(db: &sled::Db) -> usize {
    let mut out = out();
    while *out < STARTED - KEPT && take_one(db) {
        *out += 1;
    }
    tracing::debug!(out = *out, "threads of sled's pool are out of work");
    *out
}

fn take_one(db: &sled::Db) -> bool {
    let waker = Waker::from(Arc::new(OutOfWork));
    (0..ATTEMPTS).any(|_| {
        // The flush is dropped; the waker stays with the thread that does it.
        let flush = pin!(db.flush_async());
        matches!(flush.poll(&mut Context::from_waker(&waker)), Poll::Pending)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one test that looks at the pool: it belongs to the process.
    #[test]
    fn a_journal_writes_with_one_thread_and_the_others_come_back_when_it_stands_still() {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(dir.path()).flush_every_ms(None).open().unwrap();
        shrink(&db);
        for number in 0..100_u64 {
            db.insert(number.to_be_bytes(), vec![0; 1024]).unwrap();
            call(|| db.flush()).unwrap();
        }
        // The last thread gets work that ends when a second one does other work.
        let (first, second) = (Arc::new(Meeting::default()), Arc::new(Meeting::default()));
        let stuck = Waker::from(Arc::new(MeetBoth(Arc::clone(&first), Arc::clone(&second))));
        let other = Waker::from(Arc::new(MeetBoth(Arc::clone(&second), Arc::clone(&first))));
        for waker in [stuck, other] {
            while !matches!(
                pin!(db.flush_async()).poll(&mut Context::from_waker(&waker)),
                Poll::Pending
            ) {}
        }
        call(|| first.wait());
        call(|| second.wait());
        // Another test of this process may write at the same time: on a disk that is slow just now
        // its call stands still as well, and a thread more is back.
        let again = (0..100).any(|_| shrink(&db) == STARTED - KEPT);
        assert!(again, "they can be taken out again");
        db.insert(b"last", vec![0; 1024]).unwrap();
        call(|| db.flush()).unwrap();
    }

    #[derive(Default)]
    struct Meeting(Mutex<bool>, std::sync::Condvar);

    impl Meeting {
        fn come(&self) {
            *self.0.lock().unwrap() = true;
            self.1.notify_all();
        }

        fn wait(&self) {
            let here = self.0.lock().unwrap();
            drop(self.1.wait_while(here, |here| !*here).unwrap());
        }
    }

    struct MeetBoth(Arc<Meeting>, Arc<Meeting>);

    impl Wake for MeetBoth {
        fn wake(self: Arc<Self>) {
            self.0.come();
            self.1.wait();
        }
    }
}
