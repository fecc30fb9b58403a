//! A run under way: daemon, sessions, pacer, and somebody who looks at it every second.

use crate::checker::capacity::Hold;
use crate::checker::{Counter, Verdict};
use crate::daemon::{Daemon, Target};
use crate::desk::Due;
use crate::machine::Usage;
use crate::pacer::{Pacer, Stream};
use crate::phases::{Figures, Phase, TIMELINE};
use crate::random::{Purpose, stream};
use crate::session::Input;
use crate::setup::{self, QueueTimes};
use crate::tenant;
use crate::world::World;
use anyhow::{Context, Result, bail};
use rand::RngExt;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// A look at the run every so often.
const LOOK: Duration = Duration::from_secs(1);
/// How long going online may take for all agents together.
const ONLINE: Duration = Duration::from_secs(60);
/// Nothing has ended for so many looks after the arrivals: the rest is stuck.
const STUCK_LOOKS: u32 = 60;

/// Which daemon is tested.
#[derive(Debug, Clone)]
pub enum Source {
    /// One that is started here.
    Start {
        /// From this binary, or the one beside this program.
        binary: Option<PathBuf>,
        /// What its configuration says beside the defaults; see [`Daemon::start`].
        settings: &'static str,
    },
    /// One that runs.
    Running(Target),
}

/// A run under way.
pub struct Run {
    world: Arc<World>,
    pacer: Pacer,
    mailboxes: Vec<mpsc::Sender<Input>>,
    tasks: JoinSet<Option<String>>,
    daemon: Option<Daemon>,
    target: Target,
    /// What the credentials of the run are known by.
    prefixes: Vec<String>,
    verdict: Verdict,
    failures: Vec<String>,
}

/// How far the looks at a stream of arrivals are.
#[derive(Debug)]
pub struct Watch {
    ticker: Interval,
    start_us: u64,
    accepted: u64,
    last_us: u64,
}

/// A second of the run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// Its end, in seconds from the start of the arrivals.
    pub at_s: f64,
    /// Hand-offs acknowledged per second.
    pub rate: f64,
    /// Tickets waiting at its end.
    pub waiting: u64,
    /// Conversations under way at its end.
    pub open: u64,
    /// Figures of the phases of [`TIMELINE`], in its order.
    pub phases: Vec<Figures>,
    /// What the daemon uses, where it was started here.
    pub daemon: Option<Usage>,
}

/// What is left of a run.
pub struct Finished {
    /// The world; its checker is empty.
    pub world: Arc<World>,
    /// Was it right?
    pub verdict: Verdict,
    /// Who had what, and when.
    pub holds: Vec<Hold>,
    /// What went wrong besides.
    pub failures: Vec<String>,
    /// The daemon's clock at the start of the run, in microseconds since 1970.
    pub epoch_us: u64,
    /// What the daemon used at the end, where it was started here.
    pub daemon: Option<Usage>,
}

impl Run {
    /// Prepares everything up to the agents being online.
    ///
    /// # Errors
    /// The daemon cannot be started or reached, or refuses something.
    pub async fn prepare(
        source: &Source,
        world: World,
        times: QueueTimes,
        pull_every_us: Option<u64>,
    ) -> Result<Self> {
        let (daemon, target) = match source {
            Source::Start { binary, settings } => {
                let daemon = Daemon::start(binary.as_deref(), settings).await?;
                let target = daemon.target.clone();
                (Some(daemon), target)
            }
            Source::Running(target) => (None, target.clone()),
        };
        let admin = setup::admin(&target).await?;
        let epoch_us = admin.welcome().now.saturating_sub(world.clock.now_us());
        let world = Arc::new(World { epoch_us, ..world });
        if daemon.is_none() {
            tenant::clear(&admin, &target, &world).await?;
        }
        let keys = setup::write_directory(&admin, &target.tenant, &world, times).await?;
        admin.close().await;
        let (keys, prefixes): (Vec<String>, Vec<String>) =
            keys.into_iter().map(|key| (key.key, key.prefix)).unzip();
        let ready = setup::open_sessions(&target, &world, keys, pull_every_us).await?;
        let pacer = Pacer::start(Arc::clone(&world), ready.mailboxes.clone())?;
        let mut tasks = JoinSet::new();
        for session in ready.sessions {
            tasks.spawn(session.run());
        }
        let run = Self {
            world,
            pacer,
            mailboxes: ready.mailboxes,
            tasks,
            daemon,
            target,
            prefixes,
            verdict: Verdict::default(),
            failures: Vec::new(),
        };
        run.begin().await?;
        Ok(run)
    }

