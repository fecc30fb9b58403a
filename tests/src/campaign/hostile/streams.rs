//! Attacks by streams: all of them open and half full, gaps that are never filled, answers that are
//! never read.

use super::attack::{Order, crowd};
use super::driven::Driven;
use super::tally::Tallying;
use super::wire::{self, Answers, NO_SESSION, Net};
use crate::harness::party::hand_off;
use crate::harness::raw::{FRAMES, hello};
use crate::harness::wait::let_pass;
use quinn::{Connection, SendStream, TransportConfig, VarInt};
use quinn_proto::StreamId;
use relevo_wire::Answer;
use relevo_wire::command::{AgentsOnline, Command, Request, Send, SetPresence, TakeBack};
use relevo_wire::frame::{VERSION, kind};
use relevo_wire::ids::RequestId;
use relevo_wire::limits;
use relevo_wire::packed::Packed;
use relevo_wire::vocabulary::{Author, Body, Intent};
use std::time::Duration;

/// How long what an attack has built up stays.
const HOLD: Duration = Duration::from_secs(2);
/// How long a look at an answer takes that need not come.
const LOOK: Duration = Duration::from_millis(10);
/// Pieces with a gap before each, of every stream: of more than 2,048 that arrive quinn ends
/// the connection. The second kind comes again with as many while it is not ended: on a busy machine
/// most of them are lost on their way.
const PIECES: [usize; 2] = [2_000, 4_000];
/// How often either comes.
const TIMES: [usize; 2] = [1, 8];
/// Pieces of every lane that come in trains.
const PINNED: usize = 100;
/// Pieces of every lane that are sent without a pause.
const BURST: usize = 4;
/// The pause.
const BETWEEN_BURSTS: Duration = Duration::from_millis(1);
/// What the daemon may send before it is read, in bytes.
const WINDOW_BYTES: u32 = 64 * 1024;
/// Messages to a client that does not read: more than an outbox holds.
const UNREAD: usize = 40;
/// Bytes of each.
const UNREAD_BYTES: usize = 60_000;

/// A session with this key: its connection, first lane and what comes on it.
pub(super) async fn session(
    net: &Net,
    key: &str,
    tallying: &Tallying,
) -> Result<(Connection, SendStream, Answers), String> {
    tallying.connection();
    let connection = net.connect().await?;
    let opened = connection.open_bi().await.map_err(|error| wire::end(&error))?;
    let (mut send, mut answers) = (opened.0, Answers::new(opened.1));
    let hello = wire::bytes(&hello(key));
    send.write_all(&hello).await.map_err(|error| error.to_string())?;
    tallying.sent(1, hello.len());
    let answer = answers.next().await?;
    if let Answer::Welcome(_) = answer {
        Ok((connection, send, answers))
    } else {
        Err(format!("hello: {}", wire::name_of(&answer)))
    }
}

fn request(id: u64, command: Command) -> Request {
    Request { request_id: RequestId(id), idempotency_key: None, command }
}

/// Every lane open with half a frame of the largest size; then one lane more. The session is held to
/// its lanes and still served on those.
pub(super) async fn all_open(order: &Order, tallying: &Tallying) {
    let mut half = (limits::HAND_OFF_BYTES as u32).to_le_bytes().to_vec();
    half.extend(kind::HAND_OFF.to_le_bytes());
    half.extend(VERSION.to_le_bytes());
    half.resize(limits::HAND_OFF_BYTES / 2, 7);
    let half = bytes::Bytes::from(half);
    let net = Net::new(order.target.quic, FRAMES);
    let (of_round, tally, key) = (net.clone(), tallying.clone(), order.target.bot_key.clone());
    crowd(order, move |_| {
        let (net, tallying, key, half) =
            (of_round.clone(), tally.clone(), key.clone(), half.clone());
        async move {
            let (connection, mut first, mut answers) = match session(&net, &key, &tallying).await {
                Ok(opened) => opened,
                Err(end) => return tallying.expect(&NO_SESSION, end),
            };
            let mut lanes = Vec::new();
            for _ in 1..limits::LANES {
                let Ok((mut send, recv)) = connection.open_bi().await else { break };
                if tokio::time::timeout(HOLD, send.write_chunk(half.clone())).await.is_ok() {
                    tallying.sent(1, half.len());
                }
                lanes.push((send, Answers::new(recv)));
            }
            let one_more = tokio::time::timeout(HOLD, connection.open_bi()).await;
            if lanes.len() != limits::LANES as usize - 1 || one_more.is_ok() {
                tallying.violation(format!("{} lanes, and more", lanes.len()));
            }
            for (_, answers) in &mut lanes {
                // What there is no room for was answered by now, and what took too long where room
                // is scarce; of the rest nothing comes.
                match tokio::time::timeout(LOOK, answers.name()).await {
                    Ok(name) => tallying.expect(&["overloaded", "limit_exceeded"], name),
                    Err(_) => tallying.answer("held"),
                }
            }
            let asks = Command::AgentsOnline(AgentsOnline { queue: None });
            let asks = wire::bytes(&request(2, asks));
            if first.write_all(&asks).await.is_ok() {
                tallying.sent(1, asks.len());
            }
            tallying.expect(&["agents_online"], answers.name().await);
            connection.close(0u32.into(), b"");
        }
    })
    .await;
    net.close().await;
}

