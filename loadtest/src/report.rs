//! What a run leaves behind: everything of it as JSON (with whole histograms), histograms as
//! `.hgrm`, and one page to look at.

use crate::checker::{Counter, Verdict};
use crate::machine::{Machine, Usage};
use crate::phases::{Phase, Recorder};
use crate::plan::Plan;
use crate::plan::staff::Staff;
use crate::ramp::Step;
use crate::run::Row;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

pub mod histogram;
pub(crate) mod page;
pub(crate) mod plot;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::report as example;

pub use histogram::Stored;

/// Version of the form of `report.json`.
pub const FORMAT: u32 = 1;
/// Name of the report that `compare` reads.
pub const FILE: &str = "report.json";

/// Everything of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the load test.
    pub version: String,
    /// The command that made it.
    pub command: String,
    /// What was asked.
    pub scenario: Scenario,
    /// Where it ran.
    pub machine: Machine,
    /// How well the generator kept its promise.
    pub generator: Generator,
    /// How long things took.
    pub phases: Vec<PhaseReport>,
    /// Was it right?
    pub verdict: Verdict,
    /// What kinds of conversations there were.
    pub mix: Mix,
    /// How busy the agents were.
    pub occupancy: Occupancy,
    /// Second by second.
    pub timeline: Vec<Row>,
    /// The steps of the search for the saturated rate, if there was one.
    pub ramp: Vec<Step>,
    /// What the daemon used at the end, where it was started by the load test.
    pub daemon: Option<Usage>,
    /// Requests that came to nothing and connections that were lost, by kind and reason.
    pub errors: BTreeMap<String, u64>,
    /// Why the run has failed; empty when it passed.
    pub failures: Vec<String>,
}

/// What was asked: only runs that were asked the same are compared.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scenario {
    /// What conversations are like.
    pub plan: Plan,
    /// Who works where.
    pub staff: Staff,
    /// How customers arrive, in words.
    pub arrivals: String,
    /// Arrivals per second, on average.
    pub rate: f64,
    /// How long they arrive, in seconds.
    pub duration_s: f64,
    /// Times are divided by this.
    pub speed: f64,
    /// Mean service time, in seconds.
    pub service_mean_s: f64,
    /// Where the texts come from.
    pub bodies: String,
}

/// How well the generator kept its promise.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Generator {
    /// Arrivals that were due.
    pub planned: u64,
    /// Hand-offs sent.
    pub issued: u64,
    /// Hand-offs acknowledged.
    pub accepted: u64,
    /// Hand-offs refused or failed.
    pub refused: u64,
    /// Acknowledged of planned.
    pub reached: f64,
    /// 99 of 100 acts were taken up within this, in microseconds.
    pub slippage_p99_us: u64,
    /// Most that it may be.
    pub slippage_limit_us: u64,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// What it lies between.
    pub meaning: String,
    /// Every value of it.
    pub histogram: Stored,
}

/// What kinds of conversations there were.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Mix {
    /// Conversations that ended, by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Messages acknowledged.
    pub messages: u64,
    /// Share of the conversations whose customer left without ever having an agent.
    pub lost_share: f64,
    /// Transfers for each conversation.
    pub transferred_share: f64,
    /// Share of the sessions whose connection was cut on purpose.
    pub dropped_share: f64,
    /// Connections that were lost and not cut on purpose.
    pub lost_connections: u64,
}

/// How busy the agents were in the busiest stretch.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Occupancy {
    /// Planned share of the seats in use.
    pub planned: f64,
    /// Measured share, from the times in the entries.
    pub measured: f64,
    /// The stretch, in seconds from the start.
    pub window_s: [f64; 2],
}

impl Report {
    /// Has the run passed?
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// Writes `report.json`, a `.hgrm` for each phase and `report.html` into a folder, which is
    /// made if need be.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        let put = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
        };
        put(FILE, serde_json::to_string_pretty(self)?)?;
        for phase in &self.phases {
            put(&format!("{}.hgrm", phase.name), phase.histogram.percentile_text()?)?;
        }
        put("report.html", page::page(self)?)
    }

    /// Reads a report: the file itself, or the folder that it lies in.
    ///
    /// # Errors
    /// There is none, it is no report, or one of another form.
    pub fn read(path: &Path) -> Result<Self> {
        let path = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => Ok(serde_json::from_value(value)?),
            Some(format) => bail!("form {format} of a report; this program reads {FORMAT}"),
            None => bail!("no report of the load test: it has no \"format\""),
        }
    }

    /// What a reader wants to know first, in lines.
    ///
    /// # Errors
    /// A histogram cannot be read.
    pub fn summary(&self) -> Result<String> {
        let mut lines = vec![format!(
            "{}: {:.1}/s for {:.0} s, {} agents with {} seats, {} bots",
            self.scenario.arrivals,
            self.scenario.rate,
            self.scenario.duration_s,
            self.scenario.staff.agents,
            self.scenario.staff.seats,
            self.scenario.staff.bots,
        )];
        let Generator { planned, accepted, reached, slippage_p99_us, .. } = &self.generator;
        lines.push(format!(
            "hand-offs: {accepted} of {planned} acknowledged ({:.2} %), slippage p99 {slippage_p99_us} us",
            reached * 100.0
        ));
        lines.push(format!(
            "mix: {:.2} % lost, {:.2} % transferred, {:.2} % of the sessions dropped, {} messages",
            self.mix.lost_share * 100.0,
            self.mix.transferred_share * 100.0,
            self.mix.dropped_share * 100.0,
            self.mix.messages,
        ));
        lines.push(format!(
            "occupancy in the busiest stretch: {:.1} % (planned {:.1} %)",
            self.occupancy.measured * 100.0,
            self.occupancy.planned * 100.0
        ));
        lines.push(format!(
            "{:<24} {:>9} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "ms", "count", "p50", "p90", "p99", "p99.9", "max"
        ));
        for phase in &self.phases {
            lines.push(phase.line()?);
        }
        for (counter, count) in self.verdict.iter() {
            let (name, base) = (counter.name(), counter.base());
            let (wrong, checked) = (count.violations, count.checked);
            lines.push(format!("{name:<28} {wrong:>6} of {checked} {base}"));
        }
        lines.extend(self.verdict.examples.iter().map(|example| format!("  {example}")));
        lines.extend(self.errors.iter().map(|(what, count)| format!("  {count} x {what}")));
        lines.extend(self.failures.iter().map(|why| format!("FAILED: {why}")));
        if self.passed() {
            lines.push("passed".into());
        }
        Ok(lines.join("\n"))
    }
}

impl PhaseReport {
    /// Every phase of a recorder.
    ///
    /// # Errors
    /// A histogram cannot be written.
    pub fn all(recorder: &Recorder) -> Result<Vec<Self>> {
        let report = |phase: Phase| {
            let histogram = Stored::new(&recorder.whole(phase))?;
            let (name, meaning) = (phase.name().to_owned(), phase.meaning().to_owned());
            Ok(Self { name, meaning, histogram })
        };
        Phase::ALL.into_iter().map(report).collect()
    }

    fn line(&self) -> Result<String> {
        let histogram = self.histogram.read()?;
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
        Ok(format!(
            "{:<24} {:>9} {:>10.3} {:>10.3} {:>10.3} {:>10.3} {:>10.3}",
            self.name,
            histogram.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            histogram.max() as f64 / 1000.0
        ))
    }
}

/// Counters that a run of this plan has no base for.
#[must_use]
pub fn without_base(plan: &Plan) -> &'static [Counter] {
    if plan.messages_per_ticket == 0 { &[Counter::Altered] } else { &[] }
}
