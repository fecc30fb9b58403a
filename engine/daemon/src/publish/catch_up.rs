//! Catch-up: missed entries are read ticket by ticket at the receiver's pace.
//!
//! A ticket goes live, under its conversation's lock, in the moment its last missed entry is taken,
//! and from the next number on: publish may still be about to offer what was taken last.

use std::sync::Arc;

use bytes::Bytes;
use relevo_journal::{Place, RecordError};
use relevo_routing::directory::Directory;
use relevo_wire::ids::TicketId;
use relevo_wire::push::Push;
use smallvec::SmallVec;

use super::Published;
use super::conversation::Conversation;
use super::view::{self, Side};
use crate::session::outbox::{CatchUp, OUTBOX_BYTES};
use crate::session::{Party, Session};

/// Most bytes of missed entries that are taken at once.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Deepest chain of transfers that a receiver is shown: the newest.
pub const ANCESTORS: usize = 64;

/// A piece of a catch-up.
#[derive(Debug)]
pub struct Chunk {
    /// Whole frames.
    pub frames: Vec<u8>,
    /// Where to go on; `None` when the ticket is read.
    pub rest: Option<CatchUp>,
    /// The private part of the entry at `rest` is in the log at this place: read it, and give it
    /// to the next call.
    pub wanted: Option<Place>,
}

impl Published {
    /// Takes the next piece of a catch-up for a session. `given` is the private part of its first
    /// entry, when that was read from the log.
    #[must_use]
    pub fn chunk(
        &self,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        mut given: Option<Bytes>,
    ) -> Chunk {
        let mut chunk = Chunk { frames: Vec::new(), rest: None, wanted: None };
        self.conversations.change(at.ticket, |c| {
            if at.live && c.live.has(session) {
                // It was begun once more meanwhile, and all of it is on its way.
                return;
            }
            let Some((side, last)) = visible(c, session, at.live) else { return };
            let mut next = at.next.max(1);
            while next <= last {
                if chunk.frames.len() >= CHUNK_BYTES {
                    chunk.rest = Some(CatchUp { next, ..at });
                    return;
                }
                let given = given.take();
                let Some(entry) = view::entry_with(c, directory, side, at.ticket, next, given)
                else {
                    chunk.rest = Some(CatchUp { next, ..at });
                    chunk.wanted = Some(c.entries[next as usize - 1].place);
                    #[cfg(planted)]
                    if relevo_routing::planted::is(relevo_routing::planted::Bug::EarlyLive) {
                        go_live(c, session);
                    }
                    return;
                };
                session.codec.write_push(&mut chunk.frames, &Push::Entry(entry));
                next += 1;
            }
            if at.live {
                go_live(c, session);
            }
        });
        chunk
    }

    /// Is a private part not in the log because its ticket is forgotten? With the retention `needed` the
    /// log lets go of what both parties have, and that may come between a piece of a catch-up and the
    /// look into the log that it asks for.
    #[must_use]
    pub fn is_let_go(&self, ticket: TicketId, error: &RecordError) -> bool {
        matches!(error, RecordError::Absent { .. })
            && self.conversations.read(ticket, |_| ()).is_none()
    }

    /// An agent that has nothing of a ticket yet also gets those that it was transferred from.
    pub(super) fn add_history(&self, session: &Session, ticket: TicketId) {
        if let Party::Agent(_) = session.party {
            for ancestor in ancestors(self, ticket).into_iter().rev() {
                session.outbox.add_catch_up(CatchUp { ticket: ancestor, next: 1, live: false });
            }
        }
    }
}

/// The side on which a session may read a ticket, and up to which entry. History (`live` false) is
/// what an agent reads of the tickets that its own was transferred from: the caller checked it.
fn visible(c: &Conversation, session: &Session, live: bool) -> Option<(Side, u32)> {
    if c.tenant != session.tenant {
        return None;
    }
    match session.party {
        Party::Bot(bot) if bot == c.bot => Some((Side::Bot, c.last())),
        Party::Agent(agent) if live => c.visible_to(agent).map(|last| (Side::Agent, last)),
        Party::Agent(_) => Some((Side::Agent, c.last())),
        Party::Bot(_) | Party::Admin => None,
    }
}

