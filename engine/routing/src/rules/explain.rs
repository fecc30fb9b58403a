//! Why a rule matched or did not. Not for the fast path.
//!
//! An explanation holds names of rules and texts of conditions, and of the hand-off no word: it may
//! be shown and logged where personal data may not.

use super::compile::{Condition, Conditions};
use super::evaluate::{self, Truths};
use super::facts::Facts;
use super::limits;
use super::program::Test;
use super::syntax::{Comparison, Expression, Field, Operator};
use super::text;

/// Every rule that was tried, in order: up to the first that matched, else all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The rules.
    pub tried: Vec<Tried>,
    /// The last of them has matched.
    pub is_matched: bool,
}

/// A rule that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its name.
    pub rule: String,
    /// What came of it.
    pub holds: bool,
    /// The comparisons that made it so: of parts joined by `and` the first false one, of parts joined
    /// by `or` the first true one; where there is none, each part had its share.
    pub because: Vec<Because>,
}

/// A comparison and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// As it is printed.
    pub comparison: String,
    /// Where its field stands in the condition, from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What came of it.
    pub holds: bool,
    /// What it found.
    pub found: Found,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A value of the kind that it wants.
    Value,
    /// No such field: the comparison is false, or its `not_` form true.
    Nothing,
    /// A text that is no number, which counts as nothing.
    NoNumber,
}

impl Conditions {
    /// Each condition tried for a hand-off, of those of a scope and those without one, and why it
    /// holds or not.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>, scope: Option<&str>) -> Explanation {
        let truths = evaluate::truths(&self.plan, facts);
        let mut tried = Vec::new();
        let counting = self.conditions.iter().enumerate();
        for (index, condition) in counting.filter(|(_, condition)| condition.counts(scope)) {
            let mut walk = Walk { tests: condition.tests.iter(), truths: &truths };
            let (holds, comparisons) = walk.visit(&condition.expression);
            tried.push(Tried {
                index,
                rule: condition.name.clone(),
                holds,
                because: because(condition, comparisons, facts),
            });
            if holds {
                return Explanation { tried, is_matched: true };
            }
        }
        Explanation { tried, is_matched: false }
    }
}

/// A comparison and its truth.
type Decisive<'c> = (&'c Comparison, bool);

struct Walk<'c> {
    tests: std::slice::Iter<'c, Test>,
    truths: &'c Truths,
}

impl<'c> Walk<'c> {
    /// Truth and what made it so.
    fn visit(&mut self, condition: &'c Expression) -> (bool, Vec<Decisive<'c>>) {
        match condition {
            Expression::Any(parts) => self.joined(parts, true),
            Expression::All(parts) => self.joined(parts, false),
            Expression::Not(part) => {
                let (holds, because) = self.visit(part);
                (!holds, because)
            }
            Expression::Comparison(comparison) => {
                let test = self.tests.next().expect("each comparison has a test");
                let holds = self.truths.holds(test.atom) != test.is_negated;
                (holds, vec![(comparison, holds)])
            }
        }
    }

    /// One part that comes to `decisive` decides for all.
    fn joined(&mut self, parts: &'c [Expression], decisive: bool) -> (bool, Vec<Decisive<'c>>) {
        let mut all = Vec::new();
        let mut decided = None;
        for part in parts {
            // Every part is visited: the tests go along.
            let (holds, because) = self.visit(part);
            if decided.is_none() && holds == decisive {
                decided = Some(because);
            } else if decided.is_none() {
                all.extend(because);
            }
        }
        match decided {
            Some(because) => (decisive, because),
            None => (!decisive, all),
        }
    }
}

fn because(condition: &Condition, parts: Vec<Decisive<'_>>, facts: &Facts<'_>) -> Vec<Because> {
    let (mut line, mut column, mut seen) = (1, 1, 0);
    let mut because = Vec::with_capacity(parts.len());
    // They stand from left to right: one walk finds the places of all.
    for (comparison, holds) in parts {
        for sign in condition.text[seen..comparison.place.0].chars() {
            (line, column) = if sign == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        seen = comparison.place.0;
        let (comparison, found) = (comparison.to_string(), found(comparison, facts));
        because.push(Because { comparison, line, column, holds, found });
    }
    because
}

fn found(comparison: &Comparison, facts: &Facts<'_>) -> Found {
    let text = match &comparison.field {
        Field::Message => facts.message,
        Field::Language => facts.language,
        Field::Contact(name) => facts.contact_field(name),
        Field::Context(name) => facts.context_entry(name),
        Field::Reason | Field::Hour | Field::Time | Field::Weekday => return Found::Value,
    };
    let is_number = |text| evaluate::number(text::cut(text, limits::FIELD_BYTES)).is_some();
    match text {
        None => Found::Nothing,
        Some(text) if matches!(comparison.operator, Operator::Order(_)) && !is_number(text) => {
            Found::NoNumber
        }
        Some(_) => Found::Value,
    }
}
