//! rkyv frames, read as a server reads them and as a client does.

use crate::agreement;
use crate::memory::Bound;
use relevo_wire::command::Request;
use relevo_wire::frame::{self, HEADER_BYTES, Header, ServerFrame};
use relevo_wire::limits::SERVER_FRAME_BYTES;

/// The smallest archived value that takes memory of its own is a text of 8 bytes in a list, which
/// becomes a `String` of 24 and its bytes; the rest is an error's words.
const BOUND: Bound = Bound { per_byte: 6, fixed: 1024 };

pub(crate) fn run(bytes: &[u8]) {
    if let Some(request) = request(bytes) {
        assert_eq!(self::request(&written(&request)), Some(request.clone()), "written again");
        agreement::of_request(&request);
    }
    if let Some(frame) = server_frame(bytes) {
        assert_eq!(server_frame(&written_by_server(&frame)), Some(frame.clone()), "written again");
        agreement::of_server_frame(&frame);
    }
}

/// The request of a whole frame that a client may send.
pub(crate) fn request(bytes: &[u8]) -> Option<Request> {
    BOUND.hold(bytes, || {
        let (header, payload) = split(bytes, Header::client_limit)?;
        let read = frame::read_request(header, payload);
        read.map_err(|(_, error)| assert!(!error.message.is_empty(), "{error:?}")).ok()
    })
}

/// What a server says in a whole frame.
pub(crate) fn server_frame(bytes: &[u8]) -> Option<ServerFrame> {
    BOUND.hold(bytes, || {
        let (header, payload) = split(bytes, |_| SERVER_FRAME_BYTES)?;
        let read = frame::read_server_frame(header, payload);
        read.map_err(|error| assert!(!error.message.is_empty(), "{error:?}")).ok().flatten()
    })
}

fn split(bytes: &[u8], limit: impl Fn(Header) -> usize) -> Option<(Header, &[u8])> {
    let (header, payload) = frame::split(bytes, &limit).ok().flatten()?;
    assert_eq!(payload.len(), header.length as usize, "the header says how much follows");
    assert!(payload.len() <= limit(header) && payload.len() + HEADER_BYTES <= bytes.len());
    Some((header, payload))
}

/// A request as a client writes it.
pub(crate) fn written(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write_request(&mut out, request);
    out
}

/// A frame as a server writes it.
pub(crate) fn written_by_server(frame: &ServerFrame) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        ServerFrame::Answer(request, answer) => frame::write_answer(&mut out, *request, answer),
        ServerFrame::Push(push) => frame::write_push(&mut out, push),
    }
    out
}
