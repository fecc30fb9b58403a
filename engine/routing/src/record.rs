//! The bytes of a record: one step's events behind a fixed header.
//!
//! ```text
//! header:  schema u16 │ tenant u64 │ now u64 │ actor kind u8, id u32, session u64 │ request id u64
//!          │ directory version u64 │ number of events u32
//! event:   number u8 │ version u8 │ length u32 │ rkyv bytes of its struct
//! ```
//!
//! Integers are little-endian. Every event has a number and a version of its own; a version that
//! changes keeps its old struct as a frozen type beside the new one. Golden bytes of every event
//! stand in `tests/golden`. Reading is checked: a record from a damaged log is an error that names
//! the place, never a wrong event.

use crate::Micros;
use crate::event::{self, Event};
use crate::input::Key;
use relevo_wire::TenantId;
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor;
use rkyv::ser::Serializer;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::ser::sharing::Share;
use rkyv::{Archive, Deserialize, Serialize};

/// Version of the records' layout; a log of another is refused by name, and stays as it is.
pub const SCHEMA_VERSION: u16 = 5;
/// Bytes of the header.
const HEADER_BYTES: usize = 2 + 8 + 8 + 1 + 4 + 8 + 8 + 8 + 4;
/// Bytes before each event's own.
const EVENT_HEADER_BYTES: usize = 1 + 1 + 4;
/// Version of every event so far.
const EVENT_VERSION: u8 = 1;

/// What every record tells about its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// Whose state it changes.
    pub tenant: TenantId,
    /// When, by the daemon's clock.
    pub now: Micros,
    /// Who made it happen.
    pub actor: Actor,
    /// The request it answers; 0 for none.
    pub request_id: u64,
    /// Version of the tenant's directory after it.
    pub directory_version: u64,
}

/// Who made a step happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// What kind of party.
    pub kind: ActorKind,
    /// Number of the bot or agent; 0 for others.
    pub id: u32,
    /// Its session; 0 for none.
    pub session: u64,
}

/// Kind of an actor. The numbers are those of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// The daemon itself: a timer, a start, a lost session.
    Daemon = 0,
    /// A bot.
    Bot = 1,
    /// An agent.
    Agent = 2,
    /// A tenant's administrator.
    Admin = 3,
    /// The daemon's operator.
    Operator = 4,
}

