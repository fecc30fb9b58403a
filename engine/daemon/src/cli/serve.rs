//! `relevo serve`: starts the daemon, says where it is, and follows signals until it ends.

mod daemon;

use super::{configuration, output};
use crate::config::{Config, MIB};
use crate::exit::{Exit, Failure};
use crate::logging::{self, Logging};
use crate::memory::{self, Bound};
use crate::tls::{Tls, TlsError};
use std::io::{IsTerminal, stdout};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc;

/// Threads for scrapes and for reading old bodies from the log: more would wait for the same disk.
const BLOCKING_THREADS: usize = 16;

/// Tasks that a network thread runs between two looks at the sockets. With tokio's 61 each step of a
/// message waits for as many tasks of those who flood the daemon: beside gaps in trains its p99 was 10.8
/// to 12.7 ms, with these two 7.6.
const EVENT_INTERVAL: u32 = 16;
/// And between two looks at what other threads have woken: publish wakes who has something to write.
const GLOBAL_QUEUE_INTERVAL: u32 = 8;
/// Why it ended by itself.
const CANNOT_GO_ON: &str = "the daemon cannot go on; its log says why";
/// Signals that wait to be followed; more of them say nothing new.
const SIGNALS: usize = 4;

/// The daemon as this command sees it.
trait Service {
    /// Where it listens, and the key that it made when it had none.
    fn announcement(&self) -> Announcement;
    /// Tells it how a reload went, for its metrics.
    fn reloaded(&self, successful: bool);
    /// Ends when it cannot go on.
    async fn failed(&self) -> Exit;
    /// Takes nothing new, sends the sessions elsewhere, syncs: how that ended.
    async fn drain(self, patience: Duration) -> Exit;
}

/// What a client needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    quic: SocketAddr,
    http: SocketAddr,
    operator_key: Option<String>,
}

/// What the daemon follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// SIGTERM, SIGINT: drain, or when it drains already, end at once.
    Stop,
    /// SIGHUP: read the log level and the TLS files again.
    Reload,
}

pub(super) fn run(file: Option<&Path>, accept_loss: Option<u64>) -> Result<(), Failure> {
    let mut config = configuration::load(file)?;
    config.journal.accept_loss = accept_loss;
    let logging = logging::start(config.log)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .global_queue_interval(GLOBAL_QUEUE_INTERVAL)
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|error| {
            Failure::new(Exit::Panic, format!("the system gives no threads: {error}"))
        })?;
    let outcome = runtime.block_on(serve(config, file, logging));
    // Whatever is still running ends with the process: what matters is synced.
    runtime.shutdown_background();
    outcome
}

async fn serve(config: Config, file: Option<&Path>, logging: Logging) -> Result<(), Failure> {
    let mut signals = signals()?;
    let data = &config.journal.directory;
    let tls = Tls::open(config.server.tls.as_ref(), data).map_err(|error| unusable(&error))?;
    let started = tokio::select! {
        started = daemon::start(&config, &tls) => started?,
        () = stop(&mut signals) => return Ok(()),
    };
    let bound = Bound::of(&config);
    tell(&bound);
    if announce(&started.announcement(), &bound, &tls.fingerprint(), data)? {
        daemon::shown(&started)?;
    }
    let patience = config.server.drain;
    let mut reload = Reload { file: file.map(Path::to_owned), running: config, logging, tls };
    supervise(started, &mut signals, patience, || reload.run()).await
}

/// Follows signals until the daemon has ended.
async fn supervise<S: Service>(
    service: S,
    signals: &mut mpsc::Receiver<Signal>,
    patience: Duration,
    mut reload: impl FnMut() -> bool,
) -> Result<(), Failure> {
    loop {
        tokio::select! {
            exit = service.failed() => {
                return Err(Failure::new(exit, CANNOT_GO_ON));
            }
            signal = signals.recv() => match signal {
                Some(Signal::Reload) => service.reloaded(reload()),
                Some(Signal::Stop) | None => break,
            },
        }
    }
    tracing::info!(?patience, "draining; a second signal ends at once");
    let exit = tokio::select! {
        exit = service.drain(patience) => exit,
        () = stop(signals) => {
            return Err(Failure::new(Exit::DrainTimedOut, "ended by a second signal"));
        }
    };
    let message = match exit {
        Exit::Done => return Ok(()),
        Exit::DrainTimedOut => format!("the drain did not finish within {} s", patience.as_secs()),
        Exit::Storage
        | Exit::Panic
        | Exit::Failed
        | Exit::Differs
        | Exit::Usage
        | Exit::Unavailable
        | Exit::Refused
        | Exit::Configuration => CANNOT_GO_ON.to_owned(),
    };
    Err(Failure::new(exit, message))
}

