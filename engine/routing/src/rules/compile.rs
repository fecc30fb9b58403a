//! Conditions as they are written become one plan and one program, or every problem at once.

use super::check::{self, Checked};
use super::facts::Facts;
use super::plan::{Plan, Planner};
use super::problem::{Faults, Problem, Problems, shown};
use super::program::{Program, Test};
use super::syntax::{Comparison, Expression};
use super::{evaluate, limits, parser};
use rustc_hash::FxHashMap;

/// An ordered set of conditions, ready to be held against hand-offs. It does not know what follows
/// from a condition: see [`super::Rules`].
#[derive(Debug)]
pub struct Conditions {
    pub(super) plan: Plan,
    program: Program,
    pub(super) conditions: Vec<Condition>,
    warnings: Vec<Problem>,
}

/// A condition as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Its own in the set.
    pub name: &'a str,
    /// Counts only where this scope is asked for; absent: always.
    pub scope: Option<&'a str>,
    /// In the language of [`super`].
    pub condition: &'a str,
}

/// Without a scope.
impl<'a> From<(&'a str, &'a str)> for Written<'a> {
    fn from((name, condition): (&'a str, &'a str)) -> Self {
        Self { name, scope: None, condition }
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) name: String,
    scope: Option<Box<str>>,
    pub(super) text: String,
    pub(super) expression: Expression,
    pub(super) tests: Vec<Test>,
}

impl Conditions {
    /// Compiles conditions, in their order.
    ///
    /// # Errors
    /// Every problem of every rule.
    pub fn compile<'a, W: Into<Written<'a>>>(
        rules: impl IntoIterator<Item = W>,
    ) -> Result<Self, Problems> {
        let mut compiler = Compiler::default();
        for (index, written) in rules.into_iter().enumerate() {
            let written: Written<'_> = written.into();
            let name = written.name;
            if compiler.problems.len() >= limits::PROBLEMS {
                compiler.say(index, name, "too many problems; the rest is not shown", "");
                break;
            }
            if index == limits::RULES {
                let hint = format!("at most {}", limits::RULES);
                compiler.say(index, name, "there are too many rules", &hint);
                break;
            }
            compiler.add(index, written);
        }
        compiler.finish()
    }

    /// The first condition that holds, of those of a scope and those without one, by its place from 0.
    #[must_use]
    pub fn first(&self, facts: &Facts<'_>, scope: Option<&str>) -> Option<usize> {
        let truths = evaluate::truths(&self.plan, facts);
        self.program.run(&truths, |index| self.conditions[index].counts(scope))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.conditions.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The name of the condition at a place.
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&str> {
        self.conditions.get(index).map(|condition| condition.name.as_str())
    }

    /// The tree of the condition at a place.
    #[must_use]
    pub fn expression(&self, index: usize) -> Option<&Expression> {
        self.conditions.get(index).map(|condition| &condition.expression)
    }

    /// What is doubtful and no problem: a rule that can never match because the same condition stands
    /// before it; a field that is nearly a usual one of a contact.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Condition {
    /// It has no scope, or this one.
    pub(super) fn counts(&self, scope: Option<&str>) -> bool {
        self.scope.is_none() || self.scope.as_deref() == scope
    }
}

#[derive(Default)]
struct Compiler {
    planner: Planner,
    conditions: Vec<Condition>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// First rule of each name, and of each scope and condition as it is printed.
    names: FxHashMap<String, usize>,
    printed: FxHashMap<(Option<Box<str>>, String), usize>,
    bytes: usize,
    /// Limits of the whole set that were told of.
    told: Vec<&'static str>,
}

impl Compiler {
    /// A problem of a rule that is no place of its condition.
    fn say(&mut self, index: usize, name: &str, what: &str, hint: &str) {
        let (rule, what, hint) = (name.to_owned(), what.to_owned(), hint.to_owned());
        self.problems.push(Problem { index, rule, line: 0, column: 0, what, hint });
    }

