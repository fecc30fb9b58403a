//! Load of whole cycles: hand-off, acknowledged, assigned, close, acknowledged, returned. A cycle
//! counts as two relays: the hand-off reaches the agent, the close reaches the bot.

mod agent;
mod bot;

use super::pace::{Due, Pace, Pacer};
use super::session::Session;
use super::{DRAIN_LIMIT, Window, latencies};
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Contacts of a bot at a fixed rate: more would be a queue of the driver's own making.
const CONTACTS: usize = 2048;

/// A bot and the only agent of its queue.
#[derive(Debug)]
pub struct Pair {
    /// Hands off.
    pub bot: Session,
    /// Closes what it is assigned.
    pub agent: Session,
}

/// What a run measured.
#[derive(Debug)]
pub struct Cycled {
    /// Cycles that were whole, a second.
    pub per_second: f64,
    /// Intended start → agent has `assigned`, in microseconds, of the hand-offs of the window.
    pub notified: Histogram<u64>,
}

/// What the tasks of a run share.
#[derive(Debug)]
struct Run {
    origin: Instant,
    pace: Pace,
    senders: usize,
    phase: AtomicU8,
    /// Each party confirms what it got of a ticket when the ticket is over.
    receipts: bool,
}

const WARM_UP: u8 = 0;
const MEASURED: u8 = 1;
const DRAIN: u8 = 2;

impl Run {
    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::Relaxed) == phase
    }

    fn contacts(&self) -> usize {
        match self.pace {
            Pace::InFlight(count) => count,
            Pace::PerSecond(_) => CONTACTS,
        }
    }
}

/// How a task of a run ends.
enum Ended {
    Bot { index: usize, session: Session, cycles: u64 },
    Agent { index: usize, session: Session, closed: u64, notified: Histogram<u64> },
}

/// Drives all pairs and gives them back with what was measured.
///
/// # Errors
/// A connection ended, a request was refused, or an answer or an entry was lost, doubled or out of
/// order.
pub async fn run(
    pairs: Vec<Pair>,
    pace: Pace,
    receipts: bool,
    window: Window,
) -> Result<(Cycled, Vec<Pair>)> {
    let senders = pairs.len();
    let run = Arc::new(Run {
        origin: Instant::now(),
        pace,
        senders,
        phase: AtomicU8::new(WARM_UP),
        receipts,
    });
    let whole: Vec<Arc<AtomicU64>> = pairs.iter().map(|_| Arc::default()).collect();
    let dues: Vec<Arc<Due>> = pairs.iter().map(|_| Arc::default()).collect();
    let pacer = matches!(pace, Pace::PerSecond(_)).then(|| Pacer::start(run.origin, dues.clone()));
    let mut tasks = JoinSet::new();
    for (index, Pair { bot, agent }) in pairs.into_iter().enumerate() {
        let (total, told) = watch::channel(None);
        let (due, counter) = (Arc::clone(&dues[index]), Arc::clone(&whole[index]));
        tasks.spawn(bot::run(index, bot, Arc::clone(&run), due, counter, total));
        tasks.spawn(agent::run(index, agent, Arc::clone(&run), told));
    }
    let per_second = tokio::select! {
        per_second = measure(&run, &whole, window) => per_second,
        ended = tasks.join_next() => {
            ended.context("there are pairs")???;
            bail!("a session ended before the run did");
        }
    };
    let settled = tokio::time::timeout(DRAIN_LIMIT, settle(tasks, senders)).await;
    let (pairs, notified) = settled.context("cycles were lost: their end never came")??;
    drop(pacer);
    Ok((Cycled { per_second, notified }, pairs))
}

async fn measure(run: &Run, whole: &[Arc<AtomicU64>], window: Window) -> f64 {
    let total = || whole.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>();
    tokio::time::sleep(window.warm_up).await;
    run.phase.store(MEASURED, Ordering::Relaxed);
    let (began, before) = (Instant::now(), total());
    tokio::time::sleep(window.measured).await;
    let per_second = (total() - before) as f64 / began.elapsed().as_secs_f64();
    run.phase.store(DRAIN, Ordering::Relaxed);
    per_second
}

async fn settle(
    mut tasks: JoinSet<Result<Ended>>,
    senders: usize,
) -> Result<(Vec<Pair>, Histogram<u64>)> {
    let mut bots: Vec<_> = (0..senders).map(|_| None).collect();
    let mut agents: Vec<_> = (0..senders).map(|_| None).collect();
    let mut latencies = latencies();
    while let Some(ended) = tasks.join_next().await {
        match ended?? {
            Ended::Bot { index, session, cycles } => bots[index] = Some((session, cycles)),
            Ended::Agent { index, session, closed, notified } => {
                latencies.add(&notified)?;
                agents[index] = Some((session, closed));
            }
        }
    }
    let mut pairs = Vec::with_capacity(senders);
    for (bot, agent) in bots.into_iter().zip(agents) {
        let (bot, cycles) = bot.context("a bot never ended")?;
        let (agent, closed) = agent.context("an agent never ended")?;
        ensure!(cycles == closed, "{cycles} tickets came back, {closed} were closed");
        pairs.push(Pair { bot, agent });
    }
    Ok((pairs, latencies))
}
