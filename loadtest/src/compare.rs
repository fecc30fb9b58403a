//! Two reports side by side. Runs that were not asked the same, on the same machine, or that did
//! not pass are not compared.

use crate::plan::Plan;
use crate::report::{Report, Scenario};
use anyhow::Result;

/// Rates and lengths that differ by no more than this share count as the same.
const SAME: f64 = 0.01;
/// What is compared of a histogram.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// A quantile of a phase in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Name of the phase.
    pub phase: String,
    /// Name of the quantile.
    pub quantile: &'static str,
    /// In the first run, in microseconds.
    pub first_us: u64,
    /// In the second.
    pub second_us: u64,
    /// Second by first.
    pub ratio: f64,
}

/// Why two runs cannot be compared; empty when they can.
#[must_use]
pub fn obstacles(first: &Report, second: &Report) -> Vec<String> {
    let mut reasons = Vec::new();
    for (name, report) in [("first", first), ("second", second)] {
        if let Some(why) = report.failures.first() {
            reasons.push(format!("the {name} run failed: {why}"));
        }
        if !report.machine.optimized {
            reasons.push(format!("the {name} run was of a load test without optimizations"));
        }
    }
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            reasons.push(format!("{what}: {a} and {b}"));
        }
    };
    let (a, b) = (&first.machine, &second.machine);
    differ("processors", a.cpu.clone(), b.cpu.clone());
    differ("cores", a.cores.to_string(), b.cores.to_string());
    differ("memory in MiB", a.memory_mib.to_string(), b.memory_mib.to_string());
    let (a, b) = (&first.scenario, &second.scenario);
    differ("arrivals", a.arrivals.clone(), b.arrivals.clone());
    differ("texts", a.bodies.clone(), b.bodies.clone());
    differ("people", format!("{:?}", a.staff), format!("{:?}", b.staff));
    // Another seed is another sample of the same scenario.
    let plan = |scenario: &Scenario| format!("{:?}", Plan { seed: 0, ..scenario.plan.clone() });
    differ("conversations", plan(a), plan(b));
    for (what, a, b) in [
        ("rates per second", a.rate, b.rate),
        ("lengths in seconds", a.duration_s, b.duration_s),
        ("service times in seconds", a.service_mean_s, b.service_mean_s),
        ("speeds", a.speed, b.speed),
    ] {
        if (a - b).abs() > SAME * a.abs().max(b.abs()) {
            reasons.push(format!("{what}: {a:.3} and {b:.3}"));
        }
    }
    reasons
}

/// Every phase that both runs have, quantile by quantile.
///
/// # Errors
/// A histogram cannot be read.
pub fn compare(first: &Report, second: &Report) -> Result<Vec<Compared>> {
    let mut rows = Vec::new();
    for a in &first.phases {
        let Some(b) = second.phases.iter().find(|b| b.name == a.name) else { continue };
        let (one, other) = (a.histogram.read()?, b.histogram.read()?);
        for (quantile, at) in QUANTILES {
            let first_us = one.value_at_quantile(at);
            let second_us = other.value_at_quantile(at);
            let ratio = second_us as f64 / first_us.max(1) as f64;
            rows.push(Compared { phase: a.name.clone(), quantile, first_us, second_us, ratio });
        }
    }
    Ok(rows)
}

/// The comparison as a table.
#[must_use]
pub fn table(rows: &[Compared]) -> String {
    let mut lines =
        vec![format!("{:<24} {:<6} {:>12} {:>12} {:>8}", "ms", "", "first", "second", "ratio")];
    lines.extend(rows.iter().map(|row| {
        format!(
            "{:<24} {:<6} {:>12.3} {:>12.3} {:>8.3}",
            row.phase,
            row.quantile,
            row.first_us as f64 / 1e3,
            row.second_us as f64 / 1e3,
            row.ratio
        )
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::{Phase, Recorder};
    use crate::report::{PhaseReport, example as report};

    fn optimized(change: impl FnOnce(&mut Report)) -> Report {
        report(|report| {
            report.machine.optimized = true;
            change(report);
        })
    }

    #[test]
    fn a_run_is_as_fast_as_itself_and_a_slower_one_is_told_by_how_much() {
        let first = optimized(|_| {});
        assert_eq!(obstacles(&first, &first), [""; 0]);
        assert!(compare(&first, &first).unwrap().iter().all(|row| row.ratio == 1.0));
        let slower = optimized(|report| {
            let recorder = Recorder::default();
            (1..=1000).for_each(|time| recorder.record(Phase::Assigned, time * 20));
            report.phases = PhaseReport::all(&recorder).unwrap();
        });
        let rows = compare(&first, &slower).unwrap();
        let p99 = rows.iter().find(|row| row.phase == "assigned" && row.quantile == "p99").unwrap();
        assert!((p99.ratio - 2.0).abs() < 0.01, "{p99:?}");
        assert!(table(&rows).lines().count() == rows.len() + 1);
    }

    #[test]
    fn runs_that_differ_in_what_was_asked_or_where_are_refused_with_the_reason() {
        let first = optimized(|_| {});
        type Change = fn(&mut Report);
        let cases: [(&str, Change); 8] = [
            ("the second run failed: x", |report| report.failures = vec!["x".into()]),
            ("without optimizations", |report| report.machine.optimized = false),
            ("processors", |report| report.machine.cpu = "other".into()),
            ("arrivals", |report| report.scenario.arrivals = "step".into()),
            ("people", |report| report.scenario.staff.agents = 5),
            ("conversations", |report| report.scenario.plan.messages_per_ticket = 2),
            ("rates", |report| report.scenario.rate = 51.0),
            ("texts", |report| report.scenario.bodies = "file".into()),
        ];
        for (part, change) in cases {
            let reasons = obstacles(&first, &optimized(change));
            assert!(reasons.len() == 1 && reasons[0].contains(part), "{part}: {reasons:?}");
        }
        let seed = optimized(|report| report.scenario.plan.seed = 2);
        assert!(obstacles(&first, &seed).is_empty());
    }
}
