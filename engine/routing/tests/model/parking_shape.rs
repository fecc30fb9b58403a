//! What may happen to tickets that are parked, or are to be.

use crate::action::{agent, by, bytes, which};
use crate::ask::{Among, Ask, To};
use crate::shapes::seldom;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn parked() -> BoxedStrategy<Ask> {
    let seconds = select(vec![0, 1, 30, 60, 600, 3_600, 86_400, 700_000, 800_000]);
    let of_parked = || (which(Among::Parked), by(), seldom(8));
    prop_oneof![
        14 => (which(Among::Served), by(), seldom(8), seconds)
            .prop_map(|(ticket, by, stale, seconds)| Ask::Park { ticket, by, stale, seconds }),
        2 => (which(Among::Parked), bytes()).prop_map(|(ticket, bytes)| Ask::Words { ticket, bytes }),
        9 => of_parked().prop_map(|(ticket, by, stale)| Ask::Unpark { ticket, by, stale }),
        1 => of_parked()
            .prop_map(|(ticket, by, stale)| Ask::Close { ticket, by, stale, tags: 0 }),
        1 => (of_parked(), agent()).prop_map(|((ticket, by, stale), to)| {
            Ask::Transfer { ticket, by, stale, to: To::Agent(to), note: false }
        }),
        1 => (of_parked(), bytes()).prop_map(|((ticket, by, stale), bytes)| {
            Ask::AgentMessage { ticket, by, stale, id: None, bytes }
        }),
    ]
    .boxed()
}
