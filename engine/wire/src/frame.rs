//! Frames: an 8-byte header (length, kind, version), a fixed envelope, an rkyv payload.
//!
//! | frame | envelope before the payload |
//! |---|---|
//! | request | request id (u64), length of the idempotency key (u8), the key |
//! | answer | request id (u64) |
//! | entry of a ticket | ticket (u128), number (u32), at (u64) |
//! | other push | none |
//!
//! Integers are little-endian. The length counts what follows the header.

use crate::answer::Answer;
use crate::command::{Command, Request};
use crate::error::{ErrorCode, WireError};
use crate::ids::{RequestId, TicketId};
use crate::limits;
use crate::push::{Entry, EntryEvent, Push};
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::{Archive, Deserialize, Serialize};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 8;
/// The frame version that this crate writes.
pub const VERSION: u16 = 1;

pub mod kind;

/// A header as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Bytes that follow the header.
    pub length: u32,
    /// What kind of frame.
    pub kind: u16,
    /// Version of its layout.
    pub version: u16,
}

impl Header {
    /// Reads the header at the start of `bytes`; `None` when there are fewer than 8.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let [a, b, c, d, e, f, g, h] = *bytes;
        Some(Self {
            length: u32::from_le_bytes([a, b, c, d]),
            kind: u16::from_le_bytes([e, f]),
            version: u16::from_le_bytes([g, h]),
        })
    }

    /// Longest frame of this kind that a client may send, in bytes after the header.
    #[must_use]
    pub fn client_limit(self) -> usize {
        match self.kind {
            // A queue names up to tens of thousands of members.
            kind::HAND_OFF | kind::PUT | kind::APPLY => limits::HAND_OFF_BYTES,
            kind::HELLO | kind::CURSORS => limits::HELLO_BYTES,
            _ => limits::FRAME_BYTES,
        }
    }
}

/// Splits one whole frame off the front of `buffer`: its header and what follows it. `None` means
/// that more bytes are needed; how many can be read from the header.
///
/// # Errors
/// The header announces more than `limit` allows for its kind.
pub fn split(
    buffer: &[u8],
    limit: impl FnOnce(Header) -> usize,
) -> Result<Option<(Header, &[u8])>, WireError> {
    let Some(header) = Header::read(buffer) else { return Ok(None) };
    let length = header.length as usize;
    let most = limit(header);
    if length > most {
        return Err(WireError::field(
            ErrorCode::LimitExceeded,
            "length",
            format!("a frame of kind {:#06x} may have {most} bytes, not {length}", header.kind),
        ));
    }
    Ok(buffer.get(HEADER_BYTES..HEADER_BYTES + length).map(|payload| (header, payload)))
}

/// What the codec asks of a payload: archived with the high-level API, read with checked access.
trait Payload:
    Archive<
        Archived: for<'a> CheckBytes<HighValidator<'a, rancor::Error>>
                      + Deserialize<Self, HighDeserializer<rancor::Error>>,
    > + for<'a, 'b> Serialize<HighSerializer<&'b mut Vec<u8>, ArenaHandle<'a>, rancor::Error>>
    + Sized
{
}

impl<T> Payload for T where
    T: Archive<
            Archived: for<'a> CheckBytes<HighValidator<'a, rancor::Error>>
                          + Deserialize<T, HighDeserializer<rancor::Error>>,
        > + for<'a, 'b> Serialize<HighSerializer<&'b mut Vec<u8>, ArenaHandle<'a>, rancor::Error>>
{
}

/// Bytes of a payload as a frame has them, whatever codec it came in.
pub(crate) fn packed_bytes<T>(payload: &T) -> usize
where
    T: for<'a, 'b> Serialize<HighSerializer<&'b mut Vec<u8>, ArenaHandle<'a>, rancor::Error>>,
{
    let mut out = Vec::new();
    rkyv::api::high::to_bytes_in::<_, rancor::Error>(payload, &mut out)
        .expect("archiving plain strings and numbers into memory cannot fail");
    out.len()
}

