//! Drives a shard: ring in, journal out, timers, published figures, the auditor, places in line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use relevo_journal::JournalHandle;
use relevo_routing::input::Input;
use tokio::sync::watch;

use super::ShardInput;
use super::machine::ShardMachine;
use super::positions;
use crate::clock::Clock;
use crate::metrics::{Metrics, Phase};
use crate::publish::Published;
use crate::publish::outcome::Outcome;
use crate::ring::Consumer;
use crate::runtime::heartbeat::Heartbeat;
use crate::telemetry::nanos_since;
use crate::views::Views;

/// Most inputs that are decided before their records go to the journal: enough that its queue is
/// taken once for many, few enough that the first does not wait for the last (about 1 ms).
const BATCH: usize = 256;
/// Between two turns of the auditor and the published figures.
const TURN: Duration = Duration::from_millis(20);
/// Turns in which every queue is looked at once: one second.
const TURNS: usize = 50;
/// Most places in line that are looked at in a turn, and so most pushes of places: a long line must
/// not hold up decisions. 25,600 a second: a ticket hears of its place every 10 s while up to
/// 256,000 wait in the lines in which somebody asked, and every 20 s while 500,000 do.
const PLACES: usize = 512;

/// What the thread of a shard holds.
pub struct ShardThread {
    /// Its state.
    pub machine: ShardMachine,
    /// Its ring.
    pub ring: Consumer<ShardInput>,
    /// Time.
    pub clock: Clock,
    /// Where its submissions go.
    pub journal: JournalHandle<Outcome>,
    /// Sessions by ticket, for places in line.
    pub published: Arc<Published>,
    /// Figures.
    pub views: Arc<Views>,
    /// Latencies.
    pub metrics: Arc<Metrics>,
    /// Seen by `/livez`.
    pub heartbeat: Arc<Heartbeat>,
    /// Turns true when the shard is to end, once its ring is empty.
    pub stop: watch::Receiver<bool>,
}

impl ShardThread {
    /// Runs until told to stop.
    pub fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut turn = Instant::now();
        let mut decisions_ns = Vec::with_capacity(BATCH);
        let mut lags_ns = Vec::with_capacity(BATCH);
        let began = self.clock.now_us();
        loop {
            self.heartbeat.beat();
            let taken = self.ring.drain(BATCH, &mut batch);
            let now = self.clock.now_us();
            if taken > 0 {
                let mut submissions = Vec::with_capacity(taken);
                let mut before = Instant::now();
                for input in batch.drain(..) {
                    let lag = before.saturating_duration_since(input.received);
                    lags_ns.push(u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX));
                    submissions.push(self.machine.handle(now, input));
                    decisions_ns.push(nanos_since(before));
                    before = Instant::now();
                }
                self.submit(submissions);
                self.metrics.record(Phase::Decision, &decisions_ns);
                self.metrics.record(Phase::DispatchLag, &lags_ns);
                decisions_ns.clear();
                lags_ns.clear();
            }
            if self.machine.next_deadline().is_some_and(|at| at <= now) {
                let late_us = self.machine.late_us(self.clock.now_us(), began);
                lags_ns.extend(late_us.map(|us| us.saturating_mul(1_000)));
                self.metrics.record(Phase::DispatchLag, &lags_ns);
                lags_ns.clear();
                let due = self.machine.tick(now, Instant::now());
                self.submit(due);
            }
            self.machine.publish(&self.views);
            if turn.elapsed() >= TURN {
                turn = Instant::now();
                self.machine.audit(&self.views, now, TURNS);
                positions::push(&self.published, self.machine.positions(now, PLACES));
            }
            if taken == 0 {
                if *self.stop.borrow() {
                    return;
                }
                self.ring.park_until(Some(self.wake_at(turn)));
            }
        }
    }

    /// Gives every tenant an input of the daemon's own, before the ring is served.
    pub fn all(&mut self, input: &Input) {
        let submissions = self.machine.all(self.clock.now_us(), Instant::now(), input);
        self.submit(submissions);
    }

    fn wake_at(&self, turn: Instant) -> Instant {
        let next_turn = turn + TURN;
        let deadline = self.machine.next_deadline().map(|at| self.clock.instant_at(at));
        deadline.map_or(next_turn, |deadline| deadline.min(next_turn))
    }

    fn submit(&self, submissions: Vec<relevo_journal::Submission<Outcome>>) {
        if !submissions.is_empty()
            && let Err(error) = self.journal.submit(submissions)
        {
            // The journal has told why it stopped; the process is about to end.
            tracing::debug!(%error, "a decision was not taken by the log");
        }
    }
}
