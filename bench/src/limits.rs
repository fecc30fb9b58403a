//! Relevo beside the bare relay, over real QUIC on the loopback, in alternating pairs.

use crate::bare::Bare;
use crate::driver::pace::Pace;
use crate::driver::stage::{self, Messages};
use crate::driver::{Window, cycle, echo, relay};
use crate::in_process::commit;
use crate::process::{Server, processor_seconds};
use crate::report::{Required, Row, figure};
use crate::scrape;
use crate::statistics::Spread;
use crate::transport;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How everything is measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// The daemon's program; without it the raw limits are measured alone.
    pub relevo: Option<PathBuf>,
    /// Only scenarios whose name contains this.
    pub only: String,
    /// Alternating pairs.
    pub pairs: usize,
    /// Length of each run, and what comes before it.
    pub window: Window,
    /// Long enough for a claim.
    pub claim: bool,
    /// Worker threads of a bare server.
    pub server_threads: usize,
    /// What is sent.
    pub messages: Messages,
    /// In cycles, each party confirms what it got when a ticket is over.
    pub cycle_receipts: bool,
    /// A directory on the disk to measure.
    pub directory: PathBuf,
}

/// Connections and messages of a scenario.
#[derive(Debug, Clone, Copy)]
struct Load {
    pairs: usize,
    in_flight: usize,
    /// How many times the bare echo of as many connections the bare relay must reach, else it is no
    /// limit.
    over_echo: f64,
    /// What was seen on a machine of two cores, in messages a second.
    seen: f64,
}

const FEW: Load = Load { pairs: 16, in_flight: 16, over_echo: 2.0, seen: 322_000.0 };
const MANY: Load = Load { pairs: 64, in_flight: 8, over_echo: 1.3, seen: 223_000.0 };
/// Least ratio of relayed messages.
const RELAY_FEW: f64 = 0.4;
const RELAY_MANY: f64 = 0.5;
/// Least ratio of a cycle's two relays.
const CYCLE: f64 = 0.3;
/// How many raw commits' p99 a hand-off may take beyond the bare relay's.
const COMMITS: f64 = 3.0;

/// The share of a fixed rate that a run must reach.
const RATE_REACHED: f64 = 0.99;

/// Measures every scenario whose name contains `options.only`.
///
/// # Errors
/// A server did not start, or a run failed: something was lost, doubled or refused.
pub async fn all(options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let wanted = |name: &str| name.contains(&options.only);
    if wanted("relay-16x16") {
        rows.push(relays("relay 16 × 16", FEW, RELAY_FEW, options).await?);
    }
    if wanted("relay-64x8") {
        rows.push(relays("relay 64 × 8", MANY, RELAY_MANY, options).await?);
    }
    if wanted("cycle") && options.relevo.is_some() {
        rows.extend(cycles(options).await?);
    }
    Ok(rows)
}

/// The raw limit and what says whether it is one.
struct Limit {
    load: Load,
    _echo: Server,
    relay: Server,
    echoes: Vec<echo::Echo>,
    pairs: Vec<relay::Pair>,
    echo_per_second: Vec<f64>,
    relay_per_second: Vec<f64>,
    server_us: Vec<f64>,
    driver_us: Vec<f64>,
}

impl Limit {
    async fn start(load: Load, options: &Options) -> Result<Self> {
        let echo = Server::bare(Bare::Echo, options.server_threads, &options.directory)?;
        let relay = Server::bare(Bare::Relay, options.server_threads, &options.directory)?;
        let endpoint = transport::client(&echo.target)?;
        let echoes = echo::connect(&endpoint, &echo.target, 2 * load.pairs).await?;
        let pairs = stage::bare(&relay, load.pairs, options.messages).await?;
        let (echo_per_second, relay_per_second) = (Vec::new(), Vec::new());
        let (server_us, driver_us) = (Vec::new(), Vec::new());
        Ok(Self {
            load,
            _echo: echo,
            relay,
            echoes,
            pairs,
            echo_per_second,
            relay_per_second,
            server_us,
            driver_us,
        })
    }

