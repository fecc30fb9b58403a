//! Requests of any kind, their answers and errors.

use crate::events::Open;
use crate::shared::Shared;
use crate::unanswered::{Kind, Reply};
use relevo_wire::answer::{Answer, Welcome};
use relevo_wire::command::{Command, Receipt, Request};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::frame::{self, HEADER_BYTES, Header};
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::limits;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// A session as its role's client sees it. Cheap to clone; the session closes with the last clone
/// and the last [`crate::Events`].
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) _open: Arc<Open>,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server's error, or what it would say to a request that this client did not even send.
    #[error(transparent)]
    Refused(WireError),
    /// The session is over; whether the request was carried out is not known.
    #[error("the session is over: {0}")]
    Closed(String),
    /// The request was repeated on many lanes and none answered it; whether it was carried out is not
    /// known.
    #[error("the request was repeated on 64 lanes and connections without an answer")]
    GivenUp,
    /// The answer is not one that the command has.
    #[error("unexpected answer: {0}")]
    Unexpected(&'static str),
    /// What is told in pages was another thing at each attempt to read all of them.
    #[error("the directory changed while it was listed, at every attempt: try again later")]
    Restless,
}

impl ClientError {
    /// The server's error code, if it was the server.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => Some(error.code),
            Self::Closed(_) | Self::GivenUp | Self::Unexpected(_) | Self::Restless => None,
        }
    }
}

/// An answer that is on its way. The request is on its way too, whether this is awaited or dropped.
#[derive(Debug)]
#[must_use = "the answer is lost when this is dropped"]
pub struct Pending {
    reply: oneshot::Receiver<Result<Reply, ClientError>>,
    shared: Arc<Shared>,
}

impl Pending {
    fn poll_reply(&mut self, context: &mut Context<'_>) -> Poll<Result<Reply, ClientError>> {
        Pin::new(&mut self.reply)
            .poll(context)
            .map(|reply| reply.unwrap_or_else(|_| Err(self.shared.closed())))
    }
}

impl Future for Pending {
    type Output = Result<Answer, ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_reply(context).map_ok(|reply| reply.answer)
    }
}

impl Client {
    /// Sends a command and waits for its answer. An answer `error` is [`ClientError::Refused`]. A
    /// lost connection repeats the command: name an `idempotency_key` (see [`Client::unique_id`])
    /// where a repeat would do harm. The same key with the same command is done once, also from another
    /// session of this credential, for 24 h or until 100,000 newer keys; what was refused may try again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request(
        &self,
        command: Command,
        idempotency_key: Option<String>,
    ) -> Result<Answer, ClientError> {
        self.request_start(command, idempotency_key).await?.await
    }

    /// Puts a command in line and gives back its answer's future: many may be on their way. Waits
    /// only while 1,024 are, of which each full 16 KiB of a long one count as one more. Commands are
    /// written in the order in which this was called.
    ///
    /// # Errors
    /// The session is over, the command is too long, or it has no answer.
    pub async fn request_start(
        &self,
        command: Command,
        idempotency_key: Option<String>,
    ) -> Result<Pending, ClientError> {
        let kind = Kind::of(&command);
        let frame = encode(command, idempotency_key)?;
        let (sender, reply) = oneshot::channel();
        self.shared.request(frame, kind, sender).await?;
        Ok(Pending { reply, shared: Arc::clone(&self.shared) })
    }

    /// As [`Client::request`], with the entries of a `read`.
    pub(crate) async fn request_reply(&self, command: Command) -> Result<Reply, ClientError> {
        let mut pending = self.request_start(command, None).await?;
        std::future::poll_fn(|context| pending.poll_reply(context)).await
    }

    pub(crate) fn confirm(&self, receipt: Receipt) {
        self.shared.confirm(receipt.ticket, receipt.delivered, receipt.read);
    }

    /// Tells the other party that somebody types. Left out when much is in line.
    pub fn typing(&self, ticket: TicketId) {
        let command = Command::Typing(relevo_wire::command::Typing { ticket });
        self.shared.hint(write(command, None));
    }

    /// What the server said when the present connection was opened.
    #[must_use]
    pub fn welcome(&self) -> Arc<Welcome> {
        Arc::clone(&self.shared.state().welcome)
    }

    /// An id that no other request of any session has: for idempotency keys and client message ids.
    #[must_use]
    pub fn unique_id(&self) -> String {
        self.shared.unique_id()
    }

    /// Cuts the present connection, as a network does: the session opens another one, tells its
    /// cursors and repeats what is unanswered. For programs that prove just that.
    pub fn cut_connection(&self) {
        self.shared.cut();
    }

    /// Closes the session: no further request is taken, what is unanswered gets up to 5 s.
    pub async fn close(&self) {
        let over = self.shared.over.notified();
        tokio::pin!(over);
        over.as_mut().enable();
        if self.shared.state().ended.is_some() {
            return;
        }
        self.shared.close();
        over.await;
    }
}

fn encode(command: Command, key: Option<String>) -> Result<Vec<u8>, ClientError> {
    if key.as_ref().is_some_and(|key| key.len() > limits::IDEMPOTENCY_KEY_BYTES) {
        return Err(too_long("idempotency_key", limits::IDEMPOTENCY_KEY_BYTES));
    }
    if matches!(
        command,
        Command::Hello(_) | Command::Cursors(_) | Command::Receipt(_) | Command::Typing(_)
    ) {
        let message = "hello, cursors, receipt and typing are no requests: the session sends them";
        return Err(ClientError::Refused(WireError::field(ErrorCode::Malformed, "type", message)));
    }
    let frame = write(command, key);
    let header = Header::read(&frame).expect("a frame starts with its header");
    if frame.len() - HEADER_BYTES > header.client_limit() {
        return Err(too_long("length", header.client_limit()));
    }
    Ok(frame)
}

pub(crate) fn write(command: Command, idempotency_key: Option<String>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(256);
    let request = Request { request_id: RequestId(0), idempotency_key, command };
    frame::write_request(&mut frame, &request);
    frame
}

fn too_long(field: &str, most: usize) -> ClientError {
    let message = format!("at most {most} bytes");
    ClientError::Refused(WireError::field(ErrorCode::LimitExceeded, field, message))
}
