//! What each operator means, one by one.

use crate::{HandOff, holds};
use relevo_routing::rules::{Facts, Moment, Rule, Rules, Weekday};
use relevo_wire::vocabulary::{Contact, HandOffReason};

#[track_caller]
fn check(hand_off: &HandOff, expected: &[(&str, bool)]) {
    for (condition, is_true) in expected {
        assert_eq!(holds(condition, hand_off), *is_true, "{condition}");
        let (turned, twice) = (format!("not {condition}"), format!("not not {condition}"));
        assert_eq!(holds(&turned, hand_off), !is_true, "{turned}");
        assert_eq!(holds(&twice, hand_off), *is_true, "{twice}");
    }
}

#[test]
fn texts_are_compared_without_case_and_with_accents() {
    let hand_off = HandOff::saying("Quiero un CRÉDITO, por favor");
    check(
        &hand_off,
        &[
            ("message equals \"quiero un crédito, POR FAVOR\"", true),
            ("message equals \"quiero un credito, por favor\"", false),
            ("message equals \"quiero un credito, por favor\" fold", true),
            ("message equals \"crédito\"", false),
            ("message not_equals \"crédito\"", true),
            ("message not_equals \"QUIERO un crédito, por favor\"", false),
            ("message contains \"crédito\"", true),
            ("message contains \"cre\u{301}dito\"", true),
            ("message contains \"credito\"", false),
            ("message contains \"credito\" fold", true),
            ("message contains \"crédito\" fold", true),
            ("message contains \"\"", true),
            ("message not_contains \"crédito\"", false),
            ("message not_contains \"débito\"", true),
            ("message starts_with \"QUIERO\"", true),
            ("message starts_with \"un\"", false),
            ("message starts_with \"\"", true),
            ("message matches \"quiero*favor\"", true),
            ("message matches \"quiero\"", false),
            ("message matches \"*cr?dito*\"", true),
            ("message matches \"*credito*\"", false),
            ("message matches \"*credito*\" fold", true),
            ("message in [\"hola\", \"Quiero un crédito, por favor\"]", true),
            ("message in [\"hola\", \"quiero un credito, por favor\"]", false),
            ("message in [\"hola\", \"quiero un credito, por favor\"] fold", true),
            ("message exists", true),
        ],
    );
}

#[test]
fn a_literal_inside_another_is_found_too() {
    let hand_off = HandOff::saying("aab");
    let rules = ["x", "aabb", "ab", "aab", "b"].map(|text| format!("message contains \"{text}\""));
    for (at, rule) in rules.iter().enumerate() {
        let all = [rules.as_slice(), &["message starts_with \"ab\"".to_owned()]].concat();
        let is_found = at >= 2;
        assert_eq!(holds(rule, &hand_off), is_found, "{rule}");
        assert_eq!(crate::compiled(&all).first(&hand_off.facts(), None), Some(2));
    }
}

#[test]
fn a_missing_field_makes_a_comparison_false_and_its_not_form_true() {
    check(
        &HandOff::bare(),
        &[
            ("message equals \"\"", false),
            ("message not_equals \"a\"", true),
            ("message contains \"\"", false),
            ("message not_contains \"a\"", true),
            ("message starts_with \"\"", false),
            ("message matches \"*\"", false),
            ("message matches \"\"", false),
            ("message in [\"\", \"a\"]", false),
            ("message exists", false),
            ("contact.age < 18", false),
            ("contact.age >= 18", false),
            ("context.\"customer tier\" exists", false),
            ("language equals \"es\"", false),
        ],
    );
}

#[test]
fn an_empty_text_is_there() {
    let hand_off = HandOff::knowing(&[("tier", "")]);
    check(
        &hand_off,
        &[
            ("context.tier exists", true),
            ("context.tier equals \"\"", true),
            ("context.tier contains \"\"", true),
            ("context.tier matches \"*\"", true),
            ("context.tier matches \"?\"", false),
            ("context.tier not_equals \"\"", false),
            ("context.tier < 1", false),
            ("context.Tier exists", false),
        ],
    );
}

