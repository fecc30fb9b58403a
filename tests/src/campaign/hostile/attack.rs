//! The kinds of attack, and how each is run: many tasks, each again and again until the time is up.

use super::tally::{Tally, Tallying};
use super::target::Target;
use super::{commands, early_data, handshakes, http, process, slow, streams};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// Handshakes that are begun and left.
    HalfOpen,
    /// Ten thousand connections at once.
    ManyConnects,
    /// Connections of an unknown protocol.
    WrongProtocol,
    /// 0-RTT, forced and replayed.
    EarlyData,
    /// Connections that send their `hello` a byte a second.
    SlowHello,
    /// Frames that come a byte a second.
    SlowFrame,
    /// Every lane open, half a frame on each.
    AllLanes,
    /// Lanes full of gaps.
    Gaps,
    /// Bytes that hold on to whole trains of packets.
    Pins,
    /// Agents that read nothing.
    NeverRead,
    /// JSON nested 64 KiB deep.
    Nesting,
    /// Keys that were revoked or never were, ids of another tenant.
    Foreign,
    /// More hand-offs than there is budget for.
    Flood,
    /// HTTP heads that never end.
    SlowHeads,
    /// HTTP connections that never ask.
    SilentHttp,
}

impl Attack {
    /// Every kind, in the order in which a campaign runs them.
    pub const ALL: [Self; 15] = [
        Self::HalfOpen,
        Self::ManyConnects,
        Self::WrongProtocol,
        Self::EarlyData,
        Self::SlowHello,
        Self::SlowFrame,
        Self::AllLanes,
        Self::Gaps,
        Self::Pins,
        Self::NeverRead,
        Self::Nesting,
        Self::Foreign,
        Self::Flood,
        Self::SlowHeads,
        Self::SilentHttp,
    ];

    /// Its name in a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HalfOpen => "half-open handshakes",
            Self::ManyConnects => "10,000 connects at once",
            Self::WrongProtocol => "wrong ALPN",
            Self::EarlyData => "0-RTT, forced and replayed",
            Self::SlowHello => "hello a byte a second",
            Self::SlowFrame => "a frame a byte a second",
            Self::AllLanes => "all lanes, half a frame each",
            Self::Gaps => "gaps in every lane",
            Self::Pins => "gaps, a byte of each train",
            Self::NeverRead => "clients that never read",
            Self::Nesting => "64 KiB of JSON nesting",
            Self::Foreign => "foreign keys and ids",
            Self::Flood => "flood of hand-offs",
            Self::SlowHeads => "HTTP heads a byte a second",
            Self::SilentHttp => "silent HTTP connections",
        }
    }

    /// How many tasks a campaign attacks with.
    #[must_use]
    pub fn crowd(self) -> usize {
        match self {
            Self::HalfOpen | Self::EarlyData | Self::Foreign | Self::Flood => 8,
            Self::ManyConnects => 10_000,
            Self::WrongProtocol | Self::Nesting => 32,
            Self::SlowHello | Self::SlowFrame | Self::SilentHttp => 500,
            Self::AllLanes | Self::NeverRead => 50,
            Self::Gaps | Self::Pins => 20,
            Self::SlowHeads => 200,
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
    run_into(order, &tallying).await;
    Tally { cpu_seconds: process::own_cpu_seconds(), ..tallying.tally() }
}

/// Attacks, with a tally that others may look at meanwhile.
pub async fn run_into(order: &Order, tallying: &Tallying) {
    match order.attack {
        Attack::HalfOpen => handshakes::half_open(order, tallying).await,
        Attack::ManyConnects => handshakes::many(order, tallying).await,
        Attack::WrongProtocol => handshakes::wrong_protocol(order, tallying).await,
        Attack::EarlyData => early_data::run(order, tallying).await,
        Attack::SlowHello => slow::hello(order, tallying).await,
        Attack::SlowFrame => slow::frame(order, tallying).await,
        Attack::AllLanes => streams::all_open(order, tallying).await,
        Attack::Gaps => streams::gaps(order, tallying).await,
        Attack::Pins => streams::pins(order, tallying).await,
        Attack::NeverRead => streams::never_read(order, tallying).await,
        Attack::Nesting => commands::nesting(order, tallying).await,
        Attack::Foreign => commands::foreign(order, tallying).await,
        Attack::Flood => commands::flood(order, tallying).await,
        Attack::SlowHeads => http::slow_heads(order, tallying).await,
        Attack::SilentHttp => http::silent(order, tallying).await,
    }
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
