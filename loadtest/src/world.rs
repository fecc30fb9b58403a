//! What all sessions of a run share: plan, clock, records. Nothing here waits.

use crate::bodies::Bodies;
use crate::checker::Checker;
use crate::checker::conservation::Floor;
use crate::phases::Recorder;
use crate::plan::Plan;
use crate::plan::staff::Staff;
use relevo_client::wire::TicketId;
use relevo_client::wire::vocabulary::Outcome;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// How many closes the lead remembers.
const LEAD_MEMORY: u64 = 64;
/// A close that takes longer is no usual one, in microseconds.
const LEAD_LONGEST_US: u64 = 100_000;
/// Most kinds of errors that are told apart.
const ERRORS: usize = 100;

/// What all sessions of a run share.
#[derive(Debug)]
pub struct World {
    /// Time of the run.
    pub clock: Clock,
    /// The daemon's clock at the start of the run, in microseconds since 1970; 0 until it is known.
    pub epoch_us: u64,
    /// What conversations are like.
    pub plan: Plan,
    /// Who works where.
    pub staff: Staff,
    /// What is said.
    pub bodies: Bodies,
    /// How long things took.
    pub recorder: Recorder,
    /// Was it right?
    pub checker: Checker,
    /// Who waits and who is free.
    pub floor: Floor,
    /// What happened, counted.
    pub tally: Tally,
    /// How long each customer waited, by the daemon's own times; kept where it is asked for.
    pub waits: Option<Mutex<Vec<Wait>>>,
    /// Where agents are to be held for the planned time by the daemon's clock.
    pub lead: Option<Lead>,
}

/// How much earlier an agent closes, so that the way of the news and of the close is not added to
/// the service: the mean time that a close takes, followed as it changes.
#[derive(Debug, Default)]
pub struct Lead(AtomicU64);

/// Time of a run.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

/// How long a customer waited, by the times in its ticket's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Number of the conversation.
    pub index: u64,
    /// When it began to wait, in microseconds since 1970.
    pub from: u64,
    /// How long, in microseconds.
    pub waited_us: u64,
    /// It left before an agent had it.
    pub left: bool,
}

/// What happened, counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Agents that are online.
    pub online: AtomicU64,
    /// Hand-offs sent.
    pub issued: AtomicU64,
    /// Hand-offs acknowledged.
    pub accepted: AtomicU64,
    /// Hand-offs that were refused or failed.
    pub refused: AtomicU64,
    /// Conversations under way: from the hand-off to the end that the bot sees.
    pub open: AtomicI64,
    /// Transfers that happened.
    pub transferred: AtomicU64,
    /// Messages acknowledged.
    pub messages: AtomicU64,
    /// Connections that were cut on purpose.
    pub dropped: AtomicU64,
    /// Connections that were lost, also those that were cut on purpose.
    pub lost_connections: AtomicU64,
    /// Connections that were replaced.
    pub reconnected: AtomicU64,
    /// Conversations that ended, by outcome.
    outcomes: Mutex<BTreeMap<&'static str, u64>>,
    /// Requests that came to nothing, by command and error.
    errors: Mutex<BTreeMap<String, u64>>,
    /// Those of them that nothing in the scenario provokes.
    unexpected: Mutex<BTreeMap<String, u64>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock {
    /// Microseconds since the start of the run.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl World {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn new(plan: Plan, staff: Staff, bodies: Bodies) -> Self {
        let clock = Clock::default();
        Self {
            clock,
            epoch_us: 0,
            recorder: Recorder::new(clock),
            checker: Checker::new(staff.clone()),
            floor: Floor::new(&staff),
            tally: Tally::default(),
            waits: None,
            lead: None,
            plan,
            staff,
            bodies,
        }
    }

    /// Keeps every customer's wait, and holds agents for the planned time by the daemon's clock.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { waits: Some(Mutex::default()), lead: Some(Lead::default()), ..self }
    }

    /// The bot's name for the customer of a conversation: one that no other run has given, or the
    /// daemon would take its words for repeats of what that run's customer said.
    #[must_use]
    pub fn contact(&self, index: u64) -> String {
        format!("customer-{}-{index}", self.epoch_us)
    }

    /// Was a ticket opened before the run began? An id begins with milliseconds since 1970.
    #[must_use]
    pub fn is_older(&self, ticket: TicketId) -> bool {
        ticket.0 >> 80 < u128::from(self.epoch_us / 1000)
    }

    /// How much earlier an agent closes, in microseconds.
    #[must_use]
    pub fn lead_us(&self) -> u64 {
        self.lead.as_ref().map_or(0, |lead| lead.0.load(Ordering::Relaxed))
    }

    /// A close took so long, in microseconds.
    pub fn closed_after(&self, took_us: u64) {
        if let Some(Lead(lead)) = &self.lead {
            // Updates that cross lose one another: the mean stays a mean.
            let old = lead.load(Ordering::Relaxed);
            let new = (old * (LEAD_MEMORY - 1) + took_us.min(LEAD_LONGEST_US)) / LEAD_MEMORY;
            lead.store(new, Ordering::Relaxed);
        }
    }

    /// Keeps a wait, where waits are kept.
    pub fn waited(&self, wait: Wait) {
        if let Some(waits) = &self.waits {
            waits.lock().expect("no thread panicked while it kept a wait").push(wait);
        }
    }
}

impl Tally {
    /// A conversation ended.
    pub fn ended(&self, outcome: Outcome) {
        let name = match outcome {
            Outcome::Transferred => "transferred",
            Outcome::Lost => "lost",
            Outcome::AbandonedUnanswered => "abandoned_unanswered",
            Outcome::AbandonedAnswered => "abandoned_answered",
            Outcome::TakenBack => "taken_back",
            Outcome::Attended => "attended",
            Outcome::Unserved => "unserved",
        };
        let mut outcomes = self.outcomes.lock().expect("no thread panicked while it counted");
        *outcomes.entry(name).or_default() += 1;
    }

    /// A request came to nothing, as may happen.
    pub fn failed(&self, command: &str, error: &str) {
        count(&self.errors, command, error);
    }

    /// A request came to nothing, and nothing in the scenario provokes that.
    pub fn refused_unasked(&self, command: &str, error: &str) {
        count(&self.errors, command, error);
        count(&self.unexpected, command, error);
    }

    /// Conversations that ended, by outcome.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<&'static str, u64> {
        self.outcomes.lock().expect("no thread panicked while it counted").clone()
    }

    /// Requests that came to nothing.
    #[must_use]
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.lock().expect("no thread panicked while it counted").clone()
    }

    /// Why the run has failed by requests that came to nothing unexpectedly: a line for each kind.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let unexpected = self.unexpected.lock().expect("no thread panicked while it counted");
        unexpected.iter().map(|(what, count)| format!("unexpected: {count} x {what}")).collect()
    }

    /// Conversations under way.
    #[must_use]
    pub fn open_now(&self) -> u64 {
        u64::try_from(self.open.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

fn count(kinds: &Mutex<BTreeMap<String, u64>>, command: &str, error: &str) {
    let mut kinds = kinds.lock().expect("no thread panicked while it counted");
    let key = format!("{command}: {error}");
    let known = kinds.len() < ERRORS || kinds.contains_key(&key);
    *kinds.entry(if known { key } else { "others".into() }).or_default() += 1;
}