/// Ends with the next [`Signal::Stop`].
async fn stop(signals: &mut mpsc::Receiver<Signal>) {
    while let Some(signal) = signals.recv().await {
        match signal {
            Signal::Stop => return,
            Signal::Reload => {}
        }
    }
}

fn signals() -> Result<mpsc::Receiver<Signal>, Failure> {
    let (sender, signals) = mpsc::channel(SIGNALS);
    for (kind, signal) in [
        (SignalKind::terminate(), Signal::Stop),
        (SignalKind::interrupt(), Signal::Stop),
        (SignalKind::hangup(), Signal::Reload),
    ] {
        let mut arrivals = unix::signal(kind).map_err(|error| {
            Failure::new(Exit::Panic, format!("the system gives no signals: {error}"))
        })?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while arrivals.recv().await.is_some() {
                if sender.send(signal).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(signals)
}

fn unusable(error: &TlsError) -> Failure {
    let exit = match error {
        TlsError::Development { .. } => Exit::Storage,
        TlsError::Unreadable { .. }
        | TlsError::NoCertificate { .. }
        | TlsError::NoKey { .. }
        | TlsError::KeyKind { .. }
        | TlsError::Mismatch { .. } => Exit::Configuration,
    };
    Failure::new(exit, error.to_string())
}

/// What SIGHUP does.
struct Reload {
    file: Option<PathBuf>,
    running: Config,
    logging: Logging,
    tls: Tls,
}

impl Reload {
    fn run(&mut self) -> bool {
        let configured = self.configuration();
        let certified = match self.tls.reload() {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the certificate in use stays");
                false
            }
        };
        tracing::info!(
            configuration = configured,
            certificate = certified,
            fingerprint = self.tls.fingerprint(),
            "reloaded"
        );
        configured && certified
    }

    fn configuration(&mut self) -> bool {
        let mut read = match configuration::load(self.file.as_deref()) {
            Ok(read) => read,
            Err(failure) => {
                tracing::error!(%failure, "the configuration in force stays");
                return false;
            }
        };
        self.logging.set_level(read.log.level);
        self.running.log.level = read.log.level;
        // Said at the start, and by no file.
        read.journal.accept_loss = self.running.journal.accept_loss;
        if read != self.running {
            tracing::warn!("the file differs in more than the log level: that takes a restart");
        }
        true
    }
}

/// Says in the log what the limits add up to, and whether the machine has as much.
fn tell(bound: &Bound) {
    let mib = bound.mib();
    tracing::info!(mib, parts_mib = %bound, "the limits bound the memory");
    if let Some(machine_mib) = memory::machine_bytes().map(|bytes| bytes / MIB)
        && machine_mib < mib
    {
        // The defaults are made for the largest centers: no warning that everybody learns to ignore.
        tracing::info!(
            mib,
            machine_mib,
            "the limits allow more memory than the machine has: lower them, and set memory_max_mib"
        );
    }
}

/// Was there anybody to read it?
fn announce(
    told: &Announcement,
    bound: &Bound,
    fingerprint: &str,
    data: &Path,
) -> Result<bool, Failure> {
    let text = if stdout().is_terminal() {
        for_people(told, bound, fingerprint, data)
    } else {
        for_programs(told, bound, fingerprint, data)
    };
    output::show(&text)
}

fn for_people(told: &Announcement, bound: &Bound, fingerprint: &str, data: &Path) -> String {
    let mut text = format!(
        "relevo {} is ready\n\n  QUIC         {}\n  HTTP         http://{}/metrics\n  \
         fingerprint  {fingerprint}\n  data         {}\n  memory       at most {} MiB\n",
        env!("CARGO_PKG_VERSION"),
        told.quic,
        told.http,
        data.display(),
        bound.mib(),
    );
    if let Some(key) = &told.operator_key {
        text += &format!("  admin key    {key}\n               (shown this once; keep it)\n");
    }
    let key = told.operator_key.as_deref().unwrap_or("...");
    text += &format!(
        "\n  export RELEVO_SERVER={} RELEVO_FINGERPRINT={fingerprint}\n  export RELEVO_KEY={key}\n  \
         relevo status\n",
        told.quic
    );
    text
}

/// One line of JSON.
fn for_programs(told: &Announcement, bound: &Bound, fingerprint: &str, data: &Path) -> String {
    serde_json::json!({
        "event": "ready",
        "version": env!("CARGO_PKG_VERSION"),
        "quic": told.quic,
        "http": told.http,
        "fingerprint": fingerprint,
        "data_directory": data,
        "admin_key": told.operator_key,
        "memory_bound_bytes": bound.bytes(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::pending;
    use std::rc::Rc;

    /// A daemon of which each test says what becomes of it.
    struct Fake {
        fails: Option<Exit>,
        drains: Option<Exit>,
        reloads: Rc<Cell<Vec<bool>>>,
    }

    impl Fake {
        fn new() -> Self {
            Self { fails: None, drains: Some(Exit::Done), reloads: Rc::default() }
        }
    }

    impl Service for Fake {
        fn announcement(&self) -> Announcement {
            unreachable!("supervision announces nothing")
        }

        fn reloaded(&self, successful: bool) {
            let mut reloads = self.reloads.take();
            reloads.push(successful);
            self.reloads.set(reloads);
        }

        async fn failed(&self) -> Exit {
            match self.fails {
                Some(exit) => exit,
                None => pending().await,
            }
        }

        async fn drain(self, _: Duration) -> Exit {
            match self.drains {
                Some(exit) => exit,
                None => pending().await,
            }
        }
    }

    /// Supervises with signals that have arrived already, in this order.
    fn supervised(service: Fake, arrived: &[Signal], reload: impl FnMut() -> bool) -> Exit {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (sender, mut signals) = mpsc::channel(8);
        arrived.iter().for_each(|signal| sender.try_send(*signal).unwrap());
        let ended = supervise(service, &mut signals, Duration::from_secs(1), reload);
        runtime.block_on(ended).err().map_or(Exit::Done, |failure| failure.exit)
    }

    #[test]
    fn one_signal_drains_and_a_drain_in_time_is_success() {
        assert_eq!(supervised(Fake::new(), &[Signal::Stop], || true), Exit::Done);
    }

    #[test]
    fn a_drain_that_takes_too_long_is_told() {
        let service = Fake { drains: Some(Exit::DrainTimedOut), ..Fake::new() };
        assert_eq!(supervised(service, &[Signal::Stop], || true), Exit::DrainTimedOut);
    }

    /// It was told as a drain that took too long.
    #[test]
    fn a_daemon_that_fails_while_it_drains_ends_with_its_own_code() {
        for exit in [Exit::Storage, Exit::Panic] {
            let service = Fake { drains: Some(exit), ..Fake::new() };
            assert_eq!(supervised(service, &[Signal::Stop], || true), exit);
        }
    }

    #[test]
    fn a_second_signal_ends_a_drain_that_never_would() {
        let service = Fake { drains: None, ..Fake::new() };
        let signals = [Signal::Stop, Signal::Reload, Signal::Stop];
        let exit = supervised(service, &signals, || unreachable!("while draining"));
        assert_eq!(exit, Exit::DrainTimedOut);
    }

    #[test]
    fn a_failed_daemon_ends_with_its_own_code() {
        for exit in [Exit::Storage, Exit::Panic] {
            assert_eq!(supervised(Fake { fails: Some(exit), ..Fake::new() }, &[], || true), exit);
        }
    }

    #[test]
    fn each_reload_is_told_with_its_outcome() {
        let service = Fake::new();
        let told = Rc::clone(&service.reloads);
        let mut outcomes = [false, true].into_iter();
        let signals = [Signal::Reload, Signal::Reload, Signal::Stop];
        assert_eq!(supervised(service, &signals, || outcomes.next().unwrap()), Exit::Done);
        assert_eq!(told.take(), [false, true]);
    }

    #[test]
    fn the_announcement_holds_what_a_client_needs() {
        let told = Announcement {
            quic: "127.0.0.1:7443".parse().unwrap(),
            http: "127.0.0.1:9464".parse().unwrap(),
            operator_key: Some("rlv_operator_x".into()),
        };
        let bound = Bound::of(&Config::default());
        let line = for_programs(&told, &bound, "ab12", Path::new("data"));
        assert_eq!(line.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["quic"], "127.0.0.1:7443");
        assert_eq!(read["admin_key"], "rlv_operator_x");
        assert_eq!(read["memory_bound_bytes"], bound.bytes());
        let people = for_people(&told, &bound, "ab12", Path::new("data"));
        assert!(people.contains(&format!("at most {} MiB", bound.mib())), "{people}");
        for needed in ["127.0.0.1:7443", "http://127.0.0.1:9464/metrics", "ab12", "rlv_operator_x"]
        {
            assert!(people.contains(needed), "{people}");
        }
        let later = Announcement { operator_key: None, ..told };
        assert!(!for_people(&later, &bound, "ab12", Path::new("data")).contains("admin key"));
    }
}
