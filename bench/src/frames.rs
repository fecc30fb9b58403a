//! Frames on the measured path: encoded once, patched for each use.
//!
//! Both sides of the driver and the bare relay work on bytes: they decode only what they must check,
//! so that the cost of a message is the transport's and the server's.

use anyhow::{Context, Result, anyhow, ensure};
use relevo_wire::answer::Sent;
use relevo_wire::command::{HandOff, Receipt, Send};
use relevo_wire::frame::{self, HEADER_BYTES};
use relevo_wire::push::Message;
use relevo_wire::vocabulary::{Author, Body, Contact, HandOffDetails, HandOffReason, Holder};
use relevo_wire::{Answer, Command, Entry, EntryEvent, Packed, Request, RequestId, TicketId};
use std::ops::Range;

/// Where the request id of a request or an answer begins.
const REQUEST_ID_AT: usize = HEADER_BYTES;
/// Where the ticket of an entry begins.
const ENTRY_TICKET_AT: usize = HEADER_BYTES;
/// Where the number of an entry begins.
const ENTRY_NUMBER_AT: usize = ENTRY_TICKET_AT + 16;
/// Hexadecimal digits of a stamp in a text.
const STAMP_DIGITS: usize = 16;
/// Stands for the counter in a frame encoded before.
const COUNTER_MARK: &str = "QxQyQzQwQvQuQtQs";
/// Stands for the time in a frame encoded before.
const TIME_MARK: &str = "RxRyRzRwRvRuRtRs";

/// Stands before the time in a hand-off's text.
const HAND_OFF_MARK: &str = "@handed@";

/// A customer's message, encoded once; each use patches request id, counter and time.
#[derive(Debug, Clone)]
pub struct SendFrame {
    bytes: Vec<u8>,
    counters: Vec<usize>,
    time: usize,
}

impl SendFrame {
    /// A message of a bot's customer whose packed body has `body_bytes` bytes. With
    /// `message_ids` it carries an id of its own, which makes it idempotent.
    ///
    /// # Errors
    /// `body_bytes` leaves no room for counter and time.
    pub fn customer(contact: &str, body_bytes: usize, message_ids: bool) -> Result<Self> {
        let send = Send {
            ticket: None,
            contact: Some(contact.to_owned()),
            epoch: None,
            author: Author::Customer,
            client_message_id: message_ids.then(|| COUNTER_MARK.to_owned()),
            at: None,
            body: body(body_bytes)?,
        };
        Self::of(send)
    }

    /// A message of an agent, with the same body.
    ///
    /// # Errors
    /// `body_bytes` leaves no room for counter and time.
    pub fn agent(
        ticket: TicketId,
        epoch: u32,
        body_bytes: usize,
        message_ids: bool,
    ) -> Result<Self> {
        let send = Send {
            ticket: Some(ticket),
            contact: None,
            epoch: Some(epoch),
            author: Author::Agent,
            client_message_id: message_ids.then(|| COUNTER_MARK.to_owned()),
            at: None,
            body: body(body_bytes)?,
        };
        Self::of(send)
    }

    fn of(send: Send) -> Result<Self> {
        let mut bytes = Vec::new();
        frame::write_request(
            &mut bytes,
            &Request {
                request_id: RequestId(0),
                idempotency_key: None,
                command: Command::Send(send),
            },
        );
        let counters = positions(&bytes, COUNTER_MARK.as_bytes());
        let time = *positions(&bytes, TIME_MARK.as_bytes()).first().context("no room for time")?;
        Ok(Self { bytes, counters, time })
    }

    /// Appends the frame. `time_us` is when it was meant to leave.
    pub fn append(&self, out: &mut Vec<u8>, request_id: u64, counter: u64, time_us: u64) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = &mut out[start..];
        frame[REQUEST_ID_AT..REQUEST_ID_AT + 8].copy_from_slice(&request_id.to_le_bytes());
        let digits = stamp(counter);
        for at in &self.counters {
            frame[*at..*at + STAMP_DIGITS].copy_from_slice(&digits);
        }
        frame[self.time..self.time + STAMP_DIGITS].copy_from_slice(&stamp(time_us));
    }
}

