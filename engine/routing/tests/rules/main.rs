//! The rules of a bot: what conditions mean, what is wrong with them, and the compiled form beside a
//! naive reference on random rules and hand-offs.
//!
//! ```sh
//! PROPTEST_CASES=100000 cargo test -p relevo-routing --test rules
//! ```

mod errors;
mod explain;
mod limits;
mod operators;
mod random;
mod reference;
mod shapes;

use relevo_routing::rules::{Conditions, Facts, Moment, Weekday};
use relevo_wire::vocabulary::HandOffReason;

/// A hand-off that owns what it holds.
#[derive(Debug, Clone)]
pub(crate) struct HandOff {
    pub(crate) message: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) contact: Vec<(String, String)>,
    pub(crate) context: Vec<(String, String)>,
    pub(crate) reason: HandOffReason,
    pub(crate) weekday: Weekday,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
}

impl HandOff {
    /// Nothing is known of the customer; Thursday, 18:30.
    pub(crate) fn bare() -> Self {
        Self {
            message: None,
            language: None,
            contact: Vec::new(),
            context: Vec::new(),
            reason: HandOffReason::Planned,
            weekday: Weekday::Thursday,
            hour: 18,
            minute: 30,
        }
    }

    pub(crate) fn saying(message: &str) -> Self {
        Self { message: Some(message.to_owned()), ..Self::bare() }
    }

    pub(crate) fn knowing(context: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { context: context.iter().map(owned).collect(), ..Self::bare() }
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            message: self.message.as_deref(),
            language: self.language.as_deref(),
            contact: &self.contact,
            context: &self.context,
            reason: self.reason,
            moment: Moment::new(self.weekday, self.hour, self.minute).expect("a time"),
        }
    }
}

/// Compiles conditions that must be right; they are named by their places.
pub(crate) fn compiled(conditions: &[String]) -> Conditions {
    let names: Vec<String> = (0..conditions.len()).map(|at| format!("rule {at}")).collect();
    let named = names.iter().map(String::as_str).zip(conditions.iter().map(String::as_str));
    Conditions::compile(named).unwrap_or_else(|problems| panic!("{problems}\n{conditions:?}"))
}

/// Does a single condition hold?
pub(crate) fn holds(condition: &str, hand_off: &HandOff) -> bool {
    compiled(&[condition.to_owned()]).first(&hand_off.facts(), None) == Some(0)
}

/// The problems of a single condition, as they are shown, without the rule's name.
pub(crate) fn problems(condition: &str) -> Vec<String> {
    match Conditions::compile([("r", condition)]) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            let shown = problems.0.iter().map(ToString::to_string);
            shown.map(|line| line.trim_start_matches("rule \"r\":").to_owned()).collect()
        }
    }
}
