//! The bare relay: real frames in, real frames out, with no log and no decision between them.
//!
//! A session says in its `hello` which side of which pair it is. What one side sends goes to the
//! other as a message entry and is acknowledged with `sent`. All that came in one read leaves in
//! two writes: one to the other side, one back.

use crate::frames::{MessageFrame, SentFrame};
use crate::lane::{Reader, write_batch};
use crate::transport;
use anyhow::{Context, Result, anyhow, bail, ensure};
use relevo_wire::answer::Welcome;
use relevo_wire::command::ArchivedSend;
use relevo_wire::frame::{self, Header, kind};
use relevo_wire::push::Snapshot;
use relevo_wire::vocabulary::{Author, Role};
use relevo_wire::{Answer, Command, Push, RequestId, SessionId, TicketId};
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// Most pairs of one server.
const PAIRS: usize = 4096;

/// A side's sending half; both sides' sessions write to it.
type Outlet = Arc<Mutex<quinn::SendStream>>;

/// The sides that are connected, two a pair.
#[derive(Clone)]
pub struct Pairs(Arc<[watch::Sender<Option<Outlet>>]>);

impl Default for Pairs {
    fn default() -> Self {
        Self((0..2 * PAIRS).map(|_| watch::Sender::new(None)).collect())
    }
}

/// The token of a side: pair and role.
#[must_use]
pub fn token(pair: usize, role: Role) -> String {
    format!("{}:{pair}", role.name())
}

/// The one ticket of a pair.
#[must_use]
pub fn ticket(pair: usize) -> TicketId {
    TicketId(pair as u128 + 1)
}

/// Serves one side of a pair until its connection ends.
///
/// # Errors
/// A frame is not one of the driver's, or a connection ended.
pub async fn session(connection: quinn::Connection, pairs: Pairs) -> Result<()> {
    let (send, receive) = connection.accept_bi().await?;
    let mut reader = Reader::new(receive);
    let (pair, role, request) = hello(&mut reader).await?;
    let (author, side) = match role {
        Role::Bot => (Author::Customer, 0),
        Role::Agent => (Author::Agent, 1),
        Role::Admin | Role::Operator => bail!("only bots and agents have a pair"),
    };
    if role == Role::Bot {
        transport::widen_for_bot(&connection);
    }
    let own: Outlet = Arc::new(Mutex::new(send));
    write_batch(&mut *own.lock().await, &mut welcome(role, request)).await?;
    pairs.0[2 * pair + side].send_replace(Some(Arc::clone(&own)));
    let mut other_side = pairs.0[2 * pair + 1 - side].subscribe();
    let other = other_side.wait_for(Option::is_some).await?.clone().context("waited for it")?;
    forward(reader, pair, author, &own, &other).await
}

async fn forward(
    mut reader: Reader,
    pair: usize,
    author: Author,
    own: &Outlet,
    other: &Outlet,
) -> Result<()> {
    let ticket = ticket(pair);
    let answer = SentFrame::new(ticket);
    let mut message: Option<MessageFrame> = None;
    let mut number = 0;
    let (mut to_other, mut to_own) = (Vec::new(), Vec::new());
    loop {
        let each = |header: Header, bytes: &[u8]| {
            if header.kind == kind::RECEIPT {
                return Ok(());
            }
            ensure!(header.kind == kind::SEND, "the bare relay knows no {:#06x}", header.kind);
            let (request, body) = read_send(bytes)?;
            if message.as_ref().is_none_or(|frame| frame.body_bytes() != body.len()) {
                message = Some(MessageFrame::new(author, body.len())?);
            }
            let frame = message.as_ref().expect("made above");
            number += 1;
            frame.append(&mut to_other, ticket, number, body);
            answer.append(&mut to_own, request, number);
            Ok(())
        };
        reader.read(each).await?;
        write_batch(&mut *other.lock().await, &mut to_other).await?;
        write_batch(&mut *own.lock().await, &mut to_own).await?;
    }
}

/// Request id and packed body of a `send`, where they lie.
pub(crate) fn read_send(bytes: &[u8]) -> Result<(&[u8; 8], &[u8])> {
    let (request, rest) = bytes.split_first_chunk::<8>().context("no request id")?;
    let (key_length, rest) = rest.split_first().context("no idempotency key")?;
    let payload = rest.get(usize::from(*key_length)..).context("the key is cut")?;
    let send = rkyv::access::<ArchivedSend, rkyv::rancor::Error>(payload)
        .map_err(|error| anyhow!("no send: {error}"))?;
    Ok((request, send.body.bytes()))
}

/// Which side of which pair, and the request to be answered.
pub(crate) async fn hello(reader: &mut Reader) -> Result<(usize, Role, RequestId)> {
    let mut found = None;
    while found.is_none() {
        let each = |header: Header, bytes: &[u8]| {
            let request =
                frame::read_request(header, bytes).map_err(|(_, error)| anyhow!("{error}"))?;
            let Command::Hello(hello) = request.command else { bail!("`hello` comes first") };
            let (role, pair) = hello.token.split_once(':').context("no pair in the token")?;
            let role = if role == Role::Bot.name() { Role::Bot } else { Role::Agent };
            let pair: usize = pair.parse()?;
            ensure!(pair < PAIRS, "at most {PAIRS} pairs");
            found = Some((pair, role, request.request_id));
            Ok(())
        };
        reader.read(each).await?;
    }
    found.context("the loop ends with one")
}

/// The answer to a hello, with an empty snapshot.
pub(crate) fn welcome(role: Role, request: RequestId) -> Vec<u8> {
    let welcome = Welcome {
        session: SessionId(1),
        server: "bare".to_owned(),
        role,
        tenant: String::new(),
        name: String::new(),
        now: 0,
        intent: None,
        tickets: 0,
        message_bytes: 65_536,
        lanes: relevo_wire::limits::LANES,
        idempotency_seconds: 0,
    };
    let mut out = Vec::new();
    frame::write_answer(&mut out, request, &Answer::Welcome(welcome));
    frame::write_push(&mut out, &Push::Snapshot(Snapshot { tickets: Vec::new(), last: true }));
    out
}