/// On every lane thousands of single bytes, each with a gap before it that is never filled.
pub(super) async fn gaps(order: &Order, tallying: &Tallying) {
    let (server, tally, key) =
        (order.target.quic, tallying.clone(), order.target.agent_key.clone());
    crowd(order, move |number| {
        let (tallying, key) = (tally.clone(), key.clone());
        let too_many = format!("transport: {}", quinn::TransportErrorCode::INTERNAL_ERROR);
        async move {
            tallying.connection();
            // A connection that was ended and forgotten is told by a reset.
            let ended = [too_many.as_str(), "reset"];
            let expected = [&["held"][..], &ended[..]][number % 2];
            let pieces = (PIECES[number % 2], TIMES[number % 2]);
            match gapped(server, &key, pieces, false, &tallying).await {
                Ok(end) => tallying.expect(expected, end.unwrap_or_else(|| "held".into())),
                Err(error) => tallying.expect(&["no session"], format!("no session: {error}")),
            }
        }
    })
    .await;
}

/// The same, each byte at the end of a train of packets that the kernel hands over as one.
pub(super) async fn pins(order: &Order, tallying: &Tallying) {
    let (server, tally, key) =
        (order.target.quic, tallying.clone(), order.target.agent_key.clone());
    crowd(order, move |_| {
        let (tallying, key) = (tally.clone(), key.clone());
        async move {
            tallying.connection();
            match gapped(server, &key, (PINNED, 1), true, &tallying).await {
                Ok(end) => tallying.expect(&["held"], end.unwrap_or_else(|| "held".into())),
                Err(error) => tallying.expect(&["no session"], format!("no session: {error}")),
            }
        }
    })
    .await;
}

