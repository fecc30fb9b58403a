//! Means of values that depend on each other, with an honest interval.

/// How many batches a series is cut into.
pub const BATCHES: usize = 20;
/// Student's t for 99 % on both sides and one degree of freedom less than there are batches.
const STUDENT_99: f64 = 2.860_934_606;

/// A mean and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half of the 99 % confidence interval.
    pub half_width: f64,
}

impl Estimate {
    /// The mean of a series whose neighbours depend on each other (the waits of one line), by
    /// batch means: the means of [`BATCHES`] long stretches are nearly independent. What is left
    /// over at the end of the series after whole batches is not used. Absent when the series is
    /// shorter than ten values a batch.
    #[must_use]
    pub fn of_series(values: &[f64]) -> Option<Self> {
        let length = values.len() / BATCHES;
        if length < 10 {
            return None;
        }
        let means: Vec<f64> = values
            .chunks_exact(length)
            .take(BATCHES)
            .map(|batch| batch.iter().sum::<f64>() / length as f64)
            .collect();
        let count = BATCHES as f64;
        let mean = means.iter().sum::<f64>() / count;
        let variance =
            means.iter().map(|batch| (batch - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Some(Self { mean, half_width: STUDENT_99 * (variance / count).sqrt() })
    }

    /// Is a value inside the interval?
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erlang;
    use crate::random::{Purpose, stream};
    use rand::RngExt;
    use rand_distr::Exp1;

    #[test]
    fn the_interval_holds_the_mean_and_not_what_is_far_from_it() {
        let mut random = stream(1, Purpose::Simulation, 0);
        let values: Vec<f64> = (0..20_000).map(|_| random.sample(Exp1)).collect();
        let estimate = Estimate::of_series(&values).unwrap();
        assert!(estimate.holds(1.0), "{estimate:?}");
        assert!(!estimate.holds(1.1), "{estimate:?}");
        assert!(!estimate.holds(0.9), "{estimate:?}");
        assert_eq!(Estimate::of_series(&values[..199]), None);
    }

    /// The waits of a plain simulated queue, agent by agent, in the order of arrival.
    fn simulated_waits(seed: u64, agents: usize, load: f64, customers: usize) -> Vec<f64> {
        let mut random = stream(seed, Purpose::Simulation, 1);
        let mut free_at = vec![0.0f64; agents];
        let mut now = 0.0;
        let mut waits = Vec::with_capacity(customers);
        for _ in 0..customers {
            now += random.sample::<f64, _>(Exp1) / load;
            let first =
                free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("the queue has agents");
            let start = first.max(now);
            *first = start + random.sample::<f64, _>(Exp1);
            waits.push(start - now);
        }
        waits
    }

    /// What the `erlang` command does, with a simulated queue in the place of the daemon: the
    /// formula lies inside the interval, and that of a queue with one agent less does not.
    #[test]
    fn a_simulated_queue_agrees_with_its_own_formula_only() {
        for occupancy in [0.7, 0.85] {
            let agents = 10u32;
            let load = f64::from(agents) * occupancy;
            let waits = simulated_waits(11, agents as usize, load, 200_000);
            let estimate = Estimate::of_series(&waits).unwrap();
            let right = erlang::patient(agents, load).unwrap().mean_wait;
            let wrong = erlang::patient(agents - 1, load).unwrap().mean_wait;
            assert!(estimate.holds(right), "{occupancy}: {right} {estimate:?}");
            assert!(!estimate.holds(wrong), "{occupancy}: {wrong} {estimate:?}");
        }
    }
}
