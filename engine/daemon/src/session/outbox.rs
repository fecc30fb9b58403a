//! What waits to be written to one lane of a session.
//!
//! Publish and the session's own tasks append whole frames; the lane's writer takes all of them at
//! once and writes them as one. Publish never waits here: a session that lets more than
//! [`OUTBOX_BYTES`] gather is slow, and ends. So is one that lets more gather than it may hold of the
//! [`Buffers`] of all sessions, which count frames until the client has acknowledged them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Notify;

use relevo_wire::TicketId;

use super::buffers::{Buffers, Held};
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// Most bytes that may wait in an outbox: 1 MiB, about 3,000 messages of 256 bytes.
pub const OUTBOX_BYTES: usize = 1024 * 1024;

/// Who lets more bytes than this gather gets no hints until it has taken them: hints must make nobody a
/// slow consumer. A quarter: the rest is for entries.
pub const ROOM_BYTES: usize = OUTBOX_BYTES / 4;

/// Why a lane takes no more frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEnd {
    /// The session is over, for whatever reason its owner knows.
    Closed,
    /// More gathered than [`OUTBOX_BYTES`], or than it may hold.
    Slow,
}

/// A ticket whose missed entries are still to be read, from `next` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchUp {
    /// Which.
    pub ticket: TicketId,
    /// Number of the first entry that the receiver lacks.
    pub next: u32,
    /// Goes live when the last missed entry is written (else it is history, read once).
    pub live: bool,
}

/// Whole frames that are written as one.
#[derive(Default)]
pub struct Frames {
    /// The frames.
    pub bytes: Vec<u8>,
    /// When the daemon read each message that is among them.
    pub received: Vec<Instant>,
    held: Option<Held>,
}

impl Frames {
    /// Frames that are counted.
    #[must_use]
    pub fn counted(bytes: Vec<u8>, held: Held) -> Self {
        Self { bytes, received: Vec::new(), held: Some(held) }
    }

    /// The bytes for the stream, counted as held until nobody has them any more.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.held {
            Some(held) => Bytes::from_owner(Counted { bytes: self.bytes, _held: held }),
            None => self.bytes.into(),
        }
    }
}

impl From<Vec<u8>> for Frames {
    /// Frames that are not counted.
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }
}

impl PartialEq for Frames {
    /// Who counts them is no part of what they are.
    fn eq(&self, other: &Self) -> bool {
        (&self.bytes, &self.received) == (&other.bytes, &other.received)
    }
}

impl Eq for Frames {}

impl fmt::Debug for Frames {
    /// Bodies never reach a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frames({} B, {} messages)", self.bytes.len(), self.received.len())
    }
}

struct Counted {
    bytes: Vec<u8>,
    _held: Held,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[derive(Debug)]
struct Waiting {
    first: VecDeque<Frames>,
    bytes: Vec<u8>,
    received: Vec<Instant>,
    held: Held,
    catch_up: VecDeque<CatchUp>,
    end: Option<LaneEnd>,
}

impl Waiting {
    /// Does it hold no more than it may?
    fn counts(&mut self) -> bool {
        let tickets = self.catch_up.capacity() * size_of::<CatchUp>();
        let bytes = frames_bytes(&self.bytes, &self.received) + tickets;
        self.bytes.len() <= OUTBOX_BYTES && self.held.resize(bytes).is_ok()
    }

    /// What was gathered is dropped: the receiver resumes by cursor and loses nothing.
    fn cut(&mut self) {
        self.first = VecDeque::new();
        self.catch_up = VecDeque::new();
        drop(self.take());
        self.end = Some(LaneEnd::Slow);
    }

    fn take_catch_up(&mut self) -> Option<CatchUp> {
        let next = self.catch_up.pop_front();
        if self.catch_up.is_empty() && self.catch_up.capacity() > 0 {
            self.catch_up = VecDeque::new();
            // It is less: that always may be held.
            let _ = self.counts();
        }
        next
    }

    fn take(&mut self) -> Frames {
        let (bytes, received) =
            (std::mem::take(&mut self.bytes), std::mem::take(&mut self.received));
        let held = self.held.hand_over(frames_bytes(&bytes, &received));
        Frames { bytes, received, held: Some(held) }
    }
}

fn frames_bytes(bytes: &Vec<u8>, received: &Vec<Instant>) -> usize {
    bytes.capacity() + received.capacity() * size_of::<Instant>()
}

/// Frames and catch-ups that wait for a lane's writer.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    notify: Notify,
    dirty: AtomicBool,
}

/// What the writer has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Work {
    /// Write these frames.
    Frames(Frames),
    /// Read entries of this ticket and write them.
    CatchUp(CatchUp),
    /// Nothing now.
    Idle,
    /// Nothing more, ever.
    End(LaneEnd),
}

