//! The daemon's own state machines, driven by hand: every stage moves when the simulation says so.
//!
//! What its threads and tasks do besides (sockets, waits, the clock) is left out; what they decide
//! is not: intake, admission, shard, journal, publish, catch-up and recovery are the daemon's code.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use bytes::Bytes;
use relevo::admission::{BotShare, Budget};
use relevo::metrics::CommandName;
use relevo::publish::directory::{Directories, publish_changes};
use relevo::publish::outcome::{Asker, Outcome};
use relevo::publish::{Before, GroupFigures, Observer, Published, Publisher};
use relevo::ring::{Consumer, Producer, ring};
use relevo::session::buffers::Buffers;
use relevo::session::intake::{self, Intake};
use relevo::session::outbox::{LaneEnd, Work};
use relevo::session::{Codec, Party, Resume, Session};
use relevo::shard::machine::ShardMachine;
use relevo::shard::presence::Presences;
use relevo::shard::{ShardInput, shard_of};
use relevo_journal::{Committer, Group, GroupNumber, MemoryLog, Place, Submission, read_record};
use relevo_routing::Event;
use relevo_routing::input::{Command as RoutingCommand, Input, Key};
use relevo_routing::record::SCHEMA_VERSION;
use relevo_routing::tenant::{Origin, Settings};
use relevo_wire::command::{Command, Cursor, Request};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{BotId, RequestId, SessionId, TenantId, TicketId};
use relevo_wire::vocabulary::Role;
use relevo_wire::{Answer, frame};

use super::Violation;
use super::disk::Restored;
use super::ledger::Token;
use super::link::Link;

/// Most bytes of a group, as the daemon's default.
const GROUP_BYTES: usize = 64 * 1024;
/// What all sessions together may have under way: some slow consumers at their limit, not all.
const BUFFERS_BYTES: usize = 8 * 1024 * 1024;
/// A command on a ticket waits so long for budget (protocol).
const ADMISSION_PATIENCE_US: u64 = 250_000;

/// What the world around the daemon's state machines fixes for its whole life.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The core's periods and bounds.
    pub settings: Settings,
    /// Number of shards.
    pub shards: usize,
    /// Entries of the budget.
    pub budget_entries: u64,
    /// Bytes of bodies that are kept in memory.
    pub messages_memory_bytes: u64,
}

/// A shard and its ring.
#[derive(Debug)]
pub struct Shard {
    /// Its state.
    pub machine: ShardMachine,
    consumer: Consumer<ShardInput>,
}

/// A daemon between a start and a crash.
pub struct Daemon {
    /// Its shards.
    pub shards: Vec<Shard>,
    /// What is visible.
    pub published: Arc<Published>,
    /// Refuses what writes.
    pub is_storage_full: bool,
    presences: Arc<Presences>,
    buffers: Arc<Buffers>,
    budget: Budget,
    shares: BTreeMap<(TenantId, BotId), BotShare>,
    rings: Vec<Producer<ShardInput>>,
    queue: VecDeque<Vec<Submission<Outcome>>>,
    committer: Committer<Outcome, MemoryLog>,
    committed: VecDeque<Group<Outcome>>,
    publisher: Publisher<Silent>,
    log: MemoryLog,
    next_session: u64,
}

/// What became of a request at the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There was none, or the lane waits for budget.
    Nothing,
    /// It was taken, or answered.
    One,
    /// It is to be repeated later; what follows it may overtake these words.
    Postponed(Option<Token>),
}

