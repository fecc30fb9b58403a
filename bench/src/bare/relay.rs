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

/// The sides that are connected, two a pair, each with what is written to it by.
pub struct Pairs<Outlet = Mutex<quinn::SendStream>>(Arc<[watch::Sender<Option<Arc<Outlet>>>]>);

impl<Outlet> Default for Pairs<Outlet> {
    fn default() -> Self {
        Self((0..2 * PAIRS).map(|_| watch::Sender::new(None)).collect())
    }
}

impl<Outlet> Clone for Pairs<Outlet> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Outlet> Pairs<Outlet> {
    /// Enters the side of an author, and waits for the other one.
    pub(super) async fn meet(
        &self,
        pair: usize,
        author: Author,
        own: &Arc<Outlet>,
    ) -> Result<Arc<Outlet>> {
        let side = 2 * pair + usize::from(author == Author::Agent);
        self.0[side].send_replace(Some(Arc::clone(own)));
        let mut other = self.0[side ^ 1].subscribe();
        other.wait_for(Option::is_some).await?.clone().context("waited for it")
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
    let Entered { send, mut reader, pair, author } = enter(&connection).await?;
    let own = Arc::new(Mutex::new(send));
    let other = pairs.meet(pair, author, &own).await?;
    let mut crossing = Crossing::new(pair, author);
    let (mut to_other, mut to_own) = (Vec::new(), Vec::new());
    loop {
        reader
            .read(|header, bytes| crossing.take(header, bytes, &mut to_other, &mut to_own))
            .await?;
        write_batch(&mut *other.lock().await, &mut to_other).await?;
        write_batch(&mut *own.lock().await, &mut to_own).await?;
    }
}

/// A side that has said hello.
pub(super) struct Entered {
    pub(super) send: quinn::SendStream,
    pub(super) reader: Reader,
    pub(super) pair: usize,
    /// Of the messages that it sends.
    pub(super) author: Author,
}

/// Welcomes a side.
pub(super) async fn enter(connection: &quinn::Connection) -> Result<Entered> {
    let (mut send, receive) = connection.accept_bi().await?;
    let mut reader = Reader::new(receive);
    let (pair, role, request) = hello(&mut reader).await?;
    let author = match role {
        Role::Bot => Author::Customer,
        Role::Agent => Author::Agent,
        Role::Admin | Role::Operator => bail!("only bots and agents have a pair"),
    };
    if role == Role::Bot {
        transport::widen_for_bot(connection);
    }
    write_batch(&mut send, &mut welcome(role, request)).await?;
    Ok(Entered { send, reader, pair, author })
}

/// What one side of a pair sends, on its way to the other.
pub(super) struct Crossing {
    ticket: TicketId,
    author: Author,
    answer: SentFrame,
    message: Option<MessageFrame>,
    number: u32,
}

impl Crossing {
    pub(super) fn new(pair: usize, author: Author) -> Self {
        let ticket = ticket(pair);
        Self { ticket, author, answer: SentFrame::new(ticket), message: None, number: 0 }
    }

    /// Takes a frame: what it is to the other side, and what is answered.
    pub(super) fn take(
        &mut self,
        header: Header,
        bytes: &[u8],
        to_other: &mut Vec<u8>,
        to_own: &mut Vec<u8>,
    ) -> Result<()> {
        if header.kind == kind::RECEIPT {
            return Ok(());
        }
        ensure!(header.kind == kind::SEND, "the bare relay knows no {:#06x}", header.kind);
        let (request, body) = read_send(bytes)?;
        if self.message.as_ref().is_none_or(|frame| frame.body_bytes() != body.len()) {
            self.message = Some(MessageFrame::new(self.author, body.len())?);
        }
        let frame = self.message.as_ref().expect("made above");
        self.number += 1;
        frame.append(to_other, self.ticket, self.number, body);
        self.answer.append(to_own, request, self.number);
        Ok(())
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
