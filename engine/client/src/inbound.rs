//! Frames out of the chunks of a lane.

use bytes::{Buf, Bytes};
use relevo_wire::error::WireError;
use relevo_wire::frame::{self, HEADER_BYTES, Header, ServerFrame};
use relevo_wire::limits;

/// What has come on a lane and is not yet decoded. A frame that lies whole in a chunk is read where
/// it lies; only one that is cut is put together.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    chunk: Bytes,
    partial: Vec<u8>,
}

impl Inbound {
    /// Takes the next chunk. The one before must be used up: [`Inbound::next`] said `None`.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        assert!(self.chunk.is_empty(), "a chunk is decoded before the next one is read");
        self.chunk = chunk;
    }

    /// The next frame; `None` when more bytes are needed. Kinds that this version does not know are
    /// left out.
    ///
    /// # Errors
    /// A frame is too long or malformed.
    pub(crate) fn next(&mut self) -> Result<Option<ServerFrame>, WireError> {
        loop {
            let step = if self.partial.is_empty() {
                self.next_in_chunk()?
            } else {
                self.next_in_partial()?
            };
            match step {
                Step::Frame(frame) => return Ok(Some(frame)),
                Step::Unknown => {}
                Step::More => return Ok(None),
            }
        }
    }

    fn next_in_chunk(&mut self) -> Result<Step, WireError> {
        let Some((header, payload)) = frame::split(&self.chunk, limit)? else {
            self.partial.extend_from_slice(&self.chunk);
            self.chunk = Bytes::new();
            return Ok(Step::More);
        };
        let length = HEADER_BYTES + payload.len();
        let step = read(header, payload)?;
        self.chunk.advance(length);
        Ok(step)
    }

    fn next_in_partial(&mut self) -> Result<Step, WireError> {
        self.take(HEADER_BYTES);
        let Some(header) = Header::read(&self.partial) else { return Ok(Step::More) };
        if header.length as usize <= limits::SERVER_FRAME_BYTES {
            self.take(HEADER_BYTES + header.length as usize);
        }
        let Some((header, payload)) = frame::split(&self.partial, limit)? else {
            return Ok(Step::More);
        };
        let step = read(header, payload)?;
        self.partial = Vec::new();
        Ok(step)
    }

    /// Moves bytes from the chunk until the partial frame has `length` of them.
    fn take(&mut self, length: usize) {
        let missing = length.saturating_sub(self.partial.len()).min(self.chunk.len());
        self.partial.extend_from_slice(&self.chunk.split_to(missing));
    }
}

enum Step {
    Frame(ServerFrame),
    Unknown,
    More,
}

fn read(header: Header, payload: &[u8]) -> Result<Step, WireError> {
    Ok(frame::read_server_frame(header, payload)?.map_or(Step::Unknown, Step::Frame))
}

fn limit(_: Header) -> usize {
    limits::SERVER_FRAME_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::answer::{Answer, Done, Stored};
    use relevo_wire::error::ErrorCode;
    use relevo_wire::ids::RequestId;

    fn frames() -> (Vec<u8>, Vec<ServerFrame>) {
        let answers = [Answer::Done(Done {}), Answer::Stored(Stored { version: 7 })];
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (at, answer) in (0_u64..).zip(answers) {
            frame::write_answer(&mut bytes, RequestId(at), &answer);
            let unknown = [0_u8, 0, 0, 0, 0xff, 0x3f, 1, 0];
            bytes.extend_from_slice(&unknown);
            expected.push(ServerFrame::Answer(RequestId(at), answer));
        }
        (bytes, expected)
    }

    #[test]
    fn frames_come_out_the_same_however_the_chunks_are_cut() {
        let (bytes, expected) = frames();
        for size in 1..=bytes.len() {
            let mut inbound = Inbound::default();
            let mut got = Vec::new();
            for chunk in bytes.chunks(size) {
                inbound.push(Bytes::copy_from_slice(chunk));
                while let Some(frame) = inbound.next().unwrap() {
                    got.push(frame);
                }
            }
            assert_eq!(got, expected, "chunks of {size}");
        }
    }

    #[test]
    fn a_frame_above_the_limit_is_refused_before_its_bytes_come() {
        let mut header = vec![0, 0, 0x11, 0, 0x00, 0x10, 1, 0];
        let mut inbound = Inbound::default();
        inbound.push(Bytes::copy_from_slice(&header));
        assert_eq!(inbound.next().unwrap_err().code, ErrorCode::LimitExceeded);
        let rest = header.split_off(5);
        let mut inbound = Inbound::default();
        inbound.push(Bytes::from(header));
        assert_eq!(inbound.next(), Ok(None));
        inbound.push(Bytes::from(rest));
        assert_eq!(inbound.next().unwrap_err().code, ErrorCode::LimitExceeded);
    }
}