impl Daemon {
    /// Goes on from what recovery restored, and runs the first inputs of every shard.
    #[must_use]
    pub fn start(restored: Restored, log: &MemoryLog, setup: &Setup, now: u64) -> Self {
        let Restored { fold, tail } = restored;
        let down_us = if fold.last_us == 0 { 0 } else { now - fold.last_us };
        let mut directories = Directories::default();
        for (id, tenant) in &fold.tenants {
            directories.insert(*id, tenant.directory().clone());
        }
        let published = Arc::new(Published {
            conversations: fold.conversations,
            directories: ArcSwap::from_pointee(directories),
        });
        let presences = Arc::new(Presences::default());
        let mut tenants: Vec<Vec<_>> = (0..setup.shards).map(|_| Vec::new()).collect();
        for (id, tenant) in fold.tenants {
            tenants[shard_of(id, setup.shards)].push((id, tenant));
        }
        let start = tail.record.0 as u32;
        let (mut shards, mut rings) = (Vec::new(), Vec::new());
        for (number, tenants) in tenants.into_iter().enumerate() {
            let shard = u16::try_from(number).expect("few shards");
            let origin = Origin { start, shard, tenant: 0 };
            let presences = Arc::clone(&presences);
            let settings = setup.settings.clone();
            let machine = ShardMachine::new(tenants, presences, settings, origin);
            let (producer, consumer) = ring(setup.budget_entries as usize + 64);
            shards.push(Shard { machine, consumer });
            rings.push(producer);
        }
        let mut daemon = Self {
            shards,
            published: Arc::clone(&published),
            is_storage_full: false,
            presences,
            buffers: Buffers::new(BUFFERS_BYTES),
            budget: Budget::new(setup.budget_entries, 64 * 1024 * 1024),
            shares: BTreeMap::new(),
            rings,
            queue: VecDeque::new(),
            committer: Committer::new(log.clone(), tail, SCHEMA_VERSION, GROUP_BYTES),
            committed: VecDeque::new(),
            publisher: Publisher::new(published, Silent),
            log: log.clone(),
            next_session: now,
        };
        for shard in &mut daemon.shards {
            for input in [Input::Started { down_us }, Input::Ready] {
                daemon.queue.push_back(shard.machine.all(now, Instant::now(), &input));
            }
        }
        daemon
    }

    /// A connection has said hello.
    pub fn open(&mut self, tenant: TenantId, party: Party, name: &str, cursors: &[Cursor]) -> Link {
        self.next_session += 1;
        let (role, share) = match party {
            Party::Bot(bot) => {
                let share = self.shares.entry((tenant, bot));
                (Role::Bot, Some(share.or_insert_with(|| self.budget.bot_share()).clone()))
            }
            Party::Agent(_) => (Role::Agent, None),
            Party::Admin => (Role::Admin, None),
        };
        let prefix = format!("{}-{name}", tenant.0);
        self.give_key(tenant, &prefix, role, name);
        let mut resume = Resume::new(&self.buffers);
        resume.extend(cursors).expect("there is memory for a few cursors");
        let session = Arc::new(Session::new(
            &self.buffers,
            SessionId(self.next_session),
            tenant,
            party,
            role,
            name.to_owned(),
            prefix,
            Codec::Rkyv,
            resume,
            None,
        ));
        let input = intake::opened(&self.presences, &session);
        let asker = Asker::Opened { session: Arc::clone(&session), request: RequestId(1) };
        self.learn(tenant, input, asker);
        Link::new(session, share)
    }

    /// Makes a credential known to what lets sessions in; no log holds it.
    fn give_key(&self, tenant: TenantId, prefix: &str, role: Role, owner: &str) {
        if self.published.directories.load().key(prefix).is_none() {
            let (prefix, owner, label) = (prefix.to_owned(), owner.to_owned(), String::new());
            let created =
                Event::KeyCreated(Key { prefix, sha256: [0; 32], role, owner, label, created: 0 });
            publish_changes(&self.published.directories, std::iter::once((tenant, &created)));
        }
    }

    /// A connection is gone.
    pub fn lose(&mut self, link: Link) {
        let session = link.session;
        session.set_lost();
        let input = intake::lost(&self.presences, &session);
        self.learn(session.tenant, input, Asker::Lost(session));
    }

    /// What the daemon itself learns.
    pub fn learn(&self, tenant: TenantId, input: Input, asker: Asker) {
        let is_end = matches!(asker, Asker::Lost(_));
        let learnt = ShardInput {
            tenant,
            command: RoutingCommand { idempotency: None, input },
            private: Bytes::new(),
            asker,
            received: Instant::now(),
            permit: None,
        };
        let ring = &self.rings[shard_of(tenant, self.rings.len())];
        if is_end {
            ring.push_end(learnt);
        } else {
            ring.push_internal(learnt);
        }
    }

