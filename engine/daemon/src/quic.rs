//! The QUIC endpoint: small windows, few streams, bounded handshakes.
//!
//! quinn's defaults let one hostile connection hold a quarter of a gigabyte; every limit here is
//! set by hand, and what a connection may hold grows only after its `hello`.

mod pace;
mod socket;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{
    Connecting, ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, Runtime,
    TokioRuntime, TransportConfig, VarInt,
};
use relevo_wire::limits;
use ring::hmac;
use ring::rand::{self, Random, SystemRandom};
use rustix::net::sockopt;
use tokio::time::{sleep, timeout};

use crate::exit;
use crate::lobby::Lobby;
use crate::runtime::shared::Shared;
use crate::session::{Codec, serve};
use pace::Pace;
use socket::OneByOne;

/// Receive window of a connection before `hello`, and of agents and admins (protocol).
pub const AGENT_WINDOW_BYTES: u32 = 256 * 1024;
/// Receive window of a bot's connection (protocol).
pub const BOT_WINDOW_BYTES: u32 = 1024 * 1024;
/// Receive window of a stream (protocol).
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// What may be on its way to one client: an outbox of 1 MiB behind it bounds the rest.
const SEND_WINDOW_BYTES: u64 = 256 * 1024;
/// Most bots with the window of a bot: as many as the largest center has.
pub(crate) const WIDE_WINDOWS: usize = 1024;
/// What a connection may hold of what its client sent: its window, and half as much again for the
/// packets that it came in (quinn copies when they are more), 32 KiB of packets of each stream in any
/// case; and of each stream at most 2,048 pieces, of 56 bytes each and the rest of its packet.
pub(crate) const RECEIVED_BYTES: u64 =
    AGENT_WINDOW_BYTES as u64 * 5 / 2 + limits::LANES as u64 * (32 * 1024 + PIECES_BYTES);
/// What a connection may hold in its handshake: pieces likewise, in two steps of it, each in a datagram
/// of its own.
pub(crate) const HANDSHAKE_BYTES: u64 = 2 * 2048 * (56 + 1500);
/// Pieces of a stream, with head and tail of the smallest packet and what an allocation costs.
const PIECES_BYTES: u64 = 2048 * (56 + 128);
/// What a wide window adds to it.
pub(crate) const WIDER_BYTES: u64 = (BOT_WINDOW_BYTES - AGENT_WINDOW_BYTES) as u64 * 5 / 2;
/// A connection without a sign of life ends after this (protocol: bots; agents' clients ask for
/// 15 s, and the smaller of both holds).
const IDLE: Duration = Duration::from_secs(30);
/// Most handshakes in progress (protocol); the oldest goes when one more comes.
pub(crate) const HANDSHAKES: usize = 256;
/// From so many on, a client must first prove its address.
const HANDSHAKES_UNVALIDATED: usize = 64;
/// A handshake takes at most so long.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// Most connections whose handshake is done and who have not said hello; the oldest goes when one
/// more comes. 1,024: nearly a second of all handshakes that two cores do.
pub(crate) const WITHOUT_HELLO: usize = 1024;
/// First packets that wait to be looked at; beyond it they are refused.
pub(crate) const INCOMING: usize = 1024;
/// What may be kept of the packets behind a first packet: a `hello` and its cursors come later.
const INCOMING_BYTES: u64 = 8 * 1024;
/// The same of all first packets.
pub(crate) const INCOMING_BYTES_IN_ALL: u64 = 4 * 1024 * 1024;
/// What may be taken from the kernel before quinn has it.
pub(crate) const PACKETS_IN_LINE: usize = socket::ROOM_BYTES;
/// Wanted socket buffers: a burst of 4 MiB is 3 ms of loopback at full speed.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Length of a connection id, in bytes: as quinn's own.
const CONNECTION_ID_BYTES: usize = 8;
/// At least so long between two stateless resets: 5,000 clients of a process that was killed are
/// told within 1 s, and garbage costs no more than that many tags. A reset is smaller than what it
/// answers.
const RESET_INTERVAL: Duration = Duration::from_micros(200);

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken or not ours.
    #[error("cannot listen on UDP {address}: {error}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// TLS 1.3 with ring always has what QUIC needs; said for the case that it has not.
    #[error("the TLS configuration has no cipher suite for QUIC")]
    Cipher,
}

/// Listens.
///
/// # Errors
/// See [`BindError`].
pub fn bind(
    address: SocketAddr,
    tls: rustls::ServerConfig,
    reset_secret: &[u8; 32],
) -> Result<Endpoint, BindError> {
    let failed = |error| BindError::Bind { address, error };
    let socket = UdpSocket::bind(address).map_err(failed)?;
    raise_buffers(&socket);
    let crypto = QuicServerConfig::try_from(Arc::new(tls)).map_err(|_| BindError::Cipher)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(transport()));
    config.max_incoming(INCOMING);
    config.incoming_buffer_size(INCOMING_BYTES);
    config.incoming_buffer_size_total(INCOMING_BYTES_IN_ALL);
    let (endpoint, runtime) = (endpoint_config(reset_secret), Arc::new(TokioRuntime));
    let socket = OneByOne::new(runtime.wrap_udp_socket(socket).map_err(failed)?);
    Endpoint::new_with_abstract_socket(endpoint, Some(config), socket, runtime).map_err(failed)
}

