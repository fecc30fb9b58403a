//! One tenant with a bot and an agent, what becomes durable of their tickets, and what a client gets
//! of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use relevo_journal::{Delivery, Group, GroupNumber, Place, RecordNumber};
use relevo_routing::directory::Directory;
use relevo_routing::event::{
    Assigned, Closed, Forgotten, MessageStored, Requeued, Routed, TicketOpened,
};
use relevo_routing::input::Key;
use relevo_routing::{Event, Reply};
use relevo_wire::frame::{self, ServerFrame};
use relevo_wire::ids::{
    AgentId, BotId, ContactKey, QueueId, RequestId, SessionId, TenantId, TicketId,
};
use relevo_wire::push::Push;
use relevo_wire::vocabulary::{
    Author, CloseReason, HandOffReason, Language, Outcome as Ending, RequeueReason, Role, Via,
};
use smallvec::SmallVec;

use crate::metrics::CommandName;
use crate::publish::catch_up::Chunk;
use crate::publish::conversations::Conversations;
use crate::publish::directory::Directories;
use crate::publish::outcome::{Asker, Outcome};
use crate::publish::{Before, GroupFigures, Observer, Published};
use crate::session::buffers::Buffers;
use crate::session::outbox::{CatchUp, OUTBOX_BYTES, Work};
use crate::session::{Codec, Party, Resume, Session};

/// The tenant.
pub(super) const TENANT: TenantId = TenantId(1);
/// Its bot.
pub(super) const BOT: BotId = BotId(1);
const AGENT: AgentId = AgentId(1);
const KEY: &str = "key";
/// The ticket of most tests.
pub(super) const TICKET: TicketId = TicketId(1);
/// The ticket in which it goes on.
pub(super) const CHILD: TicketId = TicketId(2);

/// Nothing published yet; bodies stay in memory while they are within so many bytes.
pub(super) fn published(body_budget_bytes: u64) -> Arc<Published> {
    let mut directories = Directories::default();
    let mut directory = Directory::default();
    directory.apply(&Event::KeyCreated(key()));
    directories.insert(TENANT, directory);
    Arc::new(Published {
        conversations: Conversations::new(body_budget_bytes),
        directories: ArcSwap::from_pointee(directories),
    })
}

/// The credential of every session.
fn key() -> Key {
    let (owner, label) = (String::new(), String::new());
    Key { prefix: KEY.to_owned(), sha256: [0; 32], role: Role::Agent, owner, label, created: 0 }
}

/// A session of the agent.
pub(super) fn agent_session() -> Arc<Session> {
    session(Party::Agent(AGENT), Role::Agent)
}

/// A session of the bot.
pub(super) fn bot_session() -> Arc<Session> {
    session(Party::Bot(BOT), Role::Bot)
}

fn session(party: Party, role: Role) -> Arc<Session> {
    let buffers = Buffers::new(64 * OUTBOX_BYTES);
    let resume = Resume::new(&buffers);
    let (name, prefix) = (String::new(), KEY.to_owned());
    static SESSIONS: AtomicU64 = AtomicU64::new(1);
    let id = SessionId(SESSIONS.fetch_add(1, Ordering::Relaxed));
    let codec = Codec::Rkyv;
    Arc::new(Session::new(&buffers, id, TENANT, party, role, name, prefix, codec, resume, None))
}

/// A group of these records.
pub(super) fn group(records: impl IntoIterator<Item = Outcome>) -> Group<Outcome> {
    let delivery = |payload: Outcome| Delivery {
        place: Some(Place { group: GroupNumber(1), index: 0 }),
        record: RecordNumber(1),
        payload,
    };
    Group {
        number: GroupNumber(1),
        last_record: RecordNumber(1),
        deliveries: records.into_iter().map(delivery).collect(),
        bytes: 0,
        commit: Duration::ZERO,
        sync: Duration::ZERO,
    }
}

/// A record for which nobody asked.
pub(super) fn record(events: impl IntoIterator<Item = Event>) -> Outcome {
    asked(Asker::Nobody, None, events)
}

/// The record of a session that opens.
pub(super) fn opens(session: &Arc<Session>) -> Outcome {
    let asker = Asker::Opened { session: Arc::clone(session), request: RequestId(1) };
    asked(asker, Some(Reply::Opened { intent: None }), [])
}

/// The record of a session that is gone.
pub(super) fn goes(session: &Arc<Session>) -> Outcome {
    asked(Asker::Lost(Arc::clone(session)), None, [])
}

/// A record with its asker.
pub(super) fn asked(
    asker: Asker,
    reply: Option<Reply>,
    events: impl IntoIterator<Item = Event>,
) -> Outcome {
    Outcome {
        tenant: TENANT,
        now: 1,
        events: events.into_iter().collect::<SmallVec<_>>(),
        private: Bytes::from_static(b"words"),
        reply,
        asker,
        received: Instant::now(),
        permit: None,
    }
}

/// A ticket is there: entry 1.
pub(crate) fn opened(ticket: TicketId, parent: Option<TicketId>) -> Event {
    Event::TicketOpened(TicketOpened {
        ticket,
        bot_number: 1,
        bot: BOT,
        contact: ContactKey(1),
        queue: QueueId(1),
        via: Via::HandOff,
        reason: HandOffReason::Requested,
        priority: 0,
        demand: None,
        test: false,
        position_updates: false,
        language: Language::En,
        parent,
        reserved: None,
        excluded: None,
        arrived: 1,
        first_waiting_since: 1,
        waited_us: 0,
        target_at: None,
        answered_before: false,
        epoch: 1,
        bytes: 0,
        private: false,
        overflowed: None,
        routed: Routed::default(),
    })
}

