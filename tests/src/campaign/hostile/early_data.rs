//! 0-RTT: what a client says before the handshake is done can be sent again by anybody who saw it. The
//! daemon offers none; what comes all the same, first and replayed, is never carried out.

use super::attack::{Order, crowd};
use super::driven::Driven;
use super::streams::session;
use super::tally::Tallying;
use super::wire::{self, NO_SESSION, Net};
use crate::harness::party::hand_off;
use crate::harness::raw::{FRAMES, hello, tls};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, TransportConfig};
use relevo::tls::Tls;
use relevo_wire::Answer;
use relevo_wire::command::{Command, Request};
use relevo_wire::ids::RequestId;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How often a first flight is sent again.
const REPLAYS: usize = 5;
/// How long a session ticket may take to come.
const TICKET_PATIENCE: Duration = Duration::from_secs(2);

/// The attack.
pub(super) async fn run(order: &Order, tallying: &Tallying) {
    let Ok((rogue, server)) = rogue() else {
        return tallying.violation("no server that offers 0-RTT could be made");
    };
    let (tally, target) = (tallying.clone(), order.target.clone());
    let contacts = Arc::new(AtomicU64::new(0));
    crowd(order, move |number| {
        let (tallying, target) = (tally.clone(), target.clone());
        let contact = contacts.fetch_add(1, Ordering::Relaxed);
        let contact = format!("early-{number}-{contact}");
        async move {
            let done = async {
                offered(target.quic, &tallying).await?;
                forced(target.quic, server, &target.bot_key, &contact, &tallying).await?;
                replayed(target.quic, server, &target.bot_key, &contact, &tallying).await?;
                untouched(target.quic, &target.bot_key, &contact, &tallying).await
            };
            if let Err(end) = done.await {
                tallying.expect(&NO_SESSION, end);
            }
        }
    })
    .await;
    rogue.abort();
}

fn eager() -> rustls::ClientConfig {
    let mut tls = tls(FRAMES);
    tls.enable_early_data = true;
    tls
}

/// `hello` and a hand-off, as early data would carry them.
fn early(key: &str, contact: &str) -> Vec<u8> {
    let command = Command::HandOff(hand_off(contact));
    let hand_off = Request { request_id: RequestId(2), idempotency_key: None, command };
    [wire::bytes(&hello(key)), wire::bytes(&hand_off)].concat()
}

/// The daemon's own session tickets allow no early data.
async fn offered(daemon: SocketAddr, tallying: &Tallying) -> Result<(), String> {
    let net = Net::with(daemon, eager(), TransportConfig::default());
    tallying.connection();
    let first = net.connect().await?;
    // Its tickets come with its first packets after the handshake.
    drop(timeout(TICKET_PATIENCE / 4, first.closed()).await);
    first.close(0u32.into(), b"");
    tallying.connection();
    match net.begin().into_0rtt() {
        Ok(_) => tallying.violation("the daemon's ticket allows early data"),
        Err(_) => tallying.answer("no early data offered"),
    }
    net.close().await;
    Ok(())
}

/// With a ticket of a server that allows early data, it is sent to the daemon, which refuses it.
async fn forced(
    daemon: SocketAddr,
    rogue: SocketAddr,
    key: &str,
    contact: &str,
    tallying: &Tallying,
) -> Result<(), String> {
    let tls = eager();
    ticket(rogue, tls.clone()).await?;
    let net = Net::with(daemon, tls, TransportConfig::default());
    tallying.connection();
    let Ok((connection, accepted)) = net.begin().into_0rtt() else {
        tallying.violation("the ticket of the other server is not used: nothing is shown");
        return Ok(());
    };
    let (mut send, mut recv) = connection.open_bi().await.map_err(|error| wire::end(&error))?;
    let bytes = early(key, contact);
    if send.write_all(&bytes).await.is_ok() {
        tallying.sent(2, bytes.len());
    }
    let accepted = timeout(wire::PATIENCE, accepted).await.unwrap_or(false);
    tallying.expect(&["early data refused"], if accepted { "taken" } else { "early data refused" });
    if let Ok(Ok(Some(_))) = timeout(TICKET_PATIENCE / 4, recv.read_chunk(1024, true)).await {
        tallying.violation("early data was answered");
    }
    net.close().await;
    Ok(())
}

