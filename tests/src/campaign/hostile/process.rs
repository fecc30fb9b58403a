//! The daemon's process as the kernel counts it.

use crate::harness::Deployment;
use crate::harness::wait::let_pass;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What an attack must leave as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Open file descriptors, but for those of the log's generations: how many of these are open
    /// follows from what was written.
    pub descriptors: usize,
    /// Open sessions.
    pub sessions: u64,
}

/// How often the daemon is looked at for what it holds at rest.
const LOOKS: u32 = 10;

/// What the daemon holds at rest: the least of several looks. The daemon may close the connection
/// of a look a moment after the look has its answer, which makes a single one see too many.
///
/// # Panics
/// The daemon has ended.
pub async fn held_at_rest(deployment: &Deployment) -> Held {
    let mut least = held(deployment).await;
    for _ in 1..LOOKS {
        let_pass(Duration::from_millis(20)).await;
        let Held { descriptors, sessions } = held(deployment).await;
        least.descriptors = least.descriptors.min(descriptors);
        least.sessions = least.sessions.min(sessions);
    }
    least
}

/// What the daemon holds now, with the descriptor of the look itself if that is still open.
///
/// # Panics
/// The daemon has ended.
pub async fn held(deployment: &Deployment) -> Held {
    let scrape = deployment.scrape().await;
    let folder = format!("/proc/{}/fd", deployment.daemon.pid());
    let is_of_the_log =
        |file: &Path| file.components().any(|part| part.as_os_str() == "generations");
    let descriptors = fs::read_dir(folder)
        .expect("an own child can be looked at")
        .filter_map(Result::ok)
        // One that was closed meanwhile is none.
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .filter(|file| !is_of_the_log(file))
        .count();
    Held { descriptors, sessions: scrape.sum("relevo_sessions", &[]) as u64 }
}

/// Most memory that was resident since the last [`forget_peak`], in bytes.
///
/// # Panics
/// The daemon has ended.
#[must_use]
pub fn peak_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("an own child can be looked at");
    let kib = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    kib.expect("the kernel tells the peak") * 1024
}

/// Counts the peak anew from what is resident now.
///
/// # Panics
/// The daemon has ended.
pub fn forget_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").expect("an own child can be told");
}

/// Processor time of this process so far, in seconds.
///
/// # Panics
/// The kernel tells none.
#[must_use]
pub fn own_cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("the kernel tells of this process");
    // The name in parentheses may hold spaces: what follows it is counted.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
