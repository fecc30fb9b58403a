//! What is wrong in a file, where, and what would be right.

use super::reader::Located;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most problems that one reading reports; the rest would not be read by anybody.
const PROBLEMS_MAX: usize = 200;

/// One problem: shown as `file:line:column: what; what would be right`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named.
    pub file: PathBuf,
    /// From 1; 0 when the file could not be read at all.
    pub line: usize,
    /// In characters, from 1; 0 when the file could not be read at all.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right; empty when `what` says it all.
    pub right: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.what)?;
        if !self.right.is_empty() {
            write!(f, "; {}", self.right)?;
        }
        Ok(())
    }
}

/// Every problem of a configuration, file by file in the order of the lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problems {
    /// A file that cannot be read.
    pub(crate) fn unreadable(file: &Path, what: String, right: &str) -> Self {
        let right = right.to_owned();
        Self(vec![Problem { file: file.to_owned(), line: 0, column: 0, what, right }])
    }
}

/// Collects the problems of one text. Shared by every reader of it.
pub(crate) struct Report<'a> {
    file: &'a Path,
    text: &'a str,
    /// Byte at which each line starts.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    /// Lines that the parser could not read: what it recovered there is not judged again.
    torn: RefCell<Vec<usize>>,
    closed: Cell<bool>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(after_newlines).collect();
        Self {
            file,
            text,
            lines,
            problems: RefCell::default(),
            torn: RefCell::default(),
            closed: Cell::new(false),
        }
    }

    /// Notes a line that is no TOML.
    pub(crate) fn syntax(&self, span: Option<Range<usize>>, what: &str) {
        if self.closed.get() {
            return;
        }
        let at = span.map_or(self.text.len(), |span| span.start);
        self.push(at, format!("not TOML: {}", what.replace('\n', ": ")), String::new());
        let (line, _) = self.position(at);
        self.torn.borrow_mut().push(line);
    }

    /// Notes a problem of a value or a key.
    pub(crate) fn add(
        &self,
        span: &Range<usize>,
        what: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.add_with(span, || (what.into(), right.into()));
    }

    /// As [`Self::add`], where it takes work to say what is wrong and what would be right: it is not
    /// done for problems that are not shown.
    pub(crate) fn add_with(&self, span: &Range<usize>, say: impl FnOnce() -> (String, String)) {
        if self.closed.get() {
            return;
        }
        let (line, _) = self.position(span.start);
        if !self.torn.borrow().contains(&line) {
            let (what, right) = say();
            self.push(span.start, what, right);
        }
    }

    /// Was every line TOML? If not, nothing can be said of names that seem to be missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.torn.borrow().is_empty()
    }

    /// The problems in the order of the lines.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }

    fn push(&self, at: usize, what: String, right: String) {
        let (line, column) = self.position(at);
        let mut problems = self.problems.borrow_mut();
        let mut problem = Problem { file: self.file.to_owned(), line, column, what, right };
        if problems.len() + 1 == PROBLEMS_MAX {
            problem.what = "too many problems; the rest is not shown".into();
            problem.right = String::new();
            self.closed.set(true);
        }
        problems.push(problem);
    }

    /// `file:line` of a table.
    pub(crate) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file.display(), self.position(span.start).0)
    }

    /// The place of a line and column inside a text of the file, unless escapes stand in it.
    pub(crate) fn inside(
        &self,
        text: &Located<String>,
        line: usize,
        column: usize,
    ) -> Option<Range<usize>> {
        let written = self.text.get(text.span.clone())?;
        let inside = |quote: &str| {
            let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
            // A line feed behind the opening quotes does not belong to the text.
            let begins = inner.strip_suffix(text.value.as_str())?;
            let is_it = begins.is_empty() || (quote.len() == 3 && ["\n", "\r\n"].contains(&begins));
            is_it.then_some(text.span.start + quote.len() + begins.len())
        };
        let first = ["\"\"\"", "'''", "\"", "'"].into_iter().find_map(inside)?;
        let value = text.value.as_str();
        let start = value.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
        let in_line = value[start..].char_indices().nth(column - 1);
        let at = first + in_line.map_or(value.len(), |(at, _)| start + at);
        Some(at..at)
    }

    /// Line and column of a byte, both from 1, the column in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines[line - 1];
        let before = self.text.get(start..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_are_sought_for_problems_that_are_not_shown() {
        let report = Report::new(Path::new("r"), "line");
        let said = Cell::new(0);
        for _ in 0..10 * PROBLEMS_MAX {
            report.add_with(&(0..1), || {
                said.set(said.get() + 1);
                ("wrong".into(), "right".into())
            });
        }
        assert_eq!(said.get(), PROBLEMS_MAX);
        assert_eq!(report.into_problems().len(), PROBLEMS_MAX);
    }

    /// Each further problem looks through them.
    #[test]
    fn lines_that_are_no_toml_are_noted_up_to_the_last_problem_that_is_shown() {
        let report = Report::new(Path::new("r"), "line");
        for _ in 0..10 * PROBLEMS_MAX {
            report.syntax(None, "torn");
        }
        assert_eq!(report.torn.borrow().len(), PROBLEMS_MAX);
        assert!(!report.is_whole());
    }
}
