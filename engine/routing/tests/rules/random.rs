//! Whatever the rules and the hand-off: the compiled form agrees with the reference, what is printed
//! reads back, and nothing panics.

use crate::shapes::{condition, hand_off, text};
use crate::{HandOff, compiled, reference};
use proptest::collection::vec;
use proptest::prelude::*;
use relevo_routing::rules::syntax::{Expression, Field};
use relevo_routing::rules::{Conditions, Found, Written};

fn missing(field: &Field, hand_off: &HandOff) -> bool {
    let is_missing =
        |entries: &[(String, String)], name: &str| entries.iter().all(|(other, _)| other != name);
    match field {
        Field::Message => hand_off.message.is_none(),
        Field::Language => hand_off.language.is_none(),
        Field::Contact(name) => is_missing(&hand_off.contact, name),
        Field::Context(name) => is_missing(&hand_off.context, name),
        Field::Hour | Field::Time | Field::Weekday | Field::Reason => false,
    }
}

fn comparison_of(printed: &str) -> relevo_routing::rules::syntax::Comparison {
    let alone = compiled(&[printed.to_owned()]);
    match alone.expression(0) {
        Some(Expression::Comparison(comparison)) => comparison.clone(),
        other => panic!("{printed} is no comparison: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(600, |cases| cases.parse().unwrap()),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_compiled_form_agrees_with_the_reference(
        conditions in vec(condition(), 0..12),
        hand_offs in vec(hand_off(), 1..8),
    ) {
        let written: Vec<String> = conditions.iter().map(ToString::to_string).collect();
        let rules = compiled(&written);
        let each: Vec<Conditions> =
            written.iter().map(|condition| compiled(std::slice::from_ref(condition))).collect();
        for hand_off in &hand_offs {
            let holds = |condition: &Expression| reference::holds(condition, hand_off);
            prop_assert_eq!(
                rules.first(&hand_off.facts(), None),
                conditions.iter().position(holds),
                "{:#?}\n{:?}", written, hand_off
            );
            for (condition, alone) in conditions.iter().zip(&each) {
                let is_first = alone.first(&hand_off.facts(), None).is_some();
                prop_assert_eq!(is_first, holds(condition), "{}\n{:?}", condition, hand_off);
            }
        }
    }

    #[test]
    fn of_another_scope_no_rule_counts(
        conditions in vec((condition(), 0..3_usize), 0..12),
        hand_off in hand_off(),
        asked in 0..3_usize,
    ) {
        let scopes = [None, Some("a"), Some("b")];
        let written: Vec<(String, String)> = conditions
            .iter()
            .enumerate()
            .map(|(at, (condition, _))| (format!("rule {at}"), condition.to_string()))
            .collect();
        let scoped = written.iter().zip(&conditions).map(|((name, condition), (_, scope))| {
            Written { name, scope: scopes[*scope], condition }
        });
        let rules = Conditions::compile(scoped).unwrap();
        let counts = |scope: usize| scope == 0 || scope == asked;
        let first = conditions.iter().position(|(condition, scope)| {
            counts(*scope) && reference::holds(condition, &hand_off)
        });
        prop_assert_eq!(rules.first(&hand_off.facts(), scopes[asked]), first);
        let explanation = rules.explain(&hand_off.facts(), scopes[asked]);
        prop_assert_eq!(explanation.is_matched, first.is_some());
        let tried: Vec<usize> = explanation.tried.iter().map(|tried| tried.index).collect();
        let last = first.unwrap_or(conditions.len());
        let expected = (0..conditions.len()).filter(|at| counts(conditions[*at].1) && *at <= last);
        prop_assert_eq!(tried, expected.collect::<Vec<_>>());
    }

    #[test]
    fn an_explanation_agrees_with_the_reference(
        conditions in vec(condition(), 0..6),
        hand_off in hand_off(),
    ) {
        let written: Vec<String> = conditions.iter().map(ToString::to_string).collect();
        let rules = compiled(&written);
        let explanation = rules.explain(&hand_off.facts(), None);
        let first = conditions.iter().position(|part| reference::holds(part, &hand_off));
        prop_assert_eq!(explanation.is_matched, first.is_some());
        let tried = first.map_or(conditions.len(), |first| first + 1);
        prop_assert_eq!(explanation.tried.len(), tried);
        for tried in &explanation.tried {
            let is_first = Some(tried.index) == first;
            prop_assert_eq!(tried.holds, is_first);
            prop_assert!(!tried.because.is_empty());
            for because in &tried.because {
                let comparison = comparison_of(&because.comparison);
                prop_assert_eq!(because.holds, reference::compare(&comparison, &hand_off));
                let is_missing = missing(&comparison.field, &hand_off);
                prop_assert_eq!(because.found == Found::Nothing, is_missing);
                let place = because.column - 1;
                let there: String = written[tried.index].chars().skip(place).collect();
                prop_assert!(there.starts_with(&because.comparison), "{} {:?}", there, because);
            }
        }
    }

    #[test]
    fn a_printed_condition_reads_back(condition in condition()) {
        let printed = condition.to_string();
        let rules = compiled(std::slice::from_ref(&printed));
        prop_assert_eq!(rules.expression(0), Some(&condition), "{}", printed);
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        let condition = String::from_utf8_lossy(&bytes);
        drop(Conditions::compile([("r", &*condition)]));
    }

    /// Bytes alone never get far: words of the language do.
    #[test]
    fn no_words_panic_and_every_refusal_says_where(words in vec(word(), 0..24)) {
        let condition = words.join(" ");
        match Conditions::compile([("r", condition.as_str())]) {
            Ok(rules) => {
                let printed = rules.expression(0).unwrap().to_string();
                let again = compiled(std::slice::from_ref(&printed));
                prop_assert_eq!(again.expression(0), rules.expression(0));
                let hand_off = HandOff::saying("a");
                let is_matched = rules.first(&hand_off.facts(), None).is_some();
                prop_assert_eq!(rules.explain(&hand_off.facts(), None).is_matched, is_matched);
            }
            Err(problems) => {
                prop_assert!(!problems.0.is_empty());
                let length = condition.chars().count();
                for problem in problems.0 {
                    prop_assert!(problem.line > 0 && problem.column > 0, "{}", problem);
                    prop_assert!(problem.column <= length + 1, "{}", problem);
                    prop_assert!(!problem.what.is_empty() && !problem.hint.is_empty());
                }
            }
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    let words = [
        "message",
        "contact.name",
        "context.\"a b\"",
        "contact",
        "context",
        ".",
        "hour",
        "time",
        "weekday",
        "language",
        "reason",
        "equals",
        "not_equals",
        "contains",
        "not_contains",
        "starts_with",
        "matches",
        "in",
        "exists",
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!",
        "(",
        "(",
        ")",
        ")",
        "[",
        "]",
        ",",
        "and",
        "or",
        "not",
        "fold",
        "3",
        "-2.5",
        "1.2.3",
        "\"a\"",
        "\"monday\"",
        "\"18:30\"",
        "'a'",
        "“a”",
        "\"",
        "é",
        "#",
        "in [\"a\", \"b\"]",
        "message exists",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => text(),
    ]
}
