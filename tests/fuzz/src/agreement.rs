//! Both codecs say the same: what a session takes as a frame, or a client gets as one, reads as the
//! same value when it comes as a line.
//!
//! Packed parts are compared by value: the same value may lie in its archive in several ways.

use crate::lines;
use relevo_wire::command::{Command, Request};
use relevo_wire::frame::ServerFrame;
use relevo_wire::limits;
use relevo_wire::push::{Entry, EntryEvent, HandedOff, Message, Push};
use relevo_wire::validate::{self, cut_details};
use relevo_wire::vocabulary::{Body, HandOffDetails};
use relevo_wire::{Packed, TicketId};

/// What a session takes of a request reads as the same from a line, and what it passes on of it
/// reads as the same to whoever gets it.
pub(crate) fn of_request(request: &Request) {
    if validate::command(&request.command).is_err() {
        return;
    }
    if let Command::HandOff(hand_off) = &request.command {
        let Ok(cut) = cut_details(&hand_off.details) else { return };
        assert!(cut.details.bytes().len() <= limits::HAND_OFF_BYTES, "more than before");
        let again = cut_details(&cut.details).expect("what was cut is within the limits");
        assert!(!again.truncated && again.details == cut.details, "cut once, cut for all");
        passed_on(EntryEvent::HandedOff(HandedOff {
            bot: "bot".into(),
            queue: "queue".into(),
            reason: hand_off.reason,
            priority: 0,
            parent: None,
            note: String::new(),
            details: Some(cut.details),
        }));
    }
    if let Command::Send(send) = &request.command {
        let body = send.body.clone();
        passed_on(EntryEvent::Message(Message { author: send.author, agent: None, body }));
    }
    let line = lines::written(request);
    if line.len() > limits::FRAME_BYTES {
        // Escapes may take it beyond what a line may have.
        return;
    }
    assert_eq!(lines::request(&line), Some(plain_request(request)), "as a line");
}

/// A message or hand-off reaches a client that reads lines.
fn passed_on(event: EntryEvent) {
    let entry = Entry { ticket: TicketId(1), number: 1, at: 1, event };
    let frame = ServerFrame::Push(Push::Entry(entry));
    let line = lines::written_by_server(&frame);
    assert_eq!(lines::server_frame(&line), Some(plain_frame(&frame)), "passed on as a line");
}

/// What a client gets as a frame it gets as a line. A server passes on only what it took.
pub(crate) fn of_server_frame(frame: &ServerFrame) {
    if let ServerFrame::Push(Push::Entry(entry)) = frame
        && !could_be_passed_on(&entry.event)
    {
        return;
    }
    let line = lines::written_by_server(frame);
    assert_eq!(lines::server_frame(&line), Some(plain_frame(frame)), "as a line");
}

fn could_be_passed_on(event: &EntryEvent) -> bool {
    match event {
        EntryEvent::Message(message) => validate::body(&message.body).is_ok(),
        EntryEvent::HandedOff(handed) => handed
            .details
            .as_ref()
            .is_none_or(|details| cut_details(details).is_ok_and(|cut| !cut.truncated)),
        EntryEvent::Empty(_)
        | EntryEvent::Assigned(_)
        | EntryEvent::Requeued(_)
        | EntryEvent::Held(_)
        | EntryEvent::Parked(_)
        | EntryEvent::Unparked(_)
        | EntryEvent::Inactive(_)
        | EntryEvent::TransferAsked(_)
        | EntryEvent::Transferred(_)
        | EntryEvent::Returned(_) => true,
    }
}

fn plain_request(request: &Request) -> Request {
    let mut plain = request.clone();
    if let Command::Send(send) = &mut plain.command {
        send.body = plain_body(&send.body);
    }
    if let Command::HandOff(hand_off) = &mut plain.command {
        hand_off.details = plain_details(&hand_off.details);
    }
    plain
}

fn plain_frame(frame: &ServerFrame) -> ServerFrame {
    let mut plain = frame.clone();
    if let ServerFrame::Push(Push::Entry(entry)) = &mut plain {
        if let EntryEvent::Message(message) = &mut entry.event {
            message.body = plain_body(&message.body);
        }
        if let EntryEvent::HandedOff(HandedOff { details: Some(details), .. }) = &mut entry.event {
            *details = plain_details(details);
        }
    }
    plain
}

fn plain_body(body: &Packed<Body>) -> Packed<Body> {
    Packed::new(&body.unpack().expect("it was checked"))
}

fn plain_details(details: &Packed<HandOffDetails>) -> Packed<HandOffDetails> {
    Packed::new(&details.unpack().expect("they were checked"))
}
