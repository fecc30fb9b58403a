//! The daemon's clock: wall clock at the start plus monotonic time since.
//!
//! A step of the wall clock moves no deadline and no measured time, and no time is ever below the
//! last one in the journal.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 that never go back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    start_us: u64,
}

impl Clock {
    /// Starts now, or just after `last_us` when the wall clock is behind the journal.
    #[must_use]
    pub fn start(last_us: u64) -> Self {
        Self { start: Instant::now(), start_us: wall_us().max(last_us + 1) }
    }

    /// Now, in microseconds since 1970.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.start_us + u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A moment as the wall clock of now has it, for who holds it against another machine's clock: a step
    /// of the wall clock since the start, or a sleep of the machine, is none of this one.
    #[must_use]
    pub fn on_the_wall(&self, at_us: u64) -> u64 {
        let now_us = self.now_us();
        // Below zero where this clock is ahead: the difference is what counts.
        at_us.wrapping_add(wall_us().wrapping_sub(now_us))
    }

    /// Since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    /// The instant at which the clock shows `at_us`; now, when that is past.
    #[must_use]
    pub fn instant_at(&self, at_us: u64) -> Instant {
        self.start + Duration::from_micros(at_us.saturating_sub(self.start_us))
    }
}

fn wall_us() -> u64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(wall.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both clocks are cut to whole microseconds.
    const ROUNDED_US: u64 = 2;

    #[test]
    fn what_was_a_while_ago_was_as_long_ago_on_the_wall() {
        let hour_us = 3_600_000_000;
        let clock = Clock::start(wall_us() + hour_us);
        let (before, now) = (wall_us(), clock.now_us());
        let (shown, after) = (clock.on_the_wall(now - hour_us), wall_us());
        let (least, most) = (before - hour_us - ROUNDED_US, after - hour_us + ROUNDED_US);
        assert!((least..=most).contains(&shown), "{least} {shown} {most}");
    }

    #[test]
    fn time_is_never_below_the_last_one_in_the_journal() {
        let ahead = u64::MAX / 2;
        let clock = Clock::start(ahead);
        assert!(clock.now_us() > ahead);
    }
}
