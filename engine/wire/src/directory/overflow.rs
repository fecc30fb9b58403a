//! Where a ticket goes that waits too long, or in vain.

use super::yes;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::BTreeSet;

/// The next step of a queue's tickets. The target's own overflow is the step after it, and counts
/// its time anew.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// Another queue of the same bot. Steps lead to no queue twice.
    pub to: String,
    /// After so many seconds in this queue (1 to 604,800: a week); absent: time alone moves nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u32>,
    /// At once when no member is online who may have the ticket, seats aside (default). If not, its
    /// tickets wait here whoever is online, those too that come from other queues.
    #[serde(default = "yes")]
    pub when_nobody_online: bool,
    /// The step raises a lower priority to this one (0 to 1000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
}

impl Overflow {
    /// A step that is taken when nobody is online.
    #[must_use]
    pub fn new(to: impl Into<String>) -> Self {
        Self { to: to.into(), after_seconds: None, when_nobody_online: true, priority: None }
    }
}

/// The steps from a queue on, where they lead back to it: `a -> b -> a`. `next` tells where a queue of
/// the same bot overflows to.
#[must_use]
pub fn overflow_circle<'a>(
    queue: &'a str,
    next: impl Fn(&'a str) -> Option<&'a str>,
) -> Option<String> {
    let mut chain = vec![queue];
    let mut passed = BTreeSet::from([queue]);
    let mut at = queue;
    while let Some(to) = next(at) {
        chain.push(to);
        if to == queue {
            return Some(chain.join(" -> "));
        }
        if !passed.insert(to) {
            // A circle that this queue leads into, and is no part of.
            return None;
        }
        at = to;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_told_by_those_who_are_in_it() {
        let next = |queue: &str| match queue {
            "in" => Some("a"),
            "a" => Some("b"),
            "b" => Some("a"),
            "self" => Some("self"),
            "first" => Some("last"),
            _ => None,
        };
        assert_eq!(overflow_circle("a", next).as_deref(), Some("a -> b -> a"));
        assert_eq!(overflow_circle("b", next).as_deref(), Some("b -> a -> b"));
        assert_eq!(overflow_circle("self", next).as_deref(), Some("self -> self"));
        assert_eq!(overflow_circle("in", next), None);
        assert_eq!(overflow_circle("first", next), None);
    }
}
