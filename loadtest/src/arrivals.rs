//! When customers arrive: a rate that is constant by pieces, and a spacing (even or Poisson).
//!
//! Every pattern is such a list of pieces. The plan is open-loop: it knows nothing of answers.

use crate::random::{Purpose, stream};
use rand::RngExt;
use rand::rngs::SmallRng;
use rand_distr::Exp1;

pub mod day_shape;

/// Microseconds in a second.
pub const SECOND_US: u64 = 1_000_000;
/// Most pieces of a schedule: a day in steps of a second.
pub const SEGMENTS: usize = 86_400;

/// A stretch of time with one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// How long, in microseconds.
    pub duration_us: u64,
    /// Arrivals per second.
    pub rate: f64,
}

/// How arrivals lie within the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// One after the other at equal distances.
    Even,
    /// Independent of each other: exponential distances.
    Poisson,
}

/// When customers arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    segments: Vec<Segment>,
    spacing: Spacing,
}

/// A stretch of a schedule and its mean rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Busiest {
    /// Start, in microseconds from the start of the run.
    pub from_us: u64,
    /// End.
    pub until_us: u64,
    /// Arrivals per second, on average.
    pub rate: f64,
}

/// The schedule cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidSchedule {
    /// A rate that is no rate.
    #[error("rate {0} of piece {1}: must be above 0 and at most 1000000 per second")]
    Rate(f64, usize),
    /// Nothing, too much, or a piece without length.
    #[error("a schedule has 1 to {SEGMENTS} pieces, each longer than 0, not {0}")]
    Length(usize),
}

impl Schedule {
    /// A schedule of pieces.
    ///
    /// # Errors
    /// No pieces, too many, one without length, or a rate outside of 0 to 1,000,000 per second.
    pub fn new(segments: Vec<Segment>, spacing: Spacing) -> Result<Self, InvalidSchedule> {
        if segments.is_empty()
            || segments.len() > SEGMENTS
            || segments.iter().any(|segment| segment.duration_us == 0)
        {
            return Err(InvalidSchedule::Length(segments.len()));
        }
        for (at, segment) in segments.iter().enumerate() {
            if !(segment.rate > 0.0 && segment.rate <= 1e6) {
                return Err(InvalidSchedule::Rate(segment.rate, at));
            }
        }
        Ok(Self { segments, spacing })
    }

    /// One rate from start to end.
    ///
    /// # Errors
    /// As [`Schedule::new`].
    pub fn flat(rate: f64, duration_us: u64, spacing: Spacing) -> Result<Self, InvalidSchedule> {
        Self::new(vec![Segment { duration_us, rate }], spacing)
    }

    /// Half of the time at half of the rate, then the rate itself: what a sudden doubling does.
    ///
    /// # Errors
    /// As [`Schedule::new`].
    pub fn step(rate: f64, duration_us: u64) -> Result<Self, InvalidSchedule> {
        let first = duration_us / 2;
        Self::new(
            vec![
                Segment { duration_us: first, rate: rate / 2.0 },
                Segment { duration_us: duration_us - first, rate },
            ],
            Spacing::Poisson,
        )
    }

    /// Stairs: from a rate, times a factor each, so many times.
    ///
    /// # Errors
    /// As [`Schedule::new`].
    pub fn stairs(
        from: f64,
        factor: f64,
        steps: u32,
        step_us: u64,
    ) -> Result<Self, InvalidSchedule> {
        let segments = (0..steps)
            .map(|step| Segment {
                duration_us: step_us,
                rate: from * factor.powi(i32::try_from(step).unwrap_or(i32::MAX)),
            })
            .collect();
        Self::new(segments, Spacing::Poisson)
    }

    /// How long it is, in microseconds.
    #[must_use]
    pub fn duration_us(&self) -> u64 {
        self.segments.iter().map(|segment| segment.duration_us).sum()
    }

    /// How many arrivals are to be expected.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.segments.iter().map(|segment| expected(segment.rate, segment.duration_us)).sum()
    }

    /// The rate at a time; that of the last piece afterwards.
    #[must_use]
    pub fn rate_at(&self, at_us: u64) -> f64 {
        let mut end = 0;
        for segment in &self.segments {
            end += segment.duration_us;
            if at_us < end {
                return segment.rate;
            }
        }
        self.segments.last().map_or(0.0, |segment| segment.rate)
    }

    /// The stretch of so many microseconds, starting with a piece, that has the most arrivals; the
    /// whole schedule when it is shorter.
    #[must_use]
    pub fn busiest(&self, window_us: u64) -> Busiest {
        let window_us = window_us.min(self.duration_us()).max(1);
        let mut best: Option<Busiest> = None;
        let mut from_us = 0;
        for (at, segment) in self.segments.iter().enumerate() {
            let mut left = window_us;
            let mut arrivals = 0.0;
            for piece in &self.segments[at..] {
                let taken = piece.duration_us.min(left);
                arrivals += expected(piece.rate, taken);
                left -= taken;
                if left == 0 {
                    break;
                }
            }
            if left > 0 {
                break;
            }
            let rate = arrivals / (window_us as f64 / SECOND_US as f64);
            if best.is_none_or(|best| rate > best.rate) {
                best = Some(Busiest { from_us, until_us: from_us + window_us, rate });
            }
            from_us += segment.duration_us;
        }
        best.expect("the window is no longer than the schedule, so the first piece starts one")
    }

    /// The arrivals of a seed, in order.
    #[must_use]
    pub fn arrivals(&self, seed: u64) -> Arrivals {
        Arrivals {
            schedule: self.clone(),
            random: stream(seed, Purpose::Arrivals, 0),
            segment: 0,
            started_us: 0,
            used: 0.0,
            carried: 0.0,
            first: true,
        }
    }
}

