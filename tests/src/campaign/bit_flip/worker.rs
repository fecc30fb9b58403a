//! Openings in a process of their own: one that hangs is killed, one that takes the process with it
//! is seen, and both are told with their place.

use super::damage::{Choice, Damage, chosen};
use super::opening::{Verdict, judge};
use super::specimen::{Left, Past, image, least};
use crate::harness::binary;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// An opening that takes longer hangs. Most take some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Address space of a worker: what a damaged length asks for beyond it is refused, which is seen.
const ADDRESS_SPACE_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// A share of the damages: each `of`-th, from `from` on.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Number of the first damage.
    pub from: usize,
    /// How many workers share them.
    pub of: usize,
}

/// What a worker says, a line each.
#[derive(Serialize, Deserialize)]
enum Said {
    /// The opening of this damage begins.
    Begun(usize),
    /// It ended.
    Ended(usize, Verdict),
}

/// Works through a share and says on standard output how it goes.
///
/// # Errors
/// Nobody reads it.
///
/// # Panics
/// A journal panicked when it was opened: the parent sees it.
pub fn work(folder: &Path, choice: Choice, share: Share) -> io::Result<()> {
    let most = Rlimit { current: Some(ADDRESS_SPACE_BYTES), maximum: Some(ADDRESS_SPACE_BYTES) };
    setrlimit(Resource::As, most)?;
    let scratch = folder.join(format!("work-{}", std::process::id()));
    let specimens = Left::ALL.map(|left| {
        let specimen = folder.join(left.name());
        (left, image(&specimen), Past::read(&specimen, &scratch))
    });
    let damages = chosen(folder, choice);
    for (number, damage) in damages.iter().enumerate().skip(share.from).step_by(share.of) {
        say(&Said::Begun(number))?;
        let specimen = specimens.iter().find(|(left, ..)| *left == damage.left);
        let (left, whole, past) = specimen.expect("there is one of each");
        let mut damaged = whole.clone();
        damage.apply(&mut damaged);
        let verdict = judge(&damaged, past, least(*left, past), damage, &scratch);
        say(&Said::Ended(number, verdict))?;
    }
    Ok(())
}

fn say(said: &Said) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, said)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Has a share done by one worker after the other: each goes on behind the damage that ended the one
/// before. Every verdict is told.
///
/// # Errors
/// A worker does not start, or ends before its first opening.
pub fn supervise(
    folder: &Path,
    choice: Choice,
    share: Share,
    damages: &[Damage],
    mut tell: impl FnMut(&Damage, Verdict),
) -> io::Result<()> {
    let mut from = share.from;
    while from < damages.len() {
        let mut worker = Worker::start(folder, choice, Share { from, ..share })?;
        let lost = worker.follow(|number, verdict| tell(&damages[number], verdict))?;
        let Some((number, why)) = lost else { return Ok(()) };
        tell(&damages[number], Verdict::Fault(why));
        from = number + share.of;
    }
    Ok(())
}

struct Worker {
    process: Child,
    lines: Receiver<Said>,
    complaints: PathBuf,
}

impl Worker {
    fn start(folder: &Path, choice: Choice, share: Share) -> io::Result<Self> {
        let complaints = folder.join(format!("complaints-{}", share.from % share.of));
        let mut command = Command::new(binary::campaigns());
        command.arg("bit-flip").arg("--worker").arg(folder);
        command.args(["--seed", &choice.seed.to_string(), "--sample", &choice.sample.to_string()]);
        command.args(["--from", &share.from.to_string(), "--jobs", &share.of.to_string()]);
        if choice.all_bits {
            command.arg("--all-bits");
        }
        let stderr = fs::File::create(&complaints)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut process = command.spawn()?;
        let out = process.stdout.take().expect("its output is piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            let said = BufReader::new(out).lines().map_while(Result::ok);
            // A line that was cut short by the worker's end is none.
            for said in said.map_while(|line| serde_json::from_str(&line).ok()) {
                if sender.send(said).is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, lines, complaints })
    }

    /// Tells verdicts until the worker ends: the damage that it did not survive, and how.
    fn follow(
        &mut self,
        mut tell: impl FnMut(usize, Verdict),
    ) -> io::Result<Option<(usize, String)>> {
        let mut open = None;
        let ended = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(Said::Begun(number)) => open = Some(number),
                Ok(Said::Ended(number, verdict)) => {
                    open = None;
                    tell(number, verdict);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.process.kill()?;
                    break format!("nothing came for {} s", PATIENCE.as_secs());
                }
                Err(RecvTimeoutError::Disconnected) => break "the process ended".to_owned(),
            }
        };
        let status = self.process.wait()?;
        let complaints = fs::read_to_string(&self.complaints)?;
        let why = format!("{ended}: {status}: {complaints:.300}");
        match open {
            None if status.success() => Ok(None),
            None => Err(io::Error::other(why)),
            Some(number) => Ok(Some((number, why))),
        }
    }
}
