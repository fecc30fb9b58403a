//! The types of a comparison, and the predicate that it is.

use super::limits;
use super::pattern::{self, Piece};
use super::predicate::{ClockTest, Predicate, TextTest, View};
use super::problem::{Faults, shown, suggestion};
use super::syntax::{Comparison, Field, Literal, Operator, Place, Quoted, Value};
use super::text;
use relevo_wire::vocabulary::HandOffReason;

/// How reasons are written.
pub const REASONS: [(&str, HandOffReason); 3] = [
    ("planned", HandOffReason::Planned),
    ("fallback", HandOffReason::Fallback),
    ("requested", HandOffReason::Requested),
];

/// How days are written, as in [`super::facts::Weekday::ALL`].
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const CONTACT_FIELDS: [&str; 7] = ["id", "name", "phone", "email", "city", "document", "language"];

/// A comparison as a predicate that must be true, or must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) predicate: Predicate,
    pub(super) is_negated: bool,
}

/// The predicate, or nothing where a fault was added.
pub(super) fn check(comparison: &Comparison, faults: &mut Faults) -> Option<Checked> {
    let mut check = Check { comparison, faults, is_faulty: false };
    let is_negated = matches!(comparison.operator, Operator::NotEquals | Operator::NotContains);
    let predicate = check.predicate()?;
    (!check.is_faulty).then_some(Checked { predicate, is_negated })
}

/// What seems wrong and is no fault: a field of a contact that is nearly one of the usual.
pub(super) fn doubt(comparison: &Comparison) -> Option<(Place, String, String)> {
    let Field::Contact(name) = &comparison.field else { return None };
    let usual = CONTACT_FIELDS;
    let near = super::problem::nearest(name, &usual).filter(|near| near != name)?;
    let what = format!("{:?} is none of the usual fields of a contact", shown(name));
    Some((comparison.place, what, format!("did you mean {near}?")))
}

struct Check<'a> {
    comparison: &'a Comparison,
    faults: &'a mut Faults,
    is_faulty: bool,
}

