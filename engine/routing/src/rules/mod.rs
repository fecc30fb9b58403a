//! Rules: ordered conditions over a hand-off, the first that holds wins.
//!
//! ```text
//! Vec<Rule<T>> ──► Rules::compile ──► Rules<T> ──► first_match(&Facts) ──► Option<Matched<T>>
//!                        │                 └─────► explain(&Facts)     ──► each rule and why
//!                        └► Problems: all of all rules, with line, column and hint
//! ```
//!
//! Pure values: no I/O, no clock, no randomness. What follows from a rule is the caller's `T`; a set
//! without results is [`Conditions`]. A rule may have a scope: it counts only where that is asked for. Facts hold what a customer wrote: rules are held against them
//! where the details of a hand-off are unpacked, and the core learns the result alone.
//!
//! # The language of conditions
//!
//! ```text
//! message contains "invoice" fold and not contact.city in ["Lima", "Cusco"]
//! (context."customer tier" equals "gold" or context.amount >= 1000) and time >= "18:30"
//! ```
//!
//! | field | is | compared with |
//! |---|---|---|
//! | `message`, `language` | text, may be missing | `equals`, `not_equals`, `contains`, `not_contains`, `starts_with`, `matches`, `in`, `exists` |
//! | `contact.NAME`, `context.NAME` | text, may be missing | the same, and `<`, `<=`, `>`, `>=` with a number |
//! | `hour` | 0 to 23 | `equals`, `not_equals`, `in`, `<`, `<=`, `>`, `>=` with a number |
//! | `time` | `"00:00"` to `"23:59"` | the same, with a text in this form |
//! | `weekday` | `"monday"` to `"sunday"` | `equals`, `not_equals`, `in` |
//! | `reason` | `"planned"`, `"fallback"`, `"requested"` | `equals`, `not_equals`, `in` |
//!
//! There is no field for minutes: `hour >= 18 and minute >= 30` would not hold at 19:10, and
//! `time >= "18:30"` says what is meant. A name that is no word stands in quotes: `contact."first name"`.
//! `not` binds closest, then `and`, then `or`; parentheses group. Values are texts in quotes (with `\"`,
//! `\\`, `\n`, `\t`) or numbers without.
//!
//! **Texts** are compared without case: Unicode lowercase, character by character, and composed (NFC),
//! so that an accent is one however the channel sends it. Accents count, unless `fold` stands behind the
//! value: then é is e on both sides. `matches` holds a pattern against the whole text: `*` is any text,
//! `?` any one character; `\\*` in quotes is a star.
//!
//! **Numbers**: `<`, `<=`, `>`, `>=` read the text as a decimal number (digits, perhaps a sign before
//! them and a point in them, space around them). A text that is none counts as missing.
//!
//! **Missing fields**: a comparison with a missing field is false. `not` turns what stands behind it
//! into its opposite, always: there is no third value. `x not_equals v` is `not x equals v`, and
//! `x not_contains v` is `not x contains v`; so both are true of a missing field, and `not context.age <
//! 18` is true where there is no age, though `context.age >= 18` is false there. Whoever wants it
//! otherwise adds `and context.age exists`. Two values rather than three: with three, a rule and its
//! `not` may both fail to match, and a customer falls through rules that seem to leave nothing out. An
//! empty text is there: it exists, equals `""`, and is no number.
//!
//! # Bounds
//!
//! [`limits`] bounds rules, their length, depth and number, and how much of a hand-off is looked at.
//! Of a longer text the begin is looked at, as if it ended there. An evaluation walks once over each
//! field that some rule names, and then makes at most one test for each comparison.

mod check;
mod compile;
mod decimal;
mod evaluate;
mod explain;
mod facts;
mod lexer;
pub mod limits;
mod parser;
mod pattern;
mod plan;
mod predicate;
mod problem;
mod program;
mod rule_set;
pub mod syntax;
mod text;

pub use check::REASONS;
pub use compile::{Conditions, Written};
pub use decimal::Decimal;
pub use explain::{Because, Explanation, Found, Tried};
pub use facts::{Entries, Facts, Moment, Weekday};
pub use problem::{Problem, Problems, nearest};
pub use rule_set::{Matched, Rule, Rules};