/// A first flight with early data, sent again and again from other addresses.
async fn replayed(
    daemon: SocketAddr,
    rogue: SocketAddr,
    key: &str,
    contact: &str,
    tallying: &Tallying,
) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let tls = eager();
    ticket(rogue, tls.clone()).await?;
    let mut driven = Driven::with(daemon, tls).await.map_err(failed)?;
    if !driven.has_early_data() {
        tallying.violation("the ticket of the other server is not used: nothing is shown");
        return Ok(());
    }
    let lane = driven.open().ok_or("no lane")?;
    driven.write(lane, &early(key, contact)).map_err(|error| error.to_string())?;
    let mut flight = Vec::new();
    while let Some(datagram) = driven.datagram() {
        flight.push(datagram);
    }
    for _ in 0..REPLAYS {
        tallying.connection();
        let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        let socket = socket.map_err(failed)?;
        for datagram in &flight {
            socket.send_to(datagram, daemon).await.map_err(failed)?;
            tallying.sent(1, datagram.len());
        }
        let mut answer = [0; 2048];
        let answered = timeout(TICKET_PATIENCE, socket.recv(&mut answer)).await.is_ok();
        tallying.answer(if answered { "a handshake" } else { "nothing" });
    }
    Ok(())
}

/// The hand-off was not carried out: the same contact makes a new ticket.
async fn untouched(
    daemon: SocketAddr,
    key: &str,
    contact: &str,
    tallying: &Tallying,
) -> Result<(), String> {
    let net = Net::new(daemon, FRAMES);
    let (connection, mut lane, mut answers) = session(&net, key, tallying).await?;
    let command = Command::HandOff(hand_off(contact));
    let request = Request { request_id: RequestId(2), idempotency_key: None, command };
    let bytes = wire::bytes(&request);
    lane.write_all(&bytes).await.map_err(|error| error.to_string())?;
    tallying.sent(1, bytes.len());
    let answer = answers.next().await?;
    if let Answer::Accepted(accepted) = &answer {
        if accepted.existing {
            tallying.violation("early data was carried out");
        } else {
            tallying.answer("not carried out");
        }
    } else {
        tallying.expect(&["overloaded", "limit_exceeded"], answer.name());
    }
    connection.close(0u32.into(), b"");
    net.close().await;
    Ok(())
}

/// A ticket of the other server, into the store of this configuration.
async fn ticket(rogue: SocketAddr, tls: rustls::ClientConfig) -> Result<(), String> {
    let net = Net::with(rogue, tls, TransportConfig::default());
    let connection = net.connect().await?;
    // The server closes once its tickets are out.
    drop(timeout(TICKET_PATIENCE, connection.closed()).await);
    net.close().await;
    Ok(())
}

/// A server like the daemon that offers 0-RTT.
fn rogue() -> std::io::Result<(JoinHandle<()>, SocketAddr)> {
    let folder = tempfile::tempdir()?;
    let mut tls = Tls::open(None, folder.path()).map_err(std::io::Error::other)?.server_config();
    tls.max_early_data_size = u32::MAX;
    let crypto = QuicServerConfig::try_from(Arc::new(tls)).map_err(std::io::Error::other)?;
    let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    let endpoint = Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = endpoint.local_addr()?;
    let serving = tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(async move {
                if let Ok(connection) = incoming.await {
                    drop(timeout(TICKET_PATIENCE / 8, connection.closed()).await);
                    connection.close(0u32.into(), b"");
                }
            });
        }
    });
    Ok((serving, address))
}
