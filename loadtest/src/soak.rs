//! A soak: constant load for a long time, while from a seed the daemon is restarted (SIGKILL and
//! SIGTERM in turn), its directory is changed and many sessions are cut at once; and looks from
//! outside at what the daemon uses meanwhile.
//!
//! ```text
//! events (seed) ─► restart, storm, change ─► daemon ◄─ load (run)
//!                                              │
//!                   procfs, data, /metrics ─► samples ─► judge ─► table, soak.json, soak.html
//! ```
//!
//! The load stays open-loop over a restart: an arrival that is due while the daemon is down is
//! handed to its bot's client at its time, which holds it and sends it when the daemon is back.
//! Nothing is left out or postponed, and every latency counts from its intended start; those that
//! began before all sessions were back for [`CALM`] are kept apart from the others
//! ([`crate::phases::Recorder`]). The generator's own lateness is reported, and judged by nobody: a
//! soak makes no claim about a latency.
//!
//! What must hold is in [`judge`], with the bounds and the reasons for them. Texts as in real chats show
//! leaks finely and fill no generation of the log in minutes; `--text-bytes 40000` fills one in less
//! than a minute, and shows that what is not needed is removed. A minute in three lives has all that
//! can happen: `--minutes 1 --restart-every 20`.

use crate::arguments::Soak;
use crate::arrivals::{SECOND_US, Schedule, Spacing};
use crate::bodies::Bodies;
use crate::machine::Machine;
use crate::pacer::{ServiceMean, Stream};
use crate::plan::staff::Staff;
use crate::plan::{Plan, ServiceShape};
use crate::progress::Progress;
use crate::run::{Row, Run, Source, Watch};
use crate::setup::QueueTimes;
use crate::soak::changes::Changes;
use crate::soak::events::{Ending, Event, Happening, Kinds, Who};
use crate::soak::report::{FORMAT, Latencies, Mark, Report};
use crate::soak::sample::Sample;
use crate::world::World;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Duration;

mod changes;
pub mod events;
pub mod judge;
mod page;
pub mod report;
pub mod sample;
pub mod slope;

/// So long after all sessions are back a disturbance is over: what they missed has arrived.
const CALM: Duration = Duration::from_secs(2);
/// All sessions must be back so soon, in seconds.
const BACK_S: f64 = 60.0;
/// Lives of the daemon in a soak that does not say how often it is restarted: each way of ending it
/// comes once.
const LIVES: f64 = 3.0;
/// Share of the seats in use when nothing happens.
const OCCUPANCY: f64 = 0.6;
/// Mean patience of a waiting customer, in microseconds: some leave while the daemon is down.
const PATIENCE_US: u64 = 30 * SECOND_US;
/// Shares of the conversations that are transferred, and whose customer leaves.
const TRANSFERS: f64 = 0.03;
const LEAVE_SHARE: f64 = 0.005;
/// Of a queue, in seconds.
const TIMES: QueueTimes =
    QueueTimes { threshold_seconds: 10, short_loss_seconds: 5, transfer_wait_seconds: 5 };
/// What the daemon's configuration says beside the defaults: what is not needed may go, and bodies
/// have a budget that a run can reach.
const SETTINGS: &str = "retention = \"needed\"\n\
    \n\
    [limits]\n\
    messages_memory_mib = 16\n";

/// A soak under way.
struct Soaking {
    run: Run,
    watch: Watch,
    changes: Changes,
    /// Which start of the daemon, from 0.
    life: u32,
    /// From when on this life of the daemon has settled, in seconds from the start of the arrivals.
    settled_from_s: f64,
    settling_s: f64,
    samples: Vec<Sample>,
    marks: Vec<Mark>,
    failures: Vec<String>,
    progress: Progress,
}

