//! What happens during a soak, and when: from its seed.

use crate::random::{Purpose, stream};
use rand::RngExt;
use std::collections::VecDeque;

/// Changes of the directory between two restarts.
const CHANGES: u32 = 10;
/// How far a restart or a storm may lie off its place, as a share of the distance of two restarts.
const OFF: f64 = 0.05;

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Not before so many seconds from the start of the arrivals; later when something else still
    /// goes on.
    pub at_s: f64,
    /// What.
    pub what: Happening,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// The daemon is ended and started again.
    Restart(Ending),
    /// Many sessions are cut at once; each comes back when its client says so.
    Storm(Who),
    /// The directory is changed: which change is drawn from the number.
    Change(u64),
}

/// How the daemon is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// SIGKILL.
    Kill,
    /// SIGTERM: it drains.
    Terminate,
}

/// Whose sessions are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// All agents'.
    Agents,
    /// All bots'.
    Bots,
}

/// How often each kind of it happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Restarts.
    pub restarts: u64,
    /// Storms.
    pub storms: u64,
    /// Changes of the directory.
    pub changes: u64,
}

impl Kinds {
    /// Counts what happens.
    #[must_use]
    pub fn of(happenings: impl Iterator<Item = Happening>) -> Self {
        let mut kinds = Self::default();
        for what in happenings {
            match what {
                Happening::Restart(_) => kinds.restarts += 1,
                Happening::Storm(_) => kinds.storms += 1,
                Happening::Change(_) => kinds.changes += 1,
            }
        }
        kinds
    }
}

/// Everything that happens in a soak of a seed, in order. Restarts lie about `restart_every_s`
/// apart, a storm between any two of them and before the first, none in the last part that a
/// restart would need a life for.
#[must_use]
pub fn events(seed: u64, duration_s: f64, restart_every_s: f64) -> VecDeque<Event> {
    let mut random = stream(seed, Purpose::Soak, 0);
    let mut events = Vec::new();
    let lives = (duration_s / restart_every_s).round().max(1.0) as u32;
    for life in 0..lives {
        let mut off = || random.random_range(-OFF..=OFF);
        let place = |share: f64| (f64::from(life) + share) * restart_every_s;
        let even = life % 2 == 0;
        let who = if even { Who::Agents } else { Who::Bots };
        events.push(Event { at_s: place(0.6 + off()), what: Happening::Storm(who) });
        if life + 1 < lives {
            let ending = if even { Ending::Kill } else { Ending::Terminate };
            events.push(Event { at_s: place(1.0 + off()), what: Happening::Restart(ending) });
        }
        for _ in 0..CHANGES {
            let at_s = place(random.random());
            events.push(Event { at_s, what: Happening::Change(random.random()) });
        }
    }
    events.retain(|event| event.at_s < duration_s);
    events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    events.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_events_in_order_and_another_seed_others() {
        let all = events(1, 600.0, 150.0);
        assert_eq!(all, events(1, 600.0, 150.0));
        assert_ne!(all, events(2, 600.0, 150.0));
        assert!(all.iter().is_sorted_by(|a, b| a.at_s <= b.at_s));
    }

    #[test]
    fn the_daemon_is_killed_and_terminated_in_turn_and_all_are_cut_in_turn() {
        let all = events(7, 600.0, 150.0);
        let restarts: Vec<Ending> = all
            .iter()
            .filter_map(|event| match event.what {
                Happening::Restart(ending) => Some(ending),
                Happening::Storm(_) | Happening::Change(_) => None,
            })
            .collect();
        assert_eq!(restarts, [Ending::Kill, Ending::Terminate, Ending::Kill]);
        let storms: Vec<Who> = all
            .iter()
            .filter_map(|event| match event.what {
                Happening::Storm(who) => Some(who),
                Happening::Restart(_) | Happening::Change(_) => None,
            })
            .collect();
        assert_eq!(storms, [Who::Agents, Who::Bots, Who::Agents, Who::Bots]);
    }

    #[test]
    fn a_minute_is_enough_for_every_kind() {
        let kinds = Kinds::of(events(1, 60.0, 20.0).into_iter().map(|event| event.what));
        assert_eq!(kinds, Kinds { restarts: 2, storms: 3, changes: 30 });
    }
}
