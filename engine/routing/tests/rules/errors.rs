//! Every error says where, what, and what would be right.

use crate::{HandOff, compiled, problems};
use relevo_routing::rules::Conditions;

#[track_caller]
fn check(condition: &str, expected: &[&str]) {
    assert_eq!(problems(condition), expected, "{condition}");
}

#[test]
fn misspelt_names_get_a_suggestion() {
    check("mesage contains \"x\"", &["1:1: there is no field \"mesage\"; did you mean message?"]);
    check(
        "foo equals \"x\"",
        &[
            "1:1: there is no field \"foo\"; one of: message, contact, context, hour, time, weekday, \
           language, reason",
        ],
    );
    check(
        "message contians \"x\"",
        &["1:9: there is no operator \"contians\"; did you mean contains?"],
    );
    check(
        "message resembles \"x\"",
        &[
            "1:9: there is no operator \"resembles\"; one of: equals, not_equals, contains, not_contains, \
           starts_with, matches, in, exists",
        ],
    );
    check("weekday equals \"mondy\"", &["1:16: \"mondy\" is no weekday; did you mean monday?"]);
    check(
        "reason in [\"planned\", \"fallbak\"]",
        &["1:23: \"fallbak\" is no reason; did you mean fallback?"],
    );
    check(
        "message exists AND language exists",
        &["1:16: and, or or the end is expected, not AND; did you mean and?"],
    );
}

#[test]
fn all_errors_of_a_condition_come_at_once() {
    check(
        "mesage contains \"x\" and hour < 25 or\n  (ciudad equals \"é\" and message contians \"x\")\n\
         and time > \"9:00\" and",
        &[
            "1:1: there is no field \"mesage\"; did you mean message?",
            "1:32: hour is compared with an hour, not 25; write 0 to 23; a time with minutes is time \
             >= \"18:30\"",
            "2:4: there is no field \"ciudad\"; one of: message, contact, context, hour, time, \
             weekday, language, reason",
            "2:34: there is no operator \"contians\"; did you mean contains?",
            "3:12: time is compared with a time, not \"9:00\"; write \"00:00\" to \"23:59\", in quotes",
            "3:22: a field is expected, not the end; one of: message, contact, context, hour, time, \
             weekday, language, reason",
        ],
    );
}

#[test]
fn columns_are_characters() {
    check(
        "message contains \"ñandú\" and mesage exists",
        &["1:30: there is no field \"mesage\"; did you mean message?"],
    );
}

#[test]
fn all_errors_of_all_rules_come_at_once() {
    let rules = [("a", "mesage exists"), ("b", "message exists"), ("c", "hour < 24"), ("a", "")];
    let problems = Conditions::compile(rules).unwrap_err();
    let shown: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "rule \"a\":1:1: there is no field \"mesage\"; did you mean message?",
            "rule \"c\":1:8: hour is compared with an hour, not 24; write 0 to 23; a time with \
             minutes is time >= \"18:30\"",
            "rule \"a\": rule 1 has this name too; explanations name rules: give each its own",
            "rule \"a\":1:1: the condition is empty; write what must hold, such as message contains \
             \"invoice\"",
        ]
    );
    assert_eq!(problems.0.iter().map(|problem| problem.index).collect::<Vec<_>>(), [0, 2, 3, 3]);
}

#[test]
fn types() {
    check(
        "hour contains \"x\"",
        &["1:6: hour cannot be compared with contains; use <, <=, >, >=, equals, not_equals or in"],
    );
    check("hour exists", &["1:6: hour cannot be compared with exists; the clock is always there"]);
    check(
        "message < 3",
        &[
            "1:9: message cannot be compared with <; only fields of contact and context are compared \
           as numbers",
        ],
    );
    let hour = "write 0 to 23; a time with minutes is time >= \"18:30\"";
    check("hour equals 24", &[&format!("1:13: hour is compared with an hour, not 24; {hour}")]);
    check("hour < -1", &[&format!("1:8: hour is compared with an hour, not -1; {hour}")]);
    check("hour >= 9.5", &[&format!("1:9: hour is compared with an hour, not 9.5; {hour}")]);
    check("hour > \"9\"", &[&format!("1:8: hour is compared with an hour, not \"9\"; {hour}")]);
    check(
        "hour in [9, 30, 40]",
        &[
            &format!("1:13: hour is compared with an hour, not 30; {hour}"),
            &format!("1:17: hour is compared with an hour, not 40; {hour}"),
        ],
    );
    let time = "write \"00:00\" to \"23:59\", in quotes";
    check("time > 18", &[&format!("1:8: time is compared with a time, not 18; {time}")]);
    check(
        "time > \"24:00\"",
        &[&format!("1:8: time is compared with a time, not \"24:00\"; {time}")],
    );
    check(
        "time starts_with \"1\"",
        &[
            "1:6: time cannot be compared with starts_with; use <, <=, >, >=, equals, not_equals or \
           in",
        ],
    );
    check(
        "weekday < \"friday\"",
        &["1:9: weekday cannot be compared with <; use equals, not_equals or in"],
    );
    check("reason exists", &["1:8: reason cannot be compared with exists; it is always there"]);
    check(
        "weekday equals 1",
        &["1:16: weekday is compared with a word, not 1; one of, in quotes: monday, tuesday, \
           wednesday, thursday, friday, saturday, sunday"],
    );
    let text = "write it in quotes; numbers are compared with <, <=, >, >=";
    check(
        "context.a equals 5",
        &[&format!("1:18: context.a is compared with a text, not 5; {text}")],
    );
    check(
        "message in [\"a\", 5]",
        &[&format!("1:18: message is compared with a text, not 5; {text}")],
    );
    check(
        "context.a < \"5\"",
        &["1:13: context.a is compared with a number, not \"5\"; write the number without quotes"],
    );
    check(
        "context.a < 5 fold",
        &["1:11: fold says nothing here; it goes with a comparison of texts"],
    );
}

