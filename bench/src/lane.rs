//! One bidirectional stream, read in as large pieces as there are and written a batch at a time.

use crate::splitter::Splitter;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use relevo_wire::frame::Header;

/// Most pieces taken in one read.
const CHUNKS: usize = 32;

/// The reading half of a lane.
#[derive(Debug)]
pub struct Reader {
    stream: quinn::RecvStream,
    splitter: Splitter,
    chunks: [Bytes; CHUNKS],
}

impl Reader {
    /// Reads frames from this stream.
    #[must_use]
    pub fn new(stream: quinn::RecvStream) -> Self {
        Self { stream, splitter: Splitter::default(), chunks: [const { Bytes::new() }; CHUNKS] }
    }

    /// Waits for bytes and shows every frame that they complete. Safe to drop while it waits.
    ///
    /// # Errors
    /// The peer ended the stream, or `each` refuses a frame.
    pub async fn read(&mut self, mut each: impl FnMut(Header, &[u8]) -> Result<()>) -> Result<()> {
        let Some(count) = self.stream.read_chunks(&mut self.chunks).await? else {
            bail!("the peer ended the lane");
        };
        for chunk in &mut self.chunks[..count] {
            self.splitter.feed(chunk, &mut each)?;
            *chunk = Bytes::new();
        }
        Ok(())
    }
}

/// Writes everything in `batch` at once and leaves it empty.
///
/// # Errors
/// The peer stopped the stream or the connection ended.
pub async fn write_batch(stream: &mut quinn::SendStream, batch: &mut Vec<u8>) -> Result<()> {
    if !batch.is_empty() {
        stream.write_all(batch).await.context("the peer takes no more")?;
        batch.clear();
    }
    Ok(())
}
