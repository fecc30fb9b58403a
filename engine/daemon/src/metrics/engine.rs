//! The operator's handles: registered once, cheap to use from any thread.

use super::labels::{SessionEnd, Transport};
use super::names::engine as names;
use super::recorder::Exporter;
use super::view::{GaugeView, ROLES};
use ::metrics::{Counter, Gauge, Histogram};

/// What is fed by the journal, the sessions and the start.
#[derive(Debug)]
pub struct Engine {
    pub(super) commit: Histogram,
    pub(super) fsync: Histogram,
    group_events: Histogram,
    journal_bytes: Counter,
    journal_durable: Gauge,
    journal_decided: Gauge,
    recovery: Gauge,
    snapshot: Histogram,
    sessions: [[Gauge; ROLES.len()]; Transport::ALL.len()],
    sessions_closed: [Counter; SessionEnd::ALL.len()],
    slow_consumers: Counter,
    outbox_bytes: Gauge,
    memory_bound: Gauge,
    work_conservation: Gauge,
    reload_successful: Gauge,
}

impl Engine {
    pub(super) fn new(exporter: &Exporter, version: &str) -> Self {
        exporter.gauge(&names::BUILD_INFO, &[version]).set(1.0);
        let reload_successful = exporter.gauge(&names::CONFIG_LAST_RELOAD_SUCCESSFUL, &[]);
        reload_successful.set(1.0);
        Self {
            commit: exporter.histogram(&names::COMMIT_SECONDS, &[]),
            fsync: exporter.histogram(&names::FSYNC_SECONDS, &[]),
            group_events: exporter.histogram(&names::COMMIT_GROUP_EVENTS, &[]),
            journal_bytes: exporter.counter(&names::JOURNAL_BYTES, &[]),
            journal_durable: exporter.gauge(&names::JOURNAL_DURABLE_SEQUENCE, &[]),
            journal_decided: exporter.gauge(&names::JOURNAL_DECIDED_SEQUENCE, &[]),
            recovery: exporter.gauge(&names::RECOVERY_SECONDS, &[]),
            snapshot: exporter.histogram(&names::SNAPSHOT_SECONDS, &[]),
            sessions: Transport::ALL.map(|transport| {
                ROLES.map(|role| exporter.gauge(&names::SESSIONS, &[transport.name(), role.name()]))
            }),
            sessions_closed: SessionEnd::ALL
                .map(|end| exporter.counter(&names::SESSIONS_CLOSED, &[end.name()])),
            slow_consumers: exporter.counter(&names::SLOW_CONSUMERS, &[]),
            outbox_bytes: exporter.gauge(&names::OUTBOX_BYTES, &[]),
            memory_bound: exporter.gauge(&names::MEMORY_BOUND_BYTES, &[]),
            work_conservation: exporter.gauge(&names::WORK_CONSERVATION_VIOLATION_SECONDS, &[]),
            reload_successful,
        }
    }

    /// What the limits add up to.
    pub fn memory_bound(&self, bytes: u64) {
        self.memory_bound.set(bytes as f64);
    }

    /// A group is durable: so many records and bytes.
    pub fn group_durable(&self, records: u64, bytes: u64) {
        if records > 0 {
            self.group_events.record(records as f64);
        }
        self.journal_bytes.increment(bytes);
    }

    /// The log was read at the start.
    pub fn recovered(&self, took: std::time::Duration) {
        self.recovery.set(took.as_secs_f64());
    }

    /// A snapshot was written.
    pub fn snapshot_taken(&self, took: std::time::Duration) {
        self.snapshot.record(took.as_secs_f64());
    }

    /// A session ended. A slow consumer counts in its own metric too.
    pub fn session_closed(&self, end: SessionEnd) {
        self.sessions_closed[end as usize].increment(1);
        if end == SessionEnd::SlowConsumer {
            self.slow_consumers.increment(1);
        }
    }

    /// The configuration was read again, with success or not.
    pub fn reloaded(&self, success: bool) {
        self.reload_successful.set(if success { 1.0 } else { 0.0 });
    }

    pub(super) fn set(&self, view: &GaugeView) {
        for (gauges, counts) in self.sessions.iter().zip(&view.sessions) {
            for (gauge, count) in gauges.iter().zip(counts) {
                gauge.set(*count as f64);
            }
        }
        self.outbox_bytes.set(view.outbox_bytes as f64);
        self.work_conservation.set(view.work_conservation_violation_us as f64 / 1e6);
        self.journal_decided.set(view.journal_decided_sequence as f64);
        self.journal_durable.set(view.journal_durable_sequence as f64);
    }
}
