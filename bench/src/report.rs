//! What a run prints: a table for people, JSON for machines.

use crate::machine::Machine;
use crate::statistics::Spread;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Everything that a run measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// On what.
    pub machine: Machine,
    /// What was measured, in order.
    pub rows: Vec<Row>,
}

/// One measurement beside its raw limit.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// Of both figures.
    pub unit: &'static str,
    /// What the raw limit is.
    pub raw_name: String,
    /// The raw limit.
    pub raw: Option<Spread>,
    /// Relevo, or whatever stands against the limit.
    pub measured: Option<Spread>,
    /// Measured ÷ raw, pair by pair.
    pub ratio: Option<Spread>,
    /// What was asked for.
    pub required: Required,
    /// What came of it.
    pub verdict: Verdict,
    /// Further figures of the row: name and value.
    pub notes: Vec<(String, String)>,
}

/// What a row must reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// Printed, not judged.
    Nothing,
    /// The median ratio is at least this.
    RatioAtLeast(f64),
    /// The median ratio is at most this.
    RatioAtMost(f64),
    /// The measured median is at least this.
    AtLeast(f64),
    /// The measured median is at most this.
    AtMost(f64),
}

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What was required is reached.
    Met,
    /// It is not.
    Missed,
    /// The raw limit is itself weak: the ratio says nothing.
    Void(String),
    /// Not judged: nothing is required, or the run was too short for a claim.
    NoClaim,
}

impl Row {
    /// A row of measurements without a raw limit, not judged yet.
    #[must_use]
    pub fn alone(name: impl Into<String>, unit: &'static str, measured: &[f64]) -> Self {
        Self {
            name: name.into(),
            unit,
            raw_name: String::new(),
            raw: None,
            measured: Spread::of(measured),
            ratio: None,
            required: Required::Nothing,
            verdict: Verdict::NoClaim,
            notes: Vec::new(),
        }
    }

    /// A row of alternating pairs, not judged yet.
    #[must_use]
    pub fn beside(
        name: impl Into<String>,
        unit: &'static str,
        measured: &[f64],
        raw_name: impl Into<String>,
        raw: &[f64],
    ) -> Self {
        Self {
            raw_name: raw_name.into(),
            raw: Spread::of(raw),
            ratio: Spread::of_ratios(measured, raw),
            ..Self::alone(name, unit, measured)
        }
    }

    /// Judges the row. `claim` is false for runs too short for one; `void` says why the raw limit is
    /// weak.
    #[must_use]
    pub fn judged(mut self, required: Required, claim: bool, void: Option<String>) -> Self {
        self.required = required;
        let ratio = self.ratio.map(|spread| spread.median);
        let measured = self.measured.map(|spread| spread.median);
        let met = match required {
            Required::Nothing => None,
            Required::RatioAtLeast(least) => ratio.map(|ratio| ratio >= least),
            Required::RatioAtMost(most) => ratio.map(|ratio| ratio <= most),
            Required::AtLeast(least) => measured.map(|measured| measured >= least),
            Required::AtMost(most) => measured.map(|measured| measured <= most),
        };
        self.verdict = match (void, met) {
            (Some(reason), _) => Verdict::Void(reason),
            (None, Some(met)) if claim => {
                if met {
                    Verdict::Met
                } else {
                    Verdict::Missed
                }
            }
            (None, Some(_) | None) => Verdict::NoClaim,
        };
        self
    }

    /// Adds a further figure.
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.notes.push((name.into(), value.into()));
        self
    }
}

