//! A straight line through points.

/// The slope of the least-squares line through points; absent for fewer than two different places.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let together: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 0.0).then(|| together / spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand::RngExt;

    #[test]
    fn a_line_has_its_slope_and_a_single_place_none() {
        let line: Vec<(f64, f64)> = (0..10).map(|x| (f64::from(x), f64::from(3 * x - 5))).collect();
        assert!((slope(&line).unwrap() - 3.0).abs() < 1e-12);
        assert_eq!(slope(&[]), None);
        assert_eq!(slope(&[(1.0, 2.0)]), None);
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn noise_and_a_single_step_change_little_of_it() {
        let mut random = stream(1, Purpose::Simulation, 0);
        let noisy: Vec<(f64, f64)> = (0..600)
            .map(|x| (f64::from(x), 2.0 * f64::from(x) + random.random_range(-50.0..50.0)))
            .collect();
        assert!((slope(&noisy).unwrap() - 2.0).abs() < 0.1);
        let spike: Vec<(f64, f64)> =
            (0..600).map(|x| (f64::from(x), if x == 300 { 500.0 } else { 0.0 })).collect();
        assert!(slope(&spike).unwrap().abs() < 0.01);
    }
}
