//! Which machine a run ran on: figures of different machines are not compared.

use std::fs;

/// Which machine a run ran on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Machine {
    /// Model of its processor.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: u32,
    /// Its kernel.
    pub kernel: String,
    /// Its memory, in MiB.
    pub memory_mib: u64,
    /// The compiler of this program.
    pub rustc: String,
    /// Built with optimizations.
    pub optimized: bool,
}

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// Resident memory, in bytes.
    pub resident_bytes: u64,
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
}

/// Clock ticks of `/proc/PID/stat` in a second: 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;
/// Bytes of a page in `/proc/PID/statm`, where the pages are the usual ones.
const PAGE_BYTES: u64 = 4096;

impl Machine {
    /// This machine; what it does not tell is `unknown` or 0.
    #[must_use]
    pub fn here() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        Self {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| "unknown".into(), |release| release.trim().to_owned()),
            memory_mib: field("/proc/meminfo", "MemTotal")
                .and_then(|total| total.split(' ').next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            rustc: env!("LOADTEST_RUSTC").to_owned(),
            optimized: !cfg!(debug_assertions),
        }
    }
}

impl Usage {
    /// Of a process; absent when it is gone or the kernel does not tell.
    #[must_use]
    pub fn of(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in parentheses may hold spaces: what follows it is counted.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: f64 =
            fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
        let statm = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        Some(Self { resident_bytes: pages * PAGE_BYTES, cpu_seconds: ticks / TICKS })
    }
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_this_process_can_be_described() {
        let machine = Machine::here();
        assert!(machine.cores > 0 && machine.memory_mib > 0 && machine.rustc.starts_with("rustc"));
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident_bytes > 0 && usage.cpu_seconds >= 0.0);
    }
}
