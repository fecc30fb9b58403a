//! A server of one endpoint that does what a test tells it: real QUIC, real frames, no decisions.

use crate::come;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream, VarInt};
use relevo_client::wire::answer::{Answer, TicketSummary, Welcome};
use relevo_client::wire::command::{Command, Cursor, Request};
use relevo_client::wire::error::ErrorCode;
use relevo_client::wire::frame::{self, HEADER_BYTES, Header};
use relevo_client::wire::ids::{RequestId, SessionId, TicketId};
use relevo_client::wire::push::{Empty, Entry, EntryEvent, Message, Push, Snapshot};
use relevo_client::wire::vocabulary::{Author, Body, Role, TicketState};
use relevo_client::wire::{Packed, limits};
use relevo_client::{Options, Receipts, Reconnect, Trust};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct FakeServer {
    endpoint: Endpoint,
    pub address: SocketAddr,
    pub certificate: CertificateDer<'static>,
}

/// A connection whose `hello` was read.
pub(crate) struct FakeSession {
    pub connection: Connection,
    pub pushes: FakeLane,
    pub hello_id: RequestId,
    pub token: String,
    pub cursors: Vec<Cursor>,
    /// Frames that the cursors came in.
    pub cursor_frames: usize,
}

pub(crate) struct FakeLane {
    pub send: SendStream,
    recv: RecvStream,
    buffer: Vec<u8>,
}

impl FakeServer {
    pub(crate) fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        tls.alpn_protocols = vec![b"relevo/1".to_vec()];
        let crypto = QuicServerConfig::try_from(tls).unwrap();
        let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = endpoint.local_addr().unwrap();
        Self { endpoint, address, certificate }
    }

    pub(crate) fn trust(&self) -> Trust {
        let sha256 = ring::digest::digest(&ring::digest::SHA256, &self.certificate);
        Trust::Fingerprint(sha256.as_ref().try_into().unwrap())
    }

    /// Options that reconnect at once and confirm nothing by themselves.
    pub(crate) fn options(&self) -> Options {
        let soon = Duration::from_millis(1);
        Options {
            reconnect: Reconnect::FullJitter { base: soon, cap: soon },
            receipts: Receipts::Manual,
            ..Options::bot(self.address, self.trust(), "secret")
        }
    }

    /// Accepts a connection and reads its `hello` and cursors.
    pub(crate) async fn accept(&self) -> FakeSession {
        let connection = come(self.endpoint.accept()).await.unwrap().await.unwrap();
        let mut pushes = FakeLane::new(come(connection.accept_bi()).await.unwrap());
        let request = pushes.request().await;
        let Command::Hello(hello) = request.command else { panic!("hello comes first") };
        let (mut cursors, mut more, mut cursor_frames) = (hello.resume, hello.more, 1);
        while more {
            let Command::Cursors(next) = pushes.request().await.command else {
                panic!("the cursors that hello announced")
            };
            assert!(next.resume.len() <= limits::CURSORS_PER_FRAME);
            cursors.extend(next.resume);
            more = next.more;
            cursor_frames += 1;
        }
        cursors.sort_by_key(|cursor| cursor.ticket);
        let (hello_id, token) = (request.request_id, hello.token);
        FakeSession { connection, pushes, hello_id, token, cursors, cursor_frames }
    }

    /// Accepts a connection whose handshake the client breaks off.
    pub(crate) async fn refused_by_client(&self) {
        come(self.endpoint.accept()).await.unwrap().await.expect_err("the client believes us");
    }

    /// Accepts a connection, as far as it comes, and says nothing.
    pub(crate) async fn silent(&self) {
        if let Ok(connection) = come(self.endpoint.accept()).await.unwrap().await {
            connection.closed().await;
        }
    }

    /// Accepts a connection and welcomes it as a bot with nothing open.
    pub(crate) async fn welcome(&self) -> FakeSession {
        let mut session = self.accept().await;
        session.welcome(Role::Bot, vec![]).await;
        session
    }
}