/// A hand-off of one contact, encoded once; each use patches request id and time.
#[derive(Debug, Clone)]
pub struct HandOffFrame {
    bytes: Vec<u8>,
    time: usize,
}

impl HandOffFrame {
    /// To the bot's default queue, with four context entries of 32 bytes and a text of 100.
    #[must_use]
    pub fn new(contact: &str) -> Self {
        let details = HandOffDetails {
            contact: Contact { id: contact.to_owned(), ..Contact::default() },
            message_to_agent: format!("{HAND_OFF_MARK}{TIME_MARK}{}", "x".repeat(76)),
            transcript: Vec::new(),
            context: (0..4).map(|at| (format!("key-{at}"), "v".repeat(32))).collect(),
        };
        let hand_off = HandOff {
            queue: None,
            reason: HandOffReason::Planned,
            details: Packed::new(&details),
            priority: None,
            preferred_agent: None,
            language: None,
            texts: None,
            position_updates: false,
            test: false,
            dry_run: false,
        };
        let mut bytes = Vec::new();
        let command = Command::HandOff(hand_off);
        let request = Request { request_id: RequestId(0), idempotency_key: None, command };
        frame::write_request(&mut bytes, &request);
        let time = *positions(&bytes, TIME_MARK.as_bytes())
            .first()
            .expect("the text stands in the frame in one piece");
        Self { bytes, time }
    }

    /// Appends the frame. `time_us` is when it was meant to leave.
    pub fn append(&self, out: &mut Vec<u8>, request_id: u64, time_us: u64) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = &mut out[start..];
        frame[REQUEST_ID_AT..REQUEST_ID_AT + 8].copy_from_slice(&request_id.to_le_bytes());
        frame[self.time..self.time + STAMP_DIGITS].copy_from_slice(&stamp(time_us));
    }
}

/// Finds when a hand-off was meant to leave, in a `handed_off` entry's payload.
///
/// # Errors
/// The hand-off is not one of the driver's.
pub fn hand_off_time(payload: &[u8]) -> Result<u64> {
    let mark = HAND_OFF_MARK.as_bytes();
    payload
        .windows(mark.len())
        .position(|window| window == mark)
        .and_then(|at| payload.get(at + mark.len()..at + mark.len() + STAMP_DIGITS))
        .and_then(read_stamp)
        .context("a hand-off arrived that nobody sent")
}

/// The stamps of a received message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    /// Counts the sender's messages.
    pub counter: u64,
    /// When it was meant to leave, in microseconds of the run.
    pub time_us: u64,
}

/// Reads the stamps out of a message entry's payload (what follows the entry's envelope). They
/// stand where the packed body begins, and so at the payload's begin: an archive's strings come
/// before what refers to them.
///
/// # Errors
/// There are none: the frame is not one of the driver's.
pub fn stamps(payload: &[u8]) -> Result<Stamps> {
    let counter = payload.get(..STAMP_DIGITS).and_then(read_stamp);
    let time_us = payload.get(STAMP_DIGITS..2 * STAMP_DIGITS).and_then(read_stamp);
    match (counter, time_us) {
        (Some(counter), Some(time_us)) => Ok(Stamps { counter, time_us }),
        _ => Err(anyhow!("a message arrived that nobody sent")),
    }
}

/// The envelope of an entry: ticket, number, and the payload behind it.
///
/// # Errors
/// The frame is too short.
pub fn entry(bytes: &[u8]) -> Result<(TicketId, u32, &[u8])> {
    let (ticket, rest) = bytes.split_first_chunk::<16>().context("an entry without a ticket")?;
    let (number, rest) = rest.split_first_chunk::<4>().context("an entry without a number")?;
    let payload = rest.get(8..).context("an entry without a time")?;
    Ok((TicketId(u128::from_le_bytes(*ticket)), u32::from_le_bytes(*number), payload))
}

