//! What a soak leaves behind: everything of it as JSON, one page to look at, and a table.

use super::events::{Ending, Happening, Kinds, Who};
use super::judge::Line;
use super::page;
use super::sample::Sample;
use crate::machine::Machine;
use crate::phases::{Figures, Phase, Recorder};
use crate::plan::staff::Staff;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the form of `soak.json`.
pub const FORMAT: u32 = 2;

/// Everything of a soak.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the load test.
    pub version: String,
    /// The command that made it.
    pub command: String,
    /// Where it ran.
    pub machine: Machine,
    /// Everything random came from it.
    pub seed: u64,
    /// Arrivals per second, on average.
    pub rate: f64,
    /// How long they arrived, in seconds.
    pub duration_s: f64,
    /// So long after all were back from a restart nothing was measured, in seconds.
    pub settling_s: f64,
    /// Who worked where.
    pub staff: Staff,
    /// Arrivals that were due.
    pub planned: u64,
    /// Hand-offs acknowledged.
    pub accepted: u64,
    /// Hand-offs refused or failed.
    pub refused: u64,
    /// Messages acknowledged.
    pub messages: u64,
    /// Changes of the directory that were acknowledged.
    pub changes: u64,
    /// How long things took.
    pub latencies: Vec<Latencies>,
    /// The verdict.
    pub lines: Vec<Line>,
    /// The first few violations of the correctness counters in words.
    pub examples: Vec<String>,
    /// Requests that came to nothing and connections that were lost, by kind and reason.
    pub errors: BTreeMap<String, u64>,
    /// What happened, and when.
    pub marks: Vec<Mark>,
    /// Second by second.
    pub samples: Vec<Sample>,
}

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// When, in seconds from the start of the arrivals.
    pub at_s: f64,
    /// What.
    pub what: Happening,
}

/// How long a phase took.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Latencies {
    /// Name of the phase.
    pub phase: String,
    /// What began when nothing was disturbed.
    pub calm: Figures,
    /// What began before the end of a disturbance.
    pub disturbed: Figures,
}

impl Latencies {
    /// Of every phase.
    #[must_use]
    pub fn all(recorder: &Recorder) -> Vec<Self> {
        let of = |phase: Phase| Self {
            phase: phase.name().to_owned(),
            calm: Figures::of(&recorder.whole(phase)),
            disturbed: Figures::of(&recorder.apart(phase)),
        };
        Phase::ALL.into_iter().map(of).collect()
    }
}

impl Happening {
    /// In a word or two; absent for a change of the directory.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Restart(Ending::Kill) => Some("SIGKILL"),
            Self::Restart(Ending::Terminate) => Some("SIGTERM"),
            Self::Storm(Who::Agents) => Some("agents cut"),
            Self::Storm(Who::Bots) => Some("bots cut"),
            Self::Change(_) => None,
        }
    }
}

impl Report {
    /// Does every line hold?
    #[must_use]
    pub fn passed(&self) -> bool {
        self.lines.iter().all(|line| line.holds)
    }

    /// Writes `soak.json` and `soak.html` into a folder, which is made if need be.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        let put = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
        };
        put("soak.json", serde_json::to_string_pretty(self)?)?;
        put("soak.html", page::page(self))
    }

    /// The table of the verdict and what belongs to it, in lines.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = vec![self.told()];
        lines.push(format!(
            "{:<24} {:>9} {:>9} {:>9} {:>9}   {:>9} {:>9} {:>9}",
            "ms", "count", "p50", "p99", "max", "disturbed", "p50", "max"
        ));
        for Latencies { phase, calm, disturbed } in &self.latencies {
            let ms = |us: u64| us as f64 / 1e3;
            lines.push(format!(
                "{phase:<24} {:>9} {:>9.2} {:>9.2} {:>9.2}   {:>9} {:>9.2} {:>9.2}",
                calm.count,
                ms(calm.p50_us),
                ms(calm.p99_us),
                ms(calm.max_us),
                disturbed.count,
                ms(disturbed.p50_us),
                ms(disturbed.max_us)
            ));
        }
        for Line { what, measured, bound, holds } in &self.lines {
            let verdict = if *holds { "holds" } else { "FAILS" };
            lines.push(format!("{verdict}  {what:<27} {measured:<44} {bound}"));
        }
        lines.extend(self.examples.iter().map(|example| format!("  {example}")));
        lines.extend(self.errors.iter().map(|(what, count)| format!("  {count} x {what}")));
        lines.push(if self.passed() { "passed".into() } else { "FAILED".into() });
        lines.join("\n")
    }

    /// What was done, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        let kinds = Kinds::of(self.marks.iter().map(|mark| mark.what));
        format!(
            "{:.1}/s for {:.0} s, {} agents with {} seats, {} bots, seed {}: {} hand-offs, {} \
             messages, {} restarts, {} storms, {} changes of the directory",
            self.rate,
            self.duration_s,
            self.staff.agents,
            self.staff.seats,
            self.staff.bots,
            self.seed,
            self.accepted,
            self.messages,
            kinds.restarts,
            kinds.storms,
            self.changes,
        )
    }
}
