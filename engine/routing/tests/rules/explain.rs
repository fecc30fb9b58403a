//! Why each rule matched or did not.

use crate::HandOff;
use relevo_routing::rules::{Conditions, Found, Tried};

fn shown(tried: &Tried) -> Vec<String> {
    let because = tried.because.iter();
    because
        .map(|because| {
            let (line, column) = (because.line, because.column);
            format!("{line}:{column} {} {} {:?}", because.comparison, because.holds, because.found)
        })
        .collect()
}

#[test]
fn each_rule_that_was_tried_says_which_comparison_made_it_so() {
    let rules = Conditions::compile([
        ("and", "message exists and\n  context.amount > 10 and hour < 3"),
        ("or", "contact.city equals \"lima\" or message contains \"x\""),
        ("not", "not (hour < 3 or message  contains \"BILL\")"),
        ("match", "hour < 3 or message contains \"bill\" or hour >= 0"),
        ("later", "message exists"),
    ])
    .unwrap();
    let mut hand_off = HandOff::saying("my bill");
    hand_off.context.push(("amount".to_owned(), "ten".to_owned()));
    let explanation = rules.explain(&hand_off.facts(), None);
    assert!(explanation.is_matched);
    let names: Vec<(&str, bool)> =
        explanation.tried.iter().map(|tried| (tried.rule.as_str(), tried.holds)).collect();
    assert_eq!(names, [("and", false), ("or", false), ("not", false), ("match", true)]);
    let because: Vec<Vec<String>> = explanation.tried.iter().map(shown).collect();
    assert_eq!(because[0], ["2:3 context.amount > 10 false NoNumber"]);
    assert_eq!(
        because[1],
        [
            "1:1 contact.city equals \"lima\" false Nothing",
            "1:31 message contains \"x\" false Value"
        ]
    );
    assert_eq!(because[2], ["1:18 message contains \"BILL\" true Value"]);
    assert_eq!(because[3], ["1:13 message contains \"bill\" true Value"]);
    assert_eq!(explanation.tried[0].because[0].found, Found::NoNumber);
}

#[test]
fn an_explanation_says_no_word_of_the_customer() {
    let rules = Conditions::compile([("r", "message contains \"bill\" and hour < 25 or hour < 1")]);
    assert!(rules.is_err(), "an hour is at most 23");
    let rules =
        Conditions::compile([("r", "message contains \"bill\" or contact.name < 3")]).unwrap();
    let mut hand_off = HandOff::saying("SECRET");
    hand_off.contact.push(("name".to_owned(), "SECRET".to_owned()));
    let explanation = format!("{:?}", rules.explain(&hand_off.facts(), None));
    assert!(!explanation.contains("SECRET"), "{explanation}");
    assert!(explanation.contains("message contains"), "{explanation}");
}
