//! One connection: from the handshake to `welcome`.

use crate::connector::ConnectError;
use crate::inbound::Inbound;
use crate::options::Options;
use crate::shared::HELLO_ID;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream};
use relevo_wire::answer::{Answer, Welcome};
use relevo_wire::command::{Command, Cursor, Cursors, Hello, Request};
use relevo_wire::error::ErrorCode;
use relevo_wire::frame::{self, ServerFrame};
use relevo_wire::limits;
use relevo_wire::vocabulary::Role;

/// Most bytes that are read of a lane at once.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;

/// How a session gets its connections.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: ClientConfig,
    pub(crate) options: Options,
    pub(crate) roles: &'static [Role],
}

/// A lane: a bidirectional stream and what came on it.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) send: SendStream,
    pub(crate) recv: RecvStream,
    pub(crate) inbound: Inbound,
}

impl Lane {
    pub(crate) fn new((send, recv): (SendStream, RecvStream)) -> Self {
        Self { send, recv, inbound: Inbound::default() }
    }
}

/// A connection that was welcomed.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) connection: Connection,
    /// `hello` went out on it; the pushes come on it.
    pub(crate) pushes: Lane,
    pub(crate) welcome: Welcome,
}

impl Route {
    /// Connects, says `hello` with these cursors and waits for `welcome`.
    ///
    /// # Errors
    /// The daemon was not reached or refused the session.
    pub(crate) async fn connect(&self, cursors: &[Cursor]) -> Result<Live, ConnectError> {
        let attempt = self.attempt(cursors);
        match tokio::time::timeout(self.options.connect_timeout, attempt).await {
            Ok(result) => result,
            Err(_) => Err(self.unreachable("no answer in time")),
        }
    }

    async fn attempt(&self, cursors: &[Cursor]) -> Result<Live, ConnectError> {
        let Options { server, server_name, .. } = &self.options;
        let connecting =
            self.endpoint.connect_with(self.config.clone(), *server, server_name).map_err(
                |error| ConnectError::Address { server: *server, reason: error.to_string() },
            )?;
        let connection = connecting.await.map_err(|error| self.unreachable(error))?;
        let lane = connection.open_bi().await.map_err(|error| self.unreachable(error))?;
        let mut pushes = Lane::new(lane);
        let hello = self.hello(cursors);
        // A server that refuses the session may stop reading before all cursors are written; its
        // reason stands in what it sent.
        if let Err(error) = pushes.send.write_all(&hello).await {
            tracing::debug!(%error, "hello was cut short");
        }
        let welcome = self.welcome(&mut pushes).await?;
        if !self.roles.contains(&welcome.role) {
            connection.close(0_u32.into(), b"wrong role");
            return Err(ConnectError::Role(welcome.role));
        }
        Ok(Live { connection, pushes, welcome })
    }

    fn hello(&self, cursors: &[Cursor]) -> Vec<u8> {
        let (first, mut rest) = cursors.split_at(cursors.len().min(limits::CURSORS_PER_FRAME));
        let mut frames = Vec::new();
        let mut write = |command| {
            let request = Request { request_id: HELLO_ID, idempotency_key: None, command };
            frame::write_request(&mut frames, &request);
        };
        write(Command::Hello(Hello {
            token: self.options.key.clone(),
            client: self.options.client.clone(),
            resume: first.to_vec(),
            more: !rest.is_empty(),
        }));
        while !rest.is_empty() {
            let (next, behind) = rest.split_at(rest.len().min(limits::CURSORS_PER_FRAME));
            write(Command::Cursors(Cursors { resume: next.to_vec(), more: !behind.is_empty() }));
            rest = behind;
        }
        frames
    }

    async fn welcome(&self, lane: &mut Lane) -> Result<Welcome, ConnectError> {
        loop {
            let chunk = lane.recv.read_chunk(CHUNK_BYTES, true).await;
            let chunk = chunk.map_err(|error| self.unreachable(super::read_reason(&error)))?;
            let Some(chunk) = chunk else {
                return Err(self.unreachable("the daemon closed the lane before welcome"));
            };
            lane.inbound.push(chunk.bytes);
            let Some(frame) = lane.inbound.next().map_err(|e| self.unreachable(e))? else {
                continue;
            };
            let ServerFrame::Answer(_, answer) = frame else {
                return Err(self.unreachable("the daemon did not begin with welcome"));
            };
            let name = answer.name();
            return if let Answer::Welcome(welcome) = answer {
                Ok(welcome)
            } else if let Answer::Error(error) = answer {
                Err(ConnectError::Refused(error))
            } else {
                Err(self.unreachable(format!("the daemon answered hello with {name}")))
            };
        }
    }

    fn unreachable(&self, reason: impl std::fmt::Display) -> ConnectError {
        ConnectError::Unreachable { server: self.options.server, reason: reason.to_string() }
    }
}

/// Is there no use in another attempt?
pub(crate) fn is_final(error: &ConnectError) -> bool {
    match error {
        ConnectError::Refused(error) => matches!(
            error.code,
            ErrorCode::Unauthenticated | ErrorCode::Forbidden | ErrorCode::VersionUnsupported
        ),
        ConnectError::Role(_) | ConnectError::Tls(_) | ConnectError::Address { .. } => true,
        ConnectError::Socket(_) | ConnectError::IdleTimeout | ConnectError::Unreachable { .. } => {
            false
        }
    }
}