    /// Takes the next request of a session, if one has arrived.
    ///
    /// # Errors
    /// It is not what was sent.
    pub fn take_in(&mut self, link: &mut Link, now: u64) -> Result<Taken, Violation> {
        if link.is_unread {
            return Ok(Taken::Nothing);
        }
        let Some(bytes) = link.up.front() else { return Ok(Taken::Nothing) };
        let request = read(bytes)?;
        let length = bytes.len() as u64;
        let id = request.request_id;
        let session = Arc::clone(&link.session);
        let answer = |error: WireError| {
            let answer = Answer::Error(error);
            session.outbox.append_now(|out| session.codec.write_answer(out, id, &answer));
        };
        if self.is_storage_full && matches!(request.command, Command::HandOff(_) | Command::Send(_))
        {
            answer(WireError::new(ErrorCode::StorageFull, "the disk is nearly full"));
            link.up.pop_front();
            return Ok(Taken::Postponed(words(&request.command)));
        }
        let (published, outbox) = (&self.published, &session.outbox);
        let taken = intake::take_in(
            published,
            &self.presences,
            &session,
            outbox,
            request,
            Instant::now(),
            now,
        );
        let mut input = match taken {
            Ok(Intake::Shard(input)) => input,
            // Hints, and reads of history: the simulation asks for none.
            Ok(Intake::Local(_)) => {
                link.up.pop_front();
                return Ok(Taken::One);
            }
            Err(error) => {
                link.up.pop_front();
                answer(error);
                return Ok(Taken::One);
            }
        };
        input.permit = match &link.share {
            Some(share) => share.try_take(length + 1024),
            None => self.budget.try_take(length + 1024),
        };
        if input.permit.is_none() {
            let is_hand_off = matches!(input.command.input, Input::HandOff(_));
            let share = link.share.as_ref();
            let waits = !is_hand_off || share.is_some_and(|share| share.is_short_of(length + 1024));
            if waits && now - *link.waits_since.get_or_insert(now) < ADMISSION_PATIENCE_US {
                return Ok(Taken::Nothing);
            }
            if is_hand_off {
                link.waits_since = None;
                link.up.pop_front();
                answer(WireError::new(ErrorCode::Overloaded, "no budget now"));
                return Ok(Taken::One);
            }
            if matches!(input.command.input, Input::SetPresence { .. }) {
                self.learn(session.tenant, input.command.input, Asker::Nobody);
            }
            session.outbox.end(LaneEnd::Closed);
            link.is_unread = true;
            return Ok(Taken::Nothing);
        }
        link.waits_since = None;
        link.up.pop_front();
        let ring = &self.rings[shard_of(session.tenant, self.rings.len())];
        let refused = ring.push(input).is_err();
        if refused {
            return Err(Violation::new("an admitted input finds a place in the ring", id.0));
        }
        Ok(Taken::One)
    }

    /// One turn of a shard: at most `most` inputs, then what is due. True when it did something.
    pub fn turn(&mut self, number: usize, most: usize, now: u64) -> bool {
        let shard = &mut self.shards[number];
        let mut batch = Vec::new();
        let taken = shard.consumer.drain(most, &mut batch);
        let mut submissions: Vec<_> =
            batch.into_iter().map(|input| shard.machine.handle(now, input)).collect();
        let due = shard.machine.next_deadline().is_some_and(|at| at <= now);
        if due {
            submissions.extend(shard.machine.tick(now, Instant::now()));
        }
        if !submissions.is_empty() {
            self.queue.push_back(submissions);
        }
        taken > 0 || due
    }

    /// Has this shard nothing to do at the moment?
    #[must_use]
    pub fn is_idle(&self, number: usize, now: u64) -> bool {
        let shard = &self.shards[number];
        shard.consumer.depth() == 0 && shard.machine.next_deadline().is_none_or(|at| at > now)
    }

