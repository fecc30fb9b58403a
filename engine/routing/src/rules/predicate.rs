//! Comparisons in one form: two that ask the same of the same field are the same predicate, and are
//! looked at once an evaluation.

use super::decimal::Decimal;
use super::pattern::Piece;
use super::syntax::{Field, Order};

/// What may be true of a hand-off. Of a missing field every predicate is false.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Predicate {
    /// The field is there.
    Exists(Field),
    /// About a text.
    Text(View, TextTest),
    /// The text is a number on this side of another.
    Number(Field, Order, Decimal),
    /// About the clock.
    Clock(ClockTest),
    /// The reason is one of these; a bit each, in the order of [`super::check::REASONS`].
    Reasons(u8),
}

/// A field in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct View {
    pub(super) field: Field,
    pub(super) is_folded: bool,
}

/// What may be true of a text. Every literal is normalized as the view is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum TextTest {
    /// Sorted, none twice.
    IsOneOf(Vec<String>),
    /// Never empty.
    Contains(String),
    /// Never empty.
    StartsWith(String),
    Matches(Vec<Piece>),
}

/// What may be true of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ClockTest {
    /// A bit for each hour.
    Hours(u32),
    /// A bit for each day from Monday.
    Weekdays(u8),
    /// Minutes since midnight.
    Time(Order, u16),
    /// Minutes since midnight; sorted, none twice.
    TimeIsOneOf(Vec<u16>),
}

impl Predicate {
    /// The field whose absence makes it false; the clock and the reason are always there.
    pub(super) fn optional_field(&self) -> Option<&Field> {
        match self {
            Self::Exists(field) | Self::Text(View { field, .. }, _) | Self::Number(field, ..) => {
                Some(field)
            }
            Self::Clock(_) | Self::Reasons(_) => None,
        }
    }

    /// Bytes of the texts that it looks for.
    pub(super) fn literal_bytes(&self) -> usize {
        match self {
            Self::Text(_, test) => match test {
                TextTest::IsOneOf(literals) => literals.iter().map(String::len).sum(),
                TextTest::Contains(literal) | TextTest::StartsWith(literal) => literal.len(),
                TextTest::Matches(pieces) => pieces.iter().map(Piece::bytes).sum(),
            },
            Self::Exists(_) | Self::Number(..) | Self::Clock(_) | Self::Reasons(_) => 0,
        }
    }
}