/// Makes a soak and gives back its report.
///
/// # Errors
/// The daemon cannot be started, or a restart of it fails.
pub async fn soak(soak: &Soak, command: String) -> Result<Report> {
    let duration_s = soak.minutes * 60.0;
    let duration_us = (duration_s * SECOND_US as f64) as u64;
    let restart_every_s = soak.restart_every.unwrap_or(duration_s / LIVES);
    let (plan, staff) = (plan(soak), staff(soak));
    let bodies = match soak.text_bytes {
        Some(bytes) => Bodies::of_length(soak.seed, bytes as usize),
        None => Bodies::generated(soak.seed),
    };
    let world = World::new(plan, staff.clone(), bodies);
    let source = Source::Start { binary: soak.daemon.clone(), settings: SETTINGS };
    let run = Run::prepare(&source, world, TIMES, None).await?;
    let changes = Changes::open(&run, TIMES).await?;
    let schedule = Schedule::flat(soak.rate, duration_us, Spacing::Poisson)?;
    let service_us = OCCUPANCY * staff.seats_in_all() as f64 / soak.rate * SECOND_US as f64;
    let service = ServiceMean::Fixed(service_us as u64);
    let start_us = run.world().clock.now_us();
    let settling_s = judge::settling_s(restart_every_s);
    let mut soaking = Soaking {
        watch: run.watch(Stream { schedule, start_us, service }),
        run,
        changes,
        life: 0,
        settled_from_s: settling_s,
        settling_s,
        samples: Vec::new(),
        marks: Vec::new(),
        failures: Vec::new(),
        progress: Progress::new("soak", duration_s as u64),
    };
    let events = events::events(soak.seed, duration_s, restart_every_s);
    let planned = Kinds::of(events.iter().map(|event| event.what));
    if let Err(error) = soaking.go(events).await {
        soaking.failures.push(format!("{error:#}"));
    }
    soaking.finish(soak, command, planned).await
}

impl Soaking {
    /// Lets everything happen at its time, until the arrivals are over and all has come to its end.
    async fn go(&mut self, mut events: VecDeque<Event>) -> Result<()> {
        while let Some(row) = self.second().await? {
            while let Some(event) = events.pop_front_if(|event| event.at_s <= row.at_s) {
                self.happen(row.at_s, event.what).await?;
            }
        }
        self.progress.note("arrivals are over, conversations end");
        self.run.drain().await?;
        self.look_at_the_end().await
    }

    /// A second passes. Absent once the arrivals are over.
    async fn second(&mut self) -> Result<Option<Row>> {
        let Some(row) = self.run.next_row(&mut self.watch).await? else { return Ok(None) };
        self.progress.row(&row);
        let disturbed = self.run.world().recorder.is_disturbed();
        let http = self.run.target().http.context("the daemon told no HTTP address")?;
        let accepted = self.run.world().tally.accepted.load(Ordering::Relaxed);
        let daemon = self.run.daemon().context("the daemon was not started here")?;
        match Sample::take(daemon, http).await {
            Ok(seen) => self.samples.push(Sample {
                at_s: row.at_s,
                life: self.life,
                settled: !disturbed && row.at_s >= self.settled_from_s,
                accepted,
                rate: row.rate,
                ..seen
            }),
            Err(error) => self.run.world().tally.failed("sample", &format!("{error:#}")),
        }
        Ok(Some(row))
    }

    async fn happen(&mut self, at_s: f64, what: Happening) -> Result<()> {
        self.marks.push(Mark { at_s, what });
        let sessions = self.sessions();
        match what {
            Happening::Change(number) => {
                if let Err(error) = self.changes.make(number, self.run.world()).await {
                    self.failures.push(format!("a change of the directory: {error:#}"));
                }
                Ok(())
            }
            Happening::Storm(who) => {
                let bots = self.run.world().staff.bots as usize;
                let cut: Range<usize> = match who {
                    Who::Bots => 0..bots,
                    Who::Agents => bots..sessions,
                };
                self.run.world().recorder.disturbed();
                let back = self.reconnected() + cut.len() as u64;
                self.run.cut(cut);
                self.all_back(back, what).await
            }
            Happening::Restart(ending) => {
                self.run.world().recorder.disturbed();
                let back = self.reconnected() + sessions as u64;
                let daemon = self.run.daemon().context("the daemon was not started here")?;
                match ending {
                    Ending::Kill => daemon.kill().await?,
                    Ending::Terminate => daemon.stop().await?,
                }
                daemon.start_again().await.context("the restart")?;
                self.life += 1;
                self.all_back(back, what).await?;
                self.settled_from_s = self.now_s() + self.settling_s;
                let differences = self.changes.differences().await?;
                self.failures.extend(differences);
                Ok(())
            }
        }
    }

