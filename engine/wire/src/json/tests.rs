use super::*;
use crate::command::{Receipt, Status};
use crate::frame::ServerFrame;
use crate::ids::TicketId;
use crate::packed::Packed;
use crate::push::{Empty, Entry, EntryEvent, Message, Push};
use crate::vocabulary::{Author, Body};
use bytes::Bytes;

fn refused(line: &str) -> (u64, ErrorCode, String) {
    let (id, error) = read_request_line(line.as_bytes()).expect_err(line);
    assert!(!error.message.is_empty());
    (id.0, error.code, error.field)
}

fn malformed(id: u64, field: &str) -> (u64, ErrorCode, String) {
    (id, ErrorCode::Malformed, field.into())
}

#[test]
fn a_line_may_have_its_fields_in_any_order_and_its_line_feed() {
    let ticket = "01890a5d-ac96-774b-bcce-b302099a8057";
    let line = format!(
        "{{ \"delivered\": 3, \"type\": \"receipt\", \"ticket\": \"{ticket}\", \"request_id\": 9 }}\n"
    );
    let request = read_request_line(line.as_bytes()).unwrap();
    let receipt = Receipt { ticket: ticket.parse().unwrap(), delivered: 3, read: 0 };
    assert_eq!(request.command, Command::Receipt(receipt));
    assert_eq!((request.request_id, request.idempotency_key), (RequestId(9), None));
    let line = br#"{"type":"status","request_id":1,"idempotency_key":"a"}"#;
    let request = read_request_line(line).unwrap();
    assert_eq!(request.command, Command::Status(Status {}));
    assert_eq!(request.idempotency_key.as_deref(), Some("a"));
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_field_and_request() {
    assert_eq!(refused(""), malformed(0, ""));
    assert_eq!(refused("[]"), malformed(0, ""));
    assert_eq!(refused("{\"type\":\"status\"} {}"), malformed(0, ""));
    assert_eq!(refused(r#"{"type":"status"}"#), malformed(0, "request_id"));
    assert_eq!(refused(r#"{"type":"status","request_id":-1}"#), malformed(0, "request_id"));
    assert_eq!(refused(r#"{"request_id":7}"#), malformed(7, "type"));
    assert_eq!(refused(r#"{"request_id":7,"type":"dance"}"#), malformed(7, "type"));
    assert_eq!(refused(r#"{"request_id":7,"type":"status","x":1}"#), malformed(7, "x"));
    assert_eq!(refused(r#"{"request_id":7,"type":"take_back"}"#), malformed(7, "ticket"));
    let line = r#"{"request_id":7,"type":"take_back","ticket":"1"}"#;
    assert_eq!(refused(line), malformed(7, "ticket"));
    let line = r#"{"request_id":7,"type":"send","author":"agent","body":{"kind":"text","x":1}}"#;
    assert_eq!(refused(line), malformed(7, "body.x"));
    let line = r#"{"request_id":7,"type":"send","author":"ghost","body":{"kind":"text"}}"#;
    assert_eq!(refused(line), malformed(7, "author"));
    let line = r#"{"request_id":7,"type":"status","type":"status"}"#;
    assert_eq!(refused(line), malformed(0, ""));
    let line = r#"{"request_id":7,"type":"hand_off","reason":"planned","details":{"contact":{"id":"1"},"context":{"a":"1","a":"2"}}}"#;
    assert_eq!(refused(line), malformed(7, "details.a"));
    let key = "k".repeat(65);
    let line = format!(r#"{{"request_id":7,"type":"status","idempotency_key":"{key}"}}"#);
    assert_eq!(refused(&line), malformed(7, "idempotency_key"));
}

#[test]
fn a_line_is_limited_by_what_its_command_may_have() {
    let long = |name: &str, length: usize| {
        let start = format!(r#"{{"request_id":7,"type":"{name}","x":""#);
        format!("{start}{}\"}}", "x".repeat(length - start.len() - 2))
    };
    let most = 2 * limits::FRAME_BYTES;
    assert_eq!(refused(&long("send", most)), malformed(7, "x"));
    let too_long = |id| (id, ErrorCode::LimitExceeded, "length".to_owned());
    assert_eq!(refused(&long("send", most + 1)), too_long(7));
    assert_eq!(refused(&long("hand_off", most + 1)), malformed(7, "x"));
    assert_eq!(refused(&long("put", most + 1)).1, ErrorCode::Malformed);
    assert_eq!(refused(&long("apply", most + 1)).1, ErrorCode::Malformed);
    assert_eq!(refused(&long("hand_off", limits::JSON_LINE_BYTES + 1)), too_long(0));
}

#[test]
fn depth_is_not_the_senders_to_choose() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
        let line = format!(r#"{{"request_id":7,"type":"hand_off","details":{deep}}}"#);
        assert_eq!(refused(&line).1, ErrorCode::Malformed);
    }
}

#[test]
fn an_entry_that_cannot_be_unpacked_keeps_its_number() {
    let body = Packed::<Body>::from_bytes(Bytes::from_static(&[0xff; 40]));
    let event = EntryEvent::Message(Message { author: Author::Bot, agent: None, body });
    let entry = Entry { ticket: TicketId(1), number: 4, at: 5, event };
    let mut out = b"before".to_vec();
    write_push_line(&mut out, &Push::Entry(entry.clone()));
    let line = out.strip_prefix(b"before").expect("what stood there stays");
    let empty = Entry { event: EntryEvent::Empty(Empty {}), ..entry };
    assert_eq!(read_server_line(line), Ok(Some(ServerFrame::Push(Push::Entry(empty)))));
}

#[test]
fn a_client_reads_past_what_it_does_not_know() {
    let line = br#"{"type":"position","ticket":"01890a5d-ac96-774b-bcce-b302099a8057","position":1,"mood":"fine"}"#;
    assert!(matches!(read_server_line(line), Ok(Some(ServerFrame::Push(Push::Position(_))))));
    assert_eq!(read_server_line(br#"{"type":"weather","rain":true}"#), Ok(None));
    assert_eq!(read_server_line(br#"{"type":"answer","request_id":1,"answer":"poem"}"#), Ok(None));
    let line = br#"{"type":"entry","ticket":"01890a5d-ac96-774b-bcce-b302099a8057","number":1,"at":2,"event":"sung","song":"la"}"#;
    let Ok(Some(ServerFrame::Push(Push::Entry(entry)))) = read_server_line(line) else {
        panic!("an unknown event keeps its number")
    };
    assert_eq!((entry.number, entry.event), (1, EntryEvent::Empty(Empty {})));
}
