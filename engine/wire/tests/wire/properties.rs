//! What holds for any message, and for any bytes at all.

use crate::samples::{Sample, samples};
use proptest::prelude::*;
use relevo_wire::catalogue::{Class, KINDS, RESERVED};
use relevo_wire::command::{Close, HandOff, Request, Send};
use relevo_wire::error::ErrorCode;
use relevo_wire::frame::{self, HEADER_BYTES, Header};
use relevo_wire::ids::{RequestId, TicketId};
use relevo_wire::push::{Entry, EntryEvent, Message, Push};
use relevo_wire::vocabulary::{
    Author, Body, Contact, HandOffDetails, HandOffReason, Media, MessageKind, TranscriptLine,
};
use relevo_wire::{Command, Packed, json};
use std::collections::BTreeMap;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(any::<char>(), 0..40)
            .prop_map(|chars| chars.into_iter().collect()),
        Just("\"\\\u{0}\u{2028}\n`".to_owned()),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((text(), text()), 0..6)
        .prop_map(|pairs| pairs.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect())
}

fn body() -> impl Strategy<Value = Body> {
    let media = (text(), text(), any::<u64>(), proptest::option::of(text()))
        .prop_map(|(url, mime, bytes, sha256)| Media { url, mime, bytes, sha256 });
    (text(), proptest::option::of(media), pairs()).prop_map(|(text, media, fields)| Body {
        kind: MessageKind::Document,
        text,
        media,
        fields,
    })
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        Just(Author::Customer),
        Just(Author::Agent),
        Just(Author::Bot),
        Just(Author::System)
    ]
}

fn details() -> impl Strategy<Value = HandOffDetails> {
    let line = (author(), any::<u64>(), text()).prop_map(|(author, at, text)| TranscriptLine {
        author,
        at,
        text,
    });
    let contact =
        (text(), text(), pairs()).prop_map(|(id, name, fields)| Contact { id, name, fields });
    (contact, text(), proptest::collection::vec(line, 0..4), pairs()).prop_map(
        |(contact, message_to_agent, transcript, context)| HandOffDetails {
            contact,
            message_to_agent,
            transcript,
            context,
        },
    )
}

fn request() -> impl Strategy<Value = Sample> {
    let send = (any::<u128>(), proptest::option::of(text()), author(), body()).prop_map(
        |(ticket, contact, author, body)| {
            Command::Send(Send {
                ticket: Some(TicketId(ticket)),
                client_message_id: contact.clone(),
                contact,
                epoch: Some(ticket as u32),
                author,
                at: Some(ticket as u64),
                body: Packed::new(&body),
            })
        },
    );
    let hand_off = (details(), proptest::option::of(text()), any::<bool>(), any::<u16>()).prop_map(
        |(details, queue, test, priority)| {
            Command::HandOff(HandOff {
                language: queue.clone(),
                preferred_agent: queue.clone(),
                queue,
                reason: HandOffReason::Fallback,
                details: Packed::new(&details),
                priority: Some(priority),
                texts: None,
                position_updates: test,
                test,
                dry_run: test,
            })
        },
    );
    let close =
        (any::<u128>(), proptest::collection::vec(text(), 0..5)).prop_map(|(ticket, tags)| {
            Command::Close(Close { ticket: TicketId(ticket), epoch: 1, tags })
        });
    let key = proptest::option::of("[a-zé]{1,30}");
    (prop_oneof![send, hand_off, close], any::<u64>(), key).prop_map(|(command, id, key)| {
        Sample::Request(Request { request_id: RequestId(id), idempotency_key: key, command })
    })
}

fn entry() -> impl Strategy<Value = Sample> {
    (any::<u128>(), any::<u32>(), author(), proptest::option::of(text()), body()).prop_map(
        |(ticket, number, author, agent, body)| {
            let message = Message { author, agent, body: Packed::new(&body) };
            let event = EntryEvent::Message(message);
            let at = u64::from(number) << 20;
            Sample::Push(Push::Entry(Entry { ticket: TicketId(ticket), number, at, event }))
        },
    )
}

/// Reads bytes in every way that there is. What can be read takes no more than its bytes did.
fn read_in_every_way(bytes: &[u8]) {
    for from_client in [true, false] {
        if let Ok(Some(read)) = read_frame(bytes, from_client) {
            let again = read.frame().len();
            assert!(again <= bytes.len(), "{} bytes became {again}: {read:?}", bytes.len());
        }
        if let Ok(Some(read)) = Sample::read_line(bytes, from_client) {
            // Absent fields have defaults; an escape is never shorter than its character.
            let again = read.line().len();
            assert!(again <= 2 * bytes.len() + 512, "{} became {again}: {read:?}", bytes.len());
        }
    }
}

