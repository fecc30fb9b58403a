//! A process that writes is killed (SIGKILL) while it writes: what it acknowledged is there, once and
//! in order, and the watermark of the killed process fits.
#![allow(clippy::unwrap_used, reason = "this is a test, though clippy does not see it")]

mod support;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use relevo_journal::open;
use support::{numbered, numbered_records, recorded, small, start};

const CYCLES: u64 = 12;
const DIR: &str = "RELEVO_JOURNAL_KILL_DIR";

/// Does nothing unless the other test starts it as a process: then it writes until it is killed, and
/// says each number after it was delivered.
#[test]
fn a_writer_that_is_killed() {
    let Some(dir) = env::var_os(DIR).map(PathBuf::from) else { return };
    let recovered = open(small(&dir)).unwrap();
    let mut next = recovered.report.last_record.0 + 1;
    let journal = start(recovered);
    loop {
        let batch: Vec<_> = (next..next + 50).map(numbered).collect();
        for (number, _) in journal.write(batch) {
            writeln!(std::io::stdout(), "acknowledged {number}").unwrap();
        }
        if next % 500 == 1 {
            journal.handle.snapshot_now();
        }
        next += 50;
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_a_kill() {
    let dir = support::tempdir();
    for cycle in 1..=CYCLES {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "a_writer_that_is_killed", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        let numbers = lines.map_while(Result::ok).filter_map(|line| {
            line.rsplit_once("acknowledged ").map(|(_, number)| number.parse::<u64>().unwrap())
        });
        for (read, number) in (1..).zip(numbers) {
            acknowledged = number;
            if read == 200 + cycle * 37 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let recovered = open(small(dir.path())).unwrap();
        assert!(recovered.report.last_record.0 >= acknowledged, "cycle {cycle}");
        let records = recorded(&recovered);
        assert!(records == numbered_records(1..records.len() as u64 + 1), "cycle {cycle}");
    }
}
