//! What an operator asks: latencies, the log, sessions, refusals. Test tickets count here too.

use super::{Buckets, Kind, Metric, Unit, counter, gauge, seconds};

/// A decision of routing.
pub const DECISION_SECONDS: Metric = seconds(
    "relevo_decision_seconds",
    Buckets::Engine,
    &[],
    "Time that routing took for one command, without the log.",
);
/// From the oldest record of a group to its sync.
pub const COMMIT_SECONDS: Metric = seconds(
    "relevo_commit_seconds",
    Buckets::Engine,
    &[],
    "Time to make a group durable: insert, flush and sync.",
);
/// The sync alone.
pub const FSYNC_SECONDS: Metric =
    seconds("relevo_fsync_seconds", Buckets::Engine, &[], "Time of fdatasync of one group.");
/// Frame read to frame written.
pub const RELAY_SECONDS: Metric = seconds(
    "relevo_relay_seconds",
    Buckets::Engine,
    &[],
    "Time from reading a message's frame to writing it to its receiver.",
);
/// Ready to taken up.
pub const DISPATCH_LAG_SECONDS: Metric = seconds(
    "relevo_dispatch_lag_seconds",
    Buckets::Engine,
    &[],
    "Time that a command waited for its shard, or that a deadline was late.",
);
/// A ticket and an eligible agent that wait for each other.
pub const WORK_CONSERVATION_VIOLATION_SECONDS: Metric = gauge(
    "relevo_work_conservation_violation_seconds",
    Unit::Seconds,
    &[],
    "How long a waiting ticket and an agent who could take it coexist, by the auditor; 0 is right.",
);
/// Records a group.
pub const COMMIT_GROUP_EVENTS: Metric = Metric {
    name: "relevo_commit_group_events",
    kind: Kind::Histogram(Buckets::Events),
    unit: Unit::Things,
    labels: &[],
    help: "Records made durable by one sync.",
};
/// Written to the log.
pub const JOURNAL_BYTES: Metric = Metric {
    name: "relevo_journal_bytes_total",
    kind: Kind::Counter,
    unit: Unit::Bytes,
    labels: &[],
    help: "Bytes of groups written to the log.",
};
/// The cursor behind which everything is visible.
pub const JOURNAL_DURABLE_SEQUENCE: Metric = gauge(
    "relevo_journal_durable_sequence",
    Unit::Things,
    &[],
    "Number of the last record that is on disk.",
);
/// The cursor of what was decided.
pub const JOURNAL_DECIDED_SEQUENCE: Metric = gauge(
    "relevo_journal_decided_sequence",
    Unit::Things,
    &[],
    "Number of the last record that was handed to the log; above the durable one: work under way.",
);
/// Time of the last recovery.
pub const RECOVERY_SECONDS: Metric = gauge(
    "relevo_recovery_seconds",
    Unit::Seconds,
    &[],
    "Time that reading the log took at this start.",
);
/// Time of snapshots.
pub const SNAPSHOT_SECONDS: Metric = seconds(
    "relevo_snapshot_seconds",
    Buckets::Background,
    &[],
    "Time that a snapshot took in the background.",
);
/// Sessions now.
pub const SESSIONS: Metric = gauge(
    "relevo_sessions",
    Unit::Things,
    &["transport", "role"],
    "Open sessions by transport and role.",
);
/// Sessions that ended.
pub const SESSIONS_CLOSED: Metric =
    counter("relevo_sessions_closed_total", &["reason"], "Sessions that ended, by reason.");
/// Messages stored.
pub const MESSAGES: Metric = counter(
    "relevo_messages_total",
    &["direction"],
    "Messages made durable: inbound of customers, outbound to customers.",
);
/// Commands answered.
pub const COMMANDS: Metric = counter(
    "relevo_commands_total",
    &["command", "result"],
    "Commands by their answer: ok, also of those without one, or the name of the error.",
);
/// Refused before routing.
pub const REJECTED: Metric = counter(
    "relevo_rejected_total",
    &["reason"],
    "Frames and commands refused before routing saw them, by the name of the error.",
);
/// Disconnected because they did not read.
pub const SLOW_CONSUMERS: Metric = counter(
    "relevo_slow_consumers_total",
    &[],
    "Sessions disconnected because their outbox was full or nothing was taken.",
);
/// Waiting to be read by clients.
pub const OUTBOX_BYTES: Metric =
    gauge("relevo_outbox_bytes", Unit::Bytes, &[], "Bytes in the outboxes of all sessions.");
/// What the memory never exceeds.
pub const MEMORY_BOUND_BYTES: Metric = gauge(
    "relevo_memory_bound_bytes",
    Unit::Bytes,
    &[],
    "What all limits of the configuration add up to: resident memory stays below it.",
);
/// Whether the last reload was good.
pub const CONFIG_LAST_RELOAD_SUCCESSFUL: Metric = gauge(
    "relevo_config_last_reload_successful",
    Unit::Things,
    &[],
    "1 when the configuration was last read without an error, 0 when the reload was refused.",
);
/// Which daemon this is.
pub const BUILD_INFO: Metric =
    gauge("relevo_build_info", Unit::Things, &["version"], "1, with the version of the daemon.");

/// Everything of this page.
pub const ALL: &[Metric] = &[
    DECISION_SECONDS,
    COMMIT_SECONDS,
    FSYNC_SECONDS,
    RELAY_SECONDS,
    DISPATCH_LAG_SECONDS,
    WORK_CONSERVATION_VIOLATION_SECONDS,
    COMMIT_GROUP_EVENTS,
    JOURNAL_BYTES,
    JOURNAL_DURABLE_SEQUENCE,
    JOURNAL_DECIDED_SEQUENCE,
    RECOVERY_SECONDS,
    SNAPSHOT_SECONDS,
    SESSIONS,
    SESSIONS_CLOSED,
    MESSAGES,
    COMMANDS,
    REJECTED,
    SLOW_CONSUMERS,
    OUTBOX_BYTES,
    MEMORY_BOUND_BYTES,
    CONFIG_LAST_RELOAD_SUCCESSFUL,
    BUILD_INFO,
];
