//! How fast a line moves.

use super::maybe::MaybeTime;
use crate::Micros;

/// How fast a line moves while somebody waits: for the estimated wait.
#[derive(Debug, Clone, Copy, Default, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Pace {
    /// The latest assignment that left somebody waiting.
    pub(crate) last: MaybeTime,
    /// Smoothed time between two assignments, in microseconds.
    pub(crate) interval_us: MaybeTime,
}

impl Pace {
    /// An assignment was made; `waiting` are left.
    pub(crate) fn assigned(&mut self, now: Micros, waiting: u32) {
        if let Some(last) = self.last.get() {
            let interval = now.saturating_sub(last);
            let smooth = |old: Micros| old.saturating_mul(7).saturating_add(interval) / 8;
            let smoothed = self.interval_us.get().map_or(interval, smooth);
            self.interval_us = MaybeTime::at(smoothed);
        }
        self.last = if waiting > 0 { MaybeTime::at(now) } else { MaybeTime::NONE };
    }

    /// Estimated wait at a place in line, in seconds; absent until there are figures.
    pub(crate) fn estimated_wait(&self, position: u32) -> Option<u32> {
        let interval = self.interval_us.get()?;
        let wait = interval.saturating_mul(u64::from(position)) / 1_000_000;
        Some(u32::try_from(wait).unwrap_or(u32::MAX))
    }
}
