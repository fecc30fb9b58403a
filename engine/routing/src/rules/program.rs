//! All conditions of a set as one program of tests: each looks at one atom and says where to go on.
//!
//! Every step leads forward, so an evaluation has no more steps than there are comparisons.

use super::evaluate::Truths;
use super::plan::Atom;
use super::syntax::Expression;

/// A comparison of a rule: an atom that must hold, or must not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub(super) atom: Atom,
    pub(super) is_negated: bool,
}

/// Where to go on: a step, or, with this bit, a rule that has matched.
const MATCHED: u32 = 1 << 31;
/// No rule has matched.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Step {
    atom: Atom,
    yes: u32,
    no: u32,
}

/// The program of an ordered set.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// Where each rule begins, and where it ends when none is left.
    begins: Vec<u32>,
}

impl Program {
    /// Of conditions in their order, each with its comparisons from left to right.
    pub(super) fn new(conditions: &[(&Expression, &[Test])]) -> Self {
        // Written from the last step to the first: where a step leads is then known.
        let mut backward = Backward { steps: Vec::new() };
        let mut next = NONE;
        let mut begins = vec![NONE];
        for (rule, (condition, tests)) in conditions.iter().enumerate().rev() {
            let rule = u32::try_from(rule).expect("limits: far fewer rules");
            let mut tests = tests.iter().rev();
            next = backward.write(condition, &mut tests, MATCHED | rule, next);
            begins.push(next);
        }
        let steps = backward.steps;
        let last = u32::try_from(steps.len()).expect("limits: below 2^31 comparisons");
        let turned = |target: u32| if target & MATCHED == 0 { last - 1 - target } else { target };
        let turned_step =
            |step: &Step| Step { yes: turned(step.yes), no: turned(step.no), ..*step };
        Self {
            steps: steps.iter().rev().map(turned_step).collect(),
            begins: begins.into_iter().rev().map(turned).collect(),
        }
    }

    /// The first rule that matches, of those that count.
    pub(super) fn run(&self, truths: &Truths, counts: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = self.begins[0];
        loop {
            while at & MATCHED == 0 {
                let step = &self.steps[at as usize];
                at = if truths.holds(step.atom) { step.yes } else { step.no };
            }
            let rule = (at != NONE).then_some((at & !MATCHED) as usize)?;
            if counts(rule) {
                return Some(rule);
            }
            at = self.begins[rule + 1];
        }
    }
}

struct Backward {
    steps: Vec<Step>,
}

impl Backward {
    /// Writes a condition that leads to `yes` or `no`; gives where it begins. `tests` come from right
    /// to left.
    fn write<'t>(
        &mut self,
        condition: &Expression,
        tests: &mut impl Iterator<Item = &'t Test>,
        yes: u32,
        no: u32,
    ) -> u32 {
        match condition {
            Expression::Any(parts) => {
                parts.iter().rev().fold(no, |no, part| self.write(part, tests, yes, no))
            }
            Expression::All(parts) => {
                parts.iter().rev().fold(yes, |yes, part| self.write(part, tests, yes, no))
            }
            Expression::Not(part) => self.write(part, tests, no, yes),
            Expression::Comparison(_) => {
                let test = tests.next().expect("each comparison has a test");
                let (yes, no) = if test.is_negated { (no, yes) } else { (yes, no) };
                let place = u32::try_from(self.steps.len()).expect("limits: below 2^31");
                self.steps.push(Step { atom: test.atom, yes, no });
                place
            }
        }
    }
}