    /// The world of the run.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Arrivals sent out so far.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.pacer.planned()
    }

    /// Where the daemon is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The tenant of the run.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.target.tenant
    }

    /// The daemon, where it was started here.
    pub fn daemon(&mut self) -> Option<&mut Daemon> {
        self.daemon.as_mut()
    }

    /// Cuts the connections of these sessions now; bots come first.
    pub fn cut(&self, sessions: Range<usize>) {
        let now_us = self.world.clock.now_us();
        for session in sessions {
            self.pacer.schedule(now_us, now_us, session, Due::Drop);
        }
    }

    /// Cuts this share of the sessions (at least one when above 0), at random times within so many
    /// microseconds from now.
    pub fn plan_drops(&self, share: f64, within_us: u64) {
        let count = self.mailboxes.len();
        let drops = ((count as f64 * share).ceil() as usize).min(count);
        let mut random = stream(self.world.plan.seed, Purpose::Drops, 0);
        let mut sessions: Vec<usize> = (0..count).collect();
        let now_us = self.world.clock.now_us();
        for at in 0..drops {
            let other = random.random_range(at..count);
            sessions.swap(at, other);
            let due_us = now_us + random.random_range(0..within_us.max(1));
            self.pacer.schedule(now_us, due_us, sessions[at], Due::Drop);
        }
    }

    /// Sends out a stream of arrivals and looks at the run every second until the stream has ended
    /// or `look` breaks it off.
    ///
    /// # Errors
    /// The daemon has ended.
    pub async fn arrivals(
        &mut self,
        stream: Stream,
        mut look: impl FnMut(&Row, &Self) -> ControlFlow<()>,
    ) -> Result<Vec<Row>> {
        let mut watch = self.watch(stream);
        let mut rows = Vec::new();
        while let Some(row) = self.next_row(&mut watch).await? {
            let flow = look(&row, self);
            rows.push(row);
            if flow.is_break() {
                self.pacer.stop();
                break;
            }
        }
        Ok(rows)
    }

    /// Begins a stream of arrivals; [`Run::next_row`] looks at it.
    pub fn watch(&self, stream: Stream) -> Watch {
        let start_us = stream.start_us;
        self.pacer.begin(stream);
        let accepted = self.world.tally.accepted.load(Ordering::Relaxed);
        Watch { ticker: ticker(), start_us, accepted, last_us: self.world.clock.now_us() }
    }

    /// The next second of a stream; absent once it has ended.
    ///
    /// # Errors
    /// The daemon has ended.
    pub async fn next_row(&mut self, watch: &mut Watch) -> Result<Option<Row>> {
        if self.pacer.is_done() {
            return Ok(None);
        }
        watch.ticker.tick().await;
        self.look().await?;
        let now_us = self.world.clock.now_us();
        let so_far = self.world.tally.accepted.load(Ordering::Relaxed);
        let seconds = (now_us - watch.last_us).max(1) as f64 / 1e6;
        let rate = (so_far - watch.accepted) as f64 / seconds;
        (watch.accepted, watch.last_us) = (so_far, now_us);
        Ok(Some(self.row(now_us.saturating_sub(watch.start_us), rate)))
    }

    /// Waits until every conversation has ended and every ticket was seen to its end. What does
    /// not is left to the verdict.
    ///
    /// # Errors
    /// The daemon has ended.
    pub async fn drain(&mut self) -> Result<()> {
        let mut ticker = ticker();
        let (mut best, mut stuck) = (u64::MAX, 0);
        loop {
            ticker.tick().await;
            self.look().await?;
            let left = self.world.tally.open_now() + self.world.checker.unsettled() as u64;
            if left == 0 {
                return Ok(());
            }
            stuck = if left < best { 0 } else { stuck + 1 };
            best = best.min(left);
            if stuck >= STUCK_LOOKS {
                self.failures.push(self.stuck());
                return Ok(());
            }
        }
    }

    /// Ends all sessions, and the daemon where it was started here, and judges.
    ///
    /// # Errors
    /// A session's task has panicked.
    pub async fn finish(mut self) -> Result<Finished> {
        let usage = self.daemon.as_ref().and_then(Daemon::usage);
        if self.pacer.overrun() > 0 {
            let lost = self.pacer.overrun();
            self.failures.push(format!("{lost} events of the generator found no room"));
        }
        for mailbox in &self.mailboxes {
            // A session that is over has no mailbox: its reason comes below.
            drop(mailbox.send(Input::End).await);
        }
        while let Some(ended) = self.tasks.join_next().await {
            if let Some(reason) = ended.context("a session's task")? {
                self.failures.push(format!("a session ended by itself: {reason}"));
            }
        }
        let over = match self.daemon.take() {
            Some(mut daemon) => daemon.stop().await,
            None => tenant::leave(&self.target, std::mem::take(&mut self.prefixes)).await,
        };
        if let Err(error) = over {
            self.failures.push(format!("{error:#}"));
        }
        let Self { world, mut verdict, failures, .. } = self;
        let epoch_us = world.epoch_us;
        let (checked, holds) = world.checker.finish();
        verdict.merge(checked);
        Ok(Finished { world, verdict, holds, failures, epoch_us, daemon: usage })
    }

    /// What has not ended, in words.
    fn stuck(&self) -> String {
        let tally = &self.world.tally;
        let [issued, accepted, refused] = [&tally.issued, &tally.accepted, &tally.refused]
            .map(|count| count.load(Ordering::Relaxed));
        format!(
            "{} conversations and {} tickets did not end; {issued} hand-offs were sent, {accepted} \
             accepted, {refused} refused; errors: {:?}",
            tally.open_now(),
            self.world.checker.unsettled(),
            tally.errors()
        )
    }

    async fn begin(&self) -> Result<()> {
        for mailbox in &self.mailboxes {
            if mailbox.send(Input::Begin(self.pacer.clone())).await.is_err() {
                bail!("a session ended before it began");
            }
        }
        let agents = u64::from(self.world.staff.agents);
        let until = Instant::now() + ONLINE;
        while self.world.tally.online.load(Ordering::Relaxed) < agents {
            if Instant::now() > until {
                let online = self.world.tally.online.load(Ordering::Relaxed);
                let errors = self.world.tally.errors();
                bail!("{online} of {agents} agents are online after 60 s; errors: {errors:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Looks at work conservation from both sides, and whether the daemon lives.
    async fn look(&mut self) -> Result<()> {
        if let Some(reason) = self.daemon.as_mut().and_then(Daemon::has_ended) {
            bail!(reason);
        }
        // While sessions are away on purpose they do not know who waits and who is free.
        if !self.world.recorder.is_disturbed() {
            let pushing = self.world.plan.pushing_queues();
            self.world.floor.look(pushing, self.world.clock.now_us(), &mut self.verdict);
        }
        let Some(http) = self.target.http else { return Ok(()) };
        match crate::scrape::work_conservation_seconds(http).await {
            Ok(Some(seconds)) => {
                self.verdict.checked(Counter::WorkConservation, 1);
                if seconds > 0.0 {
                    let what = format!("the daemon's auditor says {seconds} s");
                    self.verdict.violated(Counter::WorkConservation, what);
                }
            }
            Ok(None) => {}
            Err(error) => self.world.tally.failed("scrape", &format!("{error:#}")),
        }
        Ok(())
    }

    fn row(&self, at_us: u64, rate: f64) -> Row {
        Row {
            at_s: at_us as f64 / 1e6,
            rate,
            waiting: self.world.floor.waiting() as u64,
            open: self.world.tally.open_now(),
            phases: TIMELINE.map(|phase| self.world.recorder.take_recent(phase)).to_vec(),
            daemon: self.daemon.as_ref().and_then(Daemon::usage),
        }
    }
}

impl Row {
    /// Figures of a phase of [`TIMELINE`].
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<Figures> {
        let at = TIMELINE.iter().position(|other| *other == phase)?;
        self.phases.get(at).copied()
    }
}

fn ticker() -> Interval {
    let mut ticker = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}
