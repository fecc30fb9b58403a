//! The process's own figures, read at each scrape. Rendered here and not by the exporter, whose
//! counters are whole numbers: CPU time has fractions.

use super::names::process as names;
use super::text::Writer;

pub(super) fn render(out: &mut Writer) {
    let process = metrics_process::collector::collect();
    let whole = |value: Option<u64>| value.map(|value| value as f64);
    for (metric, value) in [
        (&names::CPU_SECONDS, process.cpu_seconds_total),
        (&names::OPEN_FDS, whole(process.open_fds)),
        (&names::MAX_FDS, whole(process.max_fds)),
        (&names::VIRTUAL_MEMORY_BYTES, whole(process.virtual_memory_bytes)),
        (&names::VIRTUAL_MEMORY_MAX_BYTES, whole(process.virtual_memory_max_bytes)),
        (&names::RESIDENT_MEMORY_BYTES, whole(process.resident_memory_bytes)),
        (&names::START_TIME_SECONDS, whole(process.start_time_seconds)),
        (&names::THREADS, whole(process.threads)),
    ] {
        if let Some(value) = value {
            out.family(metric);
            out.number(metric, value);
        }
    }
}
