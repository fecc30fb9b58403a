//! The bounds of the histograms. They are fixed when the recorder is built, so a service-level
//! threshold must be one of them: a threshold between two bounds could not be read off later.

use super::names::Buckets;
use std::fmt;

/// Bounds of every contact-center histogram, in seconds, before the configured ones.
pub const CONTACT_CENTER_SECONDS: [u32; 21] = [
    1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600, 7200, 14_400,
    28_800, 86_400,
];

/// Most bounds that a configuration may add.
pub const EXTRA_BUCKETS: usize = 16;

/// Longest bound that a configuration may add, in seconds: a week.
pub const EXTRA_BUCKET_SECONDS: u32 = 7 * 86_400;

/// Bounds of every engine histogram, in nanoseconds.
pub const ENGINE_NANOS: [u64; 17] = [
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
];

const BACKGROUND_SECONDS: [f64; 12] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0, 300.0];

const EVENTS: [f64; 13] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

/// The contact-center bounds with the configured ones, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCenterBuckets(Vec<u32>);

impl ContactCenterBuckets {
    /// The standard bounds and `extra` ones.
    ///
    /// # Errors
    /// More than [`EXTRA_BUCKETS`], or one that is not within 1 to [`EXTRA_BUCKET_SECONDS`].
    pub fn new(extra: &[u32]) -> Result<Self, BucketsError> {
        if extra.len() > EXTRA_BUCKETS {
            return Err(BucketsError::TooMany(extra.len()));
        }
        if let Some(wrong) = extra.iter().find(|bound| !(1..=EXTRA_BUCKET_SECONDS).contains(*bound))
        {
            return Err(BucketsError::OutOfRange(*wrong));
        }
        let mut bounds: Vec<u32> = CONTACT_CENTER_SECONDS.iter().chain(extra).copied().collect();
        bounds.sort_unstable();
        bounds.dedup();
        Ok(Self(bounds))
    }

    /// The bounds in seconds, ascending.
    #[must_use]
    pub fn seconds(&self) -> &[u32] {
        &self.0
    }

    /// Whether a queue may have this service-level threshold.
    ///
    /// # Errors
    /// It is none of the bounds; the error names them.
    pub fn check_threshold(&self, seconds: u32) -> Result<(), BucketsError> {
        if self.0.binary_search(&seconds).is_ok() {
            Ok(())
        } else {
            Err(BucketsError::NotABound { seconds, bounds: self.0.clone() })
        }
    }
}

/// What is wrong with a bound or a threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketsError {
    /// More extra bounds than allowed.
    TooMany(usize),
    /// An extra bound is out of its range.
    OutOfRange(u32),
    /// A threshold between two bounds.
    NotABound {
        /// The threshold.
        seconds: u32,
        /// What it may be.
        bounds: Vec<u32>,
    },
}

impl fmt::Display for BucketsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(count) => {
                write!(
                    f,
                    "extra_buckets_seconds has {count} bounds; at most {EXTRA_BUCKETS} are allowed"
                )
            }
            Self::OutOfRange(bound) => {
                write!(
                    f,
                    "extra_buckets_seconds holds {bound}; a bound is 1 to {EXTRA_BUCKET_SECONDS} s"
                )
            }
            Self::NotABound { seconds, bounds } => {
                write!(f, "a threshold of {seconds} s is no bound of the histograms; it may be ")?;
                for (index, bound) in bounds.iter().enumerate() {
                    write!(f, "{}{bound}", if index == 0 { "" } else { ", " })?;
                }
                write!(f, ", or one that extra_buckets_seconds adds")
            }
        }
    }
}

impl std::error::Error for BucketsError {}

/// The bounds of a family, in its unit.
pub(super) fn bounds(buckets: Buckets, contact_center: &ContactCenterBuckets) -> Vec<f64> {
    match buckets {
        Buckets::ContactCenter => contact_center.0.iter().copied().map(f64::from).collect(),
        Buckets::Engine => ENGINE_NANOS.iter().map(|nanos| *nanos as f64 / 1e9).collect(),
        Buckets::Background => BACKGROUND_SECONDS.to_vec(),
        Buckets::Events => EVENTS.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_bounds_stand_among_the_others_once() {
        let buckets = ContactCenterBuckets::new(&[25, 60, 40, 25]).unwrap();
        assert_eq!(buckets.seconds().len(), CONTACT_CENTER_SECONDS.len() + 2);
        assert!(buckets.seconds().is_sorted());
        assert_eq!(buckets.check_threshold(25), Ok(()));
        assert_eq!(buckets.check_threshold(60), Ok(()));
    }

    #[test]
    fn a_threshold_between_two_bounds_is_refused_with_the_list() {
        let buckets = ContactCenterBuckets::new(&[]).unwrap();
        let message = buckets.check_threshold(25).unwrap_err().to_string();
        assert!(message.contains("25 s") && message.contains("20, 30, 45"), "{message}");
    }

    #[test]
    fn extra_bounds_have_limits() {
        assert_eq!(ContactCenterBuckets::new(&[0]), Err(BucketsError::OutOfRange(0)));
        assert_eq!(
            ContactCenterBuckets::new(&[EXTRA_BUCKET_SECONDS + 1]),
            Err(BucketsError::OutOfRange(EXTRA_BUCKET_SECONDS + 1))
        );
        assert_eq!(ContactCenterBuckets::new(&[3; 17]), Err(BucketsError::TooMany(17)));
    }

    #[test]
    fn every_family_ascends() {
        let contact_center = ContactCenterBuckets::new(&[]).unwrap();
        for family in
            [Buckets::ContactCenter, Buckets::Engine, Buckets::Background, Buckets::Events]
        {
            assert!(bounds(family, &contact_center).is_sorted_by(|a, b| a < b), "{family:?}");
        }
    }
}
