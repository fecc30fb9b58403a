//! Splits a stream into frames, however it was cut on its way.

use anyhow::{Result, anyhow, ensure};
use relevo_wire::frame::{self, HEADER_BYTES, Header};
use relevo_wire::limits;

/// Splits the chunks of a stream into frames. Holds at most one frame that is not whole yet.
#[derive(Debug, Default)]
pub struct Splitter {
    carry: Vec<u8>,
}

impl Splitter {
    /// Takes the next chunk and shows every frame that it completes: header and what follows it.
    ///
    /// # Errors
    /// A header announces more than either side may send, or `each` refuses a frame.
    pub fn feed(
        &mut self,
        mut chunk: &[u8],
        mut each: impl FnMut(Header, &[u8]) -> Result<()>,
    ) -> Result<()> {
        while !self.carry.is_empty() {
            let missing = match Header::read(&self.carry) {
                Some(header) => HEADER_BYTES + checked_length(header)? - self.carry.len(),
                None => HEADER_BYTES - self.carry.len(),
            };
            let (taken, rest) = chunk.split_at(missing.min(chunk.len()));
            self.carry.extend_from_slice(taken);
            chunk = rest;
            if taken.len() < missing {
                return Ok(());
            }
            if let Some((header, payload)) = split(&self.carry)? {
                each(header, payload)?;
                self.carry.clear();
            }
        }
        while let Some((header, payload)) = split(chunk)? {
            each(header, payload)?;
            chunk = &chunk[HEADER_BYTES + payload.len()..];
        }
        self.carry.extend_from_slice(chunk);
        Ok(())
    }
}

/// The first frame of `bytes` if it is whole.
pub(crate) fn split(bytes: &[u8]) -> Result<Option<(Header, &[u8])>> {
    frame::split(bytes, |_| limits::SERVER_FRAME_BYTES).map_err(|error| anyhow!("{error}"))
}

fn checked_length(header: Header) -> Result<usize> {
    let length = header.length as usize;
    ensure!(length <= limits::SERVER_FRAME_BYTES, "a frame announces {length} bytes");
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{SendFrame, append_receipt};
    use relevo_wire::TicketId;

    fn frames_of(chunks: &[&[u8]]) -> Vec<(u16, Vec<u8>)> {
        let mut splitter = Splitter::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            let each = |header: Header, payload: &[u8]| {
                seen.push((header.kind, payload.to_vec()));
                Ok(())
            };
            splitter.feed(chunk, each).unwrap();
        }
        assert!(splitter.carry.is_empty(), "every frame was whole in the end");
        seen
    }

    #[test]
    fn a_stream_splits_alike_however_it_is_cut() {
        let mut stream = Vec::new();
        let send = SendFrame::customer("contact", 256, true).unwrap();
        for counter in 0..5 {
            send.append(&mut stream, counter + 1, counter, 7);
            append_receipt(&mut stream, TicketId(counter.into()), 3);
        }
        let whole = frames_of(&[&stream]);
        assert_eq!(whole.len(), 10);
        for size in [1, 3, 7, 8, 9, 64, 333, 1000] {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(frames_of(&chunks), whole, "in chunks of {size}");
        }
    }

    #[test]
    fn an_absurd_length_is_refused_before_anything_is_kept() {
        let mut header = [0xff; HEADER_BYTES];
        header[4..].fill(0);
        let mut splitter = Splitter::default();
        assert!(splitter.feed(&header, |_, _| Ok(())).is_err());
        let mut splitter = Splitter::default();
        splitter.feed(&header[..7], |_, _| Ok(())).unwrap();
        assert!(splitter.feed(&header[7..], |_, _| Ok(())).is_err());
    }
}
