//! The tree of a condition, and how it is written.
//!
//! Printing a tree and parsing what was printed gives the same tree, as long as it is no longer than a
//! condition may be: spaces and escapes may come to more bytes than were written. `explain` shows
//! comparisons in this form; the directory keeps what was written.

use super::decimal::Decimal;
use std::fmt::{self, Display};

/// A byte of a condition's text. Trees that differ in places alone are equal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place(pub usize);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// A condition or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `a or b or ...`: at least two.
    Any(Vec<Self>),
    /// `a and b and ...`: at least two.
    All(Vec<Self>),
    /// `not a`.
    Not(Box<Self>),
    /// `field operator values`.
    Comparison(Comparison),
}

/// `field operator values`, perhaps with `fold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What is looked at.
    pub field: Field,
    /// How.
    pub operator: Operator,
    /// None for `exists`, some for `in`, one for any other.
    pub values: Vec<Literal>,
    /// Accents count for nothing.
    pub fold: bool,
    /// Of the field.
    pub place: Place,
    /// Of the operator.
    pub operator_place: Place,
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The value.
    pub value: Value,
    /// Of its begin.
    pub place: Place,
}

/// A text or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// In quotes.
    Text(String),
    /// Without.
    Number(Decimal),
}

/// What a comparison looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The customer's last message.
    Message,
    /// The language of the hand-off.
    Language,
    /// A field of the contact.
    Contact(String),
    /// An entry of the context.
    Context(String),
    /// Why the bot hands over.
    Reason,
    /// The hour on the clock, 0 to 23.
    Hour,
    /// The time on the clock, `"00:00"` to `"23:59"`.
    Time,
    /// The day of the week.
    Weekday,
}

/// How a comparison looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equals,
    NotEquals,
    Contains,
    NotContains,
    StartsWith,
    Matches,
    In,
    Exists,
    Order(Order),
}

/// Which side of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// Words that are no field and no operator.
pub(super) const AND: &str = "and";
pub(super) const OR: &str = "or";
pub(super) const NOT: &str = "not";
pub(super) const FOLD: &str = "fold";

impl Operator {
    /// All that are written as words.
    pub(super) const WORDS: [(&'static str, Self); 8] = [
        ("equals", Self::Equals),
        ("not_equals", Self::NotEquals),
        ("contains", Self::Contains),
        ("not_contains", Self::NotContains),
        ("starts_with", Self::StartsWith),
        ("matches", Self::Matches),
        ("in", Self::In),
        ("exists", Self::Exists),
    ];

    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(name, _)| *name == word).map(|(_, operator)| *operator)
    }

    /// The side that is asked for, if one is.
    pub(super) fn order(self) -> Option<Order> {
        if let Self::Order(order) = self { Some(order) } else { None }
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Order(Order::Below) => "<",
            Self::Order(Order::AtMost) => "<=",
            Self::Order(Order::Above) => ">",
            Self::Order(Order::AtLeast) => ">=",
            Self::Equals
            | Self::NotEquals
            | Self::Contains
            | Self::NotContains
            | Self::StartsWith
            | Self::Matches
            | Self::In
            | Self::Exists => Self::WORDS
                .iter()
                .find(|(_, operator)| *operator == self)
                .map_or("", |(name, _)| name),
        }
    }
}

impl Order {
    /// Does `value` stand on this side of `limit`?
    pub(super) fn holds<T: Ord>(self, value: T, limit: T) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

impl Expression {
    /// Every comparison, from left to right.
    pub(super) fn for_each_comparison<'a>(&'a self, each: &mut impl FnMut(&'a Comparison)) {
        match self {
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().for_each(|part| part.for_each_comparison(each));
            }
            Self::Not(part) => part.for_each_comparison(each),
            Self::Comparison(comparison) => each(comparison),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(parts) => joined(f, parts, OR, |part| matches!(part, Self::Any(_))),
            Self::All(parts) => joined(f, parts, AND, Self::is_joined),
            Self::Not(part) => {
                write!(f, "{NOT} ")?;
                enclosed(f, part, part.is_joined())
            }
            Self::Comparison(comparison) => comparison.fmt(f),
        }
    }
}

impl Expression {
    fn is_joined(&self) -> bool {
        matches!(self, Self::Any(_) | Self::All(_))
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    word: &str,
    is_enclosed: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            write!(f, " {word} ")?;
        }
        enclosed(f, part, is_enclosed(part))?;
    }
    Ok(())
}

fn enclosed(f: &mut fmt::Formatter<'_>, part: &Expression, is_enclosed: bool) -> fmt::Result {
    if is_enclosed { write!(f, "({part})") } else { part.fmt(f) }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.operator.name())?;
        match (self.operator, &self.values[..]) {
            (Operator::In, values) => {
                f.write_str(" [")?;
                for (at, literal) in values.iter().enumerate() {
                    f.write_str(if at > 0 { ", " } else { "" })?;
                    literal.value.fmt(f)?;
                }
                f.write_str("]")?;
            }
            (_, values) => {
                for literal in values {
                    write!(f, " {}", literal.value)?;
                }
            }
        }
        if self.fold { write!(f, " {FOLD}") } else { Ok(()) }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => f.write_str("message"),
            Self::Language => f.write_str("language"),
            Self::Reason => f.write_str("reason"),
            Self::Hour => f.write_str("hour"),
            Self::Time => f.write_str("time"),
            Self::Weekday => f.write_str("weekday"),
            Self::Contact(name) => named(f, "contact", name),
            Self::Context(name) => named(f, "context", name),
        }
    }
}

fn named(f: &mut fmt::Formatter<'_>, map: &str, name: &str) -> fmt::Result {
    let is_word = name.starts_with(begins_word) && name.chars().all(continues_word);
    if is_word { write!(f, "{map}.{name}") } else { write!(f, "{map}.{}", Quoted(name)) }
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A text in quotes, with what cannot stand between them written as the lexer reads it.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for sign in self.0.chars() {
            match sign {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                sign => write!(f, "{sign}")?,
            }
        }
        f.write_str("\"")
    }
}

/// May a word begin so?
pub(super) fn begins_word(sign: char) -> bool {
    sign.is_alphabetic() || sign == '_'
}

/// May a word go on so?
pub(super) fn continues_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '-'
}
