//! What other threads know of a session.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use relevo_wire::answer::Answer;
use relevo_wire::command::Cursor;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{AgentId, BotId, RequestId, SessionId, TenantId, TicketId};
use relevo_wire::push::{GoAway, Push};
use relevo_wire::vocabulary::Role;
use relevo_wire::{frame, json};
use tokio::sync::OwnedSemaphorePermit;

use super::buffers::{Buffers, Exhausted, Held};
use super::outbox::{LaneEnd, Outbox, ROOM_BYTES};
use crate::sync::AtomicBool;

/// How frames look on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// rkyv frames, ALPN `relevo/1`.
    Rkyv,
    /// JSON lines, ALPN `relevo-json/1`.
    Json,
}

impl Codec {
    /// Appends an answer.
    pub fn write_answer(self, out: &mut Vec<u8>, request: RequestId, answer: &Answer) {
        match self {
            Self::Rkyv => frame::write_answer(out, request, answer),
            Self::Json => json::write_answer_line(out, request, answer),
        }
    }

    /// Appends a push.
    pub fn write_push(self, out: &mut Vec<u8>, push: &Push) {
        match self {
            Self::Rkyv => frame::write_push(out, push),
            Self::Json => json::write_push_line(out, push),
        }
    }
}

/// On whose behalf a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// A bot.
    Bot(BotId),
    /// An agent.
    Agent(AgentId),
    /// An admin or operator.
    Admin,
}

/// How far a party has come, as its `hello` says.
#[derive(Debug)]
pub struct Resume {
    received: HashMap<TicketId, u32>,
    held: Held,
}

impl Resume {
    /// What a cursor takes, in bytes: a table has up to twice as many places.
    const CURSOR_BYTES: usize = size_of::<(TicketId, u32)>() + 1;

    /// Nothing said yet; what will be is counted in `buffers`.
    #[must_use]
    pub fn new(buffers: &Arc<Buffers>) -> Self {
        Self { received: HashMap::new(), held: buffers.hold() }
    }

    /// Takes further cursors.
    ///
    /// # Errors
    /// They may not be held now.
    pub fn extend(&mut self, cursors: &[Cursor]) -> Result<(), Exhausted> {
        self.received.extend(cursors.iter().map(|cursor| (cursor.ticket, cursor.received)));
        self.held.resize(self.received.capacity() * Self::CURSOR_BYTES * 8 / 7)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.received.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// The last number that was received of a ticket.
    #[must_use]
    pub fn received(&self, ticket: TicketId) -> Option<u32> {
        self.received.get(&ticket).copied()
    }

    /// All of it; nothing is left here.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let held = self.held.hand_over(usize::MAX);
        Self { received: std::mem::take(&mut self.received), held }
    }
}

/// Why a session ends whose credential is valid no more.
pub const REVOKED: &str = "revoked";

/// A live session.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Who.
    pub party: Party,
    /// What its credential may be used for.
    pub role: Role,
    /// Name of the bot or agent; empty for admins.
    pub name: String,
    /// Prefix of its credential.
    pub key_prefix: String,
    /// How its frames look.
    pub codec: Codec,
    /// Pushes, and answers to requests on the first lane.
    pub outbox: Arc<Outbox>,
    /// Cursors of its hello, taken once by publish.
    pub resume: Mutex<Resume>,
    /// Its place among all sessions: free when the last who holds this value has let it go.
    _place: Option<OwnedSemaphorePermit>,
    end_reason: OnceLock<&'static str>,
    lost: AtomicBool,
}

impl Session {
    /// A session that has just been authenticated.
    #[expect(clippy::too_many_arguments, reason = "built in one place, from the hello")]
    #[must_use]
    pub fn new(
        buffers: &Arc<Buffers>,
        id: SessionId,
        tenant: TenantId,
        party: Party,
        role: Role,
        name: String,
        key_prefix: String,
        codec: Codec,
        resume: Resume,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            id,
            tenant,
            party,
            role,
            name,
            key_prefix,
            codec,
            outbox: Arc::new(Outbox::new(buffers)),
            resume: Mutex::new(resume),
            _place: place,
            end_reason: OnceLock::new(),
            lost: AtomicBool::new(false),
        }
    }

    /// Appends a push; true when the session must be woken after the group.
    pub fn push(&self, push: &Push) -> bool {
        self.outbox.append(|out| self.codec.write_push(out, push))
    }

    /// Appends what may as well be left out, and is where much waits already. True as for
    /// [`Self::push`].
    pub fn hint(&self, push: &Push) -> bool {
        self.outbox.len_bytes() <= ROOM_BYTES && self.push(push)
    }

    /// Appends an entry; of a message with the time when the daemon read it. True as for
    /// [`Self::push`].
    pub fn push_entry(&self, push: &Push, received: Option<Instant>) -> bool {
        self.outbox.append_received(received, |out| self.codec.write_push(out, push))
    }

    /// Tells the client to go and ends the session.
    pub fn send_away(&self, reason: &'static str, reconnect_after_ms: u32) {
        if self.end_reason.set(reason).is_ok() {
            let push = Push::GoAway(GoAway { reason: reason.to_owned(), reconnect_after_ms });
            self.push(&push);
            self.outbox.end(LaneEnd::Closed);
        }
    }

    /// Why it ends, as the metrics name it; the first word holds.
    pub fn ends(&self, reason: &'static str) {
        // A later reason is a consequence of the first.
        let _ = self.end_reason.set(reason);
    }

    /// Does it end for a reason of ours, and not because its client is gone?
    #[must_use]
    pub fn has_reason(&self) -> bool {
        self.end_reason.get().is_some() || self.outbox.ended() == Some(LaneEnd::Slow)
    }

    /// May it still ask? What ends it otherwise refuses commands by itself or lets them through.
    ///
    /// # Errors
    /// `unauthenticated`: it is told to go, and not gone yet.
    pub fn authorized(&self) -> Result<(), WireError> {
        if self.end_reason.get() == Some(&REVOKED) {
            return Err(WireError::new(ErrorCode::Unauthenticated, "the key was revoked"));
        }
        Ok(())
    }

    /// Why it ended, as the metrics name it.
    #[must_use]
    pub fn end_reason(&self) -> &'static str {
        match self.outbox.ended() {
            Some(LaneEnd::Slow) => "slow_consumer",
            Some(LaneEnd::Closed) | None => self.end_reason.get().copied().unwrap_or("lost"),
        }
    }

    /// Marks the connection as gone: nothing reaches it any more.
    pub fn set_lost(&self) {
        self.lost.store(true, Ordering::Release);
        self.outbox.end(LaneEnd::Closed);
    }

    /// Can it still take a push?
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.lost.load(Ordering::Acquire) && self.outbox.ended().is_none()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
