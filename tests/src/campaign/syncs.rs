//! One `fdatasync` a group commit, and no answer before it: what strace sees of a real daemon.
//!
//! Answers are encrypted, but they have a length: those of this campaign's hand-offs carry a text
//! that makes them longer than anything else that the daemon sends then.

use crate::harness::party::hand_off;
use crate::harness::wait::{until, within};
use crate::harness::{Deployment, Site, tools};
use relevo_client::{BotClient, Options, Receipts};
use relevo_wire::command::HandOff;
use relevo_wire::vocabulary::{Text, Texts};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Hand-offs one after the other.
const ALONE: usize = 40;
/// Hand-offs at once, and how many each of them makes.
const TOGETHER: [usize; 2] = [16, 25];
/// Length of the text in each answer, in bytes.
const TEXT_BYTES: usize = 900;
/// A sync; `resumed` when another thread's call stands between its beginning and its end.
const SYNC: &str = "fdatasync";

/// What was seen.
#[derive(Debug)]
pub struct Report {
    alone: Vec<Call>,
    syncs_together: usize,
    groups_together: usize,
    events_together: usize,
}

/// What the daemon did, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A sync came back.
    Synced,
    /// An answer left.
    Answered,
}

impl Report {
    /// Everything that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let expected = [Call::Synced, Call::Answered].repeat(ALONE);
        if self.alone != expected {
            wrong.push(format!("one after the other: {:?}", self.alone));
        }
        if self.syncs_together != self.groups_together {
            wrong.push("there is not one fdatasync for each group commit".to_owned());
        }
        if self.groups_together >= self.events_together {
            wrong.push("no group held more than one event: there was no load".to_owned());
        }
        wrong
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |call| self.alone.iter().filter(|seen| **seen == call).count();
        write!(
            f,
            "syncs: one after the other {} fdatasync and {} answers; together {} fdatasync for {} \
             group commits of {} events",
            count(Call::Synced),
            count(Call::Answered),
            self.syncs_together,
            self.groups_together,
            self.events_together,
        )
    }
}

/// Runs it; nothing where there is no strace.
///
/// # Panics
/// The daemon does not become ready, or strace may not look at it.
pub async fn run() -> Option<Report> {
    let strace = tools::find("strace", "the order of syncs and answers")?;
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    // No receipts: nothing but hand-offs is committed.
    let options = Options {
        receipts: Receipts::Manual,
        ..deployment.options(deployment.key("acme", "shop"))
    };
    let (bot, _events) = deployment.connector.bot(options).await.expect("the bot is let in");
    // The search for the path's largest packet is over after these.
    for number in 0..20 {
        ask(&bot, format!("first-{number}")).await;
    }
    let trace = Trace::start(&strace, deployment.daemon.pid(), deployment.daemon.disk()).await;
    for number in 0..ALONE {
        ask(&bot, format!("alone-{number}")).await;
    }
    let alone = trace.end_after_answers(ALONE).await;

    let before = committed(&deployment).await;
    let trace = Trace::start(&strace, deployment.daemon.pid(), deployment.daemon.disk()).await;
    let mut asking = JoinSet::new();
    for one in 0..TOGETHER[0] {
        let bot = bot.clone();
        asking.spawn(async move {
            for number in 0..TOGETHER[1] {
                ask(&bot, format!("together-{one}-{number}")).await;
            }
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.expect("asking does not panic");
    }
    let together = trace.end().await;
    let after = committed(&deployment).await;
    Some(Report {
        alone,
        syncs_together: together.into_iter().filter(|call| *call == Call::Synced).count(),
        groups_together: after - before,
        events_together: TOGETHER[0] * TOGETHER[1],
    })
}

async fn ask(bot: &BotClient, contact: String) {
    let text = "x".repeat(TEXT_BYTES);
    let texts = Texts::default().with(Text::Online, text.clone()).with(Text::Offline, text);
    let hand_off = HandOff { texts: Some(texts), ..hand_off(&contact) };
    within("hand-off", bot.hand_off(hand_off)).await.expect("it is taken");
}

async fn committed(deployment: &Deployment) -> usize {
    deployment.scrape().await.sum("relevo_commit_seconds_count", &[]) as usize
}

struct Trace {
    strace: Child,
    file: PathBuf,
}

impl Trace {
    /// Looks at a process from now on.
    async fn start(strace: &Path, pid: u32, beside: PathBuf) -> Self {
        let file = beside.with_file_name("strace");
        let said = beside.with_file_name("strace-says");
        let stderr = fs::File::create(&said).expect("the temporary folder can be written");
        let strace = Command::new(strace)
            .args(["-f", "-p", &pid.to_string(), "-o"])
            .arg(&file)
            .args(["-e", "trace=fdatasync,sendmsg,sendmmsg", "-e", "signal=none"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .expect("strace can be run");
        until("strace is attached", async || {
            let said = fs::read_to_string(&said).unwrap_or_default();
            assert!(!said.contains("not permitted"), "strace may not look at the daemon: {said}");
            said.contains("attached").then_some(())
        })
        .await;
        Self { strace, file }
    }

    /// Ends looking once so many answers were seen: a client has its answer before strace has
    /// written down that it left.
    async fn end_after_answers(self, answers: usize) -> Vec<Call> {
        until("strace has written down every answer", async || {
            let seen = self.seen().into_iter().filter(|call| *call == Call::Answered).count();
            (seen >= answers).then_some(())
        })
        .await;
        self.end().await
    }

    /// Ends looking; what was seen.
    async fn end(mut self) -> Vec<Call> {
        let pid = self.strace.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("strace is running"), Signal::TERM).expect("an own child");
        within("strace ends", self.strace.wait()).await.expect("an own child");
        self.seen()
    }

    fn seen(&self) -> Vec<Call> {
        let text = fs::read_to_string(&self.file).expect("strace has written");
        text.lines().filter_map(call).collect()
    }
}

/// What a line tells, if it is the end of a successful sync or of a long send.
fn call(line: &str) -> Option<Call> {
    let (call, result) = line.rsplit_once(" = ")?;
    let result: usize = result.split_whitespace().next()?.parse().ok()?;
    if call.contains(SYNC) {
        return (result == 0).then_some(Call::Synced);
    }
    (call.contains("sendmsg") && result >= TEXT_BYTES).then_some(Call::Answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_of_syncs_and_of_long_sends_count() {
        let lines = [
            ("71 fdatasync(12)                   = 0", Some(Call::Synced)),
            ("71 <... fdatasync resumed>)        = 0", Some(Call::Synced)),
            ("71 fdatasync(12 <unfinished ...>", None),
            ("71 fdatasync(12) = -1 EIO (Input/output error)", None),
            (
                "72 sendmsg(9, {msg_name={sa_family=AF_INET}, msg_flags=0}, 0) = 983",
                Some(Call::Answered),
            ),
            ("72 sendmsg(9, {msg_name={sa_family=AF_INET}, msg_flags=0}, 0) = 35", None),
        ];
        for (line, expected) in lines {
            assert_eq!(call(line), expected, "{line}");
        }
    }

    #[test]
    fn an_answer_before_its_sync_is_wrong() {
        let good = [Call::Synced, Call::Answered].repeat(ALONE);
        let report = |alone, syncs_together| Report {
            alone,
            syncs_together,
            groups_together: 5,
            events_together: 9,
        };
        assert_eq!(report(good.clone(), 5).wrong(), [""; 0]);
        assert_eq!(report(good.clone(), 4).wrong().len(), 1);
        let mut early = good;
        early.swap(0, 1);
        assert_eq!(report(early, 5).wrong().len(), 1);
    }
}