    async fn measure(&mut self, options: &Options) -> Result<()> {
        let echoes = std::mem::take(&mut self.echoes);
        let bytes = options.messages.body_bytes;
        let (per_second, echoes) =
            echo::run(echoes, bytes, options.window).await.context("bare echo")?;
        self.echoes = echoes;
        self.echo_per_second.push(per_second);
        let pairs = std::mem::take(&mut self.pairs);
        let pace = Pace::InFlight(self.load.in_flight);
        let used = Used::before(&self.relay, &pairs)?;
        let (relayed, pairs) =
            relay::run(pairs, pace, options.window).await.context("bare relay")?;
        let (server, driver) = used.per_message(&self.relay, &pairs)?;
        self.server_us.push(server);
        self.driver_us.push(driver);
        self.pairs = pairs;
        self.relay_per_second.push(relayed.per_second);
        Ok(())
    }

    /// Why it is no limit.
    fn weakness(&self) -> Option<String> {
        let over = Spread::of_ratios(&self.relay_per_second, &self.echo_per_second)?.median;
        let needed = self.load.over_echo;
        (over < needed).then(|| format!("bare relay is {over:.2} × the bare echo, not {needed}"))
    }

    fn note(&self, row: Row) -> Row {
        let over = Spread::of_ratios(&self.relay_per_second, &self.echo_per_second);
        let echo = Spread::of(&self.echo_per_second);
        let (Some(over), Some(echo)) = (over, echo) else { return row };
        let connections = 2 * self.load.pairs;
        row.note(
            "bare echo",
            format!(
                "{}/s with {connections} connections; the relay is {:.2} ({:.2} – {:.2}) times that, {} needed",
                figure(echo.median), over.median, over.least, over.greatest, self.load.over_echo
            ),
        )
        .note("bare relay seen on two cores before", format!("{}/s", figure(self.load.seen)))
        .note(
            "processor time a message, bare",
            format!(
                "server {:.2} µs, driver {:.2} µs",
                median_of(&self.server_us),
                median_of(&self.driver_us)
            ),
        )
    }
}

/// A server that keeps what it relays, and what was measured of it.
struct Durable {
    server: Server,
    /// Of its log; removed with this value.
    _home: TempDir,
    pairs: Vec<relay::Pair>,
    per_second: Vec<f64>,
    server_us: Vec<f64>,
}

impl Durable {
    /// The bare relay with a log.
    async fn logged(load: Load, options: &Options) -> Result<Self> {
        let home = tempfile::tempdir_in(&options.directory)?;
        let server = Server::bare(Bare::Logged, options.server_threads, home.path())?;
        let pairs = stage::bare(&server, load.pairs, options.messages).await?;
        Ok(Self::of(server, home, pairs))
    }

    async fn relevo(program: &Path, load: Load, options: &Options) -> Result<Self> {
        let home = tempfile::tempdir_in(&options.directory)?;
        let (server, relevo) = Server::relevo(program, home.path(), "")?;
        let pairs = stage::relays(&server, &relevo, load.pairs, options.messages).await?;
        Ok(Self::of(server, home, pairs))
    }

    fn of(server: Server, home: TempDir, pairs: Vec<relay::Pair>) -> Self {
        Self { server, _home: home, pairs, per_second: Vec::new(), server_us: Vec::new() }
    }

    async fn measure(&mut self, load: Load, options: &Options) -> Result<()> {
        let pairs = std::mem::take(&mut self.pairs);
        let used = Used::before(&self.server, &pairs)?;
        let pace = Pace::InFlight(load.in_flight);
        let (relayed, pairs) = relay::run(pairs, pace, options.window).await?;
        self.server_us.push(used.per_message(&self.server, &pairs)?.0);
        self.pairs = pairs;
        self.per_second.push(relayed.per_second);
        Ok(())
    }
}

/// Processor time before a run.
struct Used {
    server: f64,
    driver: f64,
    messages: u64,
}

impl Used {
    fn before(server: &Server, pairs: &[relay::Pair]) -> Result<Self> {
        let driver = processor_seconds(std::process::id())?;
        Ok(Self { server: processor_seconds(server.id())?, driver, messages: total(pairs) })
    }

