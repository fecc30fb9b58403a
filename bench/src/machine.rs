//! The fingerprint of the machine: a figure without it says nothing.

use serde::Serialize;
use std::io;
use std::path::PathBuf;

/// What the figures were measured on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Processors that this process may use.
    pub processors: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Name and release of the kernel.
    pub kernel: String,
    /// Load averages when the run began: others' work blurs every figure.
    pub load: String,
    /// Seconds since 1970 when the run began.
    pub began: u64,
    /// Built with optimization.
    pub release: bool,
    /// How the program was called.
    pub command: String,
}

/// The directory to measure in: the one that was given, else that of this program. It is on a disk,
/// and what an interrupted run leaves there goes with the build.
///
/// # Errors
/// The program's own place is unknown.
pub fn directory(given: Option<PathBuf>) -> io::Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given);
    }
    let mut directory = std::env::current_exe()?;
    directory.pop();
    Ok(directory)
}

impl Machine {
    /// Looks at this machine. What cannot be read is empty or 0.
    #[must_use]
    pub fn look() -> Self {
        let uname = rustix::system::uname();
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: field("/proc/meminfo", "MemTotal")
                .split(' ')
                .next()
                .and_then(|kib| kib.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            kernel: format!(
                "{} {}",
                uname.sysname().to_string_lossy(),
                uname.release().to_string_lossy()
            ),
            load: std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned(),
            began: since_1970.map_or(0, |since| since.as_secs()),
            release: !cfg!(debug_assertions),
            command: command(),
        }
    }

    /// One line for the head of a table.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{} × {}, {} MiB, {}, load {}{}",
            self.processors,
            self.processor,
            self.memory_mib,
            self.kernel,
            self.load,
            if self.release { "" } else { ", NOT OPTIMIZED: no figure counts" }
        )
    }
}

/// Resident memory of a process in bytes.
///
/// # Errors
/// There is no such process.
pub fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/status");
    let kib = field(&path, "VmRSS");
    kib.split(' ')
        .next()
        .and_then(|kib| kib.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| anyhow::anyhow!("{path} tells no resident memory"))
}

fn command() -> String {
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_resident_memory() {
        assert!(resident_bytes(std::process::id()).unwrap() > 100 * 1024);
        assert!(resident_bytes(u32::MAX).is_err());
    }
}
