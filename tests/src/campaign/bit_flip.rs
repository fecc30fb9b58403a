//! Every byte of a small journal flipped and every length cut: recovery yields the whole, or a right
//! beginning that reaches the watermark, or refuses and names the place; never a panic that nobody
//! catches, a hang, or a wrong state.
//!
//! The journals are real ([`specimen`]); each damage ([`damage`]) is done to a fresh copy, which is
//! opened in a process of its own ([`worker`]) and judged by what was written ([`opening`]).
//!
//! In sled's files sled's own checksums stand before ours: what flips in a group behind them is the
//! business of the journal's own tests (`flips.rs`, `damage.rs`).

pub mod damage;
pub mod opening;
pub mod specimen;
pub mod worker;

use damage::{Choice, Damage, chosen};
use opening::Verdict;
use specimen::Left;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use worker::{Share, supervise};

/// Faults that a report shows.
const SHOWN: usize = 20;

/// Openings by what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Everything is there.
    pub whole: u64,
    /// Everything but an old record that a reader may ask for.
    pub unreadable: u64,
    /// A right beginning.
    pub prefix: u64,
    /// Not opened.
    pub refused: u64,
    /// Anything else.
    pub faults: u64,
}

/// What a campaign came to.
#[derive(Debug)]
pub struct Report {
    /// By journal and file.
    pub files: BTreeMap<(Left, PathBuf), Counts>,
    /// The first faults, each with its damage.
    pub faults: Vec<String>,
    /// How long it took, the journals aside.
    pub took: Duration,
}

impl Report {
    /// Every file together.
    #[must_use]
    pub fn all(&self) -> Counts {
        let mut all = Counts::default();
        for counts in self.files.values() {
            all.whole += counts.whole;
            all.unreadable += counts.unreadable;
            all.prefix += counts.prefix;
            all.refused += counts.refused;
            all.faults += counts.faults;
        }
        all
    }

    fn count(&mut self, damage: &Damage, verdict: Verdict) {
        let counts = self.files.entry((damage.left, damage.file.clone())).or_default();
        match verdict {
            Verdict::Whole => counts.whole += 1,
            Verdict::Unreadable => counts.unreadable += 1,
            Verdict::Prefix => counts.prefix += 1,
            Verdict::Refused => counts.refused += 1,
            Verdict::Fault(why) => {
                counts.faults += 1;
                if self.faults.len() < SHOWN {
                    self.faults.push(format!("{damage}: {why}"));
                }
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, c: &Counts| {
            let all = c.whole + c.unreadable + c.prefix + c.refused + c.faults;
            let Counts { whole, unreadable, prefix, refused, faults } = c;
            writeln!(
                f,
                "{name:<42} {all:>9} {whole:>9} {unreadable:>11} {prefix:>9} {refused:>9} {faults:>7}"
            )
        };
        writeln!(
            f,
            "{:<42} {:>9} {:>9} {:>11} {:>9} {:>9} {:>7}",
            "journal and file", "openings", "whole", "unreadable", "prefix", "refused", "faults"
        )?;
        for ((left, file), counts) in &self.files {
            // Of a generation's twenty digits the last say which.
            let file = file.display().to_string().replace("00000000000000", "..");
            row(f, &format!("{}/{file}", left.name()), counts)?;
        }
        row(f, "all", &self.all())?;
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        write!(f, "{} s", self.took.as_secs())
    }
}

/// Makes the journals, does the chosen damages in so many processes at once, and counts.
///
/// # Errors
/// The disk refuses, or a worker does not start.
pub fn run(choice: Choice, jobs: usize) -> io::Result<Report> {
    // In memory where the system has such a place: each opening writes a journal.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    for left in Left::ALL {
        specimen::make(&folder.path().join(left.name()), left);
    }
    let damages = chosen(folder.path(), choice);
    let started = Instant::now();
    let mut report = Report { files: BTreeMap::new(), faults: Vec::new(), took: Duration::ZERO };
    thread::scope(|scope| {
        let (sender, verdicts) = channel();
        let supervisors: Vec<_> = (0..jobs)
            .map(|from| {
                let (sender, damages, folder) = (sender.clone(), &damages, folder.path());
                scope.spawn(move || {
                    let share = Share { from, of: jobs };
                    supervise(folder, choice, share, damages, |damage, verdict| {
                        sender.send((damage.clone(), verdict)).expect("the counting goes on");
                    })
                })
            })
            .collect();
        drop(sender);
        for (damage, verdict) in verdicts {
            report.count(&damage, verdict);
        }
        supervisors
            .into_iter()
            .try_for_each(|supervisor| supervisor.join().expect("a supervisor panics at nothing"))
    })?;
    report.took = started.elapsed();
    Ok(report)
}