/// One connection with so many gapped pieces on each lane, and so often as it is not ended; how the
/// daemon ended it, if it did.
async fn gapped(
    server: std::net::SocketAddr,
    key: &str,
    (pieces, times): (usize, usize),
    in_trains: bool,
    tallying: &Tallying,
) -> std::io::Result<Option<String>> {
    let mut driven = Driven::new(server, FRAMES).await?;
    driven.handshake().await?;
    let first = driven.open().ok_or_else(|| std::io::Error::other("no lane is allowed"))?;
    driven.write(first, &wire::bytes(&hello(key))).map_err(closed)?;
    driven.send_all().await?;
    let mut lanes = vec![first];
    // Further lanes are allowed once the daemon has let the session in.
    while lanes.len() < limits::LANES as usize {
        match driven.open() {
            Some(lane) => lanes.push(lane),
            None if !driven.receive().await? => break,
            None => drop(driven.send_all().await?),
        }
        if let Some(end) = driven.end() {
            return Ok(Some(end));
        }
    }
    for _ in 0..times {
        send_gapped(&mut driven, &lanes, pieces, in_trains, tallying).await?;
        let_pass(HOLD).await;
        driven.catch_up().await?;
        if let Some(end) = driven.end() {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

/// Sends so many pieces on each lane, with a gap before each.
async fn send_gapped(
    driven: &mut Driven,
    lanes: &[StreamId],
    pieces: usize,
    in_trains: bool,
    tallying: &Tallying,
) -> std::io::Result<()> {
    for piece in 0..2 * pieces {
        for lane in lanes {
            driven.write(*lane, &[0]).map_err(closed)?;
            let datagram = driven.datagram();
            match (piece % 2, datagram) {
                (1, Some(datagram)) if in_trains => {
                    let bytes = driven.send_in_train(&datagram).await?;
                    tallying.sent(1, bytes);
                }
                (1, Some(datagram)) => {
                    driven.send(&datagram).await?;
                    tallying.sent(1, datagram.len());
                }
                (_, Some(_) | None) => {}
            }
        }
        if piece % BURST == 0 {
            // More at once are dropped by the kernel, and then there are fewer pieces.
            let_pass(BETWEEN_BURSTS).await;
        }
    }
    Ok(())
}

fn closed(_: quinn_proto::WriteError) -> std::io::Error {
    std::io::Error::other("a stream was closed")
}

/// Agents that read nothing after their welcome, while their bot writes to them: they are cut off as
/// slow consumers, and the bot notices nothing.
pub(super) async fn never_read(order: &Order, tallying: &Tallying) {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(WINDOW_BYTES));
    let mute = Net::with(order.target.quic, crate::harness::raw::tls(FRAMES), transport);
    let bots = Net::new(order.target.quic, FRAMES);
    let (of_round, talking, tally, target) =
        (mute.clone(), bots.clone(), tallying.clone(), order.target.clone());
    crowd(order, move |number| {
        let (mute, bots, tallying, target) =
            (of_round.clone(), talking.clone(), tally.clone(), target.clone());
        async move {
            let (connection, mut lane, _answers) =
                match session(&mute, &target.agent_key, &tallying).await {
                    Ok(opened) => opened,
                    Err(end) => return tallying.expect(&NO_SESSION, end),
                };
            let online = SetPresence { intent: Intent::Online, reason: String::new() };
            let online = wire::bytes(&request(2, Command::SetPresence(online)));
            if lane.write_all(&online).await.is_ok() {
                tallying.sent(1, online.len());
            }
            if number == 0 {
                talk(&bots, &target.bot_key, &tallying).await;
            }
            tallying.expect(&["closed: slow_consumer"], wire::ended(&connection).await);
        }
    })
    .await;
    mute.close().await;
    bots.close().await;
}

/// A customer of the attacker's bot who says much to the attacker's agent.
async fn talk(bots: &Net, key: &str, tallying: &Tallying) {
    let Ok((connection, mut lane, mut answers)) = session(bots, key, tallying).await else {
        return tallying.violation("the bot beside the agents is not let in");
    };
    let contact = format!("talkative-{}", connection.stable_id());
    let handed = wire::bytes(&request(2, Command::HandOff(hand_off(&contact))));
    let body = Packed::new(&Body::text("x".repeat(UNREAD_BYTES)));
    let said = |id| {
        let send = Send {
            ticket: None,
            contact: Some(contact.clone()),
            author: Author::Customer,
            epoch: None,
            client_message_id: None,
            at: None,
            body: body.clone(),
        };
        wire::bytes(&request(id, Command::Send(send)))
    };
    let requests = std::iter::once(handed).chain((0..UNREAD).map(|number| said(number as u64 + 3)));
    let mut ticket = None;
    for bytes in requests {
        if lane.write_all(&bytes).await.is_err() {
            return tallying.violation("the bot beside the agents was cut off");
        }
        tallying.sent(1, bytes.len());
        match answers.next().await {
            Ok(Answer::Accepted(accepted)) => ticket = Some(accepted.ticket),
            Ok(Answer::Sent(_)) => tallying.answer("sent"),
            Ok(other) => tallying.violation(format!("the bot was answered {}", other.name())),
            Err(end) => return tallying.violation(format!("the bot: {end}")),
        }
    }
    if let Some(ticket) = ticket {
        let back = wire::bytes(&request(9999, Command::TakeBack(TakeBack { ticket })));
        if lane.write_all(&back).await.is_ok() {
            tallying.expect(&["done"], answers.name().await);
        }
    }
    connection.close(0u32.into(), b"");
}
