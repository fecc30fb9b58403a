//! Medians and ratios of alternating runs.

use serde::Serialize;

/// Median, least and greatest of some measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
    /// How many there are.
    pub count: usize,
}

impl Spread {
    /// Of at least one finite measurement; `None` of none, or when one is no number.
    #[must_use]
    pub fn of(measurements: &[f64]) -> Option<Self> {
        if measurements.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = measurements.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, greatest) = (*sorted.first()?, *sorted.last()?);
        let upper = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[upper]
        } else {
            f64::midpoint(sorted[upper - 1], sorted[upper])
        };
        Some(Self { median, least, greatest, count: sorted.len() })
    }

    /// Of the ratios `over[i] / under[i]`: of each pair by itself, because absolute figures drift.
    #[must_use]
    pub fn of_ratios(over: &[f64], under: &[f64]) -> Option<Self> {
        if over.len() != under.len() {
            return None;
        }
        let ratios: Vec<f64> = over.iter().zip(under).map(|(over, under)| over / under).collect();
        Self::of(&ratios)
    }
}

/// Slope of the least-squares line through the points (x, y).
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let over: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let under: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let slope = over / under;
    slope.is_finite().then_some(slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let odd = Spread::of(&[3.0, 1.0, 10.0]).unwrap();
        assert_eq!((odd.median, odd.least, odd.greatest, odd.count), (3.0, 1.0, 10.0, 3));
        let even = Spread::of(&[4.0, 1.0, 2.0, 10.0]).unwrap();
        assert_eq!(even.median, 3.0);
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        // The ratio of the medians would be 20 / 100: drift between the pairs would count.
        let spread = Spread::of_ratios(&[50.0, 20.0, 10.0], &[100.0, 200.0, 20.0]).unwrap();
        assert_eq!((spread.median, spread.least, spread.greatest), (0.5, 0.1, 0.5));
        assert_eq!(Spread::of_ratios(&[1.0], &[]), None);
        assert_eq!(Spread::of_ratios(&[1.0], &[0.0]), None);
    }

    #[test]
    fn a_line_has_its_slope() {
        let points: Vec<(f64, f64)> =
            (0..5).map(|x| (f64::from(x), 7.0 + 3.0 * f64::from(x))).collect();
        assert!((slope(&points).unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(slope(&[(1.0, 1.0)]), None);
        assert_eq!(slope(&[]), None);
    }
}