/// Resets that the next process on this key file makes alike: a client of the one before it learns
/// at its first packet that its connection is gone, and not at its idle timeout.
fn endpoint_config(reset_secret: &[u8; 32]) -> EndpointConfig {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, reset_secret);
    let mut config = EndpointConfig::new(Arc::new(secret));
    config.cid_generator(|| Box::new(AnyConnectionId));
    config.min_reset_interval(RESET_INTERVAL);
    // Bytes without the fixed bit are no packet: the socket tells by it what fills a datagram up.
    config.grease_quic_bit(false);
    config
}

/// Random connection ids, every one of them taken for ours: quinn's own generator drops the packets
/// of another process's connections without a reset.
struct AnyConnectionId;

impl ConnectionIdGenerator for AnyConnectionId {
    fn generate_cid(&mut self) -> ConnectionId {
        let id: Random<[u8; CONNECTION_ID_BYTES]> =
            rand::generate(&SystemRandom::new()).expect("the system has random bytes");
        ConnectionId::new(&id.expose())
    }

    fn cid_len(&self) -> usize {
        CONNECTION_ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// The limits of a connection before its `hello`.
fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(AGENT_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES)
        .max_idle_timeout(Some(IDLE.try_into().expect("30 s fit a QUIC timeout")));
    transport
}

fn raise_buffers(socket: &UdpSocket) {
    // The forced form needs a privilege that a daemon rarely has: then the kernel's limit holds.
    if sockopt::set_socket_recv_buffer_size_force(socket, SOCKET_BUFFER_BYTES).is_err() {
        let _ = sockopt::set_socket_recv_buffer_size(socket, SOCKET_BUFFER_BYTES);
    }
    let _ = sockopt::set_socket_send_buffer_size(socket, SOCKET_BUFFER_BYTES);
    if let Ok(bytes) = sockopt::socket_recv_buffer_size(socket)
        && bytes < SOCKET_BUFFER_BYTES
    {
        tracing::warn!(
            bytes,
            wanted = SOCKET_BUFFER_BYTES,
            "the kernel clamps the receive buffer: raise net.core.rmem_max"
        );
    }
}

/// Most connections at once, those included that are not let in yet or whose last packets may come.
pub(crate) fn connections(max_sessions: usize) -> usize {
    max_sessions + WITHOUT_HELLO + HANDSHAKES
}

/// Takes connections until the endpoint closes.
pub async fn accept(shared: Arc<Shared>, endpoint: Endpoint) {
    let handshakes = Lobby::new(HANDSHAKES);
    let lobby = Lobby::new(WITHOUT_HELLO);
    let most = connections(shared.max_sessions());
    let mut pace = Pace::default();
    while let Some(incoming) = endpoint.accept().await {
        // Those that were closed and whose last packets may still come count too.
        if endpoint.open_connections() >= most || shared.places.available_permits() == 0 {
            incoming.refuse();
            continue;
        }
        if handshakes.len() >= HANDSHAKES_UNVALIDATED && !incoming.remote_address_validated() {
            // A retry that cannot be sent is a client that comes again by itself.
            drop(incoming.retry());
            continue;
        }
        let began = Instant::now();
        let accepted = incoming.accept();
        let rest = pace.worked(began.elapsed());
        if let Ok(connecting) = accepted {
            let mut guest = handshakes.enter();
            let (shared, lobby) = (Arc::clone(&shared), Arc::clone(&lobby));
            tokio::spawn(async move {
                let connected =
                    guest.during(timeout(HANDSHAKE_PATIENCE, handshake(connecting))).await;
                drop(guest);
                if let Some(Ok(Some((connection, codec)))) = connected {
                    // What a panic ends is dropped here, and with it the connection.
                    let guest = lobby.enter();
                    let _ = exit::contained(serve::serve(shared, connection, codec, guest)).await;
                }
            });
        }
        if let Some(rest) = rest {
            sleep(rest).await;
        }
    }
}

async fn handshake(connecting: Connecting) -> Option<(quinn::Connection, Codec)> {
    let connection = connecting.await.ok()?;
    let data = connection.handshake_data()?.downcast::<HandshakeData>().ok()?;
    let codec = match data.protocol?.as_slice() {
        b"relevo/1" => Codec::Rkyv,
        b"relevo-json/1" => Codec::Json,
        // rustls has refused every other protocol in the handshake.
        _ => return None,
    };
    Some((connection, codec))
}
