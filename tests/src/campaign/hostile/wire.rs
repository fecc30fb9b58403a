//! Connections of an attacker: many from one socket, and what comes back told by a name.

use crate::harness::raw::{client_config, tls};
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, TransportConfig};
use relevo_wire::command::Request;
use relevo_wire::frame::{self, HEADER_BYTES, ServerFrame};
use relevo_wire::{Answer, limits};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// How long an attacker waits for the daemon: longer than any patience of the daemon's.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// What a connection without `hello` is told.
pub const LATE: &str = "closed: hello must come within 3 s";
/// What it is told when newer ones need its place.
pub const OUSTED: &str = "closed: newer ones came";
/// How else a connection may end that is one of too many: it was not taken, or what it was told was
/// lost on the way. A retry holds for 15 s.
pub const TURNED_AWAY: [&str; 6] = [
    "refused",
    "closed in the handshake",
    "timed out",
    "reset",
    "no end",
    "transport: received an invalid Retry Token in a client Initial",
];

/// What a client with a good key may be told instead of its welcome while there are too many.
pub const NO_SESSION: [&str; 9] = [
    "hello: limit_exceeded",
    "hello: overloaded",
    OUSTED,
    "refused",
    "closed in the handshake",
    "timed out",
    "reset",
    "no end",
    "transport: received an invalid Retry Token in a client Initial",
];

/// An answer by its name: that of the error if it is one.
pub fn name_of(answer: &Answer) -> &'static str {
    if let Answer::Error(error) = answer { error.code.name() } else { answer.name() }
}

/// A socket and what its connections are made of.
#[derive(Debug, Clone)]
pub struct Net {
    endpoint: Endpoint,
    config: ClientConfig,
    server: SocketAddr,
}

impl Net {
    /// A socket of its own.
    ///
    /// # Panics
    /// The system has no sockets.
    #[must_use]
    pub fn new(server: SocketAddr, alpn: &[u8]) -> Self {
        Self::with(server, tls(alpn), TransportConfig::default())
    }

    /// A socket of its own, with TLS and transport of its own.
    ///
    /// # Panics
    /// The system has no sockets.
    #[must_use]
    pub fn with(server: SocketAddr, tls: rustls::ClientConfig, transport: TransportConfig) -> Self {
        let endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
            .expect("the system has sockets");
        Self { endpoint, config: client_config(tls, transport), server }
    }

    /// Begins a connection.
    ///
    /// # Panics
    /// The daemon's address is none.
    #[must_use]
    pub fn begin(&self) -> quinn::Connecting {
        let connecting = self.endpoint.connect_with(self.config.clone(), self.server, "localhost");
        connecting.expect("the address is one to connect to")
    }

    /// Connects.
    ///
    /// # Errors
    /// How it ended instead.
    pub async fn connect(&self) -> Result<Connection, String> {
        match timeout(PATIENCE, self.begin()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(end(&error)),
            Err(_) => Err("no end".into()),
        }
    }

    /// Tells the daemon that all connections are over, and waits until it can know.
    pub async fn close(self) {
        self.endpoint.close(0u32.into(), b"");
        // What is not acknowledged by then ends by its idle timeout.
        drop(timeout(Duration::from_secs(3), self.endpoint.wait_idle()).await);
    }
}

/// How a connection ended, in a word or two.
#[must_use]
pub fn end(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            format!("closed: {}", String::from_utf8_lossy(&close.reason))
        }
        ConnectionError::ConnectionClosed(close) => match close.error_code {
            quinn::TransportErrorCode::CONNECTION_REFUSED => "refused".into(),
            // What a handshake is told of a close that it may not yet read.
            quinn::TransportErrorCode::APPLICATION_ERROR => "closed in the handshake".into(),
            code => format!("transport: {code}"),
        },
        ConnectionError::TimedOut => "timed out".into(),
        ConnectionError::Reset => "reset".into(),
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => format!("failed: {error}"),
    }
}

/// The end of a connection, waited for.
pub async fn ended(connection: &Connection) -> String {
    match timeout(PATIENCE, connection.closed()).await {
        Ok(error) => end(&error),
        Err(_) => "no end".into(),
    }
}

/// What comes back on a stream, frame by frame.
#[derive(Debug)]
pub struct Answers {
    stream: RecvStream,
    here: Vec<u8>,
}

impl Answers {
    /// Of this stream.
    #[must_use]
    pub fn new(stream: RecvStream) -> Self {
        Self { stream, here: Vec::new() }
    }

    /// The next answer; pushes are passed over.
    ///
    /// # Errors
    /// `stream ended`, or how the connection ended, or that nothing came.
    pub async fn next(&mut self) -> Result<Answer, String> {
        loop {
            let split = frame::split(&self.here, |_| limits::SERVER_FRAME_BYTES);
            if let Some((header, payload)) = split.map_err(|error| error.to_string())? {
                let read = frame::read_server_frame(header, payload);
                let taken = HEADER_BYTES + payload.len();
                self.here.drain(..taken);
                if let Some(ServerFrame::Answer(_, answer)) = read.map_err(|e| e.to_string())? {
                    return Ok(answer);
                }
                continue;
            }
            self.more().await?;
        }
    }

    /// As [`Answers::next`], by its name: that of the error, of the answer, or of the end.
    pub async fn name(&mut self) -> String {
        match self.next().await {
            Ok(answer) => name_of(&answer).into(),
            Err(end) => end,
        }
    }

    /// The next JSON answer by its name: that of the error, of the answer, or of the end.
    pub async fn line_name(&mut self) -> String {
        loop {
            if let Some(end) = self.here.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.here.drain(..=end).collect();
                let Ok(line) = serde_json::from_slice::<serde_json::Value>(&line) else {
                    return "no JSON".into();
                };
                match line["type"].as_str() {
                    Some("error") => return line["code"].as_str().unwrap_or_default().into(),
                    Some("answer") => return line["answer"].as_str().unwrap_or_default().into(),
                    Some(_) | None => continue,
                }
            }
            if let Err(end) = self.more().await {
                return end;
            }
        }
    }

    async fn more(&mut self) -> Result<(), String> {
        match timeout(PATIENCE, self.stream.read_chunk(64 * 1024, true)).await {
            Ok(Ok(Some(chunk))) => {
                self.here.extend_from_slice(&chunk.bytes);
                Ok(())
            }
            Ok(Ok(None)) => Err("stream ended".into()),
            Ok(Err(quinn::ReadError::ConnectionLost(error))) => Err(end(&error)),
            Ok(Err(error)) => Err(format!("stream: {error}")),
            Err(_) => Err("no answer".into()),
        }
    }
}

/// A request as a frame.
#[must_use]
pub fn bytes(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write_request(&mut bytes, request);
    bytes
}
