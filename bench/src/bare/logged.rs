//! The bare relay with a log: what came in is in a sled log, in group commits, before anybody sees it.
//!
//! It is the least that a durable relay does: a group is one insert, one flush and one `fdatasync` of what
//! waited for it, and there is no decision, no session that could resume, and no reader of the log.

use super::relay::{Crossing, Entered, Pairs, enter};
use crate::in_process::commit::Log;
use crate::lane::write_batch;
use anyhow::{Context, Result};
use std::mem;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Most bytes of a group, as in Relevo's journal; one read more comes on top.
const GROUP_BYTES: usize = 64 * 1024;

/// What a side is to be written, and its task's bell.
#[derive(Default)]
struct Outlet {
    bytes: Mutex<Vec<u8>>,
    bell: Notify,
}

/// All that came in one read, until it is in the log.
struct Piece {
    own: Arc<Outlet>,
    other: Arc<Outlet>,
    to_own: Vec<u8>,
    to_other: Vec<u8>,
}

/// The sides that are connected, and the way into the log.
#[derive(Clone)]
pub struct Relay {
    pairs: Pairs<Outlet>,
    log: Sender<Piece>,
}

impl Relay {
    /// With a log in this directory, which is empty.
    ///
    /// # Errors
    /// The disk failed.
    pub fn new(directory: &Path) -> Result<Self> {
        let log = Log::create(directory)?;
        let (sender, pieces) = channel();
        // Its end is the server's: who waits for an answer fails.
        std::thread::spawn(move || commit(log, &pieces));
        Ok(Self { pairs: Pairs::default(), log: sender })
    }
}

fn commit(mut log: Log, pieces: &Receiver<Piece>) -> Result<()> {
    let (mut waiting, mut group) = (Vec::new(), Vec::new());
    while let Ok(first) = pieces.recv() {
        let mut next = Some(first);
        while let Some(piece) = next {
            group.extend_from_slice(&piece.to_other);
            waiting.push(piece);
            next = if group.len() < GROUP_BYTES { pieces.try_recv().ok() } else { None };
        }
        log.commit(&group)?;
        group.clear();
        for piece in &waiting {
            piece.own.append(&piece.to_own);
            piece.other.append(&piece.to_other);
        }
        for piece in waiting.drain(..) {
            piece.own.bell.notify_one();
            piece.other.bell.notify_one();
        }
    }
    Ok(())
}

impl Outlet {
    fn append(&self, bytes: &[u8]) {
        self.bytes.lock().expect("nothing panics while it holds it").extend_from_slice(bytes);
    }

    /// Writes all that is there each time the bell rings.
    async fn write(&self, mut send: quinn::SendStream) -> Result<()> {
        let mut batch = Vec::new();
        loop {
            self.bell.notified().await;
            mem::swap(
                &mut batch,
                &mut *self.bytes.lock().expect("nothing panics while it holds it"),
            );
            write_batch(&mut send, &mut batch).await?;
        }
    }
}

/// Serves one side of a pair until its connection ends.
///
/// # Errors
/// A frame is not one of the driver's, a connection ended, or the log failed.
pub async fn session(connection: quinn::Connection, relay: Relay) -> Result<()> {
    let Entered { send, mut reader, pair, author } = enter(&connection).await?;
    let own = Arc::new(Outlet::default());
    let outlet = Arc::clone(&own);
    tokio::spawn(async move { outlet.write(send).await });
    let other = relay.pairs.meet(pair, author, &own).await?;
    let mut crossing = Crossing::new(pair, author);
    loop {
        let (mut to_other, mut to_own) = (Vec::new(), Vec::new());
        reader
            .read(|header, bytes| crossing.take(header, bytes, &mut to_other, &mut to_own))
            .await?;
        if !to_own.is_empty() {
            let (own, other) = (Arc::clone(&own), Arc::clone(&other));
            let piece = Piece { own, other, to_own, to_other };
            relay.log.send(piece).ok().context("the log has failed")?;
        }
    }
}