fn write<T: Payload>(out: &mut Vec<u8>, kind: u16, envelope: &[&[u8]], payload: &T) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    for part in envelope {
        out.extend_from_slice(part);
    }
    rkyv::api::high::to_bytes_in::<_, rancor::Error>(payload, &mut *out)
        .expect("archiving plain strings and numbers into memory cannot fail");
    let length = u32::try_from(out.len() - start - HEADER_BYTES)
        .expect("no frame that this crate writes comes near 4 GiB");
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + 6].copy_from_slice(&kind.to_le_bytes());
    out[start + 6..start + 8].copy_from_slice(&VERSION.to_le_bytes());
}

fn read<T: Payload>(bytes: &[u8]) -> Result<T, WireError> {
    rkyv::from_bytes::<T, rancor::Error>(bytes)
        .map_err(|_| WireError::new(ErrorCode::Malformed, "the payload is not what its kind says"))
}

fn check_version(header: Header) -> Result<(), WireError> {
    if header.version == VERSION {
        return Ok(());
    }
    Err(WireError::field(
        ErrorCode::VersionUnsupported,
        "version",
        format!("frames of version {VERSION} are understood, not {}", header.version),
    ))
}

fn too_short() -> WireError {
    WireError::new(ErrorCode::Malformed, "the frame is shorter than its envelope")
}

/// Appends a request as one frame.
pub fn write_request(out: &mut Vec<u8>, request: &Request) {
    let id = request.request_id.0.to_le_bytes();
    let key = request.idempotency_key.as_deref().unwrap_or("").as_bytes();
    let key = &key[..key.len().min(limits::IDEMPOTENCY_KEY_BYTES)];
    let key_length = [u8::try_from(key.len()).expect("the key's limit is below 256")];
    let envelope: &[&[u8]] = &[&id, &key_length, key];
    match &request.command {
        Command::Hello(c) => write(out, kind::HELLO, envelope, c),
        Command::Cursors(c) => write(out, kind::CURSORS, envelope, c),
        Command::Read(c) => write(out, kind::READ, envelope, c),
        Command::Send(c) => write(out, kind::SEND, envelope, c),
        Command::Receipt(c) => write(out, kind::RECEIPT, envelope, c),
        Command::Typing(c) => write(out, kind::TYPING, envelope, c),
        Command::HandOff(c) => write(out, kind::HAND_OFF, envelope, c),
        Command::AgentsOnline(c) => write(out, kind::AGENTS_ONLINE, envelope, c),
        Command::CustomerLeft(c) => write(out, kind::CUSTOMER_LEFT, envelope, c),
        Command::TakeBack(c) => write(out, kind::TAKE_BACK, envelope, c),
        Command::SetPresence(c) => write(out, kind::SET_PRESENCE, envelope, c),
        Command::Next(c) => write(out, kind::NEXT, envelope, c),
        Command::Targets(c) => write(out, kind::TARGETS, envelope, c),
        Command::Transfer(c) => write(out, kind::TRANSFER, envelope, c),
        Command::Close(c) => write(out, kind::CLOSE, envelope, c),
        Command::Accept(c) => write(out, kind::ACCEPT, envelope, c),
        Command::Decline(c) => write(out, kind::DECLINE, envelope, c),
        Command::Hold(c) => write(out, kind::HOLD, envelope, c),
        Command::Unhold(c) => write(out, kind::UNHOLD, envelope, c),
        Command::Park(c) => write(out, kind::PARK, envelope, c),
        Command::Unpark(c) => write(out, kind::UNPARK, envelope, c),
        Command::WrapUpDone(c) => write(out, kind::WRAP_UP_DONE, envelope, c),
        Command::Reopen(c) => write(out, kind::REOPEN, envelope, c),
        Command::SetAbsence(c) => write(out, kind::SET_ABSENCE, envelope, c),
        Command::BlockContact(c) => write(out, kind::BLOCK_CONTACT, envelope, c),
        Command::UnblockContact(c) => write(out, kind::UNBLOCK_CONTACT, envelope, c),
        Command::ListBlocked(c) => write(out, kind::LIST_BLOCKED, envelope, c),
        Command::WantCallback(c) => write(out, kind::WANT_CALLBACK, envelope, c),
        Command::ListCallbacks(c) => write(out, kind::LIST_CALLBACKS, envelope, c),
        Command::NotifyWaiting(c) => write(out, kind::NOTIFY_WAITING, envelope, c),
        Command::SetQueueMode(c) => write(out, kind::SET_QUEUE_MODE, envelope, c),
        Command::Explain(c) => write(out, kind::EXPLAIN, envelope, c),
        Command::Put(c) => write(out, kind::PUT, envelope, c),
        Command::Delete(c) => write(out, kind::DELETE, envelope, c),
        Command::ListDirectory(c) => write(out, kind::LIST_DIRECTORY, envelope, c),
        Command::CreateKey(c) => write(out, kind::CREATE_KEY, envelope, c),
        Command::ListKeys(c) => write(out, kind::LIST_KEYS, envelope, c),
        Command::RevokeKey(c) => write(out, kind::REVOKE_KEY, envelope, c),
        Command::Status(c) => write(out, kind::STATUS, envelope, c),
        Command::Apply(c) => write(out, kind::APPLY, envelope, c),
    }
}