fn expected(rate: f64, duration_us: u64) -> f64 {
    rate * duration_us as f64 / SECOND_US as f64
}

/// Times of arrival in order, in microseconds from the start.
///
/// Distances are drawn in expected arrivals (a unit-rate process) and stretched by the rate, so a
/// distance that reaches into the next piece is right there too.
#[derive(Debug, Clone)]
pub struct Arrivals {
    schedule: Schedule,
    random: SmallRng,
    /// The piece that the last arrival lies in.
    segment: usize,
    /// When that piece starts.
    started_us: u64,
    /// Expected arrivals of that piece up to the last arrival.
    used: f64,
    /// Part of a distance that earlier pieces took.
    carried: f64,
    first: bool,
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut distance = match self.schedule.spacing {
            Spacing::Even if self.first => 0.5,
            Spacing::Even => 1.0,
            Spacing::Poisson => self.random.sample::<f64, _>(Exp1),
        };
        self.first = false;
        distance += self.carried;
        self.carried = 0.0;
        loop {
            let segment = self.schedule.segments.get(self.segment)?;
            let whole = expected(segment.rate, segment.duration_us);
            if self.used + distance < whole {
                self.used += distance;
                let offset = self.used / segment.rate * SECOND_US as f64;
                return Some(self.started_us + (offset as u64).min(segment.duration_us - 1));
            }
            distance -= whole - self.used;
            self.used = 0.0;
            self.started_us += segment.duration_us;
            self.segment += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> u64 {
        count * SECOND_US
    }

    #[test]
    fn even_arrivals_lie_at_equal_distances() {
        let schedule = Schedule::flat(4.0, seconds(1), Spacing::Even).unwrap();
        let times: Vec<u64> = schedule.arrivals(1).collect();
        assert_eq!(times, [125_000, 375_000, 625_000, 875_000]);
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_an_exponential_distance() {
        let schedule = Schedule::flat(1000.0, seconds(100), Spacing::Poisson).unwrap();
        let times: Vec<u64> = schedule.arrivals(3).collect();
        let count = times.len() as f64;
        // Four standard deviations of a Poisson count of 100,000.
        assert!((count - 100_000.0).abs() < 4.0 * 100_000f64.sqrt(), "{count}");
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let coefficient = variance.sqrt() / mean;
        assert!((coefficient - 1.0).abs() < 0.03, "{coefficient}");
        assert!(times.is_sorted());
    }

    #[test]
    fn a_seed_gives_the_same_arrivals_and_another_seed_others() {
        let schedule = Schedule::flat(50.0, seconds(10), Spacing::Poisson).unwrap();
        let of = |seed| schedule.arrivals(seed).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn each_piece_has_its_own_rate() {
        let schedule = Schedule::step(2000.0, seconds(40)).unwrap();
        let times: Vec<u64> = schedule.arrivals(5).collect();
        let early = times.iter().filter(|at| **at < seconds(20)).count() as f64;
        let late = times.len() as f64 - early;
        assert!((early - 20_000.0).abs() < 4.0 * 20_000f64.sqrt(), "{early}");
        assert!((late - 40_000.0).abs() < 4.0 * 40_000f64.sqrt(), "{late}");
        assert_eq!(schedule.rate_at(seconds(1)), 1000.0);
        assert_eq!(schedule.rate_at(seconds(39)), 2000.0);
        assert_eq!(schedule.rate_at(seconds(400)), 2000.0);
    }

    #[test]
    fn the_busiest_stretch_is_found() {
        let rates = [1.0, 5.0, 7.0, 6.0, 1.0];
        let segments = rates.map(|rate| Segment { duration_us: seconds(10), rate }).to_vec();
        let schedule = Schedule::new(segments, Spacing::Even).unwrap();
        let busiest = schedule.busiest(seconds(20));
        assert_eq!((busiest.from_us, busiest.until_us), (seconds(20), seconds(40)));
        assert!((busiest.rate - 6.5).abs() < 1e-9);
        let all = schedule.busiest(seconds(1000));
        assert_eq!((all.from_us, all.until_us), (0, seconds(50)));
        assert!((all.rate - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refused = Schedule::flat(rate, seconds(1), Spacing::Even);
            assert!(matches!(refused, Err(InvalidSchedule::Rate(..))), "{rate}");
        }
        assert_eq!(Schedule::flat(1.0, 0, Spacing::Even), Err(InvalidSchedule::Length(1)),);
    }
}