impl Check<'_> {
    fn fault(&mut self, place: Place, what: impl Into<String>, hint: impl Into<String>) {
        self.is_faulty = true;
        self.faults.add(place.0, what, hint);
    }

    fn predicate(&mut self) -> Option<Predicate> {
        let field = &self.comparison.field;
        let predicate = match field {
            Field::Message | Field::Language => self.text(false),
            Field::Contact(_) | Field::Context(_) => self.text(true),
            Field::Hour => self.hour(),
            Field::Time => self.time(),
            Field::Weekday => {
                self.words(&WEEKDAYS).map(|days| Predicate::Clock(ClockTest::Weekdays(days)))
            }
            Field::Reason => self.words(&REASONS.map(|(name, _)| name)).map(Predicate::Reasons),
        };
        let is_text = matches!(predicate, Some(Predicate::Text(..)));
        if self.comparison.fold && predicate.is_some() && !is_text && !self.compares_text() {
            let place = self.comparison.operator_place;
            self.fault(place, "fold says nothing here", "it goes with a comparison of texts");
        }
        predicate
    }

    /// Was it written as a comparison of texts, whatever it comes to?
    fn compares_text(&self) -> bool {
        let is_text_field = match self.comparison.field {
            Field::Message | Field::Language | Field::Contact(_) | Field::Context(_) => true,
            Field::Hour | Field::Time | Field::Weekday | Field::Reason => false,
        };
        let is_text_operator =
            !matches!(self.comparison.operator, Operator::Exists | Operator::Order(_));
        is_text_field && is_text_operator
    }

    fn does_not_go(&mut self, hint: &str) {
        let Comparison { field, operator, operator_place, .. } = self.comparison;
        let what = format!("{field} cannot be compared with {}", operator.name());
        self.fault(*operator_place, what, hint);
    }

    fn text(&mut self, may_be_number: bool) -> Option<Predicate> {
        let comparison = self.comparison;
        let field = comparison.field.clone();
        let test = match comparison.operator {
            Operator::Exists => return Some(Predicate::Exists(field)),
            Operator::Order(_) if !may_be_number => {
                self.does_not_go("only fields of contact and context are compared as numbers");
                return None;
            }
            Operator::Order(order) => {
                let number = match &comparison.values[..] {
                    [Literal { value: Value::Number(number), .. }] => *number,
                    _ => {
                        let hint = "write the number without quotes";
                        self.each_value(|_, _| None::<()>, "a number", hint);
                        return None;
                    }
                };
                return Some(Predicate::Number(field, order, number));
            }
            Operator::Equals | Operator::NotEquals | Operator::In => {
                let fold = comparison.fold;
                let mut literals = self.texts(|text| text::normalized(text, fold))?;
                literals.sort_unstable();
                literals.dedup();
                TextTest::IsOneOf(literals)
            }
            Operator::Contains | Operator::NotContains => match self.only_text()? {
                literal if literal.is_empty() => return Some(Predicate::Exists(field)),
                literal => TextTest::Contains(literal),
            },
            Operator::StartsWith => match self.only_text()? {
                literal if literal.is_empty() => return Some(Predicate::Exists(field)),
                literal => TextTest::StartsWith(literal),
            },
            Operator::Matches => match self.pattern()?.as_slice() {
                [] => TextTest::IsOneOf(vec![String::new()]),
                [Piece::Any] => return Some(Predicate::Exists(field)),
                [Piece::Run(run)] => TextTest::IsOneOf(vec![run.clone()]),
                [Piece::Run(run), Piece::Any] => TextTest::StartsWith(run.clone()),
                [Piece::Any, Piece::Run(run), Piece::Any] => TextTest::Contains(run.clone()),
                pieces => TextTest::Matches(pieces.to_vec()),
            },
        };
        Some(Predicate::Text(View { field, is_folded: comparison.fold }, test))
    }

    fn only_text(&mut self) -> Option<String> {
        let fold = self.comparison.fold;
        self.texts(|text| text::normalized(text, fold))?.pop()
    }

    fn texts<T>(&mut self, read: impl Fn(&str) -> T) -> Option<Vec<T>> {
        let hint = "write it in quotes; numbers are compared with <, <=, >, >=";
        let text = |_: &mut Self, literal: &Literal| match &literal.value {
            Value::Text(text) => Some(read(text)),
            Value::Number(_) => None,
        };
        self.each_value(text, "a text", hint)
    }

    fn pattern(&mut self) -> Option<Vec<Piece>> {
        let fold = self.comparison.fold;
        let place = self.comparison.values.first()?.place;
        match self.texts(|text| pattern::pieces(text, fold))?.pop()? {
            Ok(pieces) => Some(pieces),
            Err(what) => {
                let most = limits::PATTERN_CHARACTERS;
                let hint = format!("at most {most} characters; write a star itself as \\\\*");
                self.fault(place, what, hint);
                None
            }
        }
    }

    fn hour(&mut self) -> Option<Predicate> {
        self.ordered_or_equal("use <, <=, >, >=, equals, not_equals or in")?;
        let hour = |_: &mut Self, literal: &Literal| match &literal.value {
            Value::Number(number) => number.whole().filter(|hour| (0..24).contains(hour)),
            Value::Text(_) => None,
        };
        let hint = "write 0 to 23; a time with minutes is time >= \"18:30\"";
        let hours = self.each_value(hour, "an hour", hint)?;
        let order = self.comparison.operator.order();
        let holds = |hour: &i64| match order {
            Some(order) => hours.iter().all(|limit| order.holds(*hour, *limit)),
            None => hours.contains(hour),
        };
        let bits = (0..24_i64).filter(holds).fold(0_u32, |bits, hour| bits | 1 << hour);
        Some(Predicate::Clock(ClockTest::Hours(bits)))
    }

    fn time(&mut self) -> Option<Predicate> {
        self.ordered_or_equal("use <, <=, >, >=, equals, not_equals or in")?;
        let minute = |_: &mut Self, literal: &Literal| match &literal.value {
            Value::Text(text) => minute_of_day(text),
            Value::Number(_) => None,
        };
        let hint = "write \"00:00\" to \"23:59\", in quotes";
        let mut minutes = self.each_value(minute, "a time", hint)?;
        minutes.sort_unstable();
        minutes.dedup();
        Some(Predicate::Clock(match (self.comparison.operator.order(), &minutes[..]) {
            (Some(order), [minute]) => ClockTest::Time(order, *minute),
            (Some(_) | None, _) => ClockTest::TimeIsOneOf(minutes),
        }))
    }

    fn ordered_or_equal(&mut self, hint: &str) -> Option<()> {
        match self.comparison.operator {
            Operator::Equals | Operator::NotEquals | Operator::In | Operator::Order(_) => Some(()),
            Operator::Exists => {
                self.does_not_go("the clock is always there");
                None
            }
            Operator::Contains
            | Operator::NotContains
            | Operator::StartsWith
            | Operator::Matches => {
                self.does_not_go(hint);
                None
            }
        }
    }

    /// A bit for each of the words that is named.
    fn words(&mut self, words: &[&str]) -> Option<u8> {
        match self.comparison.operator {
            Operator::Equals | Operator::NotEquals | Operator::In => {}
            Operator::Exists => {
                self.does_not_go("it is always there");
                return None;
            }
            Operator::Contains
            | Operator::NotContains
            | Operator::StartsWith
            | Operator::Matches
            | Operator::Order(_) => {
                self.does_not_go("use equals, not_equals or in");
                return None;
            }
        }
        let word = |check: &mut Self, literal: &Literal| {
            let Value::Text(text) = &literal.value else { return None };
            let lower = text.to_lowercase();
            let at = words.iter().position(|word| *word == lower);
            if at.is_none() {
                let what = format!("{} is no {}", Quoted(&shown(text)), check.comparison.field);
                check.fault(literal.place, what, suggestion(text, words));
            }
            // A word that there is not has had its fault.
            Some(at.unwrap_or_default())
        };
        let hint = format!("one of, in quotes: {}", words.join(", "));
        let named = self.each_value(word, "a word", &hint)?;
        Some(named.into_iter().fold(0, |bits, at| bits | 1 << at))
    }

    /// Reads every value, with a fault for each that is not what is wanted.
    fn each_value<T>(
        &mut self,
        read: impl Fn(&mut Self, &Literal) -> Option<T>,
        wanted: &str,
        hint: &str,
    ) -> Option<Vec<T>> {
        let comparison = self.comparison;
        let mut found = Vec::with_capacity(comparison.values.len());
        for literal in &comparison.values {
            match read(self, literal) {
                Some(value) => found.push(value),
                None => {
                    let written = match &literal.value {
                        Value::Text(text) => Quoted(&shown(text)).to_string(),
                        Value::Number(number) => number.to_string(),
                    };
                    let field = &comparison.field;
                    let what = format!("{field} is compared with {wanted}, not {written}");
                    self.fault(literal.place, what, hint);
                }
            }
        }
        (found.len() == comparison.values.len()).then_some(found)
    }
}

/// `18:30` as minutes since midnight.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |text: &str| {
        let is_it = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_it.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}