fn read_frame(bytes: &[u8], from_client: bool) -> Result<Option<Sample>, ErrorCode> {
    let Ok(Some((header, payload))) = frame::split(bytes, Header::client_limit) else {
        return Ok(None);
    };
    Sample::read_frame(&bytes[..HEADER_BYTES + payload.len()], from_client).map_err(|error| {
        assert!(!error.message.is_empty(), "{header:?}");
        error.code
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(sample in prop_oneof![request(), entry()]) {
        let from_client = sample.is_from_client();
        let frame = Sample::read_frame(&sample.frame(), from_client);
        prop_assert_eq!(frame, Ok(Some(sample.clone())));
        let line = sample.line();
        prop_assert_eq!(line.matches('\n').count(), 1, "one line: {}", line);
        prop_assert_eq!(Sample::read_line(line.as_bytes(), from_client), Ok(Some(sample)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_in_every_way(&bytes);
    }

    #[test]
    fn any_payload_of_any_kind_is_read_or_refused(
        kind in proptest::sample::select(KINDS),
        payload in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = (payload.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(&kind.number.to_le_bytes());
        bytes.extend_from_slice(&1_u16.to_le_bytes());
        bytes.extend_from_slice(&payload);
        read_in_every_way(&bytes);
    }

    #[test]
    fn a_changed_message_is_read_or_refused(
        sample in proptest::sample::select(samples()),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        for mut bytes in [sample.frame(), sample.line().into_bytes()] {
            let place = at.index(bytes.len());
            bytes[place] = byte;
            read_in_every_way(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            read_in_every_way(&bytes);
        }
    }
}

#[test]
fn every_bit_of_every_message_may_be_wrong() {
    for sample in samples() {
        for bytes in [sample.frame(), sample.line().into_bytes()] {
            for bit in 0..bytes.len() * 8 {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                read_in_every_way(&bytes);
            }
        }
    }
}

#[test]
fn a_frame_that_ends_early_is_waited_for_and_a_line_refused() {
    for sample in samples() {
        let frame = sample.frame();
        for length in 0..frame.len() {
            assert_eq!(frame::split(&frame[..length], |_| usize::MAX), Ok(None));
        }
        let line = sample.line();
        for length in 0..line.len() - 1 {
            let read = Sample::read_line(&line.as_bytes()[..length], sample.is_from_client());
            assert_eq!(read.unwrap_err().code, ErrorCode::Malformed);
        }
    }
}

/// If two strings could lie on the same bytes, a small frame could become a large value.
#[test]
fn no_two_parts_of_a_value_share_their_bytes() {
    let tags = vec!["a".repeat(40), "b".repeat(40)];
    let command = Command::Close(Close { ticket: TicketId(1), epoch: 1, tags });
    let request = Request { request_id: RequestId(1), idempotency_key: None, command };
    let frame = Sample::Request(request).frame();
    for at in HEADER_BYTES + 9..frame.len() - 3 {
        let word = i32::from_le_bytes(*frame[at..].first_chunk().expect("four bytes"));
        for shift in -120..=120 {
            let mut forged = frame.clone();
            forged[at..at + 4].copy_from_slice(&word.wrapping_add(shift).to_le_bytes());
            let Ok(Some(Sample::Request(read))) = Sample::read_frame(&forged, true) else {
                continue;
            };
            let Command::Close(close) = read.command else { panic!("the kind has not changed") };
            // Texts of up to 8 bytes lie in the list itself, where they cannot meet.
            let [one, other] = &close.tags[..] else { continue };
            assert!(one != other || one.len() <= 8, "{one} twice, with {shift} at {at}");
        }
    }
}

#[test]
fn the_codecs_know_the_kinds_of_the_catalogue_and_no_others() {
    let is_known =
        |number: u16, class| KINDS.iter().any(|kind| kind.number == number && kind.class == class);
    for number in 0..=u16::MAX {
        let header = Header { length: 9, kind: number, version: 1 };
        let Err((_, error)) = frame::read_request(header, &[0; 9]) else { continue };
        assert_eq!(error.field != "kind", is_known(number, Class::Command), "{number:#06x}");
        let answered = frame::read_server_frame(header, &[0; 9]) != Ok(None);
        let known = is_known(number, Class::Answer)
            || is_known(number, Class::Entry)
            || is_known(number, Class::Push);
        assert_eq!(answered, known, "{number:#06x}");
    }
    for kind in KINDS.iter().filter(|kind| kind.class == Class::Command) {
        let line = format!(r#"{{"type":"{}","request_id":1,"no_such_field":1}}"#, kind.name);
        let (_, error) = json::read_request_line(line.as_bytes()).expect_err("no such field");
        assert_eq!(error.field, "no_such_field", "{}", kind.name);
    }
}

#[test]
fn numbers_and_names_are_used_once() {
    let commands = || KINDS.iter().filter(|kind| kind.class == Class::Command).chain(RESERVED);
    let mut names: Vec<&str> = commands().map(|kind| kind.name).collect();
    names.sort_unstable();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    let mut numbers: Vec<u16> = KINDS.iter().chain(RESERVED).map(|kind| kind.number).collect();
    numbers.sort_unstable();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:x?}");
}
