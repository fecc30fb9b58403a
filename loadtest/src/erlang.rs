//! The queueing formulas that the router is held against: Erlang B, C and A.
//!
//! Arrivals are Poisson, service and patience exponential, agents have one seat.

/// What a formula says of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Share of the customers who wait at all.
    pub waiting_share: f64,
    /// Mean wait of all customers, in units of the mean service time.
    pub mean_wait: f64,
    /// Share of the customers who leave before they are served.
    pub abandoned_share: f64,
}

/// Terms of Erlang A's sum below this share of the whole are left out.
const NEGLIGIBLE: f64 = 1e-15;
/// Most places in line that Erlang A's sum looks at.
const LINE: u32 = 10_000_000;

/// Share of the customers who find no free agent where nobody can wait (Erlang B).
///
/// `load` is arrival rate times mean service time, in erlangs.
#[must_use]
pub fn blocked_share(agents: u32, load: f64) -> f64 {
    (1..=agents).fold(1.0, |blocked, agent| load * blocked / (f64::from(agent) + load * blocked))
}

/// Customers who wait without end (Erlang C); absent when the load is not below the agents: the
/// line then grows for ever.
#[must_use]
pub fn patient(agents: u32, load: f64) -> Option<Forecast> {
    let count = f64::from(agents);
    if !(load > 0.0 && load < count) {
        return None;
    }
    let blocked = blocked_share(agents, load);
    let waiting_share = blocked / (1.0 - load / count * (1.0 - blocked));
    let mean_wait = waiting_share / (count - load);
    Some(Forecast { waiting_share, mean_wait, abandoned_share: 0.0 })
}

/// Customers who leave the line when their patience ends (Erlang A, Palm's model).
///
/// `patience` is the mean patience in units of the mean service time. Any load above 0 has an
/// answer.
#[must_use]
pub fn impatient(agents: u32, load: f64, patience: f64) -> Option<Forecast> {
    if !(load > 0.0 && load.is_finite() && patience > 0.0 && patience.is_finite()) || agents == 0 {
        return None;
    }
    let blocked = blocked_share(agents, load);
    // Everything relative to the state with all agents busy and nobody in line. Erlang B is that
    // state's share among the states without a line.
    let without_line = 1.0 / blocked;
    let mut state = 1.0;
    let (mut with_line, mut line) = (0.0, 0.0);
    for place in 1..=LINE {
        state *= load / (f64::from(agents) + f64::from(place) / patience);
        with_line += state;
        line += state * f64::from(place);
        if state * f64::from(place) < NEGLIGIBLE * line {
            break;
        }
    }
    let whole = without_line + with_line;
    let mean_line = line / whole;
    Some(Forecast {
        waiting_share: (1.0 + with_line) / whole,
        mean_wait: mean_line / load,
        abandoned_share: mean_line / (patience * load),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, published: f64, within: f64) {
        assert!((value - published).abs() <= within, "{value} is not {published}");
    }

    #[test]
    fn erlang_b_gives_the_values_of_the_tables() {
        near(blocked_share(10, 5.0), 0.018_385, 5e-7);
        near(blocked_share(10, 8.0), 0.121_661, 5e-7);
        near(blocked_share(1, 1.0), 0.5, 1e-12);
        // The classic table: 1 % of blocking allows 4.461 erlangs on 10 lines, 84.1 on 100.
        near(blocked_share(10, 4.461), 0.01, 1e-5);
        near(blocked_share(100, 84.1), 0.01, 1e-4);
    }

    #[test]
    fn erlang_c_gives_the_values_of_the_tables() {
        near(patient(10, 8.0).unwrap().waiting_share, 0.409_180, 1e-6);
        // One agent: the share that waits is the load, the wait is load / (1 - load).
        let single = patient(1, 0.8).unwrap();
        near(single.waiting_share, 0.8, 1e-12);
        near(single.mean_wait, 4.0, 1e-12);
        // Two agents at three quarters: 9/14 wait.
        near(patient(2, 1.5).unwrap().waiting_share, 9.0 / 14.0, 1e-12);
        assert_eq!(patient(10, 10.0), None);
    }

    /// Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A queue": 48 calls a
    /// minute, service 1 minute, patience 2 minutes, 50 agents. Without patience the average wait
    /// is 20.8 s; with it 3.1 % abandon and the average wait is 3.7 s.
    #[test]
    fn erlang_a_gives_the_published_example() {
        let erlang_c = patient(50, 48.0).unwrap();
        near(erlang_c.mean_wait * 60.0, 20.8, 0.05);
        let erlang_a = impatient(50, 48.0, 2.0).unwrap();
        near(erlang_a.abandoned_share, 0.031, 0.0005);
        near(erlang_a.mean_wait * 60.0, 3.7, 0.05);
    }

    #[test]
    fn erlang_a_lies_between_erlang_b_and_c() {
        let patient_ones = patient(20, 17.0).unwrap();
        let nearly = impatient(20, 17.0, 1e7).unwrap();
        near(nearly.waiting_share, patient_ones.waiting_share, 1e-4);
        near(nearly.mean_wait, patient_ones.mean_wait, 1e-4);
        let hasty = impatient(20, 17.0, 1e-7).unwrap();
        near(hasty.abandoned_share, blocked_share(20, 17.0), 1e-4);
        // More load than agents has an answer too: what they cannot take abandons.
        near(impatient(10, 100.0, 1.0).unwrap().abandoned_share, 0.9, 1e-3);
    }
}
