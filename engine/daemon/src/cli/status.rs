//! `relevo status`: the live numbers of a daemon.

use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::exit::{Exit, Failure};
use clap::Args;
use relevo_wire::answer::StatusReport;
use std::io::{IsTerminal, stdout};
use std::time::Duration;
use tokio::signal::ctrl_c;
use tokio::time::{MissedTickBehavior, interval};

/// How often `--watch` asks: people read no faster.
const PERIOD: Duration = Duration::from_secs(1);
/// Moves to the upper left and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[J";

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    admin: Admin,
    /// Every second until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self) -> Result<(), Failure> {
        block_on(self.show())
    }

    async fn show(self) -> Result<(), Failure> {
        let client = self.admin.connect().await?;
        let clear = if self.watch && !self.json && stdout().is_terminal() { CLEAR } else { "" };
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = ctrl_c(), if self.watch => break,
            }
            let report = client.status().await.map_err(unanswered)?;
            let text = if self.json { json(&report)? } else { shown(&report) };
            output::line(&format!("{clear}{text}"))?;
            if !self.watch {
                break;
            }
        }
        client.close().await;
        Ok(())
    }
}

fn json(report: &StatusReport) -> Result<String, Failure> {
    serde_json::to_string(report).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

fn shown(report: &StatusReport) -> String {
    let row = |cells: [String; 2]| cells.to_vec();
    let [bots, agents, admins] = report.sessions;
    let [waiting, assigned, in_service] = report.tickets;
    let [online, paused, invisible, unreachable] = report.agents;
    let [used, all] = report.seats;
    let rows = [
        row([
            format!("relevo {}", report.server),
            format!(
                "{}, up {}, durable record {}",
                if report.ready { "ready" } else { "not ready" },
                output::duration(report.uptime_us),
                report.durable_record
            ),
        ]),
        row(["sessions".into(), format!("{bots} bots, {agents} agents, {admins} admins")]),
        row([
            "tickets".into(),
            format!("{waiting} waiting, {assigned} assigned, {in_service} in service"),
        ]),
        row([
            "agents".into(),
            format!(
                "{online} online, {paused} paused, {invisible} invisible, {unreachable} unreachable"
            ),
        ]),
        row(["seats".into(), format!("{used} of {all} in use")]),
    ];
    let mut text = output::table(&rows);
    if !report.queues.is_empty() {
        text += &format!("\n\n{}", queues(report));
    }
    text
}

fn queues(report: &StatusReport) -> String {
    let heading = ["QUEUE", "WAITING", "OLDEST", "ONLINE"].map(String::from).to_vec();
    let rows = report.queues.iter().map(|queue| {
        vec![
            queue.queue.clone(),
            queue.waiting.to_string(),
            output::duration(queue.oldest_waiting_us),
            queue.online.to_string(),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    output::table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::answer::QueueStatus;

    #[test]
    fn every_number_has_its_name() {
        let report = StatusReport {
            server: "0.1.0".into(),
            ready: true,
            uptime_us: 200_000_000,
            sessions: [1, 2, 3],
            tickets: [4, 5, 6],
            agents: [7, 8, 9, 10],
            seats: [11, 12],
            durable_record: 13,
            queues: vec![QueueStatus {
                queue: "acme/web/sales".into(),
                waiting: 4,
                oldest_waiting_us: 1_500_000,
                online: 7,
            }],
        };
        assert_eq!(
            shown(&report),
            "relevo 0.1.0  ready, up 3 min 20 s, durable record 13\n\
             sessions      1 bots, 2 agents, 3 admins\n\
             tickets       4 waiting, 5 assigned, 6 in service\n\
             agents        7 online, 8 paused, 9 invisible, 10 unreachable\n\
             seats         11 of 12 in use\n\n\
             QUEUE           WAITING  OLDEST  ONLINE\n\
             acme/web/sales  4        1.5 s   7"
        );
        assert_eq!(json(&report).unwrap().lines().count(), 1);
    }
}
