//! Opening hours: whether a queue is open at a moment, and when that changes next.
//!
//! ```text
//! Hours (texts) ──► Schedule::compile(bot's zone) ──► is_open(at), next_change(at)
//! ```
//!
//! An interval is wall time in its zone, and on the two days of a year on which clocks change it means
//! what people mean by it:
//!
//! - a time that the clock leaves out, as it is put forward over it, is the first moment after that;
//! - an opening time that the clock shows twice is the first of the two, and such a closing time the
//!   second, so that no day is cut short.
//!
//! The database of time zones is part of the program. Nothing here knows what time it is.

mod parse;
mod schedule;

pub use parse::{Place, Problem, unknown_zone};
pub use schedule::Schedule;

use crate::Micros;

/// A moment as people read it, in UTC to the second.
pub(crate) fn shown(at: Micros) -> String {
    let seconds = i64::try_from(at / 1_000_000).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    at.to_string()
}
