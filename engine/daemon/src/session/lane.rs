//! A lane: one bidirectional stream. Bytes in become requests, the outbox becomes bytes out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn::{RecvStream, SendStream};
use relevo_wire::command::Request;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::RequestId;
use relevo_wire::{frame, json, limits};
use tokio::time::timeout;

use super::Codec;
use super::buffers::{Buffers, Exhausted, Held};

/// Most bytes that are taken from a stream at once: its whole window.
const READ_BYTES: usize = 64 * 1024;
/// A receiver that takes nothing for so long is slow (protocol: 10 s), and sooner while the buffers
/// of all sessions are nearly full.
pub const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// From its first byte to its last a frame takes at most so long, and less likewise: who stops in the
/// middle of one does not hold its buffer for ever.
const FRAME_PATIENCE: Duration = Duration::from_secs(limits::FRAME_SECONDS);
/// Between two looks at whether there is patience left.
const LOOK: Duration = Duration::from_millis(250);

/// Why reading a lane ended.
#[derive(Debug)]
pub enum LaneError {
    /// The stream or connection is gone.
    Gone,
    /// The client has said all.
    Finished,
    /// The client sent what cannot be read: answered with this, then closed.
    Bad(RequestId, WireError),
}

/// Reads requests from a stream.
#[derive(Debug)]
pub struct Reader {
    stream: RecvStream,
    codec: Codec,
    buffer: Vec<u8>,
    held: Held,
    start: usize,
    /// Bytes from there on that hold no end of a line: none is looked at twice.
    searched: usize,
    /// Since when there is a part of a frame.
    inside_since: Option<Instant>,
    /// Before `hello` only small frames are read.
    pub opened: bool,
}

impl Reader {
    /// Reads `stream`; what is half read is counted in `buffers`.
    #[must_use]
    pub fn new(stream: RecvStream, codec: Codec, buffers: &Arc<Buffers>) -> Self {
        let held = buffers.hold();
        Self {
            stream,
            codec,
            buffer: Vec::new(),
            held,
            start: 0,
            searched: 0,
            inside_since: None,
            opened: false,
        }
    }

    /// The next request that is already here, with the bytes that it took; `None` when more bytes
    /// are needed. A request that cannot be understood is told by its error, and the lane goes on
    /// only if the frame's end is known.
    ///
    /// # Errors
    /// The frame is longer than allowed.
    #[expect(clippy::type_complexity, reason = "a request or its error, and its length")]
    pub fn next_here(
        &mut self,
    ) -> Result<Option<(Result<Request, (RequestId, WireError)>, usize)>, LaneError> {
        let here = &self.buffer[self.start..];
        let found = match self.codec {
            Codec::Rkyv => rkyv_frame(here, self.opened)?,
            Codec::Json => json_line(here, &mut self.searched, self.opened)?,
        };
        if let Some((_, length)) = &found {
            self.start += length;
            self.inside_since = None;
        }
        if self.start == self.buffer.len() {
            self.start = 0;
            self.buffer.clear();
            // An idle session holds no buffer.
            if self.buffer.capacity() > 0 && found.is_none() {
                self.buffer = Vec::new();
                self.count()?;
            }
        } else if found.is_none() {
            self.inside_since.get_or_insert_with(Instant::now);
        }
        Ok(found)
    }

    /// Waits for more bytes. Cancel-safe.
    ///
    /// # Errors
    /// The stream is gone, the frame took too long, or it may not be held.
    pub async fn more(&mut self) -> Result<(), LaneError> {
        let chunk = loop {
            // Less at once while there is little: what waits in the stream holds the client up.
            let most = READ_BYTES.min(self.held.buffers().most()).max(1);
            let reading = self.stream.read_chunk(most, true);
            let read = match self.inside_since {
                Some(_) => timeout(LOOK, reading).await,
                None => Ok(reading.await),
            };
            match read {
                Ok(Ok(Some(chunk))) => break chunk,
                Ok(Ok(None)) => return Err(LaneError::Finished),
                Ok(Err(_)) => return Err(LaneError::Gone),
                Err(_) => self.hurry()?,
            }
        };
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(&chunk.bytes);
        self.count()?;
        self.hurry()
    }

    fn count(&mut self) -> Result<(), LaneError> {
        self.held.resize(self.buffer.capacity()).map_err(|Exhausted| {
            let message = "no memory now for a frame of this length: repeat it later";
            LaneError::Bad(RequestId(0), WireError::new(ErrorCode::Overloaded, message))
        })
    }

    fn hurry(&self) -> Result<(), LaneError> {
        let patience = self.held.buffers().patience(FRAME_PATIENCE);
        if self.inside_since.is_some_and(|since| since.elapsed() > patience) {
            let message = format!("a frame is sent within {} s", FRAME_PATIENCE.as_secs());
            let error = WireError::new(ErrorCode::LimitExceeded, message);
            return Err(LaneError::Bad(RequestId(0), error));
        }
        Ok(())
    }

    /// Tells the client to send no more.
    pub fn stop(&mut self, code: u32) {
        // The stream may be gone already: then there is nobody to tell.
        drop(self.stream.stop(code.into()));
    }
}

type Found = Option<(Result<Request, (RequestId, WireError)>, usize)>;

