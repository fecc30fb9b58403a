//! The task of a session: drives one connection after the other until the session is closed.

mod connect;
mod drive;
mod written;

use crate::backoff::{Backoff, jitter};
use crate::client::ClientError;
use crate::connector::ConnectError;
use crate::events::ClientEvent;
use crate::options::Reconnect;
use crate::shared::Shared;
use crate::tickets::Tickets;
use crate::unanswered::Unanswered;
pub(crate) use connect::{Live, Route};
use quinn::{ConnectionError, ReadError, WriteError};
use relevo_wire::error::ErrorCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that lived so long was a success: the next failure starts the backoff anew.
const SUCCESS: Duration = Duration::from_secs(1);

/// The task of a session.
pub(crate) struct Session {
    shared: Arc<Shared>,
    route: Route,
    tickets: Tickets,
    unanswered: Unanswered,
}

/// How a connection ended.
#[derive(Debug)]
enum Ended {
    /// The program closed the session.
    Closed,
    /// The server ended the session for good.
    Final(String),
    /// The connection is lost; another may be opened after the wait, if one was named.
    Lost { reason: String, wait: Option<Duration> },
}

impl Ended {
    fn lost(reason: impl std::fmt::Display) -> Self {
        Self::Lost { reason: reason.to_string(), wait: None }
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, route: Route) -> Self {
        Self { shared, route, tickets: Tickets::default(), unanswered: Unanswered::default() }
    }

    /// Runs until the program closes the session or no connection is to be had.
    pub(crate) async fn run(mut self, mut live: Live) {
        let (base, cap) = match self.route.options.reconnect {
            Reconnect::Never => (Duration::ZERO, Duration::ZERO),
            Reconnect::FullJitter { base, cap } => (base, cap),
        };
        let mut backoff = Backoff::new(base, cap);
        let reason = loop {
            let since = Instant::now();
            let (reason, wait) = match self.drive(live).await {
                Ended::Closed => break "closed by this program".to_owned(),
                Ended::Final(reason) => break reason,
                Ended::Lost { reason, wait } => (reason, wait),
            };
            tracing::debug!(%reason, "connection lost");
            if since.elapsed() >= SUCCESS {
                backoff.succeeded();
            }
            self.tickets.lost();
            self.tell(ClientEvent::Disconnected { reason: reason.clone() });
            if self.route.options.reconnect == Reconnect::Never {
                break reason;
            }
            live = match self.reconnect(&mut backoff, wait).await {
                Ok(live) => live,
                Err(reason) => break reason,
            };
            self.shared.state().welcome = Arc::new(live.welcome.clone());
            self.tell(ClientEvent::Reconnected);
        };
        self.end(&reason);
    }

    /// Attempts until one succeeds. The error says why there is no use in another.
    async fn reconnect(
        &mut self,
        backoff: &mut Backoff,
        told: Option<Duration>,
    ) -> Result<Live, String> {
        let mut wait = match told {
            Some(told) => told + jitter(told / 2 + Duration::from_millis(100)),
            None => backoff.wait(),
        };
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                () = closing(&shared) => return Err("closed by this program".into()),
                () = tokio::time::sleep(wait) => {}
            }
            let cursors = self.tickets.cursors();
            let attempt = Box::pin(self.route.connect(&cursors));
            let result = tokio::select! {
                () = closing(&shared) => return Err("closed by this program".into()),
                result = attempt => result,
            };
            match result {
                Ok(live) => return Ok(live),
                Err(error) if connect::is_final(&error) => return Err(error.to_string()),
                Err(error) => {
                    tracing::debug!(%error, "no connection");
                    wait = backoff.wait().max(asked_to_wait(&error));
                }
            }
        }
    }

    /// Queues an event of the connection itself. It does not wait for room: a program that takes no
    /// event before its answer has come would wait for ever, as the next connection brings it.
    fn tell(&self, event: ClientEvent) {
        self.shared.state().push_connection_event(event);
        self.shared.ready.notify_one();
    }

    /// Tells everybody who waits that the session is over.
    fn end(&mut self, reason: &str) {
        for waiting in self.unanswered.take_all() {
            let _ = waiting.reply.send(Err(ClientError::Closed(reason.to_owned())));
        }
        for outgoing in self.shared.end(reason.to_owned()) {
            if let Some((_, reply, _)) = outgoing.reply {
                let _ = reply.send(Err(ClientError::Closed(reason.to_owned())));
            }
        }
    }
}

/// Comes back once the program has closed the session.
async fn closing(shared: &Shared) {
    while !shared.state().closing {
        shared.wake.notified().await;
    }
}

/// A daemon without budget or on its way down is not asked again at once.
fn asked_to_wait(error: &ConnectError) -> Duration {
    match error {
        ConnectError::Refused(_) => jitter(Duration::from_millis(500)),
        ConnectError::Socket(_)
        | ConnectError::Tls(_)
        | ConnectError::IdleTimeout
        | ConnectError::Address { .. }
        | ConnectError::Unreachable { .. }
        | ConnectError::Role(_) => Duration::ZERO,
    }
}

/// What to tell of a lane that cannot be read any more.
fn read_reason(error: &ReadError) -> String {
    match error {
        ReadError::Reset(code) => close_reason(code.into_inner()),
        ReadError::ConnectionLost(error) => connection_reason(error),
        ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => {
            error.to_string()
        }
    }
}

/// What to tell of a lane that cannot be written any more.
fn write_reason(error: &WriteError) -> String {
    match error {
        WriteError::Stopped(code) => close_reason(code.into_inner()),
        WriteError::ConnectionLost(error) => connection_reason(error),
        WriteError::ClosedStream | WriteError::ZeroRttRejected => error.to_string(),
    }
}

fn connection_reason(error: &ConnectionError) -> String {
    let ConnectionError::ApplicationClosed(close) = error else { return error.to_string() };
    let code = close_reason(close.error_code.into_inner());
    if close.reason.is_empty() {
        return code;
    }
    format!("{code}: {}", String::from_utf8_lossy(&close.reason))
}

fn close_reason(code: u64) -> String {
    match ErrorCode::from_close_code(code) {
        Some(error) => format!("closed by the server: {}", error.name()),
        None if code == 0 => "closed by the server".into(),
        None => format!("closed by the server with the unknown code {code}"),
    }
}
