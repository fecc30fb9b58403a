//! Looks for bugs, seed by seed, and holds each seed that found one against a run without any.

use std::io::{self, Write};
use std::time::Instant;

/// Looks for every bug in at most so many seeds, and tells of each. `fails` runs a seed with a bug, by
/// its place among the names, or with none, and says how it failed. True when every bug was found,
/// and each in a seed that holds without it: a simulator that fails whatever it runs finds nothing.
///
/// # Errors
/// The output failed.
pub fn search(
    out: &mut impl Write,
    bugs: &[String],
    seeds: u64,
    mut fails: impl FnMut(Option<usize>, u64) -> Option<String>,
) -> io::Result<bool> {
    let mut all = true;
    let mut clean = Vec::new();
    for (bug, name) in bugs.iter().enumerate() {
        let began = Instant::now();
        let found = (1..=seeds).find_map(|seed| Some((seed, fails(Some(bug), seed)?)));
        let took = began.elapsed().as_secs_f64();
        let Some((seed, how)) = found else {
            all = false;
            writeln!(out, "{name:<18} not found in {seeds} seeds, {took:.1} s")?;
            continue;
        };
        writeln!(out, "{name:<18} seed {seed:>5} {took:>7.1} s  {how}")?;
        if !clean.contains(&seed) {
            if let Some(how) = fails(None, seed) {
                writeln!(out, "seed {seed} fails without a bug too, and shows nothing: {how}")?;
                return Ok(false);
            }
            clean.push(seed);
        }
        out.flush()?;
    }
    clean.sort_unstable();
    writeln!(out, "without a bug no invariant is broken in the seeds {clean:?}")?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of two bugs.
    fn told(fails: impl FnMut(Option<usize>, u64) -> Option<String>) -> (bool, String) {
        let mut out = Vec::new();
        let bugs = ["Early".to_owned(), "Late".to_owned()];
        let all = search(&mut out, &bugs, 5, fails).unwrap();
        (all, String::from_utf8(out).unwrap())
    }

    fn broken() -> Option<String> {
        Some("broken".to_owned())
    }

    #[test]
    fn every_bug_is_found_in_a_seed_that_is_clean_without_it() {
        let (all, told) = told(|bug, seed| match bug {
            Some(0) => broken(),
            Some(_) if seed == 4 => broken(),
            Some(_) | None => None,
        });
        assert!(all && told.contains("in the seeds [1, 4]"), "{told}");
    }

    #[test]
    fn a_bug_that_no_seed_shows_is_told() {
        let (all, told) = told(|bug, _| bug.filter(|bug| *bug == 0).and_then(|_| broken()));
        assert!(!all && told.contains("not found in 5 seeds"), "{told}");
    }

    #[test]
    fn a_simulator_that_fails_without_a_bug_has_found_none() {
        let (all, told) = told(|_, _| broken());
        assert!(!all && told.contains("seed 1 fails without a bug too"), "{told}");
    }
}
