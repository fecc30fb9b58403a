//! A connection: what is on its way in both directions, and what the network does to it.

use std::collections::VecDeque;
use std::sync::Arc;

use relevo::admission::BotShare;
use relevo::session::Session;

/// A connection with its one lane.
#[derive(Debug)]
pub struct Link {
    /// The daemon's end.
    pub session: Arc<Session>,
    /// Part of the budget of its bot.
    pub share: Option<BotShare>,
    /// Requests on their way to the daemon, a frame each.
    pub up: VecDeque<Vec<u8>>,
    /// What the daemon has written, on its way to the client.
    pub down: VecDeque<Vec<u8>>,
    /// The lane waits for budget since then.
    pub waits_since: Option<u64>,
    /// The client takes nothing until then, and the daemon's writer waits for it.
    pub stalled_until: u64,
    /// Nothing arrives at the client until then.
    pub delayed_until: u64,
    /// The daemon reads no more: there was no budget for 250 ms, and what came behind would overtake.
    pub is_unread: bool,
    /// The daemon has written its last.
    pub is_ended: bool,
}

impl Link {
    /// Nothing is on its way.
    #[must_use]
    pub fn new(session: Arc<Session>, share: Option<BotShare>) -> Self {
        Self {
            session,
            share,
            up: VecDeque::new(),
            down: VecDeque::new(),
            waits_since: None,
            stalled_until: 0,
            delayed_until: 0,
            is_unread: false,
            is_ended: false,
        }
    }
}