impl ActorKind {
    fn from_number(number: u8) -> Option<Self> {
        [Self::Daemon, Self::Bot, Self::Agent, Self::Admin, Self::Operator]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end within the header or an event.
    #[error("the record ends at byte {at}, {missing} bytes too early")]
    Truncated {
        /// Where more was needed.
        at: usize,
        /// How much more.
        missing: usize,
    },
    /// Another layout.
    #[error("records of schema {SCHEMA_VERSION} are understood, not {0}")]
    Schema(u16),
    /// No such actor.
    #[error("no kind of actor has the number {0}")]
    Actor(u8),
    /// An event that this version does not know.
    #[error("event {index} at byte {at} has number {number} and version {version}, unknown here")]
    UnknownEvent {
        /// Which event of the record, from 0.
        index: u32,
        /// Where.
        at: usize,
        /// Its number.
        number: u8,
        /// Its version.
        version: u8,
    },
    /// Bytes that are not what their number says.
    #[error("event {index} at byte {at} (number {number}) is not valid: {reason}")]
    InvalidEvent {
        /// Which event of the record, from 0.
        index: u32,
        /// Where.
        at: usize,
        /// Its number.
        number: u8,
        /// What the check found.
        reason: String,
    },
    /// Bytes after the last event.
    #[error("{0} bytes follow the last event")]
    Trailing(usize),
}

/// Appends a record.
pub fn encode(out: &mut Vec<u8>, header: &RecordHeader, events: &[Event]) {
    let count = u32::try_from(events.len()).expect("a step has fewer than 2^32 events");
    out.reserve(HEADER_BYTES + events.len() * 160);
    out.extend_from_slice(&SCHEMA_VERSION.to_le_bytes());
    out.extend_from_slice(&header.tenant.0.to_le_bytes());
    out.extend_from_slice(&header.now.to_le_bytes());
    out.push(header.actor.kind as u8);
    out.extend_from_slice(&header.actor.id.to_le_bytes());
    out.extend_from_slice(&header.actor.session.to_le_bytes());
    out.extend_from_slice(&header.request_id.to_le_bytes());
    out.extend_from_slice(&header.directory_version.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    rkyv::util::with_arena(|arena| {
        for event in events {
            encode_event(out, arena.acquire(), event);
        }
    });
}

/// Reads a record.
///
/// # Errors
/// The bytes are no record of this schema, or one of its events is not valid or not known.
pub fn decode(bytes: &[u8]) -> Result<(RecordHeader, Vec<Event>), RecordError> {
    let mut reader = Reader { bytes, at: 0 };
    let schema = u16::from_le_bytes(reader.take()?);
    if schema != SCHEMA_VERSION {
        return Err(RecordError::Schema(schema));
    }
    let tenant = TenantId(u64::from_le_bytes(reader.take()?));
    let now = u64::from_le_bytes(reader.take()?);
    let [kind] = reader.take()?;
    let actor = Actor {
        kind: ActorKind::from_number(kind).ok_or(RecordError::Actor(kind))?,
        id: u32::from_le_bytes(reader.take()?),
        session: u64::from_le_bytes(reader.take()?),
    };
    let request_id = u64::from_le_bytes(reader.take()?);
    let directory_version = u64::from_le_bytes(reader.take()?);
    let count = u32::from_le_bytes(reader.take()?);
    // A wrong count must not become a great allocation.
    let mut events = Vec::with_capacity((count as usize).min(bytes.len() / EVENT_HEADER_BYTES));
    for index in 0..count {
        events.push(reader.event(index)?);
    }
    if reader.at != bytes.len() {
        return Err(RecordError::Trailing(bytes.len() - reader.at));
    }
    Ok((RecordHeader { tenant, now, actor, request_id, directory_version }, events))
}

/// When a record was made, of its header alone.
///
/// # Errors
/// As [`decode`], of the header.
pub fn time_of(bytes: &[u8]) -> Result<Micros, RecordError> {
    let mut reader = Reader { bytes, at: 0 };
    let schema = u16::from_le_bytes(reader.take()?);
    if schema != SCHEMA_VERSION {
        return Err(RecordError::Schema(schema));
    }
    let _tenant: [u8; 8] = reader.take()?;
    Ok(u64::from_le_bytes(reader.take()?))
}

/// Numbers of events in the log. Never used twice.
mod number {
    pub(super) const OBJECT_PUT: u8 = 1;
    pub(super) const OBJECT_DELETED: u8 = 2;
    pub(super) const KEY_CREATED: u8 = 3;
    pub(super) const KEY_REVOKED: u8 = 4;
    pub(super) const STARTED: u8 = 5;
    pub(super) const READY: u8 = 6;
    pub(super) const BOT_REACHABLE: u8 = 7;
    pub(super) const BOT_UNREACHABLE: u8 = 8;
    pub(super) const AGENT_REACHABLE: u8 = 9;
    pub(super) const AGENT_GRACE: u8 = 10;
    pub(super) const AGENT_UNREACHABLE: u8 = 11;
    pub(super) const INTENT_SET: u8 = 12;
    pub(super) const TICKET_OPENED: u8 = 13;
    pub(super) const HAND_OFF_REPEATED: u8 = 14;
    pub(super) const HAND_OFF_REJECTED: u8 = 15;
    pub(super) const MESSAGE_STORED: u8 = 16;
    pub(super) const CONTACT_MESSAGE_STORED: u8 = 17;
    pub(super) const ASSIGNED: u8 = 18;
    pub(super) const REQUEUED: u8 = 19;
    pub(super) const UNRESERVED: u8 = 20;
    pub(super) const TARGET_MISSED: u8 = 21;
    pub(super) const CLOSED: u8 = 22;
    pub(super) const PROGRESSED: u8 = 23;
    pub(super) const ANSWERED: u8 = 24;
    pub(super) const FORGOTTEN: u8 = 25;
    pub(super) const RELAXED: u8 = 26;
    pub(super) const OFFERED: u8 = 27;
    pub(super) const OFFER_ENDED: u8 = 28;
    pub(super) const RESPONDING: u8 = 29;
    pub(super) const HELD: u8 = 30;
    pub(super) const WRAPPED_UP: u8 = 31;
    pub(super) const OVERFLOWED: u8 = 34;
    pub(super) const QUEUE_HOURS: u8 = 37;
    pub(super) const TARGET_MOVED: u8 = 38;
    pub(super) const INACTIVE: u8 = 42;
    pub(super) const ABSENCE_SET: u8 = 43;
    pub(super) const TARGET_TOLD: u8 = 56;
    pub(super) const CONTACT_BLOCKED: u8 = 60;
    pub(super) const CONTACT_UNBLOCKED: u8 = 61;
    pub(super) const CALLBACK_LISTED: u8 = 62;
    pub(super) const CALLBACK_ENDED: u8 = 63;
    pub(super) const CALLBACK_WISHED: u8 = 64;
    pub(super) const TRANSFER_ASKED: u8 = 58;
    pub(super) const TRANSFER_ENDED: u8 = 59;
    pub(super) const CUSTOMER_AWAY: u8 = 65;
    pub(super) const CUSTOMER_BACK: u8 = 66;
    pub(super) const PARKED: u8 = 52;
    pub(super) const UNPARKED: u8 = 53;
    pub(super) const QUEUE_MODE_SET: u8 = 50;
    pub(super) const NOTICE: u8 = 51;
}

fn encode_event(out: &mut Vec<u8>, arena: ArenaHandle<'_>, event: &Event) {
    match event {
        Event::ObjectPut(e) => write(out, arena, number::OBJECT_PUT, e),
        Event::ObjectDeleted(e) => write(out, arena, number::OBJECT_DELETED, e),
        Event::KeyCreated(e) => write(out, arena, number::KEY_CREATED, e),
        Event::KeyRevoked(e) => write(out, arena, number::KEY_REVOKED, e),
        Event::Started(e) => write(out, arena, number::STARTED, e),
        Event::Ready(e) => write(out, arena, number::READY, e),
        Event::BotReachable(e) => write(out, arena, number::BOT_REACHABLE, e),
        Event::BotUnreachable(e) => write(out, arena, number::BOT_UNREACHABLE, e),
        Event::AgentReachable(e) => write(out, arena, number::AGENT_REACHABLE, e),
        Event::AgentGrace(e) => write(out, arena, number::AGENT_GRACE, e),
        Event::AgentUnreachable(e) => write(out, arena, number::AGENT_UNREACHABLE, e),
        Event::IntentSet(e) => write(out, arena, number::INTENT_SET, e),
        Event::TicketOpened(e) => write(out, arena, number::TICKET_OPENED, e),
        Event::HandOffRepeated(e) => write(out, arena, number::HAND_OFF_REPEATED, e),
        Event::HandOffRejected(e) => write(out, arena, number::HAND_OFF_REJECTED, e),
        Event::MessageStored(e) => write(out, arena, number::MESSAGE_STORED, e),
        Event::ContactMessageStored(e) => write(out, arena, number::CONTACT_MESSAGE_STORED, e),
        Event::Assigned(e) => write(out, arena, number::ASSIGNED, e),
        Event::Requeued(e) => write(out, arena, number::REQUEUED, e),
        Event::Unreserved(e) => write(out, arena, number::UNRESERVED, e),
        Event::TargetMissed(e) => write(out, arena, number::TARGET_MISSED, e),
        Event::Closed(e) => write(out, arena, number::CLOSED, e),
        Event::Progressed(e) => write(out, arena, number::PROGRESSED, e),
        Event::Answered(e) => write(out, arena, number::ANSWERED, e),
        Event::Forgotten(e) => write(out, arena, number::FORGOTTEN, e),
        Event::Relaxed(e) => write(out, arena, number::RELAXED, e),
        Event::Offered(e) => write(out, arena, number::OFFERED, e),
        Event::OfferEnded(e) => write(out, arena, number::OFFER_ENDED, e),
        Event::Responding(e) => write(out, arena, number::RESPONDING, e),
        Event::Held(e) => write(out, arena, number::HELD, e),
        Event::WrappedUp(e) => write(out, arena, number::WRAPPED_UP, e),
        Event::Overflowed(e) => write(out, arena, number::OVERFLOWED, e),
        Event::QueueHours(e) => write(out, arena, number::QUEUE_HOURS, e),
        Event::TargetMoved(e) => write(out, arena, number::TARGET_MOVED, e),
        Event::Inactive(e) => write(out, arena, number::INACTIVE, e),
        Event::AbsenceSet(e) => write(out, arena, number::ABSENCE_SET, e),
        Event::TargetTold(e) => write(out, arena, number::TARGET_TOLD, e),
        Event::ContactBlocked(e) => write(out, arena, number::CONTACT_BLOCKED, e),
        Event::ContactUnblocked(e) => write(out, arena, number::CONTACT_UNBLOCKED, e),
        Event::CallbackListed(e) => write(out, arena, number::CALLBACK_LISTED, e),
        Event::CallbackWished(e) => write(out, arena, number::CALLBACK_WISHED, e),
        Event::CallbackEnded(e) => write(out, arena, number::CALLBACK_ENDED, e),
        Event::TransferAsked(e) => write(out, arena, number::TRANSFER_ASKED, e),
        Event::TransferEnded(e) => write(out, arena, number::TRANSFER_ENDED, e),
        Event::Parked(e) => write(out, arena, number::PARKED, e),
        Event::Unparked(e) => write(out, arena, number::UNPARKED, e),
        Event::CustomerAway(e) => write(out, arena, number::CUSTOMER_AWAY, e),
        Event::CustomerBack(e) => write(out, arena, number::CUSTOMER_BACK, e),
        Event::QueueModeSet(e) => write(out, arena, number::QUEUE_MODE_SET, e),
        Event::Notice(e) => write(out, arena, number::NOTICE, e),
    }
}

fn write<T>(out: &mut Vec<u8>, arena: ArenaHandle<'_>, number: u8, event: &T)
where
    T: for<'a, 'b> Serialize<HighSerializer<&'b mut Vec<u8>, ArenaHandle<'a>, rancor::Error>>,
{
    let start = out.len();
    out.extend_from_slice(&[number, EVENT_VERSION, 0, 0, 0, 0]);
    let mut serializer = Serializer::new(&mut *out, arena, Share::new());
    rkyv::api::serialize_using::<_, rancor::Error>(event, &mut serializer)
        .expect("archiving plain strings and numbers into memory cannot fail");
    let length =
        u32::try_from(out.len() - start - EVENT_HEADER_BYTES).expect("no event comes near 4 GiB");
    out[start + 2..start + EVENT_HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let bytes = self.slice(N)?;
        Ok(*bytes.first_chunk().expect("the slice was asked for N bytes"))
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let rest = &self.bytes[self.at..];
        let slice = rest.get(..length).ok_or_else(|| RecordError::Truncated {
            at: self.bytes.len(),
            missing: length - rest.len(),
        })?;
        self.at += length;
        Ok(slice)
    }

    fn event(&mut self, index: u32) -> Result<Event, RecordError> {
        let at = self.at;
        let [number, version] = self.take()?;
        let length = u32::from_le_bytes(self.take()?);
        let bytes = self.slice(length as usize)?;
        if version != EVENT_VERSION {
            return Err(RecordError::UnknownEvent { index, at, number, version });
        }
        let event = decode_event(number, bytes);
        event
            .map_err(|reason| RecordError::InvalidEvent { index, at, number, reason })?
            .ok_or(RecordError::UnknownEvent { index, at, number, version })
    }
}

fn decode_event(number: u8, bytes: &[u8]) -> Result<Option<Event>, String> {
    Ok(Some(match number {
        number::OBJECT_PUT => Event::ObjectPut(read(bytes)?),
        number::OBJECT_DELETED => Event::ObjectDeleted(read(bytes)?),
        number::KEY_CREATED => Event::KeyCreated(read::<Key>(bytes)?),
        number::KEY_REVOKED => Event::KeyRevoked(read(bytes)?),
        number::STARTED => Event::Started(read(bytes)?),
        number::READY => Event::Ready(read(bytes)?),
        number::BOT_REACHABLE => Event::BotReachable(read(bytes)?),
        number::BOT_UNREACHABLE => Event::BotUnreachable(read(bytes)?),
        number::AGENT_REACHABLE => Event::AgentReachable(read(bytes)?),
        number::AGENT_GRACE => Event::AgentGrace(read(bytes)?),
        number::AGENT_UNREACHABLE => Event::AgentUnreachable(read(bytes)?),
        number::INTENT_SET => Event::IntentSet(read(bytes)?),
        number::TICKET_OPENED => Event::TicketOpened(read::<event::TicketOpened>(bytes)?),
        number::HAND_OFF_REPEATED => Event::HandOffRepeated(read(bytes)?),
        number::HAND_OFF_REJECTED => Event::HandOffRejected(read(bytes)?),
        number::MESSAGE_STORED => Event::MessageStored(read(bytes)?),
        number::CONTACT_MESSAGE_STORED => Event::ContactMessageStored(read(bytes)?),
        number::ASSIGNED => Event::Assigned(read(bytes)?),
        number::REQUEUED => Event::Requeued(read(bytes)?),
        number::UNRESERVED => Event::Unreserved(read(bytes)?),
        number::TARGET_MISSED => Event::TargetMissed(read(bytes)?),
        number::CLOSED => Event::Closed(read(bytes)?),
        number::PROGRESSED => Event::Progressed(read(bytes)?),
        number::ANSWERED => Event::Answered(read(bytes)?),
        number::FORGOTTEN => Event::Forgotten(read(bytes)?),
        number::RELAXED => Event::Relaxed(read(bytes)?),
        number::OFFERED => Event::Offered(read(bytes)?),
        number::OFFER_ENDED => Event::OfferEnded(read(bytes)?),
        number::RESPONDING => Event::Responding(read(bytes)?),
        number::HELD => Event::Held(read(bytes)?),
        number::WRAPPED_UP => Event::WrappedUp(read(bytes)?),
        number::OVERFLOWED => Event::Overflowed(read(bytes)?),
        number::QUEUE_HOURS => Event::QueueHours(read(bytes)?),
        number::TARGET_MOVED => Event::TargetMoved(read(bytes)?),
        number::INACTIVE => Event::Inactive(read(bytes)?),
        number::ABSENCE_SET => Event::AbsenceSet(read(bytes)?),
        number::TARGET_TOLD => Event::TargetTold(read(bytes)?),
        number::CONTACT_BLOCKED => Event::ContactBlocked(read(bytes)?),
        number::CONTACT_UNBLOCKED => Event::ContactUnblocked(read(bytes)?),
        number::CALLBACK_LISTED => Event::CallbackListed(read(bytes)?),
        number::CALLBACK_WISHED => Event::CallbackWished(read(bytes)?),
        number::CALLBACK_ENDED => Event::CallbackEnded(read(bytes)?),
        number::TRANSFER_ASKED => Event::TransferAsked(read(bytes)?),
        number::TRANSFER_ENDED => Event::TransferEnded(read(bytes)?),
        number::PARKED => Event::Parked(read(bytes)?),
        number::UNPARKED => Event::Unparked(read(bytes)?),
        number::CUSTOMER_AWAY => Event::CustomerAway(read(bytes)?),
        number::CUSTOMER_BACK => Event::CustomerBack(read(bytes)?),
        number::QUEUE_MODE_SET => Event::QueueModeSet(read(bytes)?),
        number::NOTICE => Event::Notice(read(bytes)?),
        _ => return Ok(None),
    }))
}

fn read<T>(bytes: &[u8]) -> Result<T, String>
where
    T: Archive,
    T::Archived: for<'a> CheckBytes<HighValidator<'a, rancor::Error>>
        + Deserialize<T, HighDeserializer<rancor::Error>>,
{
    rkyv::from_bytes::<T, rancor::Error>(bytes).map_err(|error| error.to_string())
}
