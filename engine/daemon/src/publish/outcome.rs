//! What travels with a record through the journal to publish.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use relevo_routing::{Event, Reply};
use relevo_wire::Answer;
use relevo_wire::answer::{Explained, KeyCreated, RoutingExplained};
use relevo_wire::ids::{RequestId, TenantId};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use crate::admission::Permit;
use crate::metrics::CommandName;
use crate::session::Session;
use crate::session::outbox::Outbox;

/// Who waits for the result of an input.
#[derive(Debug)]
pub enum Asker {
    /// A request on a lane of a session.
    Request {
        /// The session.
        session: Arc<Session>,
        /// Where its answer goes.
        lane: Arc<Outbox>,
        /// Which request.
        request: RequestId,
        /// Which command, for the metrics.
        name: CommandName,
        /// What the answer is to have beside.
        beside: Option<Box<Beside>>,
    },
    /// A message that has no answer (receipts).
    Silent {
        /// The session.
        session: Arc<Session>,
        /// Which command, for the metrics.
        name: CommandName,
    },
    /// A session that has just opened.
    Opened {
        /// The session.
        session: Arc<Session>,
        /// Its hello.
        request: RequestId,
    },
    /// A session that is gone.
    Lost(Arc<Session>),
    /// The daemon itself.
    Daemon(oneshot::Sender<Answer>),
    /// Nobody: timers and what the daemon learns.
    Nobody,
}

impl Asker {
    /// The session, if one asked.
    #[must_use]
    pub fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Request { session, .. }
            | Self::Silent { session, .. }
            | Self::Opened { session, .. }
            | Self::Lost(session) => Some(session),
            Self::Daemon(_) | Self::Nobody => None,
        }
    }
}

/// What an answer has that the core does not know.
#[derive(Debug)]
pub enum Beside {
    /// A new key, for `done`: its secret never enters the core.
    Key(KeyCreated),
    /// What put an explained ticket into its queue: what rules look at never enters the core.
    Routing(RoutingExplained),
}

impl Beside {
    /// The whole answer; a refusal stays as it is.
    #[must_use]
    pub fn join(self, answer: Answer) -> Answer {
        match (self, answer) {
            (Self::Key(key), Answer::Done(_)) => Answer::Key(key),
            (Self::Routing(routing), Answer::Explained(explained)) => {
                Answer::Explained(Explained { routing: Some(Box::new(routing)), ..explained })
            }
            (Self::Key(_) | Self::Routing(_), answer) => answer,
        }
    }
}

/// The result of one input, on its way through the journal.
#[derive(Debug)]
pub struct Outcome {
    /// The tenant.
    pub tenant: TenantId,
    /// When it was decided, in microseconds since 1970.
    pub now: u64,
    /// What became true.
    pub events: SmallVec<[Event; 2]>,
    /// Body, details or note.
    pub private: Bytes,
    /// What the asker gets.
    pub reply: Option<Reply>,
    /// Who asked.
    pub asker: Asker,
    /// When the frame was read.
    pub received: Instant,
    /// Given back when publish has passed the result on.
    pub permit: Option<Permit>,
}