    /// Commits a group of what waits. `Some(false)` when the log refused it; `None` when nothing
    /// waits.
    pub fn commit(&mut self) -> Option<bool> {
        // The writer publishes a group before it commits the next.
        if !self.committed.is_empty() {
            return None;
        }
        for batch in self.queue.drain(..) {
            self.committer.push(batch);
        }
        if self.committer.waiting() == 0 {
            return None;
        }
        match self.committer.commit() {
            Ok(group) => {
                self.committed.extend(group);
                Some(true)
            }
            Err(_) => Some(false),
        }
    }

    /// Does anything wait to be committed or published?
    #[must_use]
    pub fn has_uncommitted(&self) -> bool {
        !self.queue.is_empty() || self.committer.waiting() > 0 || !self.committed.is_empty()
    }

    /// Does a record wait to be committed, and not only answers?
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.queue.iter().flatten().any(|submission| !submission.public.is_empty())
    }

    /// Is no large record written in part?
    #[must_use]
    pub fn is_between_records(&self) -> bool {
        self.committer.is_between_records()
    }

    /// Is the log finished? Nothing is committed any more then.
    pub fn is_poisoned(&mut self) -> bool {
        self.committer.commit().is_err()
    }

    /// Makes the next committed group visible; gives back its number.
    pub fn publish(&mut self) -> Option<GroupNumber> {
        let group = self.committed.pop_front()?;
        let number = group.number;
        self.publisher.group(group);
        Some(number)
    }

    /// What the writer of a session has to send next.
    ///
    /// # Errors
    /// A body that an entry needs is not in the log.
    pub fn write(&self, session: &Arc<Session>) -> Result<Written, Violation> {
        match session.outbox.take() {
            Work::Frames(frames) => Ok(Written::Bytes(frames.bytes)),
            Work::Idle => Ok(Written::Nothing),
            Work::End(end) => Ok(Written::End(end)),
            Work::CatchUp(at) => {
                let directories = self.published.directories.load_full();
                let Some(directory) = directories.tenant(session.tenant) else {
                    return Ok(Written::Nothing);
                };
                let mut chunk = self.published.chunk(directory, session, at, None);
                if chunk.frames.is_empty()
                    && let (Some(place), Some(rest)) = (chunk.wanted, chunk.rest)
                {
                    let private = self.private(at.ticket, place)?;
                    chunk = self.published.chunk(directory, session, rest, Some(private));
                }
                if let Some(rest) = chunk.rest {
                    session.outbox.resume_catch_up(rest);
                }
                Ok(Written::Bytes(chunk.frames))
            }
        }
    }

    fn private(&self, ticket: TicketId, place: Place) -> Result<Bytes, Violation> {
        match read_record(&self.log, place) {
            Ok(record) => Ok(Bytes::copy_from_slice(record.private())),
            // Nobody is shown it: the next piece ends with the ticket.
            Err(error) if self.published.is_let_go(ticket, &error) => Ok(Bytes::new()),
            Err(error) => Err(Violation::new("a body's place is in the log", error)),
        }
    }
}

/// What a session's writer sends.
#[derive(Debug)]
pub enum Written {
    /// Nothing.
    Nothing,
    /// Whole frames.
    Bytes(Vec<u8>),
    /// The session is over.
    End(LaneEnd),
}

fn read(bytes: &[u8]) -> Result<Request, Violation> {
    let failed = |error: WireError| Violation::new("a request decodes", error);
    let (header, payload) = frame::split(bytes, |header| header.client_limit())
        .map_err(failed)?
        .ok_or_else(|| Violation::new("a request decodes", "cut"))?;
    frame::read_request(header, payload).map_err(|(_, error)| failed(error))
}

/// What a message says.
fn words(command: &Command) -> Option<Token> {
    let Command::Send(send) = command else { return None };
    Token::parse(&send.body.unpack().ok()?.text)
}

/// Watches nothing: the ledger reads the log instead.
#[derive(Debug)]
struct Silent;

impl Observer for Silent {
    fn before(&mut self, _: &Published, _: &Outcome, _: &Event) {}
    fn after(&mut self, _: &Published, _: &Event, _: Before) {}
    fn answered(&mut self, _: CommandName, _: &Answer) {}
    fn outcome(&mut self, _: &Outcome) {}
    fn group(&mut self, _: &GroupFigures) {}
}