    /// Microseconds of server and driver for each message since.
    fn per_message(&self, server: &Server, pairs: &[relay::Pair]) -> Result<(f64, f64)> {
        let now = Self::before(server, pairs)?;
        let messages = (now.messages - self.messages) as f64 / 1e6;
        Ok(((now.server - self.server) / messages, (now.driver - self.driver) / messages))
    }
}

fn total(pairs: &[relay::Pair]) -> u64 {
    pairs.iter().map(|pair| u64::from(pair.number)).sum()
}

async fn relays(name: &str, load: Load, required: f64, options: &Options) -> Result<Row> {
    let mut limit = Limit::start(load, options).await?;
    let mut logged = Durable::logged(load, options).await?;
    let mut relevo = match &options.relevo {
        Some(program) => Some(Durable::relevo(program, load, options).await?),
        None => None,
    };
    for _ in 0..options.pairs {
        limit.measure(options).await?;
        logged.measure(load, options).await.context("bare relay with a log")?;
        if let Some(relevo) = &mut relevo {
            relevo.measure(load, options).await.context("relevo")?;
        }
    }
    let raw = &limit.relay_per_second;
    let with_log = Row::beside(name, "messages/s", &logged.per_second, "bare relay", raw);
    let row = match &relevo {
        Some(relevo) => Row::beside(name, "messages/s", &relevo.per_second, "bare relay", raw)
            .judged(Required::RatioAtLeast(required), options.claim, limit.weakness()),
        None => Row::alone(name, "messages/s", raw).judged(
            Required::Nothing,
            options.claim,
            limit.weakness(),
        ),
    };
    let mut row = limit.note(row);
    if let (Some(measured), Some(ratio)) = (with_log.measured, with_log.ratio) {
        let (rate, median) = (figure(measured.median), ratio.median);
        let (least, greatest) = (ratio.least, ratio.greatest);
        let value = format!(
            "{rate}/s, {median:.2} ({least:.2} – {greatest:.2}) of the bare relay; server {:.2} µs a message",
            median_of(&logged.server_us)
        );
        row = row.note("bare relay with a log", value);
    }
    let Some(relevo) = relevo else { return Ok(row) };
    if let Some(ratio) = Spread::of_ratios(&relevo.per_second, &logged.per_second) {
        let Spread { median, least, greatest, .. } = ratio;
        let value = format!("{median:.2} ({least:.2} – {greatest:.2}) of it");
        row = row.note("Relevo beside the bare relay with a log", value);
    }
    let used = format!("{:.2} µs", median_of(&relevo.server_us));
    Ok(row.note("processor time a message, Relevo", used))
}

fn median_of(values: &[f64]) -> f64 {
    Spread::of(values).map_or(0.0, |spread| spread.median)
}

async fn cycles(options: &Options) -> Result<Vec<Row>> {
    let program = options.relevo.as_ref().context("cycles need Relevo")?;
    let mut limit = Limit::start(FEW, options).await?;
    let home = tempfile::tempdir_in(&options.directory)?;
    let (server, relevo) = Server::relevo(program, home.path(), "")?;
    let mut pairs = stage::cycles(&server, &relevo, FEW.pairs).await?;
    let pace = Pace::InFlight(FEW.in_flight);
    let mut relays = Vec::new();
    for _ in 0..options.pairs {
        limit.measure(options).await?;
        let run = cycle::run(pairs, pace, options.cycle_receipts, options.window);
        let (cycled, back) = run.await.context("relevo")?;
        pairs = back;
        relays.push(2.0 * cycled.per_second);
    }
    let raw = &limit.relay_per_second;
    let row =
        Row::beside("cycle 16 × 16 (two relays each)", "relays/s", &relays, "bare relay", raw)
            .judged(Required::RatioAtLeast(CYCLE), options.claim, limit.weakness());
    let mut rows = vec![limit.note(row)];
    let saturated = rows[0].measured.context("there are pairs")?.median / 2.0;
    rows.push(latency(options, &mut limit, &relevo, pairs, saturated / 2.0).await?);
    Ok(rows)
}