/// The request id of an answer.
///
/// # Errors
/// The frame is too short.
pub fn answered(bytes: &[u8]) -> Result<u64> {
    let id = bytes.first_chunk::<8>().context("an answer without a request id")?;
    Ok(u64::from_le_bytes(*id))
}

/// Appends a receipt.
pub fn append_receipt(out: &mut Vec<u8>, ticket: TicketId, delivered: u32) {
    let command = Command::Receipt(Receipt { ticket, delivered, read: 0 });
    let request = Request { request_id: RequestId(1), idempotency_key: None, command };
    frame::write_request(out, &request);
}

/// A message entry for bodies of one length; each use patches ticket, number and body.
#[derive(Debug)]
pub struct MessageFrame {
    bytes: Vec<u8>,
    body: Range<usize>,
}

impl MessageFrame {
    /// For bodies of so many bytes.
    ///
    /// # Errors
    /// `body_bytes` leaves no room for counter and time.
    pub fn new(author: Author, body_bytes: usize) -> Result<Self> {
        let body = body(body_bytes)?;
        let mut bytes = Vec::new();
        let event = EntryEvent::Message(Message { author, agent: None, body: body.clone() });
        frame::write_entry(&mut bytes, &Entry { ticket: TicketId(0), number: 0, at: 0, event });
        let at =
            *positions(&bytes, body.bytes()).first().context("the body is not in one piece")?;
        Ok(Self { bytes, body: at..at + body_bytes })
    }

    /// Length of the bodies that it takes, in bytes.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// Appends the frame. `body` has [`MessageFrame::body_bytes`].
    pub fn append(&self, out: &mut Vec<u8>, ticket: TicketId, number: u32, body: &[u8]) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = &mut out[start..];
        frame[ENTRY_TICKET_AT..ENTRY_NUMBER_AT].copy_from_slice(&ticket.0.to_le_bytes());
        frame[ENTRY_NUMBER_AT..ENTRY_NUMBER_AT + 4].copy_from_slice(&number.to_le_bytes());
        frame[self.body.clone()].copy_from_slice(body);
    }
}

/// A `sent` answer of one ticket; each use patches request id and number.
#[derive(Debug)]
pub struct SentFrame {
    bytes: Vec<u8>,
    number: usize,
}

impl SentFrame {
    /// For this ticket.
    #[must_use]
    pub fn new(ticket: TicketId) -> Self {
        const NUMBER_MARK: u32 = 0x5eed_a11f;
        let sent =
            Sent { holder: Holder::Agent, ticket: Some(ticket), number: NUMBER_MARK, epoch: 2 };
        let mut bytes = Vec::new();
        frame::write_answer(&mut bytes, RequestId(0), &Answer::Sent(sent));
        let number = *positions(&bytes, &NUMBER_MARK.to_le_bytes())
            .last()
            .expect("the number stands in the frame as little-endian bytes");
        Self { bytes, number }
    }

    /// Appends the frame.
    pub fn append(&self, out: &mut Vec<u8>, request_id: &[u8; 8], number: u32) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = &mut out[start..];
        frame[REQUEST_ID_AT..REQUEST_ID_AT + 8].copy_from_slice(request_id);
        frame[self.number..self.number + 4].copy_from_slice(&number.to_le_bytes());
    }
}

/// A text with room for counter and time whose packed form has `bytes` bytes.
fn body(bytes: usize) -> Result<Packed<Body>> {
    let marks = format!("{COUNTER_MARK}{TIME_MARK}");
    let bare = Packed::new(&Body::text(marks.clone())).bytes().len();
    ensure!(bytes >= bare, "a stamped body has at least {bare} bytes, not {bytes}");
    // Alignment may round: find the text that gives the length.
    (0..=bytes - bare)
        .rev()
        .map(|fill| Packed::new(&Body::text(format!("{marks}{}", "x".repeat(fill)))))
        .find(|packed| packed.bytes().len() == bytes)
        .with_context(|| format!("no text packs into {bytes} bytes"))
}

fn positions(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    (0..=bytes.len().saturating_sub(wanted.len()))
        .filter(|at| bytes[*at..].starts_with(wanted))
        .collect()
}