#[test]
fn patterns() {
    let hint = "at most 63 characters; write a star itself as \\\\*";
    check(
        "message matches \"a\\\\\"",
        &[&format!("1:17: the pattern ends in a backslash; {hint}")],
    );
    check(
        &format!("message matches \"*{}\"", "?".repeat(64)),
        &[&format!("1:17: the pattern has 64 characters besides *; {hint}")],
    );
}

#[test]
fn what_other_languages_write() {
    check("message == \"x\"", &["1:9: == is no operator here; write equals"]);
    check(
        "message != \"x\" && !language exists",
        &[
            "1:9: != is no operator here; write not_equals",
            "1:16: && is no operator here; write and",
            "1:19: ! is no operator here; write not",
        ],
    );
    check("message equals 'x'", &["1:16: ' is no quote here; write straight quotes: \""]);
    check("message equals “x”", &["1:16: “ is no quote here; write straight quotes: \""]);
    check("message equals sales", &["1:16: \"sales\" is no value; write it in quotes: \"sales\""]);
    check(
        "message not contains \"x\"",
        &["1:9: not stands before a comparison, not in it; write not_contains"],
    );
    check(
        "message not in [\"x\"]",
        &[
            "1:9: not stands before a comparison, not in it; write not before the field: not message \
           ...",
        ],
    );
    check("message & \"x\"", &["1:9: '&' means nothing here; write texts in quotes: \"...\""]);
    check(
        "hour < 18h",
        &["1:8: \"18h\" is no number; write a number as 12 or 12.5, a time as \"18:30\""],
    );
}

#[test]
fn what_is_not_whole() {
    let fields = "one of: message, contact, context, hour, time, weekday, language, reason";
    check(
        "   ",
        &[
            "1:4: the condition is empty; write what must hold, such as message contains \"invoice\"",
        ],
    );
    check(
        "message",
        &["1:8: an operator is expected, not the end; one of: equals, not_equals, \
           contains, not_contains, starts_with, matches, in, exists, <, <=, >, >="],
    );
    check(
        "message and hour < 3",
        &["1:9: an operator is expected, not and; to ask whether it is there: message exists"],
    );
    check(
        "message contains",
        &["1:17: a value after contains is expected, not the end; write \"text\" or a number"],
    );
    check(
        "message contains \"x",
        &["1:18: the text is not closed; end it with \" on the same line"],
    );
    check(
        "message contains \"\\x\"",
        &[
            "1:19: \\x means nothing in a text; one of: \\\" \\\\ \\n \\t; a backslash itself is \\\\",
        ],
    );
    check("(message exists", &["1:1: this ( is not closed; close it with )"]);
    check("message exists)", &["1:15: this ) closes nothing; remove it, or open it with ("]);
    check(
        "message exists language exists",
        &["1:16: and, or or the end is expected, not language; join comparisons with and, or"],
    );
    check(
        "(message exists language exists)",
        &["1:17: and, or or ) is expected, not language; join comparisons with and, or"],
    );
    check("and message exists", &[&format!("1:1: a field is expected, not and; {fields}")]);
    check("\"x\" equals message", &[&format!("1:1: a field is expected, not \"x\"; {fields}")]);
    check("message in \"x\"", &["1:12: [ is expected, not \"x\"; write in [\"a\", \"b\"]"]);
    check(
        "message in []",
        &["1:13: a value after in [ is expected, not ]; write \"text\" or a number"],
    );
    check(
        "message in [\"a\" \"b\"]",
        &["1:17: , or ] is expected, not \"b\"; write in [\"a\", \"b\"]"],
    );
    check(
        "contact exists",
        &["1:1: contact needs the name of a field; write contact.name or contact.\"a name\""],
    );
    check(
        "contact.3 exists",
        &["1:9: the name of a field is expected, not 3; write contact.name or contact.\"a name\""],
    );
    check(
        "message.text exists",
        &["1:1: message has no fields; only contact and context have fields"],
    );
    check("context.\"\" exists", &["1:9: the name of a field has 0 bytes; 1 to 128"]);
}

#[test]
fn what_is_doubtful_is_a_warning() {
    let rules = Conditions::compile([
        ("a", "message exists and  hour < 3"),
        ("b", "contact.emai exists"),
        ("c", "(message exists) and hour < 3"),
        ("d", "contact.membership exists"),
    ])
    .unwrap();
    let shown: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "rule \"b\":1:1: \"emai\" is none of the usual fields of a contact; did you mean email?",
            "rule \"c\": this rule can never match; rule \"a\" before it has the same condition",
        ]
    );
    let sound = compiled(&["message exists".to_owned(), "hour < 3".to_owned()]);
    assert!(sound.warnings().is_empty());
    assert_eq!(sound.first(&HandOff::bare().facts(), None), None);
}