/// p99 hand-off → agent notified at `rate` cycles a second, beside what the raw parts take.
async fn latency(
    options: &Options,
    limit: &mut Limit,
    relevo: &crate::process::Relevo,
    mut pairs: Vec<cycle::Pair>,
    rate: f64,
) -> Result<Row> {
    let pace = Pace::PerSecond(rate);
    let (mut measured, mut allowed) = (Vec::new(), Vec::new());
    let (mut bare_p99, mut commit_p99, mut group_bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut reached = 1.0_f64;
    for _ in 0..options.pairs {
        // A cycle is two relays: the bare relay has as much to do.
        let bare = std::mem::take(&mut limit.pairs);
        let bare_pace = Pace::PerSecond(2.0 * rate);
        let (relayed, back) =
            relay::run(bare, bare_pace, options.window).await.context("bare relay")?;
        limit.pairs = back;
        let before = Commits::now(relevo)?;
        let run = cycle::run(pairs, pace, options.cycle_receipts, options.window);
        let (cycled, back) = run.await.context("relevo")?;
        pairs = back;
        let group = before.bytes_a_commit(&Commits::now(relevo)?);
        let directory = options.directory.clone();
        let time = options.window.measured;
        let raw = tokio::task::spawn_blocking(move || commit::latency(&directory, group, time));
        let p99 = |histogram: &hdrhistogram::Histogram<u64>| {
            histogram.value_at_quantile(0.99) as f64 / 1000.0
        };
        let (bare, commit) = (p99(&relayed.latency), p99(&raw.await??));
        reached = reached.min(cycled.per_second / rate).min(relayed.per_second / (2.0 * rate));
        measured.push(p99(&cycled.notified));
        allowed.push(bare + COMMITS * commit);
        bare_p99.push(bare);
        commit_p99.push(commit);
        group_bytes.push(group as f64);
    }
    let raw_name = "bare relay p99 + 3 × raw commit p99";
    let void = limit.weakness().or_else(|| too_slow(reached));
    Ok(Row::beside("p99 hand-off → agent notified", "ms", &measured, raw_name, &allowed)
        .judged(Required::RatioAtMost(1.0), options.claim, void)
        .note("cycles a second", format!("{}: half of the saturated rate", figure(rate)))
        .note("bare relay p99", format!("{:.2} ms at two relays a cycle", median_of(&bare_p99)))
        .note(
            "raw commit p99",
            format!(
                "{:.2} ms, groups of {} B",
                median_of(&commit_p99),
                figure(median_of(&group_bytes))
            ),
        ))
}

/// A latency at another rate than the one named says nothing.
fn too_slow(reached: f64) -> Option<String> {
    (reached < RATE_REACHED).then(|| format!("a run reached {:.0} % of its rate", 100.0 * reached))
}

/// Commits and bytes of the daemon's journal so far.
struct Commits {
    count: f64,
    bytes: f64,
}

impl Commits {
    fn now(relevo: &crate::process::Relevo) -> Result<Self> {
        Ok(Self {
            count: scrape::sum(relevo.http, "relevo_commit_seconds_count")?,
            bytes: scrape::sum(relevo.http, "relevo_journal_bytes_total")?,
        })
    }

    fn bytes_a_commit(&self, later: &Self) -> usize {
        let commits = (later.count - self.count).max(1.0);
        ((later.bytes - self.bytes) / commits).max(1.0) as usize
    }
}

/// The usual window: half a second to settle.
#[must_use]
pub fn window(seconds: f64) -> Window {
    Window { warm_up: Duration::from_millis(500), measured: Duration::from_secs_f64(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_below_its_rate_has_no_latency() {
        assert_eq!(too_slow(1.0), None);
        assert_eq!(too_slow(0.99), None);
        assert_eq!(too_slow(0.85), Some("a run reached 85 % of its rate".to_owned()));
    }

    #[test]
    fn a_commit_has_the_bytes_of_the_time_between() {
        let before = Commits { count: 10.0, bytes: 1_000.0 };
        let after = Commits { count: 20.0, bytes: 31_000.0 };
        assert_eq!(before.bytes_a_commit(&after), 3_000);
    }
}
