//! What a condition means, in the plainest words: straight recursion over the parsed tree, every text
//! normalized again each time, patterns by trying everything.

use crate::HandOff;
use relevo_routing::rules::Weekday;
use relevo_routing::rules::syntax::{Comparison, Expression, Field, Operator, Order, Value};
use relevo_wire::vocabulary::HandOffReason;
use unicode_normalization::UnicodeNormalization;

pub(crate) fn holds(condition: &Expression, hand_off: &HandOff) -> bool {
    match condition {
        Expression::Any(parts) => parts.iter().any(|part| holds(part, hand_off)),
        Expression::All(parts) => parts.iter().all(|part| holds(part, hand_off)),
        Expression::Not(part) => !holds(part, hand_off),
        Expression::Comparison(comparison) => compare(comparison, hand_off),
    }
}

pub(crate) fn compare(comparison: &Comparison, hand_off: &HandOff) -> bool {
    match comparison.operator {
        Operator::NotEquals => !is_true(comparison, Operator::Equals, hand_off),
        Operator::NotContains => !is_true(comparison, Operator::Contains, hand_off),
        Operator::Equals
        | Operator::Contains
        | Operator::StartsWith
        | Operator::Matches
        | Operator::In
        | Operator::Exists
        | Operator::Order(_) => is_true(comparison, comparison.operator, hand_off),
    }
}

/// False of a missing field.
fn is_true(comparison: &Comparison, operator: Operator, hand_off: &HandOff) -> bool {
    let minutes = u32::from(hand_off.hour) * 60 + u32::from(hand_off.minute);
    let named = |entries: &[(String, String)], name: &str| {
        entries.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    match &comparison.field {
        Field::Hour => ordered(comparison, operator, u32::from(hand_off.hour)),
        Field::Time => ordered(comparison, operator, minutes),
        Field::Weekday => is_word(comparison, weekday(hand_off.weekday)),
        Field::Reason => is_word(comparison, reason(hand_off.reason)),
        Field::Message => of_text(comparison, operator, hand_off.message.clone()),
        Field::Language => of_text(comparison, operator, hand_off.language.clone()),
        Field::Contact(name) => of_text(comparison, operator, named(&hand_off.contact, name)),
        Field::Context(name) => of_text(comparison, operator, named(&hand_off.context, name)),
    }
}

fn ordered(comparison: &Comparison, operator: Operator, now: u32) -> bool {
    let value = |value: &Value| match value {
        Value::Number(number) => number.to_string().parse::<u32>().expect("an hour"),
        Value::Text(time) => {
            let (hour, minute) = time.split_once(':').expect("a time");
            hour.parse::<u32>().expect("an hour") * 60 + minute.parse::<u32>().expect("a minute")
        }
    };
    let limit = value(&comparison.values[0].value);
    match operator {
        Operator::Order(Order::Below) => now < limit,
        Operator::Order(Order::AtMost) => now <= limit,
        Operator::Order(Order::Above) => now > limit,
        Operator::Order(Order::AtLeast) => now >= limit,
        Operator::Equals
        | Operator::NotEquals
        | Operator::Contains
        | Operator::NotContains
        | Operator::StartsWith
        | Operator::Matches
        | Operator::In
        | Operator::Exists => comparison.values.iter().any(|literal| value(&literal.value) == now),
    }
}

fn is_word(comparison: &Comparison, word: &str) -> bool {
    texts(comparison).iter().any(|text| text.to_lowercase() == word)
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

fn reason(reason: HandOffReason) -> &'static str {
    match reason {
        HandOffReason::Planned => "planned",
        HandOffReason::Fallback => "fallback",
        HandOffReason::Requested => "requested",
    }
}

fn texts(comparison: &Comparison) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
    };
    comparison.values.iter().map(|literal| text(&literal.value)).collect()
}

fn of_text(comparison: &Comparison, operator: Operator, text: Option<String>) -> bool {
    let Some(text) = text else { return false };
    let same = |text: &str| normalized(text, comparison.fold);
    let values = texts(comparison);
    match operator {
        Operator::Exists => true,
        Operator::Equals | Operator::In => values.iter().any(|value| same(value) == same(&text)),
        Operator::Contains => same(&text).contains(&same(&values[0])),
        Operator::StartsWith => same(&text).starts_with(&same(&values[0])),
        Operator::Matches => {
            let text: Vec<char> = same(&text).chars().collect();
            glob(&pattern(&values[0], comparison.fold), &text)
        }
        Operator::Order(order) => {
            let Some(number) = number(&text) else { return false };
            let limit = number_of_text(&values[0]);
            match order {
                Order::Below => number < limit,
                Order::AtMost => number <= limit,
                Order::Above => number > limit,
                Order::AtLeast => number >= limit,
            }
        }
        Operator::NotEquals | Operator::NotContains => unreachable!("turned by the caller"),
    }
}

/// Small numbers alone: what a float holds exactly.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let parts: Vec<&str> = digits.split('.').collect();
    let is_number = parts.len() <= 2
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    is_number.then(|| number_of_text(text))
}

fn number_of_text(text: &str) -> f64 {
    text.parse().expect("digits")
}

fn normalized(text: &str, fold: bool) -> String {
    let lower = text.to_lowercase().replace('ς', "σ");
    let composed: String = lower.nfc().collect();
    if !fold {
        return composed;
    }
    let is_accent = |sign: &char| ('\u{300}'..='\u{36f}').contains(sign);
    composed.nfd().filter(|sign| !is_accent(sign)).nfc().collect()
}

enum Sign {
    Any,
    One,
    Just(char),
}

/// Signs of a pattern; a run between two stars or question marks is normalized as a whole.
fn pattern(written: &str, fold: bool) -> Vec<Sign> {
    let mut signs = Vec::new();
    let mut run = String::new();
    let mut is_escaped = false;
    for sign in written.chars() {
        if is_escaped || !"*?\\".contains(sign) {
            run.push(sign);
            is_escaped = false;
            continue;
        }
        is_escaped = sign == '\\';
        if !is_escaped {
            signs.extend(normalized(&run, fold).chars().map(Sign::Just));
            run.clear();
            signs.push(if sign == '*' { Sign::Any } else { Sign::One });
        }
    }
    signs.extend(normalized(&run, fold).chars().map(Sign::Just));
    signs
}

fn glob(pattern: &[Sign], text: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        ([Sign::Any, rest @ ..], text) => (0..=text.len()).any(|from| glob(rest, &text[from..])),
        ([Sign::One, rest @ ..], [_, text @ ..]) => glob(rest, text),
        ([Sign::Just(sign), rest @ ..], [first, text @ ..]) => sign == first && glob(rest, text),
        ([_, ..], []) => false,
    }
}