/// Gives a request frame that [`write_request`] made another request id: a client encodes before it
/// knows the request's place among the others.
///
/// # Panics
/// `frame` is shorter than a header and an id, so it was not made by [`write_request`].
pub fn set_request_id(frame: &mut [u8], request: RequestId) {
    frame[HEADER_BYTES..HEADER_BYTES + 8].copy_from_slice(&request.0.to_le_bytes());
}

/// Reads what follows the header of a request. The request id is told even when the rest is not
/// understood, so that the error can answer it.
///
/// # Errors
/// `malformed` or `version_unsupported`, with the request id as far as it could be read (else 0).
pub fn read_request(header: Header, bytes: &[u8]) -> Result<Request, (RequestId, WireError)> {
    let Some((id, rest)) = bytes.split_first_chunk::<8>() else {
        return Err((RequestId(0), too_short()));
    };
    let request_id = RequestId(u64::from_le_bytes(*id));
    read_command(header, rest)
        .map(|(idempotency_key, command)| Request { request_id, idempotency_key, command })
        .map_err(|error| (request_id, error))
}

fn read_command(header: Header, bytes: &[u8]) -> Result<(Option<String>, Command), WireError> {
    check_version(header)?;
    let (&key_length, rest) = bytes.split_first().ok_or_else(too_short)?;
    if usize::from(key_length) > limits::IDEMPOTENCY_KEY_BYTES {
        return Err(WireError::field(
            ErrorCode::Malformed,
            "idempotency_key",
            format!("at most {} bytes", limits::IDEMPOTENCY_KEY_BYTES),
        ));
    }
    let (key, payload) = rest.split_at_checked(usize::from(key_length)).ok_or_else(too_short)?;
    let key = if key.is_empty() {
        None
    } else {
        let text = std::str::from_utf8(key).map_err(|_| {
            WireError::field(ErrorCode::Malformed, "idempotency_key", "must be UTF-8")
        })?;
        Some(text.to_owned())
    };
    let command = match header.kind {
        kind::HELLO => Command::Hello(read(payload)?),
        kind::CURSORS => Command::Cursors(read(payload)?),
        kind::READ => Command::Read(read(payload)?),
        kind::SEND => Command::Send(read(payload)?),
        kind::RECEIPT => Command::Receipt(read(payload)?),
        kind::TYPING => Command::Typing(read(payload)?),
        kind::HAND_OFF => Command::HandOff(read(payload)?),
        kind::AGENTS_ONLINE => Command::AgentsOnline(read(payload)?),
        kind::CUSTOMER_LEFT => Command::CustomerLeft(read(payload)?),
        kind::TAKE_BACK => Command::TakeBack(read(payload)?),
        kind::SET_PRESENCE => Command::SetPresence(read(payload)?),
        kind::NEXT => Command::Next(read(payload)?),
        kind::TARGETS => Command::Targets(read(payload)?),
        kind::TRANSFER => Command::Transfer(read(payload)?),
        kind::CLOSE => Command::Close(read(payload)?),
        kind::ACCEPT => Command::Accept(read(payload)?),
        kind::DECLINE => Command::Decline(read(payload)?),
        kind::HOLD => Command::Hold(read(payload)?),
        kind::UNHOLD => Command::Unhold(read(payload)?),
        kind::PARK => Command::Park(read(payload)?),
        kind::UNPARK => Command::Unpark(read(payload)?),
        kind::WRAP_UP_DONE => Command::WrapUpDone(read(payload)?),
        kind::REOPEN => Command::Reopen(read(payload)?),
        kind::SET_ABSENCE => Command::SetAbsence(read(payload)?),
        kind::BLOCK_CONTACT => Command::BlockContact(read(payload)?),
        kind::UNBLOCK_CONTACT => Command::UnblockContact(read(payload)?),
        kind::LIST_BLOCKED => Command::ListBlocked(read(payload)?),
        kind::WANT_CALLBACK => Command::WantCallback(read(payload)?),
        kind::LIST_CALLBACKS => Command::ListCallbacks(read(payload)?),
        kind::NOTIFY_WAITING => Command::NotifyWaiting(read(payload)?),
        kind::SET_QUEUE_MODE => Command::SetQueueMode(read(payload)?),
        kind::EXPLAIN => Command::Explain(read(payload)?),
        kind::PUT => Command::Put(read(payload)?),
        kind::DELETE => Command::Delete(read(payload)?),
        kind::LIST_DIRECTORY => Command::ListDirectory(read(payload)?),
        kind::CREATE_KEY => Command::CreateKey(read(payload)?),
        kind::LIST_KEYS => Command::ListKeys(read(payload)?),
        kind::REVOKE_KEY => Command::RevokeKey(read(payload)?),
        kind::STATUS => Command::Status(read(payload)?),
        kind::APPLY => Command::Apply(read(payload)?),
        other => {
            return Err(WireError::field(
                ErrorCode::Malformed,
                "kind",
                format!("no command has the number {other:#06x}"),
            ));
        }
    };
    Ok((key, command))
}

