//! The writer's side of a catch-up: piece by piece, as fast as the receiver takes them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn::SendStream;
use relevo_journal::Place;
use relevo_wire::TicketId;
use tokio::task::coop::consume_budget;

use super::Session;
use super::lane::{WRITE_PATIENCE, WriteEnd, write};
use super::outbox::{CatchUp, Frames, OUTBOX_BYTES, Outbox};
use crate::runtime::shared::Shared;

/// Most bytes of one `read`: a quarter of what an outbox holds.
const READ_BYTES: usize = OUTBOX_BYTES / 4;

/// Between two looks at whether there is room for a piece: rare enough that a wake-up, which each frame
/// that goes would have to think of, is not worth it.
const ROOM_PAUSE: Duration = Duration::from_millis(20);

/// A piece has entries of further tickets until it has so many bytes: a session that is given thousands
/// of tickets would else write thousands of pieces of a hundred bytes, and quinn looks at all that are
/// under way for each packet.
const PIECE_BYTES: usize = 16 * 1024;

/// Writes one piece of a catch-up and of those behind it, and puts what is left of the last one back.
pub(super) async fn run(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    stream: &mut SendStream,
    outbox: &Outbox,
    at: CatchUp,
) -> Result<(), WriteEnd> {
    let directories = shared.published.directories.load_full();
    let Some(directory) = directories.tenant(session.tenant) else { return Ok(()) };
    let mut piece = Vec::new();
    let mut next = Some(at);
    while let Some(at) = next {
        // Others are not to wait for all that a session is given.
        consume_budget().await;
        let mut chunk = shared.published.chunk(directory, session, at, None);
        if piece.is_empty()
            && chunk.frames.is_empty()
            && let (Some(place), Some(rest)) = (chunk.wanted, chunk.rest)
        {
            let private = read_private(shared, at.ticket, place).await;
            chunk = shared.published.chunk(directory, session, rest, Some(private));
        }
        piece.append(&mut chunk.frames);
        if let Some(rest) = chunk.rest {
            outbox.resume_catch_up(rest);
            break;
        }
        next = (piece.len() < PIECE_BYTES).then(|| outbox.take_catch_up()).flatten();
    }
    if piece.is_empty() {
        return Ok(());
    }
    let piece = hold(shared, piece).await?;
    write(stream, piece.into_bytes(), &shared.buffers).await
}

/// Counts a piece, when there is room for it.
async fn hold(shared: &Shared, piece: Vec<u8>) -> Result<Frames, WriteEnd> {
    let started = Instant::now();
    let mut held = shared.buffers.hold();
    while held.resize(piece.capacity()).is_err() {
        if started.elapsed() > WRITE_PATIENCE {
            return Err(WriteEnd::Slow);
        }
        tokio::time::sleep(ROOM_PAUSE).await;
    }
    Ok(Frames::counted(piece, held))
}

/// Appends entries of a ticket to a lane, before the answer to the `read` that asked for them: at
/// most [`READ_BYTES`]; the client asks for the rest after the last number that it got.
pub(super) async fn read(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    outbox: &Outbox,
    mut at: CatchUp,
) {
    let directories = shared.published.directories.load_full();
    let Some(directory) = directories.tenant(session.tenant) else { return };
    let mut given = None;
    let mut bytes = 0;
    while bytes < READ_BYTES {
        let chunk = shared.published.chunk(directory, session, at, given.take());
        bytes += chunk.frames.len();
        // Now: publish counts on a wake-up that is owed, and the log may take its time.
        outbox.append_now(|out| out.extend_from_slice(&chunk.frames));
        let Some(rest) = chunk.rest else { return };
        if let Some(place) = chunk.wanted {
            given = Some(read_private(shared, at.ticket, place).await);
        }
        at = rest;
    }
}

/// Reads a private part from the log, off the hot path.
async fn read_private(shared: &Arc<Shared>, ticket: TicketId, place: Place) -> Bytes {
    let reader = shared.journal.reader();
    let read = tokio::task::spawn_blocking(move || {
        reader.read(place).map(|record| Bytes::copy_from_slice(record.private()))
    });
    match read.await {
        Ok(Ok(private)) => private,
        // Nobody is shown it: the next piece ends with the ticket.
        Ok(Err(error)) if shared.published.is_let_go(ticket, &error) => Bytes::new(),
        Ok(Err(error)) => {
            tracing::error!(%error, ?place, "a durable record cannot be read back");
            shared.fail("a durable record cannot be read back");
            Bytes::new()
        }
        Err(_) => Bytes::new(),
    }
}
