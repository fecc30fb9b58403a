//! Handshakes are work of the processor that anybody may ask for: they take at most half of a core, so
//! that a flood of them leaves the rest to the sessions that are open.

use std::time::Duration;

/// Work after which a rest is due. Shorter rests than a millisecond are not to be had.
const STINT: Duration = Duration::from_millis(2);

/// How much work was done since the last rest.
#[derive(Debug, Default)]
pub(super) struct Pace {
    worked: Duration,
}

impl Pace {
    /// So much more work was done; the rest that is due.
    pub(super) fn worked(&mut self, work: Duration) -> Option<Duration> {
        self.worked += work;
        (self.worked >= STINT).then(|| std::mem::take(&mut self.worked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_works_rests_as_long() {
        let mut pace = Pace::default();
        let millis = Duration::from_millis;
        assert_eq!(pace.worked(millis(1)), None);
        assert_eq!(pace.worked(millis(1)), Some(millis(2)));
        assert_eq!(pace.worked(millis(1)), None);
        assert_eq!(pace.worked(millis(5)), Some(millis(6)));
    }
}