/// Appends an answer as one frame.
pub fn write_answer(out: &mut Vec<u8>, request: RequestId, answer: &Answer) {
    let id = request.0.to_le_bytes();
    let envelope: &[&[u8]] = &[&id];
    match answer {
        Answer::Done(a) => write(out, kind::DONE, envelope, a),
        Answer::Error(a) => write(out, kind::ERROR, envelope, a),
        Answer::Welcome(a) => write(out, kind::WELCOME, envelope, a),
        Answer::Accepted(a) => write(out, kind::ACCEPTED, envelope, a),
        Answer::Rejected(a) => write(out, kind::REJECTED, envelope, a),
        Answer::AgentsOnline(a) => write(out, kind::AGENTS_ONLINE_ANSWER, envelope, a),
        Answer::Sent(a) => write(out, kind::SENT, envelope, a),
        Answer::Next(a) => write(out, kind::NEXT_ANSWER, envelope, a),
        Answer::Targets(a) => write(out, kind::TARGETS_ANSWER, envelope, a),
        Answer::Transferred(a) => write(out, kind::TRANSFERRED_ANSWER, envelope, a),
        Answer::Explained(a) => write(out, kind::EXPLAINED, envelope, a),
        Answer::Stored(a) => write(out, kind::STORED, envelope, a),
        Answer::Directory(a) => write(out, kind::DIRECTORY, envelope, a),
        Answer::Key(a) => write(out, kind::KEY, envelope, a),
        Answer::Keys(a) => write(out, kind::KEYS, envelope, a),
        Answer::Status(a) => write(out, kind::STATUS_REPORT, envelope, a),
        Answer::Applied(a) => write(out, kind::APPLIED, envelope, a),
        Answer::Notifying(a) => write(out, kind::NOTIFYING, envelope, a),
        Answer::Blocked(a) => write(out, kind::BLOCKED, envelope, a),
        Answer::Callbacks(a) => write(out, kind::CALLBACKS, envelope, a),
    }
}