fn go_live(c: &mut Conversation, session: &Arc<Session>) {
    let next = c.last() + 1;
    match session.party {
        Party::Bot(_) => {
            if c.live.is_owned_by(session) {
                c.live.bot_follows(next);
            }
        }
        Party::Agent(agent) => {
            // Of a forgotten ticket nothing comes, and nobody would look for its sessions.
            let has_it = c.agent == Some(agent) && !c.forgotten;
            if has_it && !c.live.has(session) && session.is_live() {
                c.live.agent_follows(session, next);
            }
        }
        Party::Admin => {}
    }
}

/// Gives a session of an agent a ticket from entry `next` on, with the tickets it was transferred
/// from before it. What is short and in memory is appended at once; the rest is caught up. True
/// when the session must be woken.
pub fn start_agent(
    published: &Published,
    directory: &Directory,
    session: &Arc<Session>,
    ticket: TicketId,
    next: u32,
) -> bool {
    let mut wake = false;
    if next <= 1 {
        for ancestor in ancestors(published, ticket).into_iter().rev() {
            let history = CatchUp { ticket: ancestor, next: 1, live: false };
            wake |= start(published, directory, session, history);
        }
    }
    wake | start(published, directory, session, CatchUp { ticket, next, live: true })
}

/// Starts one ticket: the first piece at once, the rest by the writer.
pub fn start(
    published: &Published,
    directory: &Directory,
    session: &Arc<Session>,
    at: CatchUp,
) -> bool {
    // With much in the outbox already, even the first piece waits for the receiver's pace.
    if session.outbox.len_bytes() > OUTBOX_BYTES / 4 {
        return session.outbox.add_catch_up(at);
    }
    let chunk = published.chunk(directory, session, at, None);
    let mut wake = false;
    if !chunk.frames.is_empty() {
        wake |= session.outbox.append(|out| out.extend_from_slice(&chunk.frames));
    }
    if let Some(rest) = chunk.rest {
        wake |= session.outbox.add_catch_up(rest);
    }
    wake
}

fn ancestors(published: &Published, ticket: TicketId) -> SmallVec<[TicketId; 2]> {
    let mut found = SmallVec::new();
    let mut next = published.conversations.read(ticket, Conversation::parent).flatten();
    while let Some(parent) = next {
        if found.len() == ANCESTORS {
            break;
        }
        found.push(parent);
        next = published.conversations.read(parent, Conversation::parent).flatten();
    }
    found
}

/// Planted bugs, each of which must make a model of publish fail.
#[cfg(shuttle)]
pub(crate) mod planted {
    use super::*;

    fn missed(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        published.chunk(directory, session, CatchUp { live: false, ..at }, given)
    }

    fn look(published: &Published, at: CatchUp, look: impl FnOnce(&mut Conversation)) {
        published.conversations.change(at.ticket, look);
    }

    /// Takes the last entry under one look and goes live under the next.
    pub(crate) fn chunk_then_live(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        let chunk = missed(published, directory, session, at, given);
        if chunk.rest.is_none() {
            look(published, at, |c| go_live(c, session));
        }
        chunk
    }

    /// Goes live under one look and takes the missed entries under the next.
    pub(crate) fn chunk_live_first(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        look(published, at, |c| go_live(c, session));
        missed(published, directory, session, at, given)
    }

    /// Is offered also what it was shown before publish came to offer it.
    pub(crate) fn chunk_live_from_any_entry(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        let chunk = published.chunk(directory, session, at, given);
        look(published, at, |c| {
            if c.live.has(session) {
                c.live.remove_agent(session);
                c.live.agent_follows(session, 1);
            }
        });
        chunk
    }

    /// A session that has lost the ticket makes the one live that has it now.
    pub(crate) fn chunk_live_whoever_owns(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        let chunk = published.chunk(directory, session, at, given);
        if chunk.rest.is_none() {
            look(published, at, |c| {
                let next = c.last() + 1;
                c.live.bot_follows(next);
            });
        }
        chunk
    }

    /// Goes live though its connection is gone.
    pub(crate) fn chunk_live_though_lost(
        published: &Published,
        directory: &Directory,
        session: &Arc<Session>,
        at: CatchUp,
        given: Option<Bytes>,
    ) -> Chunk {
        let chunk = published.chunk(directory, session, at, given);
        look(published, at, |c| {
            if chunk.rest.is_none() && !c.live.has(session) {
                let next = c.last() + 1;
                c.live.agent_follows(session, next);
            }
        });
        chunk
    }
}
