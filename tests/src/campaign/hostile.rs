//! Hostile clients against a live daemon, with a bot and an agent who behave beside them.
//!
//! What must hold: each attack is answered by the named error of the protocol, or its stream or
//! session ends; the daemon stays below the memory bound that it prints; descriptors and sessions
//! return to what they were; and the bystanders' 99th percentiles stay within three times those of
//! the calm, in which a process burns as much processor time as the attacker did and sends nothing.

pub mod attack;
pub mod attacker;
pub mod bystanders;
mod commands;
mod driven;
mod early_data;
mod handshakes;
mod http;
pub mod process;
pub mod report;
mod slow;
mod streams;
pub mod tally;
pub mod target;
pub mod wire;

use crate::harness::wait::let_pass;
use crate::harness::{Deployment, Settings};
use attack::{Attack, Order};
use attacker::Task;
use bystanders::Bystanders;
use process::Held;
use report::Row;
use std::time::Duration;
use tally::Tally;
use target::Target;
use tokio::time::Instant;

/// How long the daemon may take to forget an attack: longer than its idle timeout of 30 s.
const FORGETS: Duration = Duration::from_secs(60);

/// What a campaign is.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Which attacks.
    pub attacks: Vec<Attack>,
    /// How long each lasts, and the calm beside it.
    pub time: Duration,
    /// What chance is made of.
    pub seed: u64,
}

/// A daemon under attack.
#[derive(Debug)]
pub struct Siege {
    /// The daemon.
    pub deployment: Deployment,
    /// What the attacker knows of it.
    pub target: Target,
    /// Who behaves.
    pub bystanders: Bystanders,
}

impl Siege {
    /// A daemon with its bystanders.
    ///
    /// # Panics
    /// It does not become ready, or refuses them.
    pub async fn new(settings: Settings) -> Self {
        let deployment = target::deployment(settings).await;
        let target = Target::of(&deployment).await;
        let bystanders = Bystanders::open(&deployment).await;
        Self { deployment, target, bystanders }
    }

    /// The memory bound that the daemon printed, in bytes.
    #[must_use]
    pub fn bound_bytes(&self) -> u64 {
        self.deployment.daemon.ready().memory_bound_bytes
    }

    /// What the daemon holds once it holds what it did before, or after [`FORGETS`].
    pub async fn forgotten(&self, before: Held) -> Held {
        let start = Instant::now();
        loop {
            let now = process::held(&self.deployment).await;
            if now == before || start.elapsed() > FORGETS {
                return now;
            }
            let_pass(Duration::from_millis(100)).await;
        }
    }

    /// An order to attack this daemon.
    #[must_use]
    pub fn order(&self, attack: Attack, crowd: usize, time: Duration, seed: u64) -> Order {
        Order { attack, target: self.target.clone(), crowd, time, seed }
    }

    /// Attacks from this process with a small crowd, each once: what the attack came to, with
    /// everything that is wrong but for latencies.
    pub async fn skirmish(&self, attack: Attack, crowd: usize) -> Tally {
        let order = self.order(attack, crowd, Duration::ZERO, 1);
        let before = process::held_at_rest(&self.deployment).await;
        let pid = self.deployment.daemon.pid();
        process::forget_peak(pid);
        let (noticed, mut tally) = self.bystanders.beside(attack::run(&order)).await;
        let peak = process::peak_bytes(pid);
        let after = self.forgotten(before).await;
        tally.violations.extend(noticed.wrong);
        if peak > self.bound_bytes() {
            tally.violations.push(format!("{peak} bytes are above the bound"));
        }
        if after != before {
            tally.violations.push(format!("{before:?} before, {after:?} after"));
        }
        tally
    }

    async fn row(&self, campaign: &Campaign, attack: Attack) -> Row {
        let order = self.order(attack, attack.crowd(), campaign.time, campaign.seed);
        let before = process::held_at_rest(&self.deployment).await;
        let pid = self.deployment.daemon.pid();
        process::forget_peak(pid);
        let started = Instant::now();
        let attacking = attacker::run(Task::Attack(order));
        let (attacked, tally) = self.bystanders.beside(attacking).await;
        let took = started.elapsed();
        let peak_bytes = process::peak_bytes(pid);
        let after = self.forgotten(before).await;
        let tally = tally.unwrap_or_else(|error| Tally {
            violations: vec![error.to_string()],
            violated: 1,
            ..Tally::default()
        });
        let share = tally.cpu_seconds / took.as_secs_f64();
        let burning = attacker::run(Task::Burn { share, time: took });
        let (mut calm, burnt) = self.bystanders.beside(burning).await;
        calm.wrong.extend(burnt.err().map(|error| error.to_string()));
        let bound_bytes = self.bound_bytes();
        let held = (before, after);
        Row { attack: attack.name(), tally, peak_bytes, bound_bytes, calm, attacked, held }
    }
}

/// Limits that the attacks of a campaign reach.
#[must_use]
pub fn tight() -> Settings {
    let more = "[limits]\nmessages_memory_mib = 16\nbuffers_mib = 80\nmax_tickets = 20000\n\
                max_entries = 200000\nmax_objects = 1000\nbudget_entries = 1024\nbudget_mib = 8\n";
    Settings { max_sessions: Some(1000), more: more.into(), ..Settings::default() }
}

/// Runs a campaign; each row is shown as it comes. Did all hold?
///
/// # Panics
/// The daemon does not become ready.
pub async fn run(campaign: &Campaign, mut show: impl FnMut(&str)) -> bool {
    let siege = Siege::new(tight()).await;
    show(&report::head(siege.bound_bytes()));
    let mut held = true;
    for attack in &campaign.attacks {
        let row = siege.row(campaign, *attack).await;
        show(&row.text());
        held &= row.wrong().is_empty();
    }
    held
}
