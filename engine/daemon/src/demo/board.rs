//! What the demonstration shows: queues, agents, waits and first responses, live.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use relevo_wire::answer::StatusReport;

use super::figures::Inner;

/// A whole page for a terminal.
pub(super) fn page(
    status: &StatusReport,
    figures: &Inner,
    metrics_url: &str,
    running: Duration,
) -> String {
    let mut out = String::new();
    let [waiting, assigned, in_service] = status.tickets;
    let [online, paused, invisible, unreachable] = status.agents;
    let [used, seats] = status.seats;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "Relevo demo, {} s   Ctrl-C ends with a summary", running.as_secs());
    let _ = writeln!(out, "metrics: curl {metrics_url}/metrics\n");
    let _ = writeln!(
        out,
        "customers   handed over {:>6}   waiting {waiting:>4}   with an agent {:>4}   closed {:>6}   left {:>4}",
        figures.handed_over,
        assigned + in_service,
        figures.closed,
        figures.left,
    );
    let _ = writeln!(
        out,
        "agents      online {online:>4}   paused {paused}   invisible {invisible}   unreachable {unreachable}   seats {used}/{seats} {}",
        bar(used, seats),
    );
    let _ = writeln!(out, "wait            {}", times(&figures.wait_ms));
    let _ = writeln!(out, "first response  {}", times(&figures.first_response_ms));
    let _ = writeln!(out, "\n{:<28} {:>8} {:>12} {:>8}", "queue", "waiting", "longest", "online");
    for queue in &status.queues {
        let longest = Duration::from_micros(queue.oldest_waiting_us).as_secs_f64();
        let name = &queue.queue;
        let _ =
            writeln!(out, "{name:<28} {:>8} {longest:>10.1} s {:>8}", queue.waiting, queue.online);
    }
    if status.queues.is_empty() {
        let _ = writeln!(out, "(nobody waits)");
    }
    out
}

/// The same in one line, for a pipe or a file.
pub(super) fn line(status: &StatusReport, figures: &Inner, running: Duration) -> String {
    let [waiting, assigned, in_service] = status.tickets;
    let [used, seats] = status.seats;
    format!(
        "{:>4} s  handed over {}  waiting {waiting}  with an agent {}  closed {}  left {}  seats {used}/{seats}  wait {}  first response {}",
        running.as_secs(),
        figures.handed_over,
        assigned + in_service,
        figures.closed,
        figures.left,
        short(&figures.wait_ms),
        short(&figures.first_response_ms),
    )
}

/// What it came to.
pub(super) fn summary(figures: &Inner, running: Duration) -> String {
    format!(
        "\n{} customers in {:.0} s: {} assigned, {} closed, {} left while they waited.\n\
         wait            {}\nfirst response  {}\n",
        figures.handed_over,
        running.as_secs_f64(),
        figures.assigned,
        figures.closed,
        figures.left,
        times(&figures.wait_ms),
        times(&figures.first_response_ms),
    )
}

fn bar(used: u32, seats: u32) -> String {
    const WIDTH: u32 = 20;
    let full = (used * WIDTH).checked_div(seats).unwrap_or(0).min(WIDTH) as usize;
    format!("[{}{}]", "#".repeat(full), ".".repeat(WIDTH as usize - full))
}

fn times(histogram: &Histogram<u64>) -> String {
    let at = |quantile| seconds(histogram, quantile);
    format!(
        "p50 {:>7.3} s   p90 {:>7.3} s   p99 {:>7.3} s   max {:>7.3} s   ({} measured)",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        histogram.len()
    )
}

fn short(histogram: &Histogram<u64>) -> String {
    format!("p50 {:.3} s p90 {:.3} s", seconds(histogram, 0.5), seconds(histogram, 0.9))
}

fn seconds(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    if histogram.is_empty() { 0.0 } else { histogram.value_at_quantile(quantile) as f64 / 1e3 }
}