/// The agent has it.
pub(super) fn assigned(ticket: TicketId, number: u32) -> Event {
    Event::Assigned(Assigned {
        ticket,
        number,
        agent: AGENT,
        epoch: number,
        waited_us: 0,
        told: None,
    })
}

/// The agent has it no more.
pub(super) fn requeued(ticket: TicketId, number: u32) -> Event {
    let reason = RequeueReason::AgentGone;
    let excluded_until = 0;
    let epoch = number;
    Event::Requeued(Requeued { ticket, number, agent: AGENT, reason, epoch, excluded_until })
}

/// The same of another agent.
pub(super) fn of_colleague(event: Event) -> Event {
    let agent = AgentId(2);
    if let Event::Assigned(e) = event {
        Event::Assigned(Assigned { agent, ..e })
    } else if let Event::Requeued(e) = event {
        Event::Requeued(Requeued { agent, ..e })
    } else {
        panic!("{event:?} names no agent")
    }
}

/// Somebody has written.
pub(super) fn message(number: u32, author: Author) -> Event {
    Event::MessageStored(MessageStored {
        ticket: TICKET,
        number,
        author,
        agent: (author == Author::Agent).then_some(AGENT),
        client_message: None,
        bytes: 5,
        first_response_us: None,
        total_wait_us: None,
        response_us: None,
        judged: None,
    })
}

/// It goes on in its child.
pub(super) fn transferred(number: u32) -> Event {
    Event::Closed(Closed {
        ticket: TICKET,
        number,
        reason: CloseReason::Agent,
        outcome: Ending::Transferred,
        epoch: number,
        tags: Vec::new(),
        child: Some(CHILD),
        waited_us: None,
        handle_us: None,
        judged: None,
        wraps_until: None,
        owes_tags: false,
        reopen_until: None,
    })
}

/// Both parties have all of it.
pub(super) fn forgotten(ticket: TicketId) -> Event {
    Event::Forgotten(Forgotten { ticket })
}

/// How a catch-up takes its next piece.
pub(super) type TakeChunk =
    fn(&Published, &Directory, &Arc<Session>, CatchUp, Option<Bytes>) -> Chunk;

/// A client, with the writer of its lane.
pub(super) struct Client {
    published: Arc<Published>,
    /// The daemon's end.
    pub(super) session: Arc<Session>,
    /// Numbers of the entries of [`TICKET`], as they came.
    pub(super) entries: Vec<u32>,
    /// How many answers came.
    pub(super) answers: usize,
    /// How many pushes came before the first answer.
    pub(super) early: usize,
    /// How its catch-ups take a piece.
    pub(super) take_chunk: TakeChunk,
}

/// Whether the writer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// There may be more.
    Some,
    /// Nothing now.
    Nothing,
    /// Nothing more, ever.
    End,
}

impl Client {
    /// A client that has nothing yet.
    pub(super) fn new(published: &Arc<Published>, session: &Arc<Session>) -> Self {
        Self {
            published: Arc::clone(published),
            session: Arc::clone(session),
            entries: Vec::new(),
            answers: 0,
            early: 0,
            take_chunk: Published::chunk,
        }
    }

    /// One step of the writer: the steps of the daemon's, with the client in place of the stream.
    pub(super) fn write(&mut self) -> Written {
        match self.session.outbox.take() {
            Work::Frames(frames) => self.get(&frames.bytes),
            Work::CatchUp(at) => self.catch_up(at),
            Work::Idle => return Written::Nothing,
            Work::End(_) => return Written::End,
        }
        Written::Some
    }

    fn catch_up(&mut self, at: CatchUp) {
        let directories = self.published.directories.load_full();
        let directory = directories.tenant(TENANT).unwrap();
        let mut chunk = (self.take_chunk)(&self.published, directory, &self.session, at, None);
        if chunk.frames.is_empty()
            && let (Some(_), Some(rest)) = (chunk.wanted, chunk.rest)
        {
            let private = Some(Bytes::from_static(b"words"));
            chunk = (self.take_chunk)(&self.published, directory, &self.session, rest, private);
        }
        if let Some(rest) = chunk.rest {
            self.session.outbox.resume_catch_up(rest);
        }
        self.get(&chunk.frames);
    }

    fn get(&mut self, mut bytes: &[u8]) {
        while let Some((header, payload)) = frame::split(bytes, |_| usize::MAX).unwrap() {
            let frame = frame::read_server_frame(header, payload).unwrap();
            self.early +=
                usize::from(self.answers == 0 && matches!(frame, Some(ServerFrame::Push(_))));
            match frame {
                Some(ServerFrame::Push(Push::Entry(entry))) if entry.ticket == TICKET => {
                    self.entries.push(entry.number);
                }
                Some(ServerFrame::Push(_)) | None => {}
                Some(ServerFrame::Answer(..)) => self.answers += 1,
            }
            bytes = &bytes[frame::HEADER_BYTES + payload.len()..];
        }
    }

    /// Writes all that waits.
    pub(super) fn drain(&mut self) {
        while self.write() == Written::Some {}
    }
}

/// Is called between the moment at which an event is in the projections and that at which the
/// sessions hear of it.
pub(super) struct Between<F>(pub(super) F);

impl<F: FnMut() + Send> Observer for Between<F> {
    fn before(&mut self, _: &Published, _: &Outcome, _: &Event) {}
    fn after(&mut self, _: &Published, _: &Event, _: Before) {
        (self.0)();
    }
    fn answered(&mut self, _: CommandName, _: &relevo_wire::Answer) {}
    fn outcome(&mut self, _: &Outcome) {}
    fn group(&mut self, _: &GroupFigures) {}
}
