//! What is too much is refused, and what is as much as may be works.

use crate::{HandOff, compiled, holds, problems};
use relevo_routing::rules::{Conditions, limits};

fn many(count: usize, condition: impl Fn(usize) -> String) -> Vec<(String, String)> {
    (0..count).map(|at| (format!("rule {at}"), condition(at))).collect()
}

fn shown(rules: &[(String, String)]) -> Vec<String> {
    let rules = rules.iter().map(|(name, condition)| (name.as_str(), condition.as_str()));
    match Conditions::compile(rules) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn as_many_rules_as_may_be() {
    let mut rules = many(limits::RULES, |at| format!("message contains \"word {at}.\""));
    let written: Vec<String> = rules.iter().map(|(_, condition)| condition.clone()).collect();
    let last = compiled(&written);
    assert_eq!(last.first(&HandOff::saying("the word 1999. ").facts(), None), Some(1_999));
    rules.push(("more".to_owned(), "hour < 3".to_owned()));
    assert_eq!(shown(&rules), ["rule \"more\": there are too many rules; at most 2000"]);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!("{}message exists{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("(", ")"), ("not ", ""), ("(not (", "))")] {
        let nestings = open.matches('(').count() + open.matches("not").count();
        let most = limits::DEPTH / nestings;
        assert_eq!(problems(&nested(most, open, close)), [""; 0]);
        let deeper = problems(&nested(most + 1, open, close));
        assert_eq!(deeper.len(), 1);
        assert!(deeper[0].ends_with("the condition nests too deep; at most 32 deep"), "{deeper:?}");
        problems(&nested(1_000, open, close));
    }
    let unclosed = problems(&"(".repeat(limits::CONDITION_BYTES));
    assert_eq!(unclosed, ["1:33: the condition nests too deep; at most 32 deep"]);
}

#[test]
fn a_condition_is_bounded() {
    let longer = format!("message exists{}", " ".repeat(limits::CONDITION_BYTES));
    assert_eq!(problems(&longer), ["1:1: the condition has 4110 bytes; at most 4096"]);
    let wide = |count| vec!["hour<3"; count].join(" or ");
    assert_eq!(problems(&wide(limits::COMPARISONS)), [""; 0]);
    assert_eq!(
        problems(&wide(limits::COMPARISONS + 1)),
        ["1:2561: the condition has too many comparisons; at most 256; split it into rules"]
    );
    let text = "a".repeat(limits::LITERAL_BYTES + 1);
    assert_eq!(
        problems(&format!("message contains \"{text}\"")),
        ["1:18: the text has 129 bytes; at most 128"]
    );
    // What counts is the text, not how it is written: a tab may stand there as it is, and is printed \\t.
    for written in ["\\\"", "\\t", "\t"] {
        let text = format!("message contains \"{}\"", written.repeat(limits::LITERAL_BYTES));
        assert_eq!(problems(&text), [""; 0]);
        let printed = compiled(&[text]).expression(0).unwrap().to_string();
        assert_eq!(problems(&printed), [""; 0], "{printed}");
    }
    let list = |count| format!("hour in [{}]", vec!["1"; count].join(","));
    assert_eq!(problems(&list(limits::VALUES)), [""; 0]);
    assert_eq!(
        problems(&list(limits::VALUES + 1)),
        ["1:522: the list has too many values; at most 256; split it with or"]
    );
    let wrong = vec!["x exists"; 100].join(" or ");
    assert_eq!(problems(&wrong).len(), limits::PROBLEMS_PER_CONDITION);
}

#[test]
fn a_set_is_bounded() {
    let fields = many(limits::FIELDS + 2, |at| format!("context.k{at} exists"));
    assert_eq!(
        shown(&fields),
        ["rule \"rule 128\": with this rule the set has too many fields; at most 128"]
    );
    let patterns = |count| many(count, |at| format!("message matches \"a{at}*b\""));
    assert_eq!(shown(&patterns(limits::PATTERNS)), [""; 0]);
    assert_eq!(
        shown(&patterns(limits::PATTERNS + 2)),
        ["rule \"rule 256\": with this rule the set has too many patterns; at most 256"]
    );
    let simple = many(1_000, |at| format!("message matches \"*word {at}*\""));
    assert_eq!(shown(&simple), [""; 0], "these are no more than contains");
    let lists = many(100, |rule| {
        let texts: Vec<String> = (0..30).map(|at| format!("\"{rule:050} {at:050}\"")).collect();
        format!("message in [{}]", texts.join(","))
    });
    let problem = "the set has too many bytes of texts to look for; at most 262144";
    let shown_lists = shown(&lists);
    assert!(shown_lists.iter().any(|line| line.ends_with(problem)), "{shown_lists:?}");
    let wrong = shown(&many(limits::RULES, |_| "x exists".to_owned()));
    assert_eq!(wrong.len(), limits::PROBLEMS + 1);
    assert!(wrong.last().unwrap().ends_with("too many problems; the rest is not shown"));
    let name = [("n".repeat(129), "hour < 3".to_owned()), (String::new(), "hour < 4".to_owned())];
    assert!(shown(&name)[0].ends_with("the name of a rule has 129 bytes; 1 to 128"));
    assert_eq!(shown(&name)[1], "rule \"\": the name of a rule has 0 bytes; 1 to 128");
}

/// A matcher that goes back over this text would not come to its end.
#[test]
fn no_pattern_backtracks() {
    let pattern = format!("message matches \"{}*ab?\"", "*a".repeat(30));
    let text = format!("{}ab", "a".repeat(limits::MESSAGE_BYTES - 3));
    assert!(!holds(&pattern, &HandOff::saying(&text)));
    assert!(holds(&pattern, &HandOff::saying(&format!("{text}c"))));
}

#[test]
fn the_begin_of_a_long_text_is_looked_at() {
    let long = |bytes: usize| HandOff::saying(&format!("{}end", "a".repeat(bytes - 3)));
    assert!(holds("message contains \"end\"", &long(limits::MESSAGE_BYTES)));
    assert!(!holds("message contains \"end\"", &long(limits::MESSAGE_BYTES + 1)));
    assert!(!holds("message contains \"end\" fold", &long(limits::MESSAGE_BYTES + 1)));
    let value = |bytes: usize| HandOff::knowing(&[("k", &format!("{}é", "a".repeat(bytes - 2)))]);
    assert!(holds("context.k matches \"a*é\"", &value(limits::FIELD_BYTES)));
    assert!(!holds("context.k matches \"a*é\"", &value(limits::FIELD_BYTES + 1)));
    let spaced = HandOff::knowing(&[("k", &format!("{}7", " ".repeat(limits::FIELD_BYTES)))]);
    assert!(!holds("context.k >= 7", &spaced));
}

#[test]
fn the_first_entry_of_a_name_counts() {
    let hand_off = HandOff::knowing(&[("k", "first"), ("k", "second")]);
    assert!(holds("context.k equals \"first\"", &hand_off));
    assert!(!holds("context.k equals \"second\"", &hand_off));
}