#[test]
fn numbers_are_read_from_texts() {
    let hand_off = HandOff::knowing(&[
        ("amount", " 999.50 "),
        ("id", "12345678901234567890"),
        ("word", "many"),
        ("comma", "1,5"),
    ]);
    check(
        &hand_off,
        &[
            ("context.amount < 1000", true),
            ("context.amount < 999.5", false),
            ("context.amount <= 999.5", true),
            ("context.amount > 999.5", false),
            ("context.amount >= 999.5", true),
            ("context.amount > -1", true),
            ("context.id < 12345678901234567891", true),
            ("context.id >= 12345678901234567891", false),
            ("context.word < 1", false),
            ("context.word >= 1", false),
            ("context.comma > 1", false),
            ("context.amount equals \"999.5\"", false),
            ("context.amount equals \" 999.50 \"", true),
        ],
    );
}

#[test]
fn the_clock_and_the_reason() {
    let hand_off = HandOff::bare();
    check(
        &hand_off,
        &[
            ("hour equals 18", true),
            ("hour not_equals 18", false),
            ("hour in [9, 18]", true),
            ("hour in [9, 17]", false),
            ("hour < 18", false),
            ("hour <= 18", true),
            ("hour > 17", true),
            ("hour >= 19", false),
            ("time equals \"18:30\"", true),
            ("time not_equals \"18:30\"", false),
            ("time in [\"08:00\", \"18:30\", \"00:00\"]", true),
            ("time < \"18:30\"", false),
            ("time <= \"18:30\"", true),
            ("time > \"18:29\"", true),
            ("time >= \"18:31\"", false),
            ("weekday equals \"thursday\"", true),
            ("weekday in [\"Saturday\", \"Sunday\"]", false),
            ("weekday not_equals \"monday\"", true),
            ("reason equals \"planned\"", true),
            ("reason in [\"fallback\", \"requested\"]", false),
            ("reason not_equals \"Planned\"", false),
        ],
    );
}

#[test]
fn not_binds_before_and_and_and_before_or() {
    let hand_off = HandOff::saying("a");
    let (yes, no) = ("message exists", "language exists");
    check(
        &hand_off,
        &[
            (&format!("({yes} or {yes} and {no})"), true),
            (&format!("(({yes} or {yes}) and {no})"), false),
            (&format!("(not {no} and {no})"), false),
            (&format!("(not ({no} and {no}))"), true),
            (&format!("(not {no} or {no})"), true),
        ],
    );
}

#[test]
fn the_first_rule_that_holds_wins() {
    let rule = |name: &str, condition: &str, result: u32| Rule {
        scope: None,
        name: name.to_owned(),
        condition: condition.to_owned(),
        result,
    };
    let rules = Rules::compile(vec![
        rule("gold", "context.tier equals \"gold\"", 1),
        rule("bill", "message contains \"bill\"", 2),
        rule("any", "message exists", 3),
    ])
    .unwrap();
    let mut hand_off = HandOff::saying("my bill");
    let matched = rules.first_match(&hand_off.facts(), None).unwrap();
    assert_eq!((matched.index, matched.name, *matched.result), (1, "bill", 2));
    hand_off.context.push(("tier".to_owned(), "Gold".to_owned()));
    assert_eq!(*rules.first_match(&hand_off.facts(), None).unwrap().result, 1);
    assert_eq!(rules.first_match(&HandOff::bare().facts(), None), None);
    let none: Rules<u32> = Rules::compile(Vec::new()).unwrap();
    assert_eq!(none.first_match(&hand_off.facts(), None), None);
}

#[test]
fn a_contact_of_the_wire_is_looked_at_as_it_is() {
    let contact = Contact {
        id: "5531999990000".to_owned(),
        name: String::new(),
        fields: vec![("city".to_owned(), "São Paulo".to_owned())],
    };
    let contact = relevo_wire::packed::Packed::new(&contact);
    let facts = Facts {
        message: None,
        language: None,
        contact: contact.check().unwrap(),
        context: &[("a", "b")],
        reason: HandOffReason::Planned,
        moment: Moment::new(Weekday::Monday, 0, 0).unwrap(),
    };
    let is_first =
        |condition: &str| crate::compiled(&[condition.to_owned()]).first(&facts, None).is_some();
    assert!(is_first("contact.city equals \"sao paulo\" fold and not contact.name exists"));
    assert!(is_first("contact.id starts_with \"55\" and context.a equals \"B\""));
}
