//! What the server sends unasked, as the program takes it.

use crate::shared::Shared;
use relevo_wire::push::{
    Absence, Entry, GoAway, Offer, OfferEnded, Position, Presence, Progress, Snapshot, Target,
    TypingPush, WrapUp,
};
use std::sync::Arc;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// The next entry of a ticket: dense, in order, once, also over reconnects. An own message is
    /// told by its answer; it comes as an entry too when another session of the same party sent it,
    /// or when the answer was lost with a connection.
    Entry(Entry),
    /// Part of the snapshot that follows each `welcome`; entries that were missed follow it.
    Snapshot(Snapshot),
    /// How far the other party has come.
    Progress(Progress),
    /// Somebody types.
    Typing(TypingPush),
    /// New place in line, or new estimate, of a ticket whose hand-off asked with `position_updates`. A
    /// hint: what was told while the session was away does not come again.
    Position(Position),
    /// Own presence changed.
    Presence(Presence),
    /// A ticket is offered. After a reconnect every offer that stands is told again.
    Offer(Offer),
    /// An offer is over: without `end` this agent has accepted it.
    OfferEnded(OfferEnded),
    /// The wrap-up of a closed ticket began, or is over.
    WrapUp(WrapUp),
    /// This agent is away for a bot, or no longer.
    Absence(Absence),
    /// A target of one of its tickets is at risk, or missed.
    Target(Target),
    /// The server ends the session. The client comes back when it was told to, but not where its key
    /// was revoked: then the session is over.
    GoAway(GoAway),
    /// The connection is lost; another follows, unless the session is over with it.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// There is a connection again: the cursors were told, what was unanswered is repeated.
    Reconnected,
}

/// The events of a session. While they are not taken, the session stops reading pushes, and the
/// server sees a slow consumer; answers still come. When it is dropped, events are thrown away and
/// nothing is confirmed.
#[derive(Debug)]
pub struct Events {
    pub(crate) shared: Arc<Shared>,
    /// Keeps the session open.
    pub(crate) _open: Arc<Open>,
}

impl Events {
    /// The next event; `None` once the session is over and every event was taken. Taking an entry
    /// confirms it to the server (unless receipts are manual): a program that ends before it has done
    /// what the entry asks does not get it again. May be cancelled.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        loop {
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            if self.shared.state().ended.is_some() {
                return self.try_next();
            }
            self.shared.ready.notified().await;
        }
    }

    /// The next event if there is one.
    pub fn try_next(&mut self) -> Option<ClientEvent> {
        self.shared.take_event()
    }

    /// Why the session is over, if it is.
    #[must_use]
    pub fn end_reason(&self) -> Option<String> {
        self.shared.state().ended.clone()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.events_dropped = true;
        state.events.clear();
        drop(state);
        self.shared.wake.notify_one();
    }
}

/// Held by every handle of a session: the last one to go closes it.
#[derive(Debug)]
pub(crate) struct Open(pub(crate) Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}
