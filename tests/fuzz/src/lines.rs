//! JSON lines, read as a server reads them and as a client does.

use crate::agreement;
use crate::frames;
use crate::memory::Bound;
use relevo_wire::command::Request;
use relevo_wire::frame::ServerFrame;
use relevo_wire::json;

/// A field of four bytes (`"":0`) takes a place of 40 in a list that doubles, and an error shows
/// some of what it is about.
const BOUND: Bound = Bound { per_byte: 24, fixed: 8192 };

pub(crate) fn run(bytes: &[u8]) {
    if let Some(request) = request(bytes) {
        assert_eq!(self::request(&written(&request)), Some(request.clone()), "written again");
        assert_eq!(frames::request(&frames::written(&request)), Some(request.clone()), "as frame");
        agreement::of_request(&request);
    }
    if let Some(frame) = server_frame(bytes) {
        let again = server_frame(&written_by_server(&frame));
        assert_eq!(again, Some(frame.clone()), "written again");
        let again = frames::server_frame(&frames::written_by_server(&frame));
        assert_eq!(again, Some(frame), "as frame");
    }
}

/// The request of a line.
pub(crate) fn request(line: &[u8]) -> Option<Request> {
    let read = BOUND.hold(line, || json::read_request_line(line));
    read.map_err(|(_, error)| assert!(!error.message.is_empty(), "{error:?}")).ok()
}

/// What a server says in a line.
pub(crate) fn server_frame(line: &[u8]) -> Option<ServerFrame> {
    let read = BOUND.hold(line, || json::read_server_line(line));
    read.map_err(|error| assert!(!error.message.is_empty(), "{error:?}")).ok().flatten()
}

/// A request as a client writes it.
pub(crate) fn written(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    json::write_request_line(&mut out, request);
    one_line(out)
}

/// A line as a server writes it.
pub(crate) fn written_by_server(frame: &ServerFrame) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        ServerFrame::Answer(request, answer) => {
            json::write_answer_line(&mut out, *request, answer);
        }
        ServerFrame::Push(push) => json::write_push_line(&mut out, push),
    }
    one_line(out)
}

fn one_line(out: Vec<u8>) -> Vec<u8> {
    assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1), "one line");
    out
}
