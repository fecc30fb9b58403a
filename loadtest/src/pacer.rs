//! The one clock hand of a run: a thread that says when something is due, to the microsecond as
//! far as the kernel allows. The timers of the asynchronous runtime are too coarse (1 ms).

use crate::arrivals::{Arrivals, Schedule};
use crate::desk::Due;
use crate::session::Input;
use crate::world::World;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest sleep, in microseconds: so often the thread looks whether it is still wanted.
const LONGEST_SLEEP_US: u64 = 100_000;
/// Longest mean service on stairs, in microseconds: the conversations of a slow step are over soon
/// in the next one.
const STAIRS_SERVICE_US: u64 = 2_000_000;
/// Orders taken before it looks at the time again.
const ORDERS_AT_ONCE: usize = 256;

/// How the mean service time follows the arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ServiceMean {
    /// Always the same, in microseconds.
    Fixed(u64),
    /// So that all agents together have so many seats in use, whatever the rate: for stairs.
    SeatsInUse(f64),
}

/// A stream of arrivals to be sent out.
#[derive(Debug)]
pub struct Stream {
    /// When customers come.
    pub schedule: Schedule,
    /// When the schedule starts, in microseconds from the start of the run.
    pub start_us: u64,
    /// How long they are served.
    pub service: ServiceMean,
}

enum Order {
    Timer(Timer),
    Arrivals(Box<Stream>),
    StopArrivals,
}

#[derive(Debug, PartialEq, Eq)]
struct Timer {
    due_us: u64,
    /// Not before the order came: an order for the past makes no slippage.
    expected_us: u64,
    session: usize,
    due: Due,
}

/// Gives orders to the pacer. The thread ends with the last handle.
#[derive(Debug, Clone)]
pub struct Pacer {
    orders: Sender<Order>,
    progress: Arc<Progress>,
}

/// How far the arrivals are.
#[derive(Debug, Default)]
struct Progress {
    planned: AtomicU64,
    /// Streams begun and not at their end.
    running: AtomicU64,
    /// Inputs that found a mailbox full: the run is void.
    overrun: AtomicU64,
}

struct Thread {
    world: Arc<World>,
    progress: Arc<Progress>,
    orders: Receiver<Order>,
    sessions: Vec<mpsc::Sender<Input>>,
    timers: BinaryHeap<Reverse<Timer>>,
    arrivals: Option<Running>,
    next_index: u64,
}

struct Running {
    stream: Stream,
    arrivals: Arrivals,
    next_us: u64,
}

impl Pacer {
    /// Starts the thread. Bots come first among the sessions.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(
        world: Arc<World>,
        sessions: Vec<mpsc::Sender<Input>>,
    ) -> Result<Self, std::io::Error> {
        let (sender, orders) = channel();
        let progress = Arc::new(Progress::default());
        let thread = Thread {
            world,
            progress: Arc::clone(&progress),
            orders,
            sessions,
            timers: BinaryHeap::new(),
            arrivals: None,
            next_index: 0,
        };
        std::thread::Builder::new().name("pacer".into()).spawn(move || thread.run())?;
        Ok(Self { orders: sender, progress })
    }

    /// Says `due` to a session when the time has come.
    pub fn schedule(&self, now_us: u64, due_us: u64, session: usize, due: Due) {
        let timer = Timer { due_us, expected_us: due_us.max(now_us), session, due };
        // The thread lives as long as a handle does: only a panic of its own ends it before.
        drop(self.orders.send(Order::Timer(timer)));
    }

    /// Begins a stream of arrivals; one that still runs ends.
    pub fn begin(&self, stream: Stream) {
        self.progress.running.fetch_add(1, Ordering::Relaxed);
        drop(self.orders.send(Order::Arrivals(Box::new(stream))));
    }

    /// Ends the stream of arrivals.
    pub fn stop(&self) {
        drop(self.orders.send(Order::StopArrivals));
    }

    /// Arrivals sent out so far.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.progress.planned.load(Ordering::Relaxed)
    }

    /// Have all streams come to their end?
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.running.load(Ordering::Relaxed) == 0
    }

    /// Inputs that found a session's mailbox full.
    #[must_use]
    pub fn overrun(&self) -> u64 {
        self.progress.overrun.load(Ordering::Relaxed)
    }
}

