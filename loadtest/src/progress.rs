//! Tells how far a run is: a bar on a terminal, plain lines elsewhere.

use crate::phases::Phase;
use crate::run::Row;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

/// A plain line every so many seconds.
const LINE_EVERY: u64 = 10;
/// What the bar looks like.
const STYLE: &str = "{prefix} [{elapsed_precise}] {bar:30} {pos}/{len} s {msg}";

/// Tells how far a run is.
pub struct Progress {
    bar: Option<ProgressBar>,
    name: String,
    seconds: u64,
    last_line: u64,
}

impl Progress {
    /// Of a run of this name and length.
    #[must_use]
    pub fn new(name: &str, seconds: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(STYLE)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(seconds).with_style(style).with_prefix(name.to_owned())
        });
        Self { bar, name: name.to_owned(), seconds, last_line: 0 }
    }

    /// Says something besides.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => say(&format!("{}: {text}", self.name)),
        }
    }

    /// A second has passed.
    pub fn row(&mut self, row: &Row) {
        let p99 = |phase| row.phase(phase).map_or(0.0, |figures| figures.p99_us as f64 / 1e3);
        let text = format!(
            "{:.0}/s, {} under way, {} waiting, p99 ms: hand-off {:.1}, notified {:.1}, relay {:.1}",
            row.rate,
            row.open,
            row.waiting,
            p99(Phase::HandOffAcknowledged),
            p99(Phase::NotifiedAtOnce),
            p99(Phase::RelayOneWay)
        );
        let second = row.at_s as u64;
        match &self.bar {
            Some(bar) => {
                bar.set_position(second.min(self.seconds));
                bar.set_message(text);
            }
            None if second >= self.last_line + LINE_EVERY => {
                self.last_line = second;
                say(&format!("{}: {second} of {} s: {text}", self.name, self.seconds));
            }
            None => {}
        }
    }

    /// It is over.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn say(text: &str) {
    // Nobody who reads: nothing lost.
    let _ = writeln!(std::io::stderr(), "{text}");
}
