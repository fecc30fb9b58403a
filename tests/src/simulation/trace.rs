//! The last lines of what happened, for a run that is repeated to be understood.

use std::collections::VecDeque;
use std::fmt;

/// Lines that are kept.
const LINES: usize = 4000;

/// What happened last; nothing while it is off.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<VecDeque<String>>,
}

impl Trace {
    /// Keeps lines from now on.
    #[must_use]
    pub fn on() -> Self {
        Self { lines: Some(VecDeque::new()) }
    }

    /// Keeps what `line` says.
    pub fn line<T: fmt::Display>(&mut self, line: impl FnOnce() -> T) {
        let Some(lines) = &mut self.lines else { return };
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line().to_string());
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flatten().map(String::as_str)
    }
}
