//! A connection whose every packet passes the attacker's hand: quinn's state machine without its
//! driver. It answers, acknowledges and repeats only what it is told to.

use crate::harness::raw::{client_config, tls};
use quinn::TransportConfig;
use quinn::congestion::NewRenoConfig;
use quinn_proto::{
    Connection, ConnectionHandle, DatagramEvent, Dir, Endpoint, EndpointConfig, Event, StreamId,
    WriteError,
};
use quinn_udp::{Transmit, UdpSocketState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Datagrams of a train before the one that counts, as many as the kernel takes.
const TRAIN_SEGMENTS: usize = 48;
/// Bytes of each.
const SEGMENT_BYTES: usize = 1200;
/// Longest datagram that comes.
const DATAGRAM_BYTES: usize = 2048;
/// How long a datagram of the daemon is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Such a connection.
#[derive(Debug)]
pub(super) struct Driven {
    endpoint: Endpoint,
    handle: ConnectionHandle,
    connection: Connection,
    socket: UdpSocket,
    trains: UdpSocketState,
}

impl Driven {
    /// Begins a connection; nothing is sent yet.
    pub(super) async fn new(server: SocketAddr, alpn: &[u8]) -> io::Result<Self> {
        Self::with(server, tls(alpn)).await
    }

    /// As [`Driven::new`], with TLS of its own.
    pub(super) async fn with(server: SocketAddr, tls: rustls::ClientConfig) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let mut transport = TransportConfig::default();
        // It sends what it likes, acknowledged or not.
        let mut congestion = NewRenoConfig::default();
        congestion.initial_window(u64::from(u32::MAX));
        transport.congestion_controller_factory(Arc::new(congestion));
        let config = client_config(tls, transport);
        let mut endpoint = Endpoint::new(Arc::new(EndpointConfig::default()), None, false, None);
        let connected = endpoint.connect(Instant::now(), config, server, "localhost");
        let (handle, connection) = connected.map_err(io::Error::other)?;
        let trains = UdpSocketState::new((&socket).into())?;
        Ok(Self { endpoint, handle, connection, socket, trains })
    }

    /// The next datagram that the connection wants to send.
    pub(super) fn datagram(&mut self) -> Option<Vec<u8>> {
        let mut datagram = Vec::new();
        self.connection.poll_transmit(Instant::now(), 1, &mut datagram).map(|_| datagram)
    }

    /// Sends a datagram.
    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.socket.send_to(datagram, self.connection.remote_address()).await.map(drop)
    }

    /// Sends a datagram as the end of a train: the kernel hands all of it to the daemon as one piece of
    /// memory, of which the datagram is a little part.
    pub(super) async fn send_in_train(&self, datagram: &[u8]) -> io::Result<usize> {
        // A short header of a connection that nobody has.
        let mut train = vec![0x40; TRAIN_SEGMENTS * SEGMENT_BYTES];
        train.extend_from_slice(datagram);
        let transmit = Transmit {
            destination: self.connection.remote_address(),
            ecn: None,
            contents: &train,
            segment_size: Some(SEGMENT_BYTES),
            src_ip: None,
        };
        let sent = || self.trains.try_send((&self.socket).into(), &transmit);
        self.socket.writable().await?;
        self.socket.try_io(tokio::io::Interest::WRITABLE, sent)?;
        Ok(train.len())
    }

    /// Sends all that the connection wants to send; how many bytes.
    pub(super) async fn send_all(&mut self) -> io::Result<usize> {
        let mut bytes = 0;
        while let Some(datagram) = self.datagram() {
            bytes += datagram.len();
            self.send(&datagram).await?;
        }
        Ok(bytes)
    }

    /// Takes the next datagram of the daemon; false when none comes. It is answered by nothing.
    pub(super) async fn receive(&mut self) -> io::Result<bool> {
        let mut bytes = vec![0; DATAGRAM_BYTES];
        let Ok(received) = timeout(PATIENCE, self.socket.recv(&mut bytes)).await else {
            return Ok(false);
        };
        bytes.truncate(received?);
        let server = self.connection.remote_address();
        let mut response = Vec::new();
        let data = bytes.as_slice().into();
        let event = self.endpoint.handle(Instant::now(), server, None, None, data, &mut response);
        if let Some(DatagramEvent::ConnectionEvent(_, event)) = event {
            self.connection.handle_event(event);
        }
        while let Some(event) = self.connection.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(self.handle, event) {
                self.connection.handle_event(event);
            }
        }
        Ok(true)
    }

    /// Converses until the handshake is done.
    pub(super) async fn handshake(&mut self) -> io::Result<()> {
        self.send_all().await?;
        while self.connection.is_handshaking() {
            if !self.receive().await? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.send_all().await?;
        }
        Ok(())
    }

    /// May it send before the handshake is done?
    pub(super) fn has_early_data(&self) -> bool {
        self.connection.has_0rtt()
    }

    /// Opens a stream, if the daemon allows one more.
    pub(super) fn open(&mut self) -> Option<StreamId> {
        self.connection.streams().open(Dir::Bi)
    }

    /// Puts bytes on a stream, to go with the next datagrams.
    pub(super) fn write(&mut self, stream: StreamId, bytes: &[u8]) -> Result<usize, WriteError> {
        self.connection.send_stream(stream).write(bytes)
    }

    /// How the connection ended, if it has.
    pub(super) fn end(&mut self) -> Option<String> {
        while let Some(event) = self.connection.poll() {
            if let Event::ConnectionLost { reason } = event {
                return Some(super::wire::end(&reason));
            }
        }
        None
    }

    /// Takes everything that the daemon has sent meanwhile, and asks once more: what it said of an end
    /// may have been lost.
    pub(super) async fn catch_up(&mut self) -> io::Result<()> {
        // Made before anything is acknowledged: else it would carry what was left out.
        self.connection.ping();
        let ping = self.datagram();
        while self.receive().await? {}
        if let Some(ping) = ping {
            self.send(&ping).await?;
        }
        while self.receive().await? {}
        Ok(())
    }
}
