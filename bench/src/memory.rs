//! Resident memory: the slope over idle sessions and over waiting tickets.

use crate::bare::Bare;
use crate::driver::ledger::Ledger;
use crate::driver::session::{Session, unexpected};
use crate::driver::{echo, stage};
use crate::frames::{self, HandOffFrame};
use crate::lane::write_batch;
use crate::machine::resident_bytes;
use crate::process::Server;
use crate::report::{Required, Row};
use crate::statistics::slope;
use crate::transport;
use anyhow::{Context, Result};
use relevo_wire::directory::{Agent, Bot, Object, Queue};
use relevo_wire::frame::{Header, kind};
use relevo_wire::vocabulary::Role;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An idle session may take so many times bare quinn's idle connection.
const SESSION_RATIO: f64 = 1.5;
/// A waiting ticket may take so many bytes.
const TICKET_BYTES: f64 = 1024.0;
/// Hand-offs under way at once.
const UNDER_WAY: usize = 256;

/// How much is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The daemon's program; without it the raw limit is measured alone.
    pub relevo: Option<PathBuf>,
    /// Most sessions; memory is read at each fifth.
    pub sessions: usize,
    /// Most waiting tickets; memory is read at each fifth.
    pub tickets: usize,
    /// Large enough for a claim.
    pub claim: bool,
    /// Worker threads of a bare server.
    pub server_threads: usize,
    /// A directory on the disk.
    pub directory: PathBuf,
}

/// Both rows.
///
/// # Errors
/// A server did not start or refused something.
pub async fn all(options: &Options) -> Result<Vec<Row>> {
    let bare = bare_connections(options).await?;
    let Some(program) = &options.relevo else {
        let bytes = slope(&bare).context("no slope")?;
        return Ok(vec![Row::alone("idle bare connection", "B", &[bytes])]);
    };
    let sessions = idle_sessions(options, program).await?;
    let (session, raw) = (slope(&sessions), slope(&bare));
    let (session, raw) = session.zip(raw).context("no slope")?;
    let sessions_row =
        Row::beside("idle session", "B", &[session], "idle quinn connection", &[raw])
            .judged(Required::RatioAtMost(SESSION_RATIO), options.claim, None)
            .note("resident", points(&sessions))
            .note("resident, bare", points(&bare));
    let tickets = waiting_tickets(options, program).await?;
    let ticket = slope(&tickets).context("no slope")?;
    let tickets_row = Row::alone("waiting ticket", "B", &[ticket])
        .judged(Required::AtMost(TICKET_BYTES), options.claim, None)
        .note("resident", points(&tickets));
    Ok(vec![sessions_row, tickets_row])
}

/// Pairs of count and resident bytes.
type Points = Vec<(f64, f64)>;

fn points(points: &Points) -> String {
    let shown = points.iter().map(|(count, bytes)| format!("{} at {count:.0}", size(*bytes)));
    shown.collect::<Vec<_>>().join(", ")
}

fn size(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / (1024.0 * 1024.0))
}

/// Connections on the bare echo, each with one lane that has carried a message.
async fn bare_connections(options: &Options) -> Result<Points> {
    let server = Server::bare(Bare::Echo, options.server_threads, &options.directory)?;
    let endpoint = transport::client(&server.target)?;
    let mut open = Vec::with_capacity(options.sessions);
    let mut points = Points::new();
    for _ in 0..5 {
        let step = echo::connect(&endpoint, &server.target, options.sessions / 5).await?;
        open.extend(echo::once(step, 256).await?);
        points.push((open.len() as f64, settled(&server).await?));
    }
    Ok(points)
}

/// Of a waiting ticket all but its messages is measured: they have a budget of their own.
const WITHOUT_MESSAGES: &str = "messages_memory_mib = 1";
/// Memory is read at the latest after so long.
const SETTLING_SECONDS: usize = 30;

/// Agents that have said hello, and nothing since.
async fn idle_sessions(options: &Options, program: &Path) -> Result<Points> {
    let home = tempfile::tempdir_in(&options.directory)?;
    let (server, relevo) = Server::relevo(program, home.path(), "")?;
    let mut admin = stage::admin(&server, &relevo).await?;
    let names: Vec<String> =
        (0..options.sessions).map(|agent| format!("agent-{agent:05}")).collect();
    admin
        .put(names.iter().map(|name| Object::Agent(Agent::new(name.clone(), 3))).collect())
        .await?;
    let keys = admin.keys(Role::Agent, &names).await?;
    let endpoint = transport::client(&server.target)?;
    let mut open = Vec::with_capacity(options.sessions);
    let mut points = Points::new();
    for step in keys.chunks(options.sessions / 5) {
        for key in step {
            open.push(Session::open(&endpoint, server.target.address, key).await?);
        }
        points.push((open.len() as f64, settled(&server).await?));
    }
    Ok(points)
}

/// Tickets in a line without anybody online.
async fn waiting_tickets(options: &Options, program: &Path) -> Result<Points> {
    let home = tempfile::tempdir_in(&options.directory)?;
    let (server, relevo) = Server::relevo(program, home.path(), WITHOUT_MESSAGES)?;
    let mut admin = stage::admin(&server, &relevo).await?;
    let bot = "bot".to_owned();
    let line = Queue::new(bot.clone(), "line");
    admin.put(vec![Object::Bot(Bot::new(bot.clone(), "line")), Object::Queue(line)]).await?;
    let keys = admin.keys(Role::Bot, &[bot]).await?;
    let endpoint = transport::client(&server.target)?;
    let key = keys.first().context("one key was asked for")?;
    let mut session = Session::open(&endpoint, server.target.address, key).await?;
    let mut points = Points::new();
    for step in 1..=5 {
        let (from, to) = (options.tickets / 5 * (step - 1), options.tickets / 5 * step);
        hand_off(&mut session, from, to).await?;
        points.push((to as f64, settled(&server).await?));
    }
    Ok(points)
}

async fn hand_off(session: &mut Session, from: usize, to: usize) -> Result<()> {
    let mut ledger = Ledger::new(UNDER_WAY);
    let mut batch = Vec::new();
    let mut next = from;
    while next < to || ledger.outstanding() > 0 {
        while next < to
            && let Some(id) = ledger.open()
        {
            HandOffFrame::new(&format!("contact-{next:07}")).append(&mut batch, id, 0);
            next += 1;
        }
        write_batch(&mut session.send, &mut batch).await?;
        let each = |header: Header, bytes: &[u8]| match header.kind {
            kind::ACCEPTED => ledger.close(frames::answered(bytes)?).map(|_| ()),
            kind::EMPTY => Ok(()),
            _ => Err(unexpected(header, bytes)),
        };
        session.reader.read(each).await?;
    }
    Ok(())
}

/// Resident memory when it has stopped changing by more than a hundredth: the last connections'
/// timers are done with, and a snapshot that a full generation asked for has been written.
async fn settled(server: &Server) -> Result<f64> {
    let mut before = resident_bytes(server.id())? as f64;
    for _ in 0..SETTLING_SECONDS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = resident_bytes(server.id())? as f64;
        if (now - before).abs() <= before / 100.0 {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}
