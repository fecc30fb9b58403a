//! Explanations beyond what the core knows of a ticket: the rules that were held against its hand-off,
//! and any past instant that the log still holds.
//!
//! ```text
//! now:   record of the hand-off ──► routing ─┐
//!        core: Input::Explain ───────────────┴► Explained
//! then:  snapshot before it, records up to it ──► Fold ──► Tenant::explain_past ─┬► Explained
//!        record of the hand-off ──► routing ─────────────────────────────────────┘
//! ```
//! Both change nothing, and neither is on a hot path: a hand-off only notes which rules matched.

pub(crate) mod past;
mod routing;

pub(crate) use routing::{comparison, routing};

/// An instant in microseconds since 1970, as it is written for people and taken from them.
pub(crate) fn shown(us: u64) -> String {
    let at = i64::try_from(us).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
    at.map_or_else(|| format!("{us} microseconds after 1970"), |at| at.to_string())
}