/// Appends a push as one frame.
pub fn write_push(out: &mut Vec<u8>, push: &Push) {
    match push {
        Push::Entry(entry) => write_entry(out, entry),
        Push::Snapshot(p) => write(out, kind::SNAPSHOT, &[], p),
        Push::Progress(p) => write(out, kind::PROGRESS, &[], p),
        Push::Typing(p) => write(out, kind::TYPING_PUSH, &[], p),
        Push::Position(p) => write(out, kind::POSITION, &[], p),
        Push::Presence(p) => write(out, kind::PRESENCE, &[], p),
        Push::Offer(p) => write(out, kind::OFFER, &[], p),
        Push::OfferEnded(p) => write(out, kind::OFFER_ENDED, &[], p),
        Push::WrapUp(p) => write(out, kind::WRAP_UP, &[], p),
        Push::Absence(p) => write(out, kind::ABSENCE, &[], p),
        Push::Target(p) => write(out, kind::TARGET, &[], p),
        Push::GoAway(p) => write(out, kind::GO_AWAY, &[], p),
    }
}

/// Appends an entry of a ticket as one frame.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    let ticket = entry.ticket.0.to_le_bytes();
    let number = entry.number.to_le_bytes();
    let at = entry.at.to_le_bytes();
    let envelope: &[&[u8]] = &[&ticket, &number, &at];
    match &entry.event {
        EntryEvent::Empty(e) => write(out, kind::EMPTY, envelope, e),
        EntryEvent::HandedOff(e) => write(out, kind::HANDED_OFF, envelope, e),
        EntryEvent::Message(e) => write(out, kind::MESSAGE, envelope, e),
        EntryEvent::Assigned(e) => write(out, kind::ASSIGNED, envelope, e),
        EntryEvent::Requeued(e) => write(out, kind::REQUEUED, envelope, e),
        EntryEvent::Transferred(e) => write(out, kind::TRANSFERRED, envelope, e),
        EntryEvent::Returned(e) => write(out, kind::RETURNED, envelope, e),
        EntryEvent::Held(e) => write(out, kind::HELD, envelope, e),
        EntryEvent::Inactive(e) => write(out, kind::INACTIVE, envelope, e),
        EntryEvent::TransferAsked(e) => write(out, kind::TRANSFER_ASKED, envelope, e),
        EntryEvent::Parked(e) => write(out, kind::PARKED, envelope, e),
        EntryEvent::Unparked(e) => write(out, kind::UNPARKED, envelope, e),
    }
}

/// What a client gets: an answer to one of its requests, or a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// An answer.
    Answer(RequestId, Answer),
    /// A push.
    Push(Push),
}

/// Reads what follows the header of a frame from the server.
///
/// # Errors
/// `malformed` or `version_unsupported`. A kind that this version does not know is `Ok(None)`: a
/// newer server may send it.
pub fn read_server_frame(header: Header, bytes: &[u8]) -> Result<Option<ServerFrame>, WireError> {
    check_version(header)?;
    if header.kind & 0xff00 == 0x1000 {
        let (id, payload) = bytes.split_first_chunk::<8>().ok_or_else(too_short)?;
        let answer = read_answer(header.kind, payload)?;
        let id = RequestId(u64::from_le_bytes(*id));
        return Ok(answer.map(|answer| ServerFrame::Answer(id, answer)));
    }
    let push = match header.kind {
        kind::EMPTY..=kind::TRANSFER_ASKED => Push::Entry(read_entry(header.kind, bytes)?),
        kind::SNAPSHOT => Push::Snapshot(read(bytes)?),
        kind::PROGRESS => Push::Progress(read(bytes)?),
        kind::TYPING_PUSH => Push::Typing(read(bytes)?),
        kind::POSITION => Push::Position(read(bytes)?),
        kind::PRESENCE => Push::Presence(read(bytes)?),
        kind::OFFER => Push::Offer(read(bytes)?),
        kind::OFFER_ENDED => Push::OfferEnded(read(bytes)?),
        kind::WRAP_UP => Push::WrapUp(read(bytes)?),
        kind::ABSENCE => Push::Absence(read(bytes)?),
        kind::TARGET => Push::Target(read(bytes)?),
        kind::GO_AWAY => Push::GoAway(read(bytes)?),
        _ => return Ok(None),
    };
    Ok(Some(ServerFrame::Push(push)))
}

