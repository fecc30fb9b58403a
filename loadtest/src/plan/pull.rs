//! How often agents must pull so that a wanted share of those who wait for it lose patience.

/// Halvings of the interval in which the rate is searched.
const HALVINGS: u32 = 60;
/// Places in line that are looked at.
const LINE: u32 = 10_000;

/// Share of the customers of a pulled line who leave before somebody pulls them, where arrivals
/// and pulls are Poisson and patience is exponential.
fn lost_share(arrivals: f64, pulls: f64, patience_s: f64) -> f64 {
    let (mut state, mut whole, mut line) = (1.0, 1.0, 0.0);
    for place in 1..=LINE {
        state *= arrivals / (pulls + f64::from(place) / patience_s);
        whole += state;
        line += state * f64::from(place);
        if state < 1e-15 * whole {
            break;
        }
    }
    line / whole / patience_s / arrivals
}

/// Pulls per second at which so large a share of a line's customers leaves. All in seconds and
/// per second.
#[must_use]
pub fn pulls_per_second(arrivals: f64, patience_s: f64, lost: f64) -> f64 {
    let (mut few, mut many) = (0.0, arrivals + 1000.0 / patience_s + 1000.0 * arrivals);
    for _ in 0..HALVINGS {
        let middle = (few + many) / 2.0;
        if lost_share(arrivals, middle, patience_s) > lost { few = middle } else { many = middle }
    }
    many
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand::RngExt;
    use rand_distr::Exp1;

    #[test]
    fn the_rate_loses_the_wanted_share_in_a_simulated_line() {
        let (arrivals, patience, wanted) = (0.3, 3.0, 0.2);
        let pulls = pulls_per_second(arrivals, patience, wanted);
        let mut random = stream(1, Purpose::Simulation, 2);
        let (mut arrival, mut pull) = (0.0, 0.0);
        let (mut line, mut lost, mut count) = (Vec::<f64>::new(), 0u32, 0u32);
        while count < 100_000 {
            if arrival <= pull {
                line.push(arrival + random.sample::<f64, _>(Exp1) * patience);
                count += 1;
                arrival += random.sample::<f64, _>(Exp1) / arrivals;
            } else {
                let before = line.len();
                line.retain(|leaves| *leaves > pull);
                lost += u32::try_from(before - line.len()).unwrap();
                if !line.is_empty() {
                    line.remove(0);
                }
                pull += random.sample::<f64, _>(Exp1) / pulls;
            }
        }
        let share = f64::from(lost) / f64::from(count);
        assert!((share - wanted).abs() < 0.01, "{share}");
    }
}
