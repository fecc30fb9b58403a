//! Looks for the bugs that this build has planted.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use relevo_journal::planted as journal;
use relevo_routing::planted as routing;

use super::Run;
use super::search::search;

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

/// Looks for every bug in at most so many seeds, and tells of each. True when all were found, each in
/// a seed that holds without it.
///
/// # Errors
/// The output failed.
pub fn find(out: &mut impl Write, hours: f64, seeds: u64) -> io::Result<bool> {
    // A panic is one way to be found: the daemon ends with it.
    set_hook(Box::new(|_| {}));
    let (names, choices): (Vec<String>, Vec<Box<dyn Fn()>>) = bugs().into_iter().unzip();
    search(out, &names, seeds, |bug, seed| {
        journal::choose(None);
        routing::choose(None);
        if let Some(bug) = bug {
            choices[bug]();
        }
        fails(&Run::new(seed, hours))
    })
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
