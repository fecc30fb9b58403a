//! Random conditions and hand-offs: few letters and few names, so that they meet.

use crate::HandOff;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_routing::rules::syntax::{
    Comparison, Expression, Field, Literal, Operator, Order, Place, Value,
};
use relevo_routing::rules::{Decimal, Weekday};
use relevo_wire::vocabulary::HandOffReason;

const NAMES: [&str; 4] = ["name", "city", "two words", "ñ"];

pub(crate) fn text() -> impl Strategy<Value = String> {
    let parts = [
        "", "a", "b", "ab", "aa", "A", "é", "e\u{301}", "E", "e", "ñ", "N", "Σ", "ς", "σ", " ",
        "ß", "한", "İ", "1", "10", "-2.5", ".", "\"", "\\", "\n", "\t", "x*", "?",
    ];
    prop_oneof![
        3 => vec(select(parts.to_vec()), 0..4).prop_map(|parts| parts.concat()),
        1 => select(vec!["", "ab", "a", "10", " 2 ", "-2.5", "é"]).prop_map(str::to_owned),
    ]
}

/// A pattern that does not end in half an escape.
fn pattern() -> impl Strategy<Value = String> {
    let parts =
        ["*", "*", "?", "a", "b", "ab", "é", "e", "e\u{301}", "A", "\\*", "\\?", "\\\\", "σ", " "];
    vec(select(parts.to_vec()), 0..6).prop_map(|parts| parts.concat())
}

fn number() -> impl Strategy<Value = Value> {
    let numbers = ["-3", "-2.5", "0", "1", "2", "9.75", "10", "11"];
    select(numbers.to_vec()).prop_map(|text| Value::Number(Decimal::parse(text).expect("a number")))
}

fn order() -> impl Strategy<Value = Operator> {
    let orders = vec![Order::Below, Order::AtMost, Order::Above, Order::AtLeast];
    select(orders).prop_map(Operator::Order)
}

fn comparison(field: Field, operator: Operator, values: Vec<Value>, fold: bool) -> Expression {
    let literal = |value| Literal { value, place: Place(0) };
    let values = values.into_iter().map(literal).collect();
    let (place, operator_place) = (Place(0), Place(0));
    Expression::Comparison(Comparison { field, operator, values, fold, place, operator_place })
}

fn named_field() -> impl Strategy<Value = Field> {
    let name = select(NAMES.to_vec()).prop_map(str::to_owned);
    (name, any::<bool>()).prop_map(|(name, is_contact)| {
        if is_contact { Field::Contact(name) } else { Field::Context(name) }
    })
}

fn text_field() -> impl Strategy<Value = Field> {
    prop_oneof![2 => Just(Field::Message), 1 => Just(Field::Language), 3 => named_field()]
}

fn of_text() -> impl Strategy<Value = Expression> {
    use Operator::{Contains, Equals, Exists, In, Matches, NotContains, NotEquals, StartsWith};
    let one = select(vec![Equals, NotEquals, Contains, NotContains, StartsWith]);
    let texts = |texts: Vec<String>| texts.into_iter().map(Value::Text).collect();
    prop_oneof![
        6 => (text_field(), one, text(), any::<bool>())
            .prop_map(|(field, operator, text, fold)| {
                comparison(field, operator, vec![Value::Text(text)], fold)
            }),
        2 => (text_field(), pattern(), any::<bool>()).prop_map(|(field, pattern, fold)| {
            comparison(field, Matches, vec![Value::Text(pattern)], fold)
        }),
        1 => (text_field(), vec(text(), 1..4), any::<bool>()).prop_map(move |(field, list, fold)| {
            comparison(field, In, texts(list), fold)
        }),
        1 => text_field().prop_map(|field| comparison(field, Exists, vec![], false)),
        2 => (named_field(), order(), number())
            .prop_map(|(field, operator, number)| comparison(field, operator, vec![number], false)),
    ]
}

fn of_clock_or_reason() -> impl Strategy<Value = Expression> {
    let equality = || select(vec![Operator::Equals, Operator::NotEquals]);
    let hour = (0..24_u8)
        .prop_map(|hour| Value::Number(Decimal::parse(&hour.to_string()).expect("an hour")));
    let time = (17..20_u8, select(vec![0_u8, 29, 30, 31]))
        .prop_map(|(hour, minute)| Value::Text(format!("{hour:02}:{minute:02}")));
    let word = |words: &[&'static str]| {
        select(words.to_vec()).prop_map(|word| Value::Text(word.to_owned()))
    };
    let day = word(&["monday", "Thursday", "SUNDAY"]);
    let reason = word(&["planned", "fallback", "Requested"]);
    let one = |field: Field, operator: BoxedStrategy<Operator>, value: BoxedStrategy<Value>| {
        (operator, value)
            .prop_map(move |(operator, value)| {
                comparison(field.clone(), operator, vec![value], false)
            })
            .boxed()
    };
    let some = |field: Field, value: BoxedStrategy<Value>| {
        vec(value, 1..4)
            .prop_map(move |values| comparison(field.clone(), Operator::In, values, false))
            .boxed()
    };
    let (hour, time, day, reason) = (hour.boxed(), time.boxed(), day.boxed(), reason.boxed());
    prop_oneof![
        one(Field::Hour, prop_oneof![order(), equality()].boxed(), hour.clone()),
        one(Field::Time, prop_oneof![order(), equality()].boxed(), time.clone()),
        one(Field::Weekday, equality().boxed(), day.clone()),
        one(Field::Reason, equality().boxed(), reason.clone()),
        some(Field::Hour, hour),
        some(Field::Time, time),
        some(Field::Weekday, day),
        some(Field::Reason, reason),
    ]
}

/// A well-typed condition, as the parser would give it.
pub(crate) fn condition() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![4 => of_text(), 1 => of_clock_or_reason()];
    leaf.prop_recursive(4, 24, 4, |part| {
        prop_oneof![
            vec(part.clone(), 2..4).prop_map(Expression::Any),
            vec(part.clone(), 2..4).prop_map(Expression::All),
            part.prop_map(|part| Expression::Not(Box::new(part))),
        ]
    })
}

fn entries() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = select([&NAMES[..], &["other"]].concat()).prop_map(str::to_owned);
    vec((name, text()), 0..6)
}

pub(crate) fn hand_off() -> impl Strategy<Value = HandOff> {
    let reasons = vec![HandOffReason::Planned, HandOffReason::Fallback, HandOffReason::Requested];
    let clock = (select(Weekday::ALL.to_vec()), 0..24_u8, select(vec![0_u8, 29, 30, 31, 59]));
    let evening = (select(Weekday::ALL.to_vec()), 17..20_u8, select(vec![0_u8, 29, 30, 31]));
    let texts = (option::weighted(0.8, text()), option::weighted(0.8, text()));
    (texts, entries(), entries(), select(reasons), prop_oneof![clock, evening]).prop_map(
        |((message, language), contact, context, reason, (weekday, hour, minute))| HandOff {
            message,
            language,
            contact,
            context,
            reason,
            weekday,
            hour,
            minute,
        },
    )
}