fn rkyv_frame(here: &[u8], opened: bool) -> Result<Found, LaneError> {
    let limit = |header: frame::Header| {
        if opened { header.client_limit() } else { limits::HELLO_BYTES }
    };
    let split = frame::split(here, limit).map_err(|error| {
        let id = here.get(frame::HEADER_BYTES..).and_then(|rest| rest.first_chunk::<8>());
        LaneError::Bad(RequestId(id.map_or(0, |id| u64::from_le_bytes(*id))), error)
    })?;
    Ok(split.map(|(header, payload)| {
        let length = frame::HEADER_BYTES + payload.len();
        (frame::read_request(header, payload), length)
    }))
}

/// The line at the start of what is here; in its first `searched` bytes there is no end of it.
fn json_line(here: &[u8], searched: &mut usize, opened: bool) -> Result<Found, LaneError> {
    let limit = if opened { limits::JSON_LINE_BYTES } else { limits::HELLO_BYTES };
    let within = here.len().min(limit + 1);
    let from = std::mem::replace(searched, within);
    let end = memchr::memchr(b'\n', &here[from..within]).map(|end| from + end);
    match end {
        Some(end) => {
            *searched = 0;
            Ok(Some((json::read_request_line(&here[..end]), end + 1)))
        }
        None if here.len() > limit => Err(LaneError::Bad(
            RequestId(0),
            WireError::new(ErrorCode::LimitExceeded, format!("a line may have {limit} bytes")),
        )),
        None => Ok(None),
    }
}

/// Writes one piece, with as much patience as `buffers` have.
///
/// # Errors
/// The receiver is gone or slow.
pub async fn write(
    stream: &mut SendStream,
    frames: Bytes,
    buffers: &Buffers,
) -> Result<(), WriteEnd> {
    let mut left = [frames];
    let mut receiver = Receiver::new(Instant::now());
    while !left[0].is_empty() {
        // As much as there is room for: what is given up took nothing.
        match timeout(LOOK, stream.write_chunks(&mut left)).await {
            Ok(Ok(_)) => receiver.took(Instant::now()),
            Ok(Err(_)) => return Err(WriteEnd::Gone),
            Err(_) if receiver.is_slow(Instant::now(), buffers) => return Err(WriteEnd::Slow),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Who takes a piece.
struct Receiver {
    began: Instant,
    took: Instant,
}

impl Receiver {
    fn new(now: Instant) -> Self {
        Self { began: now, took: now }
    }

    /// It took a part of the piece.
    fn took(&mut self, now: Instant) {
        self.took = now;
    }

    /// A piece of which a part is taken again and again may last, but not while others lack the memory
    /// that it holds.
    fn is_slow(&self, now: Instant, buffers: &Buffers) -> bool {
        let since = if buffers.is_scarce() { self.began } else { self.took };
        now.saturating_duration_since(since) >= buffers.patience(WRITE_PATIENCE)
    }
}

/// Why writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteEnd {
    /// The stream or connection is gone.
    Gone,
    /// The receiver took nothing for [`WRITE_PATIENCE`].
    Slow,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a lane finds in bytes that come in pieces: the length of each line, and whether it may
    /// not go on.
    fn lines<'a>(pieces: impl Iterator<Item = &'a [u8]>, opened: bool) -> (Vec<usize>, bool) {
        let (mut here, mut searched, mut found) = (Vec::new(), 0, Vec::new());
        for piece in pieces {
            here.extend_from_slice(piece);
            loop {
                match json_line(&here, &mut searched, opened) {
                    Ok(Some((_, length))) => found.push(here.drain(..length).len()),
                    Ok(None) => break,
                    Err(_) => return (found, true),
                }
            }
        }
        (found, false)
    }

    #[test]
    fn who_takes_a_part_again_and_again_is_slow_only_while_memory_is_scarce() {
        let at = |seconds| Duration::from_secs(seconds);
        let (began, buffers) = (Instant::now(), Buffers::new(8 * 1024 * 1024));
        let mut receiver = Receiver::new(began);
        assert!(!receiver.is_slow(began + at(9), &buffers));
        assert!(receiver.is_slow(began + at(10), &buffers), "it took nothing for 10 s");
        receiver.took(began + at(9));
        receiver.took(began + at(18));
        assert!(!receiver.is_slow(began + at(27), &buffers), "9 s after the last part");
        assert!(receiver.is_slow(began + at(28), &buffers));
        let mut held: Vec<_> = (0..16).map(|_| buffers.hold()).collect();
        for held in &mut held {
            held.resize(buffers.most()).expect("it is what it may hold");
        }
        assert!(buffers.is_scarce());
        assert!(receiver.is_slow(began + at(19), &buffers), "a second after the last part");
    }

    #[test]
    fn lines_are_found_whatever_pieces_they_come_in() {
        let longest = [vec![b'x'; limits::HELLO_BYTES], vec![b'\n']].concat();
        let bytes = [b"\n{}\n\n[1]\n".as_slice(), &longest, b"{}\n"].concat();
        let lengths = vec![1, 3, 1, 4, longest.len(), 3];
        for piece in [1, 2, 3, 7, 1000, bytes.len()] {
            assert_eq!(lines(bytes.chunks(piece), false), (lengths.clone(), false), "{piece}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_bad_whatever_pieces_it_comes_in() {
        for (opened, limit) in [(false, limits::HELLO_BYTES), (true, limits::JSON_LINE_BYTES)] {
            let mut bytes = [b"{}\n".as_slice(), &vec![b'x'; limit + 1]].concat();
            bytes.extend_from_slice(b"\n{}\n");
            for piece in [333, bytes.len()] {
                assert_eq!(lines(bytes.chunks(piece), opened), (vec![3], true), "{piece}");
            }
        }
    }
}
