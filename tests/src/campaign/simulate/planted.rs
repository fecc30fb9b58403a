//! Looks for the bugs that this build has planted.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::time::Instant;

use relevo_journal::planted as journal;
use relevo_routing::planted as routing;

use super::Run;

/// Every bug: its name, and how it is chosen.
fn bugs() -> Vec<(String, Box<dyn Fn()>)> {
    let of_journal = [journal::Bug::DeliveredFirst, journal::Bug::TornTaken].map(|bug| {
        let choose: Box<dyn Fn()> = Box::new(move || journal::choose(Some(bug)));
        (format!("{bug:?}"), choose)
    });
    let of_routing = [
        routing::Bug::SecondTicket,
        routing::Bug::KeptSeat,
        routing::Bug::LostWakeUp,
        routing::Bug::DeadlineWhileDown,
        routing::Bug::ForgottenAnswers,
        routing::Bug::AnswerOvertakes,
        routing::Bug::ResumeCursor,
        routing::Bug::EarlyLive,
        routing::Bug::SnapshotProgress,
        routing::Bug::UncountedSeats,
    ]
    .map(|bug| {
        let choose: Box<dyn Fn()> = Box::new(move || routing::choose(Some(bug)));
        (format!("{bug:?}"), choose)
    });
    of_journal.into_iter().chain(of_routing).collect()
}

/// Looks for every bug in at most so many seeds, and tells of each. True when all were found.
///
/// # Errors
/// The output failed.
pub fn find(out: &mut impl Write, hours: f64, seeds: u64) -> io::Result<bool> {
    // A panic is one way to be found: the daemon ends with it.
    set_hook(Box::new(|_| {}));
    let mut all = true;
    for (name, choose) in bugs() {
        journal::choose(None);
        routing::choose(None);
        choose();
        let began = Instant::now();
        let found = (1..=seeds).find_map(|seed| Some((seed, fails(&Run::new(seed, hours))?)));
        let took = began.elapsed().as_secs_f64();
        match found {
            Some((seed, how)) => {
                writeln!(out, "{name:<18} seed {seed:>5} {took:>7.1} s  {how}")?;
            }
            None => {
                all = false;
                writeln!(out, "{name:<18} not found in {seeds} seeds, {took:.1} s")?;
            }
        }
        out.flush()?;
    }
    Ok(all)
}

fn fails(run: &Run) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| run.run())) {
        Ok(Ok(_)) => None,
        Ok(Err(failed)) => Some(failed.violation.rule.to_owned()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map_or("", String::as_str);
            Some(format!("panic: {}", text.lines().next().unwrap_or_default()))
        }
    }
}
