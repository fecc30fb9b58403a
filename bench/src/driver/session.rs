//! A session of the driver: `hello`, then frames.

use crate::lane::{Reader, write_batch};
use anyhow::{Context, Result, anyhow, bail};
use quinn::{Connection, Endpoint, SendStream};
use relevo_wire::command::Hello;
use relevo_wire::frame::{self, Header, ServerFrame};
use relevo_wire::{Answer, Command, Push, Request, RequestId};
use std::net::SocketAddr;

/// An open session with its one lane.
#[derive(Debug)]
pub struct Session {
    /// Keeps it open.
    pub connection: Connection,
    /// Towards the server.
    pub send: SendStream,
    /// From the server.
    pub reader: Reader,
}

impl Session {
    /// Connects and says hello; returns when the snapshot is complete.
    ///
    /// # Errors
    /// The server cannot be reached or refuses the token.
    pub async fn open(endpoint: &Endpoint, address: SocketAddr, token: &str) -> Result<Self> {
        let connection = endpoint.connect(address, "localhost")?.await?;
        let (send, receive) = connection.open_bi().await?;
        let mut session = Self { connection, send, reader: Reader::new(receive) };
        session.hello(token).await.context("hello")?;
        Ok(session)
    }

    async fn hello(&mut self, token: &str) -> Result<()> {
        let hello = Hello {
            token: token.to_owned(),
            client: "relevo-bench".to_owned(),
            resume: Vec::new(),
            more: false,
        };
        self.request(RequestId(1), Command::Hello(hello)).await?;
        let (mut welcome, mut complete) = (false, false);
        while !(welcome && complete) {
            let each = |header: Header, bytes: &[u8]| {
                match decode(header, bytes)? {
                    Some(ServerFrame::Answer(_, Answer::Welcome(_))) => welcome = true,
                    Some(ServerFrame::Push(Push::Snapshot(part))) => complete |= part.last,
                    Some(ServerFrame::Answer(_, Answer::Error(error))) => bail!("{error}"),
                    Some(ServerFrame::Answer(..) | ServerFrame::Push(_)) | None => {}
                }
                Ok(())
            };
            self.reader.read(each).await?;
        }
        Ok(())
    }

    /// Sends one request without waiting for its answer.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn request(&mut self, request_id: RequestId, command: Command) -> Result<()> {
        let mut out = Vec::new();
        let request = Request { request_id, idempotency_key: None, command };
        frame::write_request(&mut out, &request);
        write_batch(&mut self.send, &mut out).await
    }

    /// Reads until `found` picks something out of a frame; it sees every frame up to the end of that
    /// read.
    ///
    /// # Errors
    /// The connection ended, or the server answered with an error.
    pub async fn wait_for<T>(
        &mut self,
        mut found: impl FnMut(&ServerFrame) -> Option<T>,
    ) -> Result<T> {
        let mut result = None;
        while result.is_none() {
            let each = |header: Header, bytes: &[u8]| {
                if let Some(frame) = decode(header, bytes)? {
                    if let ServerFrame::Answer(_, Answer::Error(error)) = &frame {
                        bail!("{error}");
                    }
                    let picked = found(&frame);
                    result = result.take().or(picked);
                }
                Ok(())
            };
            self.reader.read(each).await?;
        }
        result.context("the loop ends with one")
    }
}

/// Decodes a frame whole: for set-up and for what should not have come.
///
/// # Errors
/// It is malformed.
pub fn decode(header: Header, bytes: &[u8]) -> Result<Option<ServerFrame>> {
    frame::read_server_frame(header, bytes).map_err(|error| anyhow!("{error}"))
}

/// The error for a frame that a run did not expect.
#[must_use]
pub fn unexpected(header: Header, bytes: &[u8]) -> anyhow::Error {
    match decode(header, bytes) {
        Ok(Some(ServerFrame::Answer(id, Answer::Error(error)))) => {
            anyhow!("request {:#x} was refused: {error}", id.0)
        }
        Ok(frame) => anyhow!("unexpected frame {:#06x}: {frame:?}", header.kind),
        Err(error) => error,
    }
}