fn stamp(value: u64) -> [u8; STAMP_DIGITS] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|at| DIGITS[(value >> (60 - 4 * at) & 0xf) as usize])
}

fn read_stamp(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splitter::split;
    use relevo_wire::Push;
    use relevo_wire::frame::ServerFrame;

    #[test]
    fn a_patched_send_is_what_the_codec_reads() {
        let mut bytes = Vec::new();
        let send = SendFrame::customer("contact-3", 256, true).unwrap();
        send.append(&mut bytes, 0x0102_0304_0506_0708, 42, 99);
        let (header, payload) = split(&bytes).unwrap().unwrap();
        let request = frame::read_request(header, payload).unwrap();
        assert_eq!(request.request_id, RequestId(0x0102_0304_0506_0708));
        let Command::Send(send) = request.command else { panic!("another command") };
        assert_eq!(send.client_message_id.as_deref(), Some("000000000000002a"));
        assert_eq!(send.body.bytes().len(), 256);
        assert_eq!(stamps(send.body.bytes()).unwrap(), Stamps { counter: 42, time_us: 99 });
    }

    #[test]
    fn a_patched_entry_is_what_the_codec_writes() {
        let mut sent = Vec::new();
        SendFrame::customer("contact", 256, false).unwrap().append(&mut sent, 1, 42, 99);
        let (header, payload) = split(&sent).unwrap().unwrap();
        let request = frame::read_request(header, payload).unwrap();
        let Command::Send(send) = request.command else { panic!("another command") };
        let message = Message { author: Author::Customer, agent: None, body: send.body.clone() };
        let event = EntryEvent::Message(message);
        let expected = Entry { ticket: TicketId(77), number: 5, at: 0, event };
        let mut bytes = Vec::new();
        let frame = MessageFrame::new(Author::Customer, 256).unwrap();
        frame.append(&mut bytes, TicketId(77), 5, send.body.bytes());
        let (header, payload) = split(&bytes).unwrap().unwrap();
        let read = frame::read_server_frame(header, payload).unwrap();
        assert_eq!(read, Some(ServerFrame::Push(Push::Entry(expected))));
        let (ticket, number, rest) = entry(payload).unwrap();
        assert_eq!((ticket, number), (TicketId(77), 5));
        assert_eq!(stamps(rest).unwrap(), Stamps { counter: 42, time_us: 99 });
    }

    #[test]
    fn a_patched_answer_is_what_the_codec_writes() {
        let mut bytes = Vec::new();
        SentFrame::new(TicketId(9)).append(&mut bytes, &8_u64.to_le_bytes(), 1234);
        let (header, payload) = split(&bytes).unwrap().unwrap();
        assert_eq!(answered(payload).unwrap(), 8);
        let sent =
            Sent { holder: Holder::Agent, ticket: Some(TicketId(9)), number: 1234, epoch: 2 };
        assert_eq!(
            frame::read_server_frame(header, payload).unwrap(),
            Some(ServerFrame::Answer(RequestId(8), Answer::Sent(sent)))
        );
    }

    #[test]
    fn a_hand_off_tells_when_it_was_meant_to_leave() {
        let mut bytes = Vec::new();
        HandOffFrame::new("contact-5").append(&mut bytes, 9, 1234);
        let (header, payload) = split(&bytes).unwrap().unwrap();
        let request = frame::read_request(header, payload).unwrap();
        assert_eq!(request.request_id, RequestId(9));
        let Command::HandOff(hand_off) = request.command else { panic!("another command") };
        let details = hand_off.details.unpack().unwrap();
        assert_eq!(details.contact.id, "contact-5");
        assert_eq!(details.message_to_agent.len(), 100);
        assert_eq!(hand_off_time(hand_off.details.bytes()).unwrap(), 1234);
        assert!(hand_off_time(b"something else").is_err());
    }

    #[test]
    fn foreign_bytes_have_no_stamps() {
        assert!(stamps(b"short").is_err());
        assert!(stamps(&[b'x'; 64]).is_err());
    }
}
