//! The process, by the names that every Prometheus client uses.

use super::{Kind, Metric, Unit, gauge};

/// CPU time.
pub const CPU_SECONDS: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    unit: Unit::Seconds,
    labels: &[],
    help: "Total user and system CPU time spent in seconds.",
};
/// Open descriptors.
pub const OPEN_FDS: Metric =
    gauge("process_open_fds", Unit::Things, &[], "Number of open file descriptors.");
/// Most open descriptors.
pub const MAX_FDS: Metric = gauge(
    "process_max_fds",
    Unit::Things,
    &[],
    "Maximum number of open file descriptors; 0 for no limit.",
);
/// Address space.
pub const VIRTUAL_MEMORY_BYTES: Metric =
    gauge("process_virtual_memory_bytes", Unit::Bytes, &[], "Virtual memory size in bytes.");
/// Most address space.
pub const VIRTUAL_MEMORY_MAX_BYTES: Metric = gauge(
    "process_virtual_memory_max_bytes",
    Unit::Bytes,
    &[],
    "Maximum amount of virtual memory in bytes; 0 for no limit.",
);
/// Memory.
pub const RESIDENT_MEMORY_BYTES: Metric =
    gauge("process_resident_memory_bytes", Unit::Bytes, &[], "Resident memory size in bytes.");
/// Start.
pub const START_TIME_SECONDS: Metric = gauge(
    "process_start_time_seconds",
    Unit::Timestamp,
    &[],
    "Start time of the process since 1970 in seconds.",
);
/// Threads.
pub const THREADS: Metric =
    gauge("process_threads", Unit::Things, &[], "Number of threads of the process.");

/// Everything of this page.
pub const ALL: &[Metric] = &[
    CPU_SECONDS,
    OPEN_FDS,
    MAX_FDS,
    VIRTUAL_MEMORY_BYTES,
    VIRTUAL_MEMORY_MAX_BYTES,
    RESIDENT_MEMORY_BYTES,
    START_TIME_SECONDS,
    THREADS,
];
