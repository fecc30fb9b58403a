//! Rules: conditions, and what follows from each.

use super::compile::{Conditions, Written};
use super::explain::Explanation;
use super::facts::Facts;
use super::problem::{Problem, Problems};

/// A rule as it is written: where `condition` holds, `result` follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<T> {
    /// Its own in the set; explanations name it.
    pub name: String,
    /// For which hand-offs it counts: absent, for all; else for those of which the caller names it.
    pub scope: Option<String>,
    /// In the language of [`super`].
    pub condition: String,
    /// What follows.
    pub result: T,
}

/// An ordered set of rules, ready to be held against hand-offs.
#[derive(Debug)]
pub struct Rules<T> {
    conditions: Conditions,
    results: Vec<T>,
}

/// The rule that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched<'r, T> {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'r str,
    /// What follows.
    pub result: &'r T,
}

impl<T> Rules<T> {
    /// Compiles rules, in their order.
    ///
    /// # Errors
    /// Every problem of every rule.
    pub fn compile(rules: Vec<Rule<T>>) -> Result<Self, Problems> {
        let written = rules.iter().map(|rule| Written {
            name: &rule.name,
            scope: rule.scope.as_deref(),
            condition: &rule.condition,
        });
        let conditions = Conditions::compile(written)?;
        Ok(Self { conditions, results: rules.into_iter().map(|rule| rule.result).collect() })
    }

    /// The first rule that matches, of those of a scope and those without one; the default is the
    /// caller's business.
    #[must_use]
    pub fn first_match(&self, facts: &Facts<'_>, scope: Option<&str>) -> Option<Matched<'_, T>> {
        let index = self.conditions.first(facts, scope)?;
        let name = self.conditions.name(index)?;
        Some(Matched { index, name, result: self.results.get(index)? })
    }

    /// Each rule tried for a hand-off, and why it matched or not.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>, scope: Option<&str>) -> Explanation {
        self.conditions.explain(facts, scope)
    }

    /// What is doubtful and no problem.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        self.conditions.warnings()
    }

    /// The conditions alone.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// What follows from each, in their order.
    #[must_use]
    pub fn results(&self) -> &[T] {
        &self.results
    }
}