impl Thread {
    fn run(mut self) {
        loop {
            self.send_due();
            let now_us = self.world.clock.now_us();
            let next_us = self.next_us().unwrap_or(u64::MAX);
            let sleep_us = next_us.saturating_sub(now_us).min(LONGEST_SLEEP_US);
            match self.orders.recv_timeout(Duration::from_micros(sleep_us)) {
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            for _ in 0..ORDERS_AT_ONCE {
                match self.orders.try_recv() {
                    Ok(order) => self.take(order),
                    Err(_) => break,
                }
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Timer(timer) => self.timers.push(Reverse(timer)),
            Order::Arrivals(stream) => {
                self.end_stream();
                let mut arrivals = stream.schedule.arrivals(self.world.plan.seed);
                match arrivals.next() {
                    Some(first) => {
                        let next_us = stream.start_us + first;
                        self.arrivals = Some(Running { stream: *stream, arrivals, next_us });
                    }
                    None => self.ended(),
                }
            }
            Order::StopArrivals => self.end_stream(),
        }
    }

    fn end_stream(&mut self) {
        if self.arrivals.take().is_some() {
            self.ended();
        }
    }

    fn ended(&self) {
        self.progress.running.fetch_sub(1, Ordering::Relaxed);
    }

    fn next_us(&self) -> Option<u64> {
        let timer = self.timers.peek().map(|Reverse(timer)| timer.due_us);
        let arrival = self.arrivals.as_ref().map(|running| running.next_us);
        match (timer, arrival) {
            (Some(timer), Some(arrival)) => Some(timer.min(arrival)),
            (timer, arrival) => timer.or(arrival),
        }
    }

    fn send_due(&mut self) {
        let now_us = self.world.clock.now_us();
        while self.arrivals.as_ref().is_some_and(|running| running.next_us <= now_us) {
            self.send_arrival();
        }
        while self.timers.peek().is_some_and(|Reverse(timer)| timer.due_us <= now_us) {
            let Some(Reverse(timer)) = self.timers.pop() else { return };
            self.send(&timer);
        }
    }

    fn send_arrival(&mut self) {
        let Some(running) = &mut self.arrivals else { return };
        let due_us = running.next_us;
        let seats = self.world.staff.seats_in_all() as f64;
        let service_mean_us = match running.stream.service {
            ServiceMean::Fixed(mean_us) => mean_us,
            ServiceMean::SeatsInUse(share) => {
                let rate = running.stream.schedule.rate_at(due_us - running.stream.start_us);
                ((share * seats / rate * 1e6) as u64).min(STAIRS_SERVICE_US)
            }
        };
        let next = running.arrivals.next().map(|next| running.stream.start_us + next);
        match next {
            Some(next_us) => running.next_us = next_us,
            None => self.end_stream(),
        }
        let index = self.next_index;
        self.next_index += 1;
        let bot = self.world.plan.conversation(index, service_mean_us).bot;
        let due = Due::Arrival { index, service_mean_us };
        let session = usize::try_from(bot).expect("a number of bots fits");
        self.send(&Timer { due_us, expected_us: due_us, session, due });
        self.progress.planned.fetch_add(1, Ordering::Relaxed);
    }

    fn send(&self, timer: &Timer) {
        let Timer { due_us: intended_us, expected_us, session, due } = *timer;
        let input = Input::Due { due, intended_us, expected_us };
        if self.sessions[session].try_send(input).is_err() {
            self.progress.overrun.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due_us, self.session).cmp(&(other.due_us, other.session))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