impl FakeSession {
    pub(crate) async fn welcome(&mut self, role: Role, tickets: Vec<TicketSummary>) {
        let welcome = Welcome {
            session: SessionId(1),
            server: "fake".into(),
            role,
            tenant: "acme".into(),
            name: "bot".into(),
            now: 1,
            intent: None,
            tickets: u32::try_from(tickets.len()).unwrap(),
            message_bytes: 65_536,
            lanes: 16,
            idempotency_seconds: 86_400,
        };
        self.pushes.answer(self.hello_id, Answer::Welcome(welcome)).await;
        let parts: Vec<_> = tickets.chunks(limits::SNAPSHOT_TICKETS_PER_FRAME).collect();
        for (at, part) in parts.iter().enumerate() {
            let (tickets, last) = (part.to_vec(), at + 1 == parts.len());
            self.pushes.push(Push::Snapshot(Snapshot { tickets, last })).await;
        }
        if parts.is_empty() {
            self.pushes.push(Push::Snapshot(Snapshot { tickets: vec![], last: true })).await;
        }
    }

    pub(crate) async fn lane(&self) -> FakeLane {
        FakeLane::new(come(self.connection.accept_bi()).await.unwrap())
    }

    pub(crate) async fn entries(&mut self, ticket: TicketId, numbers: &[u32]) {
        for number in numbers {
            self.pushes.push(Push::Entry(entry(ticket, *number))).await;
        }
    }

    /// As if the server were killed and up again: nothing that it was sent is acted upon.
    pub(crate) fn lose(self) {
        self.connection.close(VarInt::from_u32(99), b"lost");
    }
}

impl FakeLane {
    pub(crate) fn new((send, recv): (SendStream, RecvStream)) -> Self {
        Self { send, recv, buffer: Vec::new() }
    }

    pub(crate) async fn request(&mut self) -> Request {
        self.next_request().await.expect("a request")
    }

    /// The next request; `None` when the client finished the lane.
    pub(crate) async fn next_request(&mut self) -> Option<Request> {
        loop {
            if let Some((header, payload)) =
                frame::split(&self.buffer, Header::client_limit).unwrap()
            {
                let length = HEADER_BYTES + payload.len();
                let request = frame::read_request(header, payload).unwrap();
                self.buffer.drain(..length);
                return Some(request);
            }
            let chunk = come(self.recv.read_chunk(65_536, true)).await.ok()??;
            self.buffer.extend_from_slice(&chunk.bytes);
        }
    }

    pub(crate) async fn answer(&mut self, id: RequestId, answer: Answer) {
        let mut bytes = Vec::new();
        frame::write_answer(&mut bytes, id, &answer);
        self.send.write_all(&bytes).await.unwrap();
    }

    pub(crate) async fn push(&mut self, push: Push) {
        self.try_push(push).await.unwrap();
    }

    pub(crate) async fn try_push(&mut self, push: Push) -> Result<(), quinn::WriteError> {
        let mut bytes = Vec::new();
        frame::write_push(&mut bytes, &push);
        self.send.write_all(&bytes).await
    }

    /// Closes the lane as a server without budget does.
    pub(crate) fn overloaded(mut self) {
        let code = ErrorCode::Overloaded.close_code();
        self.recv.stop(code.into()).unwrap();
        self.send.reset(code.into()).unwrap();
    }
}

pub(crate) fn ticket(number: u128) -> TicketId {
    TicketId(number)
}

pub(crate) fn entry(ticket: TicketId, number: u32) -> Entry {
    let event = if number.is_multiple_of(3) {
        EntryEvent::Empty(Empty {})
    } else {
        let body = Packed::new(&Body::text(format!("message {number}")));
        EntryEvent::Message(Message { author: Author::Agent, agent: Some("ana".into()), body })
    };
    Entry { ticket, number, at: u64::from(number), event }
}

pub(crate) fn summary(ticket: TicketId, confirmed: u32) -> TicketSummary {
    let (bot, queue) = ("bot".into(), "sales".into());
    let state = TicketState::InService;
    TicketSummary { ticket, bot, queue, state, epoch: 2, last: confirmed, confirmed }
}
