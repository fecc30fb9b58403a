//! A lane: one bidirectional stream. Bytes in become requests, the outbox becomes bytes out.

use std::time::Duration;

use bytes::Bytes;
use quinn::{RecvStream, SendStream};
use relevo_wire::command::Request;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::RequestId;
use relevo_wire::{frame, json, limits};

use super::Codec;

/// Most bytes that are taken from a stream at once: its whole window.
const READ_BYTES: usize = 64 * 1024;
/// A receiver that takes nothing for so long is slow (protocol: 10 s).
pub const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Why reading a lane ended.
#[derive(Debug)]
pub enum LaneError {
    /// The stream or connection is gone, or the client finished it.
    Gone,
    /// The client sent what cannot be read: answered with this, then closed.
    Bad(RequestId, WireError),
}

/// Reads requests from a stream.
#[derive(Debug)]
pub struct Reader {
    stream: RecvStream,
    codec: Codec,
    buffer: Vec<u8>,
    start: usize,
    /// Before `hello` only small frames are read.
    pub opened: bool,
}

impl Reader {
    /// Reads `stream`.
    #[must_use]
    pub fn new(stream: RecvStream, codec: Codec) -> Self {
        Self { stream, codec, buffer: Vec::new(), start: 0, opened: false }
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
            Codec::Json => json_line(here, self.opened)?,
        };
        if let Some((_, length)) = &found {
            self.start += length;
        }
        if self.start == self.buffer.len() {
            self.start = 0;
            self.buffer.clear();
            // An idle session holds no buffer.
            if self.buffer.capacity() > 0 && found.is_none() {
                self.buffer = Vec::new();
            }
        }
        Ok(found)
    }

    /// Waits for more bytes. Cancel-safe.
    ///
    /// # Errors
    /// [`LaneError::Gone`].
    pub async fn more(&mut self) -> Result<(), LaneError> {
        match self.stream.read_chunk(READ_BYTES, true).await {
            Ok(Some(chunk)) => {
                if self.start > 0 {
                    self.buffer.drain(..self.start);
                    self.start = 0;
                }
                self.buffer.extend_from_slice(&chunk.bytes);
                Ok(())
            }
            Ok(None) | Err(_) => Err(LaneError::Gone),
        }
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

fn json_line(here: &[u8], opened: bool) -> Result<Found, LaneError> {
    let limit = if opened { limits::JSON_LINE_BYTES } else { limits::HELLO_BYTES };
    let end = here.iter().take(limit + 1).position(|byte| *byte == b'\n');
    match end {
        Some(end) => Ok(Some((json::read_request_line(&here[..end]), end + 1))),
        None if here.len() > limit => Err(LaneError::Bad(
            RequestId(0),
            WireError::new(ErrorCode::LimitExceeded, format!("a line may have {limit} bytes")),
        )),
        None => Ok(None),
    }
}

/// Writes one piece; false when the receiver is gone or slow.
pub async fn write(stream: &mut SendStream, frames: Vec<u8>) -> Result<(), WriteEnd> {
    match tokio::time::timeout(WRITE_PATIENCE, stream.write_chunk(Bytes::from(frames))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(WriteEnd::Gone),
        Err(_) => Err(WriteEnd::Slow),
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
