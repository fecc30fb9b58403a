//! A QUIC connection without the client's good manners: any bytes on any lane.

use super::wait::within;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig, VarInt};
use relevo_wire::command::{Command, Hello, Request};
use relevo_wire::error::ErrorCode;
use relevo_wire::frame::{self, HEADER_BYTES, ServerFrame};
use relevo_wire::ids::RequestId;
use relevo_wire::{Answer, limits};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The ALPN of rkyv frames.
pub const FRAMES: &[u8] = b"relevo/1";
/// The ALPN of JSON lines.
pub const JSON: &[u8] = b"relevo-json/1";

/// What the daemon may send on a lane that the test does not read, in bytes.
const WINDOW_BYTES: u32 = 64 * 1024;

/// A connection.
#[derive(Debug)]
pub struct Raw {
    /// The connection itself.
    pub connection: Connection,
    _endpoint: Endpoint,
}

/// One bidirectional stream.
#[derive(Debug)]
pub struct Lane {
    /// What the test writes to.
    pub send: SendStream,
    /// What the daemon writes to.
    pub recv: RecvStream,
    here: Vec<u8>,
}

impl Raw {
    /// Connects, with any certificate.
    ///
    /// # Panics
    /// The daemon does not take the connection.
    pub async fn connect(server: SocketAddr, alpn: &[u8]) -> Self {
        Self::try_connect(server, alpn).await.expect("the daemon takes connections")
    }

    /// Connects, with any certificate.
    ///
    /// # Errors
    /// The daemon does not take the connection.
    ///
    /// # Panics
    /// The system has no sockets.
    pub async fn try_connect(
        server: SocketAddr,
        alpn: &[u8],
    ) -> Result<Self, quinn::ConnectionError> {
        let endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
            .expect("the system has sockets");
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(VarInt::from_u32(WINDOW_BYTES));
        let config = client_config(tls(alpn), transport);
        let connecting = endpoint
            .connect_with(config, server, "localhost")
            .expect("the address is one to connect to");
        let connection = within("handshake", connecting).await?;
        Ok(Self { connection, _endpoint: endpoint })
    }

    /// Opens a lane.
    ///
    /// # Panics
    /// The daemon allows none.
    pub async fn lane(&self) -> Lane {
        let opening = within("a lane", self.connection.open_bi()).await;
        let (send, recv) = opening.expect("the daemon allows a lane");
        Lane { send, recv, here: Vec::new() }
    }

    /// Opens the first lane and says hello; the answer is read.
    ///
    /// # Panics
    /// The key was refused.
    pub async fn hello(&self, key: &str) -> Lane {
        let mut lane = self.lane().await;
        lane.ask(&hello(key)).await;
        match lane.answer().await {
            (_, Answer::Welcome(_)) => lane,
            other => panic!("the key is refused: {other:?}"),
        }
    }

    /// Waits for the end of the connection and tells its reason.
    ///
    /// # Panics
    /// It does not end.
    pub async fn closed(&self) -> quinn::ConnectionError {
        within("the connection ends", self.connection.closed()).await
    }
}

impl Lane {
    /// Writes bytes as they are.
    ///
    /// # Panics
    /// The daemon takes no more.
    pub async fn write(&mut self, bytes: &[u8]) {
        let written = within("write", self.send.write_all(bytes)).await;
        written.expect("the daemon reads the lane");
    }

    /// Writes a request as a frame.
    ///
    /// # Panics
    /// The daemon takes no more.
    pub async fn ask(&mut self, request: &Request) {
        let mut bytes = Vec::new();
        frame::write_request(&mut bytes, request);
        self.write(&bytes).await;
    }

    /// The next frame; `None` at the end of the lane.
    ///
    /// # Panics
    /// The daemon sends what is no frame, or nothing.
    pub async fn frame(&mut self) -> Option<ServerFrame> {
        loop {
            let split = frame::split(&self.here, |_| limits::SERVER_FRAME_BYTES);
            if let Some((header, payload)) = split.expect("the daemon keeps the limits") {
                let read = frame::read_server_frame(header, payload);
                let taken = HEADER_BYTES + payload.len();
                self.here.drain(..taken);
                if let Some(frame) = read.expect("the daemon sends valid frames") {
                    return Some(frame);
                }
                continue;
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next answer; pushes are passed over.
    ///
    /// # Panics
    /// The lane ended without one.
    pub async fn answer(&mut self) -> (RequestId, Answer) {
        loop {
            match self.frame().await {
                Some(ServerFrame::Answer(id, answer)) => return (id, answer),
                Some(ServerFrame::Push(_)) => {}
                None => panic!("the lane ended without an answer"),
            }
        }
    }

    /// The next answer, which is this error.
    ///
    /// # Panics
    /// It is not.
    pub async fn refused(&mut self, code: ErrorCode) -> RequestId {
        match self.answer().await {
            (id, Answer::Error(error)) if error.code == code => id,
            other => panic!("expected {}, not {other:?}", code.name()),
        }
    }

    /// The next JSON line; `None` at the end of the lane.
    ///
    /// # Panics
    /// The daemon sends what is no JSON.
    pub async fn line(&mut self) -> Option<serde_json::Value> {
        loop {
            if let Some(end) = self.here.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.here.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("the daemon sends JSON lines"));
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        match within("the daemon writes or ends", self.recv.read_chunk(64 * 1024, true)).await {
            Ok(Some(chunk)) => {
                self.here.extend_from_slice(&chunk.bytes);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }
}

/// TLS 1.3 with this protocol and any certificate.
///
/// # Panics
/// Never: ring knows TLS 1.3.
#[must_use]
pub fn tls(alpn: &[u8]) -> rustls::ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyCertificate { provider: Arc::clone(&provider) });
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring knows TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    tls
}

/// A configuration of connections.
///
/// # Panics
/// `tls` is not of TLS 1.3.
#[must_use]
pub fn client_config(tls: rustls::ClientConfig, transport: TransportConfig) -> ClientConfig {
    let crypto = QuicClientConfig::try_from(tls).expect("TLS 1.3 has QUIC's cipher suite");
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    config
}

/// `hello` with this key.
#[must_use]
pub fn hello(key: &str) -> Request {
    let hello =
        Hello { token: key.into(), client: "relevo-tests".into(), resume: Vec::new(), more: false };
    Request { request_id: RequestId(1), idempotency_key: None, command: Command::Hello(hello) }
}

#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
