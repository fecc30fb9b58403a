//! The demonstration: a daemon with bots, agents and customers in one process, over real QUIC.
//!
//! It needs no flag, no file and no network: a temporary directory, loopback, and keys of its own.

mod board;
mod dialogue;
mod figures;
mod people;
mod stage;

use std::io::{IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use relevo_client::{Connector, Options, Trust};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::runtime::Daemon;
use crate::tls::Tls;
use figures::Figures;
use stage::Cast;

/// The same sequence of customers every time.
const SEED: u64 = 0x5eed;
/// How often the board is drawn.
const DRAW: Duration = Duration::from_secs(1);
/// How long the drain at the end may take.
const DRAIN: Duration = Duration::from_secs(3);

/// Runs the demonstration until Ctrl-C, or for so long.
///
/// # Errors
/// The daemon did not start, or the parts did not connect.
pub fn run(seconds: Option<u64>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("cannot start the runtime", &error))?;
    runtime.block_on(play(seconds.map(Duration::from_secs)))
}

async fn play(limit: Option<Duration>) -> Result<(), Failure> {
    let directory =
        tempfile::tempdir().map_err(|error| failed("cannot make a directory", &error))?;
    let cast = stage::cast().map_err(|error| failed("cannot make keys", &error))?;
    let mut config = Config::default();
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.server.http = free_or_any(config.server.http);
    config.journal.directory = directory.path().join("data");
    config.directory = cast.directory.clone();
    std::fs::create_dir(&config.journal.directory)
        .map_err(|error| failed("cannot make a directory", &error))?;
    let tls = Tls::open(None, &config.journal.directory)
        .map_err(|error| failed("cannot make a certificate", &error))?;
    let daemon = Daemon::start(&config, &tls)
        .await
        .map_err(|error| failed("the daemon did not start", &error))?;
    let trust = Trust::fingerprint(&tls.fingerprint())
        .map_err(|error| failed("the fingerprint cannot be read", &error))?;
    let figures = Arc::new(Figures::default());
    let connector = Connector::new();
    let admin = cast_on_stage(&connector, &daemon, &trust, &cast, &figures).await?;
    watch(&daemon, &admin, &figures, limit).await;
    daemon.drain(DRAIN).await;
    Ok(())
}

/// Connects everybody and lets the customers come.
async fn cast_on_stage(
    connector: &Connector,
    daemon: &Daemon,
    trust: &Trust,
    cast: &Cast,
    figures: &Arc<Figures>,
) -> Result<relevo_client::AdminClient, Failure> {
    let server = daemon.quic_address();
    let unconnected = |error| failed("a part of the demonstration did not connect", &error);
    for (number, key) in (0u64..).zip(&cast.agents) {
        let options = Options::agent(server, trust.clone(), key);
        let (agent, events) = connector.agent(options).await.map_err(unconnected)?;
        tokio::spawn(people::agent(agent, events, SEED + number));
    }
    let mut bots = Vec::new();
    for (number, key) in (0u64..).zip(&cast.bots) {
        let options = Options::bot(server, trust.clone(), key);
        let (bot, events) = connector.bot(options).await.map_err(unconnected)?;
        tokio::spawn(people::bot(bot.clone(), events, Arc::clone(figures), !SEED + number));
        bots.push(bot);
    }
    tokio::spawn(people::customers(bots, Arc::clone(figures), SEED));
    let options = Options::agent(server, trust.clone(), &cast.operator);
    connector.admin(options).await.map_err(unconnected)
}

/// Shows what happens until Ctrl-C or the end of the time.
async fn watch(
    daemon: &Daemon,
    admin: &relevo_client::AdminClient,
    figures: &Figures,
    limit: Option<Duration>,
) {
    let metrics_url = format!("http://{}", daemon.http_address());
    let terminal = std::io::stdout().is_terminal();
    let started = Instant::now();
    let end = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let mut draw = interval(DRAW);
    draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if !terminal {
        show(&format!("metrics: curl {metrics_url}/metrics\n"));
    }
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            () = &mut end => break,
            _ = daemon.failed() => break,
            _ = draw.tick() => {
                let Ok(status) = admin.status().await else { continue };
                let now = figures.now();
                if terminal {
                    let page = board::page(&status, &now, &metrics_url, started.elapsed());
                    // Home and clear to the end: the page is drawn over the one before.
                    show(&format!("\x1b[H\x1b[J{page}"));
                } else {
                    show(&format!("{}\n", board::line(&status, &now, started.elapsed())));
                }
            }
        }
    }
    show(&board::summary(&figures.now(), started.elapsed()));
}

fn show(text: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that has gone away ends nothing: the demonstration goes on until Ctrl-C.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The usual address for metrics when it is free, so that the documented command works.
fn free_or_any(address: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("{what}: {error}"))
}
