//! The kinds of attack, and how each is run: many tasks, each again and again until the time is up.

use super::tally::{Tally, Tallying};
use super::target::Target;
use super::{process, slow};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// Connections that send their `hello` a byte a second.
    SlowHello,
}

impl Attack {
    /// Every kind, in the order in which a campaign runs them.
    pub const ALL: [Self; 1] = [Self::SlowHello];

    /// Its name in a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SlowHello => "hello a byte a second",
        }
    }

    /// How many connections a campaign attacks with.
    #[must_use]
    pub fn crowd(self) -> usize {
        match self {
            Self::SlowHello => 500,
        }
    }
}

/// An attack that is ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub attack: Attack,
    /// Against whom.
    pub target: Target,
    /// With so many connections at once.
    pub crowd: usize,
    /// For how long. Each connection finishes what it has begun.
    pub time: Duration,
    /// What chance is made of.
    pub seed: u64,
}

/// Attacks.
pub async fn run(order: &Order) -> Tally {
    let tallying = Tallying::default();
    match order.attack {
        Attack::SlowHello => slow::hello(order, &tallying).await,
    }
    Tally { cpu_seconds: process::own_cpu_seconds(), ..tallying.tally() }
}

/// Runs `round` in so many tasks at once, each at least once and again until the time is up.
pub(super) async fn crowd<F: Future<Output = ()> + Send + 'static>(
    order: &Order,
    round: impl Fn(usize) -> F + Clone + Send + Sync + 'static,
) {
    let until = Instant::now() + order.time;
    let mut tasks = JoinSet::new();
    for number in 0..order.crowd {
        let round = round.clone();
        tasks.spawn(async move {
            loop {
                round(number).await;
                if Instant::now() >= until {
                    return;
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}
