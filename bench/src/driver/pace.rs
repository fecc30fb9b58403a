//! When the next request leaves: as soon as another is answered, or at a fixed rate whatever comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How requests leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many of each sender are always under way: the saturated rate.
    InFlight(usize),
    /// So many a second over all senders, at even distances: open loop.
    PerSecond(f64),
}

/// How finely the pacer looks at the clock. Tokio's timer rounds up to whole milliseconds, which
/// would stand in every latency.
const TICK: Duration = Duration::from_micros(100);

/// The next due time of one sender, and how it is told.
#[derive(Debug, Default)]
pub struct Due {
    /// In microseconds of the run.
    at_us: AtomicU64,
    told: Notify,
}

impl Due {
    /// Waits until the time has come.
    pub async fn wait_until(&self, at_us: u64) {
        self.at_us.store(at_us, Ordering::Release);
        self.told.notified().await;
    }
}

/// A thread that wakes senders when they are due. It ends with this value.
#[derive(Debug)]
pub struct Pacer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Starts it. `origin` is the begin of the run.
    #[must_use]
    pub fn start(origin: Instant, senders: Vec<Arc<Due>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let now_us = micros_since(origin);
                for sender in &senders {
                    let due = sender.at_us.load(Ordering::Acquire);
                    if due <= now_us && due != 0 {
                        sender.at_us.store(0, Ordering::Relaxed);
                        sender.told.notify_one();
                    }
                }
                std::thread::sleep(TICK);
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It cannot panic; and if it did, the senders' accounting would tell.
            let _ = thread.join();
        }
    }
}

/// The intended times of one sender.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    next_us: f64,
    step_us: f64,
}

impl Schedule {
    /// One of `senders` that share `per_second` from `start_us` on, evenly shifted.
    #[must_use]
    pub fn new(per_second: f64, sender: usize, senders: usize, start_us: u64) -> Self {
        let step_us = senders as f64 * 1e6 / per_second;
        let shift = step_us * sender as f64 / senders as f64;
        Self { next_us: start_us as f64 + shift, step_us }
    }

    /// The next intended time, in microseconds of the run.
    #[must_use]
    pub fn next_us(&self) -> u64 {
        self.next_us as u64
    }

    /// Takes the next intended time if it has come.
    pub fn take(&mut self, now_us: u64) -> Option<u64> {
        let due = self.next_us();
        (due <= now_us).then(|| {
            self.next_us += self.step_us;
            due
        })
    }
}

/// Microseconds since the begin of a run.
#[must_use]
pub fn micros_since(origin: Instant) -> u64 {
    u64::try_from(origin.elapsed().as_micros()).expect("no run takes half a million years")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_share_the_rate_evenly() {
        let mut times: Vec<u64> = Vec::new();
        for sender in 0..4 {
            let mut schedule = Schedule::new(1000.0, sender, 4, 500);
            while let Some(at) = schedule.take(500 + 1_000_000 - 1) {
                times.push(at);
            }
        }
        times.sort_unstable();
        assert_eq!(times.len(), 1000);
        assert_eq!(times[0], 500);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 1000));
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut schedule = Schedule::new(10.0, 0, 1, 1000);
        assert_eq!(schedule.take(999), None);
        assert_eq!(schedule.take(1000), Some(1000));
        assert_eq!(schedule.take(1000), None);
        assert_eq!(schedule.next_us(), 101_000);
    }
}