fn read_answer(kind: u16, payload: &[u8]) -> Result<Option<Answer>, WireError> {
    Ok(Some(match kind {
        kind::DONE => Answer::Done(read(payload)?),
        kind::ERROR => Answer::Error(read(payload)?),
        kind::WELCOME => Answer::Welcome(read(payload)?),
        kind::ACCEPTED => Answer::Accepted(read(payload)?),
        kind::REJECTED => Answer::Rejected(read(payload)?),
        kind::AGENTS_ONLINE_ANSWER => Answer::AgentsOnline(read(payload)?),
        kind::SENT => Answer::Sent(read(payload)?),
        kind::NEXT_ANSWER => Answer::Next(read(payload)?),
        kind::TARGETS_ANSWER => Answer::Targets(read(payload)?),
        kind::TRANSFERRED_ANSWER => Answer::Transferred(read(payload)?),
        kind::EXPLAINED => Answer::Explained(read(payload)?),
        kind::STORED => Answer::Stored(read(payload)?),
        kind::DIRECTORY => Answer::Directory(read(payload)?),
        kind::KEY => Answer::Key(read(payload)?),
        kind::KEYS => Answer::Keys(read(payload)?),
        kind::STATUS_REPORT => Answer::Status(read(payload)?),
        kind::APPLIED => Answer::Applied(read(payload)?),
        kind::NOTIFYING => Answer::Notifying(read(payload)?),
        kind::BLOCKED => Answer::Blocked(read(payload)?),
        kind::CALLBACKS => Answer::Callbacks(read(payload)?),
        _ => return Ok(None),
    }))
}

fn read_entry(kind: u16, bytes: &[u8]) -> Result<Entry, WireError> {
    let (ticket, rest) = bytes.split_first_chunk::<16>().ok_or_else(too_short)?;
    let (number, rest) = rest.split_first_chunk::<4>().ok_or_else(too_short)?;
    let (at, payload) = rest.split_first_chunk::<8>().ok_or_else(too_short)?;
    let event = match kind {
        kind::HANDED_OFF => EntryEvent::HandedOff(read(payload)?),
        kind::MESSAGE => EntryEvent::Message(read(payload)?),
        kind::ASSIGNED => EntryEvent::Assigned(read(payload)?),
        kind::REQUEUED => EntryEvent::Requeued(read(payload)?),
        kind::TRANSFERRED => EntryEvent::Transferred(read(payload)?),
        kind::RETURNED => EntryEvent::Returned(read(payload)?),
        kind::HELD => EntryEvent::Held(read(payload)?),
        kind::INACTIVE => EntryEvent::Inactive(read(payload)?),
        kind::TRANSFER_ASKED => EntryEvent::TransferAsked(read(payload)?),
        kind::PARKED => EntryEvent::Parked(read(payload)?),
        kind::UNPARKED => EntryEvent::Unparked(read(payload)?),
        // An event of a newer server that this client does not know still has its number.
        _ => EntryEvent::Empty(read(payload)?),
    };
    Ok(Entry {
        ticket: TicketId(u128::from_le_bytes(*ticket)),
        number: u32::from_le_bytes(*number),
        at: u64::from_le_bytes(*at),
        event,
    })
}
