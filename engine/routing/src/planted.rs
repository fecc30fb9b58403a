//! Planted bugs, one chosen at run time. They exist in one extra build alone (`--cfg planted`), to
//! show that the simulator is not blind: each must make it fail.

use std::sync::atomic::{AtomicU8, Ordering};

/// A bug of the core or of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// Router: a contact with an open ticket gets another.
    SecondTicket = 1,
    /// Seats: a close keeps the seat.
    KeptSeat,
    /// An agent who is free again wakes nobody.
    LostWakeUp,
    /// The time that the daemon was down counts for deadlines.
    DeadlineWhileDown,
    /// What was answered is not known after a restart.
    ForgottenAnswers,
    /// A repeat is answered past the journal.
    AnswerOvertakes,
    /// A resume leaves an entry out.
    ResumeCursor,
    /// A catch-up goes live before its last piece.
    EarlyLive,
    /// A snapshot leaves out how far the bot has come.
    SnapshotProgress,
    /// Recovery does not count the seats.
    UncountedSeats,
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// From now on this bug is there, in the whole process.
pub fn choose(bug: Option<Bug>) {
    CHOSEN.store(bug.map_or(0, |bug| bug as u8), Ordering::Relaxed);
}

/// Is it there?
#[must_use]
pub fn is(bug: Bug) -> bool {
    CHOSEN.load(Ordering::Relaxed) == bug as u8
}