impl Outbox {
    /// Nothing waits yet; what will is counted in `buffers`.
    #[must_use]
    pub fn new(buffers: &Arc<Buffers>) -> Self {
        let waiting = Waiting {
            first: VecDeque::new(),
            bytes: Vec::new(),
            received: Vec::new(),
            held: buffers.hold(),
            catch_up: VecDeque::new(),
            end: None,
        };
        Self { waiting: Mutex::new(waiting), notify: Notify::new(), dirty: AtomicBool::new(false) }
    }

    /// Appends frames that `write` encodes. The writer is woken by [`Outbox::wake`], so that many
    /// appends cost one wake-up. True when this append is the first since the last wake.
    pub fn append(&self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.append_received(None, write)
    }

    /// As [`Self::append`], for a message that the daemon read at `received`.
    pub fn append_received(
        &self,
        received: Option<Instant>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut waiting = self.lock();
        if waiting.end.is_some() {
            return false;
        }
        write(&mut waiting.bytes);
        waiting.received.extend(received);
        if !waiting.counts() {
            waiting.cut();
        }
        drop(waiting);
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Adds frames that go out, piece by piece, before everything else: the welcome and the snapshot
    /// of a session that opens. They are as many as the party's own tickets ask for, and do not
    /// count as gathered; each is held for itself.
    pub fn begin(&self, pieces: impl IntoIterator<Item = Vec<u8>>) {
        let mut waiting = self.lock();
        for piece in pieces {
            let mut held = waiting.held.buffers().hold();
            if held.resize(piece.capacity()).is_err() {
                return waiting.cut();
            }
            waiting.first.push_back(Frames::counted(piece, held));
        }
    }

    /// Appends and wakes at once.
    pub fn append_now(&self, write: impl FnOnce(&mut Vec<u8>)) {
        self.append(write);
        self.wake();
    }

    /// Adds a ticket to read.
    pub fn add_catch_up(&self, catch_up: CatchUp) -> bool {
        let mut waiting = self.lock();
        if waiting.end.is_none() {
            waiting.catch_up.push_back(catch_up);
            if !waiting.counts() {
                waiting.cut();
            }
        }
        drop(waiting);
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Puts a half-read ticket back to the front.
    pub fn resume_catch_up(&self, catch_up: CatchUp) {
        let mut waiting = self.lock();
        if waiting.end.is_none() {
            waiting.catch_up.push_front(catch_up);
        }
    }

    /// Ends the lane. Frames that wait are still written when the reason is [`LaneEnd::Closed`].
    pub fn end(&self, reason: LaneEnd) {
        let mut waiting = self.lock();
        if waiting.end.is_none() {
            waiting.end = Some(reason);
            waiting.catch_up.clear();
        }
        drop(waiting);
        self.wake();
    }

    /// Has it ended?
    #[must_use]
    pub fn ended(&self) -> Option<LaneEnd> {
        self.lock().end
    }

    /// Wakes the writer.
    pub fn wake(&self) {
        self.dirty.store(false, Ordering::Release);
        self.notify.notify_one();
    }

    /// Bytes that wait.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.lock().bytes.len()
    }

    /// Takes what is to be done: live frames first, then one catch-up.
    pub fn take(&self) -> Work {
        let mut waiting = self.lock();
        if let Some(piece) = waiting.first.pop_front() {
            return Work::Frames(piece);
        }
        if !waiting.bytes.is_empty() {
            return Work::Frames(waiting.take());
        }
        if let Some(reason) = waiting.end {
            return Work::End(reason);
        }
        waiting.take_catch_up().map_or(Work::Idle, Work::CatchUp)
    }

    /// Takes a further catch-up where [`Self::take`] would: what comes of it goes into one piece with
    /// what was taken before.
    pub fn take_catch_up(&self) -> Option<CatchUp> {
        let mut waiting = self.lock();
        let is_next = waiting.first.is_empty() && waiting.bytes.is_empty() && waiting.end.is_none();
        is_next.then(|| waiting.take_catch_up()).flatten()
    }

    /// Waits until there may be something to take.
    pub async fn ready(&self) {
        self.notify.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it holds an outbox")
    }
}

/// Planted bugs, each of which must make a model of publish fail.
#[cfg(shuttle)]
pub(crate) mod planted {
    use super::{Ordering, Outbox};

    /// The flag goes down after the wake-up: who appends between the two wakes nobody.
    pub(crate) fn wake_then_lower(outbox: &Outbox) {
        outbox.notify.notify_one();
        outbox.dirty.store(false, Ordering::Release);
    }

