//! The hot frames: nanoseconds to encode and to decode, beside copying the same bytes.

use super::Turns;
use super::decisions::per_second;
use crate::report::Row;
use anyhow::{Result, anyhow};
use relevo_wire::answer::{Accepted, Sent};
use relevo_wire::command::{HandOff, Receipt, Send};
use relevo_wire::frame::{self, Header, ServerFrame};
use relevo_wire::push::Message;
use relevo_wire::vocabulary::{Author, Body, Contact, HandOffDetails, HandOffReason, Holder};
use relevo_wire::{Answer, Command, Entry, EntryEvent, Packed, Push, Request, RequestId, TicketId};
use std::hint::black_box;

/// A frame of the hot path.
enum Frame {
    Request(Request),
    Server(ServerFrame),
}

impl Frame {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request(request) => frame::write_request(out, request),
            Self::Server(ServerFrame::Answer(id, answer)) => frame::write_answer(out, *id, answer),
            Self::Server(ServerFrame::Push(push)) => frame::write_push(out, push),
        }
    }

    fn read(&self, header: Header, payload: &[u8]) -> Result<()> {
        match self {
            Self::Request(_) => {
                let read = frame::read_request(header, payload);
                black_box(read.map_err(|(_, error)| anyhow!("{error}"))?);
            }
            Self::Server(_) => {
                let read = frame::read_server_frame(header, payload);
                black_box(read.map_err(|error| anyhow!("{error}"))?);
            }
        }
        Ok(())
    }
}

/// Two rows a frame.
///
/// # Errors
/// A frame does not read back.
pub fn rows(turns: Turns) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, frame) in frames() {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        let (header, payload) = frame::split(&bytes, |header| header.length as usize)
            .map_err(|error| anyhow!("{error}"))?
            .ok_or_else(|| anyhow!("the frame is not whole"))?;
        let mut copies = Vec::new();
        let (mut encoded, mut decoded) = (Vec::new(), Vec::new());
        let mut out = Vec::with_capacity(bytes.len());
        for _ in 0..turns.pairs {
            copies.push(nanoseconds(turns, || {
                out.clear();
                out.extend_from_slice(black_box(&bytes));
                Ok(())
            })?);
            encoded.push(nanoseconds(turns, || {
                out.clear();
                black_box(&frame).write(&mut out);
                Ok(())
            })?);
            decoded.push(nanoseconds(turns, || frame.read(header, black_box(payload)))?);
        }
        let row = |what: &str, measured: &[f64]| {
            Row::beside(format!("codec: {what} {name}"), "ns", measured, "memcpy", &copies)
                .note("frame", format!("{} B", bytes.len()))
        };
        rows.push(row("encode", &encoded));
        rows.push(row("decode", &decoded));
    }
    Ok(rows)
}

fn nanoseconds(turns: Turns, round: impl FnMut() -> Result<()>) -> Result<f64> {
    // A codec needs no long run to settle: a twentieth of the others'.
    let turns = Turns { each: turns.each / 20, ..turns };
    per_second(turns, round).map(|rate| 1e9 / rate.of_core)
}

fn frames() -> Vec<(&'static str, Frame)> {
    let ticket = TicketId(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    let body = Packed::new(&Body::text("x".repeat(256)));
    let request = |command| {
        Frame::Request(Request { request_id: RequestId(7), idempotency_key: None, command })
    };
    let details = HandOffDetails {
        contact: Contact { id: "5531999990000".to_owned(), ..Contact::default() },
        message_to_agent: "x".repeat(100),
        transcript: Vec::new(),
        context: (0..4).map(|at| (format!("key-{at}"), "v".repeat(32))).collect(),
    };
    let send = Send {
        ticket: None,
        contact: Some("5531999990000".to_owned()),
        epoch: None,
        author: Author::Customer,
        client_message_id: Some("0123456789abcdef".to_owned()),
        at: None,
        body: body.clone(),
    };
    let hand_off = HandOff {
        queue: Some("sales".to_owned()),
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
    let message = Message { author: Author::Customer, agent: None, body };
    let entry = Entry { ticket, number: 3, at: 1, event: EntryEvent::Message(message) };
    let sent = Sent { holder: Holder::Agent, ticket: Some(ticket), number: 3, epoch: 2 };
    let accepted = Accepted {
        ticket,
        number: 7,
        existing: false,
        position: 1,
        estimated_wait: None,
        text: "Let's send you to an available agent".to_owned(),
        truncated: false,
        epoch: 1,
        absent: None,
    };
    vec![
        ("send (256 B)", request(Command::Send(send))),
        ("hand_off", request(Command::HandOff(hand_off))),
        ("receipt", request(Command::Receipt(Receipt { ticket, delivered: 64, read: 0 }))),
        ("message entry", Frame::Server(ServerFrame::Push(Push::Entry(entry)))),
        ("sent", Frame::Server(ServerFrame::Answer(RequestId(7), Answer::Sent(sent)))),
        ("accepted", Frame::Server(ServerFrame::Answer(RequestId(7), Answer::Accepted(accepted)))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measured_frame_reads_back() {
        for (name, frame) in frames() {
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            let (header, payload) =
                frame::split(&bytes, |header| header.length as usize).unwrap().unwrap();
            match &frame {
                Frame::Request(request) => {
                    assert_eq!(&frame::read_request(header, payload).unwrap(), request, "{name}");
                }
                Frame::Server(server) => {
                    let read = frame::read_server_frame(header, payload).unwrap();
                    assert_eq!(read.as_ref(), Some(server), "{name}");
                }
            }
        }
    }
}
