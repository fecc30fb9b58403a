//! How long to wait before the next attempt: full jitter.

use std::time::Duration;

/// Counts failures and draws waits.
#[derive(Debug)]
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, failures: 0 }
    }

    /// The wait before the next attempt, which counts as failed until [`Backoff::succeeded`].
    pub(crate) fn wait(&mut self) -> Duration {
        let most = self.most();
        self.failures = self.failures.saturating_add(1);
        jitter(most)
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn most(&self) -> Duration {
        self.base.saturating_mul(1 << self.failures.min(20)).min(self.cap)
    }
}

/// A random time of up to `most`, evenly spread.
pub(crate) fn jitter(most: Duration) -> Duration {
    most.mul_f64(rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_every_failure_up_to_the_cap_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        for most_ms in [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            assert_eq!(backoff.most(), Duration::from_millis(most_ms));
            assert!(backoff.wait() <= Duration::from_millis(most_ms));
        }
        backoff.failures = u32::MAX;
        assert!(backoff.wait() <= Duration::from_secs(10));
        backoff.succeeded();
        assert_eq!(backoff.most(), Duration::from_millis(100));
    }
}