    /// A writer that is about to sleep is not told.
    pub(crate) fn wake_only_a_sleeper(outbox: &Outbox) {
        outbox.dirty.store(false, Ordering::Release);
        outbox.notify.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> Outbox {
        Outbox::new(&Buffers::new(64 * OUTBOX_BYTES))
    }

    #[test]
    fn frames_come_out_whole_and_in_order_before_any_catch_up() {
        let outbox = outbox();
        let missed = CatchUp { ticket: TicketId(1), next: 4, live: true };
        outbox.add_catch_up(missed);
        assert!(!outbox.append(|out| out.extend_from_slice(b"one")), "one wake-up is pending");
        outbox.append(|out| out.extend_from_slice(b"two"));
        assert_eq!(outbox.take(), Work::Frames(b"onetwo".to_vec().into()));
        assert_eq!(outbox.take(), Work::CatchUp(missed));
        assert_eq!(outbox.take(), Work::Idle);
    }

    #[test]
    fn a_further_catch_up_never_goes_before_frames_or_behind_the_end() {
        let outbox = outbox();
        let missed = [1, 2].map(|id| CatchUp { ticket: TicketId(id), next: 4, live: true });
        for missed in missed {
            outbox.add_catch_up(missed);
        }
        assert_eq!(outbox.take(), Work::CatchUp(missed[0]));
        outbox.append(|out| out.push(1));
        assert_eq!(outbox.take_catch_up(), None);
        assert_eq!(outbox.take(), Work::Frames(vec![1].into()));
        outbox.begin([vec![2]]);
        assert_eq!(outbox.take_catch_up(), None);
        assert_eq!(outbox.take(), Work::Frames(vec![2].into()));
        assert_eq!(outbox.take_catch_up(), Some(missed[1]));
        assert_eq!(outbox.take_catch_up(), None);
        outbox.end(LaneEnd::Closed);
        assert_eq!(outbox.take_catch_up(), None);
    }

    #[test]
    fn a_receiver_that_takes_nothing_ends_as_slow_and_holds_no_memory() {
        let outbox = outbox();
        for _ in 0..=OUTBOX_BYTES / 1024 {
            outbox.append(|out| out.resize(out.len() + 1024, 0));
        }
        assert_eq!(outbox.len_bytes(), 0);
        assert_eq!(outbox.take(), Work::End(LaneEnd::Slow));
        assert!(!outbox.append(|out| out.push(1)), "nothing is taken after the end");
    }

    #[test]
    fn frames_count_until_the_client_has_acknowledged_them() {
        let buffers = Buffers::new(64 * OUTBOX_BYTES);
        let outbox = Outbox::new(&buffers);
        outbox.append(|out| out.resize(1000, 0));
        let Work::Frames(frames) = outbox.take() else { panic!("there are frames") };
        drop(outbox);
        let mut written = frames.into_bytes();
        let last = written.split_off(999);
        drop(written);
        assert!(buffers.free() <= 64 * OUTBOX_BYTES - 1000, "its last byte keeps all of it");
        drop(last);
        assert_eq!(buffers.free(), 64 * OUTBOX_BYTES);
    }

    #[test]
    fn a_receiver_that_takes_nothing_ends_sooner_when_many_do_so() {
        let buffers = Buffers::new(64 * OUTBOX_BYTES);
        let hostile: Vec<Outbox> = (0..200)
            .map(|_| {
                let outbox = Outbox::new(&buffers);
                outbox.append(|out| out.resize(OUTBOX_BYTES, 0));
                outbox
            })
            .collect();
        let cut = hostile.iter().filter(|outbox| outbox.ended() == Some(LaneEnd::Slow)).count();
        assert!((100..200).contains(&cut), "{cut} were cut off");
        let good = Outbox::new(&buffers);
        good.append(|out| out.resize(4000, 0));
        assert_eq!(good.ended(), None, "who takes what comes notices nothing");
    }

    #[test]
    fn the_writer_learns_when_each_message_was_read() {
        let outbox = outbox();
        let (first, second) = (Instant::now(), Instant::now() + std::time::Duration::from_secs(1));
        outbox.append_received(Some(first), |out| out.push(1));
        outbox.append(|out| out.push(2));
        outbox.append_received(Some(second), |out| out.push(3));
        let frames = Frames { bytes: vec![1, 2, 3], received: vec![first, second], held: None };
        assert_eq!(outbox.take(), Work::Frames(frames));
        outbox.append(|out| out.push(4));
        assert_eq!(outbox.take(), Work::Frames(vec![4].into()), "told once");
    }

    #[test]
    fn what_waits_at_a_close_is_still_written() {
        let outbox = outbox();
        outbox.append(|out| out.push(7));
        outbox.end(LaneEnd::Closed);
        assert_eq!(outbox.take(), Work::Frames(vec![7].into()));
        assert_eq!(outbox.take(), Work::End(LaneEnd::Closed));
    }
}
