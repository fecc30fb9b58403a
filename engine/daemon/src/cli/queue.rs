//! `relevo queue`: what whoever runs the desk does with a queue of a running daemon.

use super::remote::{Admin, block_on, unanswered};
use super::{output, span};
use crate::exit::Failure;
use crate::explain::shown;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use relevo_wire::command::{NotifyWaiting, SetQueueMode};
use relevo_wire::vocabulary::QueueMode;

#[derive(Debug, Subcommand)]
pub(super) enum Queue {
    /// Open, drain or close a queue, at once and until a time; `apply` leaves it as it is
    Mode(SetMode),
    /// Tell everybody who waits in a queue something, and show how many they are
    Notify(Notify),
}

#[derive(Debug, Args)]
pub(super) struct SetMode {
    #[command(flatten)]
    admin: Admin,
    /// The queue, as BOT/QUEUE
    queue: String,
    /// Whom it takes from now on
    mode: Mode,
    /// What whoever is refused is told, in place of the queue's text `closed`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    /// When it is open again: 2026-07-01T18:30:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<u64>,
    /// After how long it is open again: 90s, 5m, 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = after, conflicts_with = "until")]
    length: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Notify {
    #[command(flatten)]
    admin: Admin,
    /// The queue, as BOT/QUEUE
    queue: String,
    /// What they are told
    text: String,
    /// What those are told who understand this language, such as es="Hoy tardamos más"; once each
    #[arg(long = "in", value_name = "LANGUAGE=TEXT", value_parser = in_language)]
    texts: Vec<(String, String)>,
}

fn in_language(text: &str) -> Result<(String, String), String> {
    let (language, text) = text.split_once('=').ok_or("write LANGUAGE=TEXT")?;
    Ok((language.to_owned(), text.to_owned()))
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    /// As its opening hours say
    Open,
    /// Nobody new; who waits is served to the end
    Drain,
    /// Nobody; who waits is treated as at closing time
    Closed,
}

impl From<Mode> for QueueMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Open => Self::Open,
            Mode::Drain => Self::Drain,
            Mode::Closed => Self::Closed,
        }
    }
}

/// In microseconds since 1970.
fn moment(text: &str) -> Result<u64, String> {
    let at: Timestamp =
        text.parse().map_err(|error| format!("{error}; write a time as 2026-07-01T18:30:00Z"))?;
    u64::try_from(at.as_microsecond()).map_err(|_| "that is before 1970".to_owned())
}

/// A length of time from now on, in microseconds since 1970.
fn after(text: &str) -> Result<u64, String> {
    let right = "write how long as 90s, 5m or 2h";
    let length = span::read(text).filter(|length| length.is_positive()).ok_or(right)?;
    let at = Timestamp::now().checked_add(length).map_err(|_| right)?;
    u64::try_from(at.as_microsecond()).map_err(|_| right.to_owned())
}

impl Queue {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Mode(set) => block_on(set.run()),
            Self::Notify(notify) => block_on(notify.run()),
        }
    }
}

impl SetMode {
    async fn run(self) -> Result<(), Failure> {
        let Self { admin, queue, mode, text, until, length } = self;
        let (mode, until) = (QueueMode::from(mode), until.or(length));
        let said = match until {
            Some(until) => format!("{queue} is set to {} until {}", mode.name(), shown(until)),
            None => format!("{queue} is set to {}", mode.name()),
        };
        let client = admin.connect().await?;
        let set = client.set_queue_mode(SetQueueMode { queue, mode, text, until });
        set.await.map_err(unanswered)?;
        client.close().await;
        output::line(&said)
    }
}

impl Notify {
    async fn run(self) -> Result<(), Failure> {
        let Self { admin, queue, text, texts } = self;
        let client = admin.connect().await?;
        let notified = client.notify_waiting(NotifyWaiting { queue, text, texts });
        let tickets = notified.await.map_err(unanswered)?.tickets;
        client.close().await;
        output::line(&format!("{tickets} customers are being told"))
    }
}
