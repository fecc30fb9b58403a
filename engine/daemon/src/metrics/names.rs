//! Every metric that the daemon exports: name, kind, unit, labels and help text, once.
//!
//! What is not in [`all`] is not exported: registering a metric with other labels than its
//! declaration panics, and a test compares a whole scrape with this list. No agent, contact or
//! ticket ever is a label; tenant, bot and queue are directory names, at most
//! [`super::board::OWN_SERIES`] combinations of them.

pub mod contact_center;
pub mod engine;
pub mod process;

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, from zero at the start of the daemon.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Samples counted into buckets.
    Histogram(Buckets),
}

/// Which bounds a histogram has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// Seconds to hours, with the configured `extra_buckets`.
    ContactCenter,
    /// 25 µs to 5 s.
    Engine,
    /// 10 ms to 5 min: work of the background.
    Background,
    /// 1 to 4,096 events.
    Events,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A duration.
    Seconds,
    /// A moment, in seconds since 1970; 0 for none.
    Timestamp,
    /// Bytes.
    Bytes,
    /// Things.
    Things,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// As it is exported.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// Names of its labels, in the order in which they are exported (`le` not among them).
    pub labels: &'static [&'static str],
    /// What it says, in one line.
    pub help: &'static str,
}

/// Every metric of the daemon.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [contact_center::ALL, engine::ALL, process::ALL].into_iter().flatten()
}

/// The metric of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    all().find(|metric| metric.name == name)
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Things, labels, help }
}

const fn gauge(
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels, help }
}

const fn seconds(
    name: &'static str,
    buckets: Buckets,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit: Unit::Seconds, labels, help }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const LABELS: [&str; 16] = [
        "tenant",
        "bot",
        "queue",
        "outcome",
        "via",
        "reason",
        "answered",
        "short",
        "told",
        "state",
        "result",
        "transport",
        "role",
        "direction",
        "command",
        "version",
    ];

    #[test]
    fn every_name_is_there_once_and_has_a_help_text() {
        let mut seen = HashSet::new();
        for metric in all() {
            assert!(seen.insert(metric.name), "{} is declared twice", metric.name);
            assert!(metric.help.len() > 10 && metric.help.ends_with('.'), "{}", metric.name);
            assert!(!metric.help.contains('\n'), "{}", metric.name);
        }
    }

    #[test]
    fn a_name_ends_as_its_kind_and_unit_say() {
        for metric in all() {
            let name = metric.name;
            assert!(name.starts_with("relevo_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
            let base = name.strip_suffix("_total").unwrap_or(name);
            match metric.unit {
                Unit::Seconds => assert!(base.ends_with("_seconds"), "{name}"),
                Unit::Timestamp => assert!(
                    base.ends_with("_timestamp_seconds") || name == "process_start_time_seconds",
                    "{name}"
                ),
                Unit::Bytes => assert!(base.ends_with("_bytes"), "{name}"),
                Unit::Things => {
                    assert!(!base.ends_with("_seconds") && !base.ends_with("_bytes"), "{name}");
                }
            }
        }
    }

    #[test]
    fn no_label_but_the_allowed_ones() {
        for metric in all() {
            for label in metric.labels {
                assert!(LABELS.contains(label), "{} has the label {label}", metric.name);
            }
            let own: HashSet<_> = metric.labels.iter().collect();
            assert_eq!(own.len(), metric.labels.len(), "{}", metric.name);
        }
    }
}