    /// Waits until as many sessions have come back, the daemon counts all, and it is calm again.
    async fn all_back(&mut self, reconnected: u64, what: Happening) -> Result<()> {
        let expected = self.sessions() as u64;
        let mut began_s = None;
        while let Some(row) = self.second().await? {
            let began_s = *began_s.get_or_insert(row.at_s);
            let counted = self.samples.last().map_or(0, |sample| sample.sessions);
            let back = self.reconnected();
            if back >= reconnected && counted >= expected {
                break;
            }
            if row.at_s - began_s > BACK_S {
                let missing = reconnected.saturating_sub(back);
                self.failures.push(format!(
                    "{BACK_S} s after {what:?} {missing} sessions had not come back and the \
                     daemon counted {counted} of {expected}"
                ));
                break;
            }
        }
        tokio::time::sleep(CALM).await;
        self.run.world().recorder.undisturbed();
        Ok(())
    }

    /// When the daemon was last looked at, in seconds from the start of the arrivals.
    fn now_s(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample.at_s)
    }

    /// The daemon has nothing open when every customer has gone, and the directory that it was told.
    async fn look_at_the_end(&mut self) -> Result<()> {
        let differences = self.changes.differences().await?;
        self.failures.extend(differences);
        let http = self.run.target().http.context("the daemon told no HTTP address")?;
        let daemon = self.run.daemon().context("the daemon was not started here")?;
        let open = Sample::take(daemon, http).await?.open_tickets;
        if open > 0 {
            self.failures.push(format!("the daemon counts {open} open tickets at the end"));
        }
        Ok(())
    }

    fn sessions(&self) -> usize {
        let staff = &self.run.world().staff;
        (staff.bots + staff.agents) as usize
    }

    fn reconnected(&self) -> u64 {
        self.run.world().tally.reconnected.load(Ordering::Relaxed)
    }

    async fn finish(self, soak: &Soak, command: String, happening: Kinds) -> Result<Report> {
        let Self { run, changes, samples, marks, mut failures, progress, settling_s, .. } = self;
        progress.end();
        let (changed, planned) = (changes.made(), run.planned());
        changes.close().await;
        let finished = run.finish().await?;
        let world = &finished.world;
        failures.extend(finished.failures.iter().cloned());
        let accepted = world.tally.accepted.load(Ordering::Relaxed);
        let expected = u64::from(world.staff.bots + world.staff.agents);
        let mut lines = judge::correctness(&finished.verdict);
        lines.push(judge::hand_offs(accepted, planned));
        let happened = Kinds::of(marks.iter().map(|mark| mark.what));
        // One of them may be several requests, of which at least one was acknowledged.
        let changes = happened.changes.min(changed);
        lines.push(judge::happened(happening, Kinds { changes, ..happened }));
        let machine = Machine::here();
        lines.extend(judge::usage(&samples, expected, machine.cores));
        lines.push(judge::refused(&world.tally.failures()));
        lines.extend(judge::failures(&failures));
        Ok(Report {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            command,
            machine,
            seed: soak.seed,
            rate: soak.rate,
            duration_s: soak.minutes * 60.0,
            settling_s,
            staff: world.staff.clone(),
            planned,
            accepted,
            refused: world.tally.refused.load(Ordering::Relaxed),
            messages: world.tally.messages.load(Ordering::Relaxed),
            changes: changed,
            latencies: Latencies::all(&world.recorder),
            lines,
            examples: finished.verdict.examples,
            errors: world.tally.errors(),
            marks,
            samples,
        })
    }
}

fn plan(soak: &Soak) -> Plan {
    Plan {
        seed: soak.seed,
        bots: soak.bots,
        queues_per_bot: soak.queues,
        pull_share: 0.0,
        messages_per_ticket: soak.messages_per_ticket,
        transfer_share: TRANSFERS,
        leave_share: LEAVE_SHARE,
        patience_mean_us: PATIENCE_US,
        service: ServiceShape::LogNormal,
    }
}

fn staff(soak: &Soak) -> Staff {
    Staff { agents: soak.agents, seats: soak.seats, bots: soak.bots, queues_per_bot: soak.queues }
}