impl Report {
    /// An empty one of this machine.
    #[must_use]
    pub fn new() -> Self {
        Self { machine: Machine::look(), rows: Vec::new() }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> String {
        let head =
            ["measured", "unit", "value", "raw limit", "value", "ratio", "required", "verdict"];
        let mut lines: Vec<[String; 8]> = vec![head.map(str::to_owned)];
        lines.extend(self.rows.iter().map(cells));
        let widths: Vec<usize> = (0..head.len())
            .map(|at| lines.iter().map(|cells| cells[at].chars().count()).max().unwrap_or(0))
            .collect();
        let mut out = format!("{}\n{}\n\n", self.machine.line(), self.machine.command);
        for (line, row) in lines.iter().zip(std::iter::once(None).chain(self.rows.iter().map(Some)))
        {
            for (cell, width) in line.iter().zip(&widths) {
                let _ = write!(out, "{cell:width$}  ");
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
            for (name, value) in row.map_or(&[][..], |row| &row.notes) {
                let _ = writeln!(out, "    {name}: {value}");
            }
        }
        out
    }

    /// Prints the table, and writes JSON if a file is named.
    ///
    /// # Errors
    /// The file cannot be written.
    #[expect(clippy::print_stdout, reason = "the table is what this program is for")]
    pub fn publish(&self, json: Option<&Path>) -> Result<()> {
        println!("{}", self.table());
        if let Some(path) = json {
            let text = serde_json::to_string_pretty(self)?;
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

fn cells(row: &Row) -> [String; 8] {
    let verdict = match &row.verdict {
        Verdict::Met => "met".to_owned(),
        Verdict::Missed => "MISSED".to_owned(),
        Verdict::Void(reason) => format!("VOID: {reason}"),
        Verdict::NoClaim => "-".to_owned(),
    };
    let required = match row.required {
        Required::Nothing => "-".to_owned(),
        Required::RatioAtLeast(ratio) => format!("ratio ≥ {ratio}"),
        Required::RatioAtMost(ratio) => format!("ratio ≤ {ratio}"),
        Required::AtLeast(least) => format!("≥ {}", figure(least)),
        Required::AtMost(most) => format!("≤ {}", figure(most)),
    };
    let ratio = row.ratio.map_or("-".to_owned(), |ratio| {
        format!("{:.2} ({:.2} – {:.2})", ratio.median, ratio.least, ratio.greatest)
    });
    [
        row.name.clone(),
        row.unit.to_owned(),
        row.measured.map_or("-".to_owned(), spread),
        row.raw_name.clone(),
        row.raw.map_or("-".to_owned(), spread),
        ratio,
        required,
        verdict,
    ]
}

fn spread(spread: Spread) -> String {
    if spread.count == 1 {
        return figure(spread.median);
    }
    format!("{} ({} – {})", figure(spread.median), figure(spread.least), figure(spread.greatest))
}

/// A number with as many digits as say something, thousands apart.
#[must_use]
pub fn figure(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measured: &[f64], raw: &[f64]) -> Row {
        Row::beside("relay", "messages/s", measured, "bare relay", raw)
    }

    #[test]
    fn the_median_ratio_is_judged() {
        let pairs = row(&[40.0, 50.0, 10.0], &[100.0, 100.0, 100.0]);
        let judged = |required| pairs.clone().judged(required, true, None).verdict;
        assert_eq!(judged(Required::RatioAtLeast(0.4)), Verdict::Met);
        assert_eq!(judged(Required::RatioAtLeast(0.41)), Verdict::Missed);
        assert_eq!(judged(Required::RatioAtMost(0.3)), Verdict::Missed);
        assert_eq!(judged(Required::AtMost(40.0)), Verdict::Met);
        assert_eq!(judged(Required::AtLeast(41.0)), Verdict::Missed);
        assert_eq!(judged(Required::Nothing), Verdict::NoClaim);
    }

    #[test]
    fn a_weak_limit_or_a_short_run_claims_nothing() {
        let required = Required::RatioAtLeast(0.4);
        let void = row(&[90.0], &[100.0]).judged(required, true, Some("weak".to_owned()));
        assert_eq!(void.verdict, Verdict::Void("weak".to_owned()));
        let short = row(&[90.0], &[100.0]).judged(required, false, None);
        assert_eq!(short.verdict, Verdict::NoClaim);
        let nothing = row(&[], &[]).judged(required, true, None);
        assert_eq!(nothing.verdict, Verdict::NoClaim);
    }

    #[test]
    fn the_table_shows_spread_verdict_and_notes() {
        let row = row(&[90_000.0, 100_000.0, 110_000.0], &[200_000.0; 3])
            .judged(Required::RatioAtLeast(0.4), true, None)
            .note("bare echo", "100,000/s");
        let report = Report { machine: Machine::look(), rows: vec![row] };
        let table = report.table();
        assert!(table.contains("100,000 (90,000 – 110,000)"), "{table}");
        assert!(table.contains("0.50 (0.45 – 0.55)"), "{table}");
        assert!(table.contains("ratio ≥ 0.4"), "{table}");
        assert!(table.contains("    bare echo: 100,000/s\n"), "{table}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["rows"][0]["verdict"], "met");
        assert_eq!(json["rows"][0]["ratio"]["median"], 0.5);
    }

    #[test]
    fn figures_are_readable() {
        assert_eq!(figure(1_234_567.4), "1,234,567");
        assert_eq!(figure(0.456), "0.46");
        assert_eq!(figure(-1500.0), "-1,500");
        assert_eq!(figure(999.6), "1,000");
    }
}
