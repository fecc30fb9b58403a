//! Conditions of routing rules, and what a customer wrote. A zero byte parts the condition, the message
//! and the value of a field.

use crate::memory::Bound;
use relevo_routing::rules::{Conditions, Facts, Moment, Problems, Weekday, limits};
use relevo_wire::vocabulary::HandOffReason;

/// Each token and each problem is a value with its words; a list of one-letter texts is the most.
const BOUND: Bound = Bound { per_byte: 1024, fixed: 256 * 1024 };

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let condition = parts.next().unwrap_or_default();
    let (message, value) = (parts.next(), parts.next());
    let compile = |text: &str| Conditions::compile([("r", text)]);
    let compiled = match BOUND.hold(bytes, || compile(condition)) {
        Ok(compiled) => compiled,
        Err(problems) => return told(condition, problems),
    };
    let tree = compiled.expression(0).expect("one condition");
    let printed = tree.to_string();
    // The same value in every place: all kinds of comparisons find something.
    let fields: Vec<(&str, &str)> = value.iter().map(|value| ("f", *value)).collect();
    let facts = Facts {
        message,
        language: value,
        contact: &fields,
        context: &fields,
        reason: HandOffReason::Planned,
        moment: Moment::new(Weekday::Monday, 9, 30).expect("a time of the day"),
    };
    let first = BOUND.hold(bytes, || compiled.first(&facts, None));
    assert_eq!(first.is_some(), compiled.explain(&facts, None).is_matched, "{printed}");
    // Spaces and escapes may come to more bytes than were written.
    if printed.len() <= limits::CONDITION_BYTES {
        let again = compile(&printed).unwrap_or_else(|problems| panic!("{printed}: {problems}"));
        assert_eq!(again.expression(0), Some(tree), "{printed}");
        assert_eq!(first, again.first(&facts, None), "{printed}");
    }
}

/// Every problem names a place of the condition and says something.
fn told(condition: &str, Problems(problems): Problems) {
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(!problem.what.is_empty(), "{problem:?}");
        let line = condition.split('\n').nth(problem.line.max(1) - 1);
        let line = line.unwrap_or_else(|| panic!("{problem:?} is behind the last line"));
        assert!(problem.column <= line.chars().count() + 1, "{problem:?} is behind the line");
    }
}
