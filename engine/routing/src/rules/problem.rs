//! What is wrong with a rule, where, and what would be right.

use super::limits;
use std::fmt;

/// One problem: shown as `rule "name":line:column: what; hint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule's place in the set, from 0.
    pub index: usize,
    /// Its name.
    pub rule: String,
    /// Of the condition, from 1; 0 when the problem is no place of it.
    pub line: usize,
    /// In characters, from 1; 0 when the problem is no place of the condition.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right; empty when `what` says it all.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {:?}:", shown(&self.rule))?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.what)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// Every problem of a set of rules, in their order; never empty.
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

/// A fault of one condition: at which byte of it, what, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) hint: String,
}

/// The faults of one condition, up to [`limits::PROBLEMS_PER_CONDITION`].
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, at: usize, what: impl Into<String>, hint: impl Into<String>) {
        if self.0.len() < limits::PROBLEMS_PER_CONDITION {
            self.0.push(Fault { at, what: what.into(), hint: hint.into() });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As problems of a rule, in the order of its text.
    pub(super) fn into_problems(
        mut self,
        index: usize,
        rule: &str,
        condition: &str,
    ) -> Vec<Problem> {
        self.0.sort_by_key(|fault| fault.at);
        let problem = |fault: Fault| {
            let (line, column) = position(condition, fault.at);
            let (what, hint) = (fault.what, fault.hint);
            Problem { index, rule: rule.to_owned(), line, column, what, hint }
        };
        self.0.into_iter().map(problem).collect()
    }
}

/// Line and column of a byte, both from 1, the column in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// Cuts what somebody wrote to a length that fits a message.
pub(super) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 64;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `did you mean X?` where a name is near, else `one of: ...`.
pub(super) fn suggestion(name: &str, names: &[&str]) -> String {
    match nearest(name, names) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("one of: {}", names.join(", ")),
    }
}

/// The name that was probably meant: at most a third of its letters differ; case does not count.
#[must_use]
pub fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    const LETTERS_MAX: usize = 64;
    if name.chars().count() > LETTERS_MAX {
        return None;
    }
    let name = name.to_lowercase();
    let letters = |candidate: &str| distance(&name, &candidate.to_lowercase());
    let closest = names.iter().map(|candidate| (letters(candidate), *candidate)).min()?;
    let (letters, candidate) = closest;
    (letters <= candidate.chars().count().max(3) / 3).then_some(candidate)
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