    fn add(&mut self, index: usize, written: Written<'_>) {
        let Written { name, scope, condition: text } = written;
        self.check_name(index, name);
        self.bytes += text.len();
        let mut faults = Faults::default();
        let expression = parser::parse(text, &mut faults);
        let mut tests = Vec::new();
        let mut doubts = Faults::default();
        if let Some(expression) = &expression {
            expression.for_each_comparison(&mut |comparison| {
                tests.extend(self.test(comparison, &mut faults));
                if let Some((place, what, hint)) = check::doubt(comparison) {
                    doubts.add(place.0, what, hint);
                }
            });
        }
        self.check_limits(index, name);
        let is_whole = faults.is_empty();
        self.problems.extend(faults.into_problems(index, name, text));
        let Some(expression) = expression.filter(|_| is_whole) else { return };
        self.warnings.extend(doubts.into_problems(index, name, text));
        self.warn_of_repeated(index, name, scope, &expression);
        let (name, text) = (name.to_owned(), text.to_owned());
        let scope = scope.map(Into::into);
        self.conditions.push(Condition { name, scope, text, expression, tests });
    }

    fn test(&mut self, comparison: &Comparison, faults: &mut Faults) -> Option<Test> {
        let Checked { predicate, is_negated } = check::check(comparison, faults)?;
        Some(Test { atom: self.planner.atom(&predicate), is_negated })
    }

    fn check_name(&mut self, index: usize, name: &str) {
        let most = limits::NAME_BYTES;
        if name.is_empty() || name.len() > most {
            let what = format!("the name of a rule has {} bytes", name.len());
            self.say(index, name, &what, &format!("1 to {most}"));
        } else if let Some(first) = self.names.get(name) {
            let what = format!("rule {} has this name too", first + 1);
            self.say(index, name, &what, "explanations name rules: give each its own");
        } else {
            self.names.insert(name.to_owned(), index);
        }
    }

    /// Limits of the whole set, each told of once, at the rule that goes beyond it.
    fn check_limits(&mut self, index: usize, name: &str) {
        let limits = [
            ("bytes of conditions", self.bytes, limits::CONDITIONS_BYTES),
            ("bytes of texts to look for", self.planner.literal_bytes, limits::LITERALS_BYTES),
            ("fields", self.planner.fields(), limits::FIELDS),
            ("patterns", self.planner.patterns, limits::PATTERNS),
        ];
        for (what, found, most) in limits {
            if found > most && !self.told.contains(&what) {
                self.told.push(what);
                let what = format!("with this rule the set has too many {what}");
                self.say(index, name, &what, &format!("at most {most}"));
            }
        }
    }

    fn warn_of_repeated(
        &mut self,
        index: usize,
        name: &str,
        scope: Option<&str>,
        expression: &Expression,
    ) {
        let printed = expression.to_string();
        let scoped = (scope.map(Into::into), printed);
        let for_all = (None, scoped.1.clone());
        let Some(first) = self.printed.get(&for_all).or_else(|| self.printed.get(&scoped)) else {
            self.printed.insert(scoped, index);
            return;
        };
        let earlier = self.conditions.get(*first).map_or("", |condition| &condition.name);
        self.warnings.push(Problem {
            index,
            rule: name.to_owned(),
            line: 0,
            column: 0,
            what: "this rule can never match".to_owned(),
            hint: format!("rule {:?} before it has the same condition", shown(earlier)),
        });
    }

    fn finish(self) -> Result<Conditions, Problems> {
        if !self.problems.is_empty() {
            return Err(Problems(self.problems));
        }
        let parts: Vec<(&Expression, &[Test])> = self
            .conditions
            .iter()
            .map(|condition| (&condition.expression, condition.tests.as_slice()))
            .collect();
        let program = Program::new(&parts);
        Ok(Conditions {
            plan: self.planner.finish(),
            program,
            conditions: self.conditions,
            warnings: self.warnings,
        })
    }
}
