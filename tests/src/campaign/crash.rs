//! `kill -9` of a loaded daemon, again and again.
//!
//! After each restart every session resumes; everything that was acknowledged before the kill
//! reaches the other party. Some cycles stay down for longer than the grace period, of which none
//! may count. At the end every customer is served and the whole ledger must hold.

use super::ledger::Size;
use super::seeded::Seeded;
use super::traffic::{self, Load, Traffic};
use crate::harness::wait::let_pass;
use crate::harness::{Deployment, Settings};
use relevo_wire::ids::TicketId;
use std::time::Duration;
use tokio::time::Instant;

/// How long an agent may be away: less than some restarts take.
pub const GRACE: Duration = Duration::from_secs(8);
/// One cycle in so many stays down for longer than [`GRACE`].
const LONG_DOWN_EVERY: u32 = 7;
/// What a resume or the last customer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a campaign came to.
#[derive(Debug)]
pub struct Report {
    /// Restarts that were survived.
    pub cycles: u32,
    /// What was acknowledged.
    pub acknowledged: Size,
    /// Everything that is wrong.
    pub violations: Vec<String>,
}

/// Runs so many cycles.
///
/// # Panics
/// The daemon does not become ready.
pub async fn run(cycles: u32, load: Load) -> Report {
    let settings = Settings::grace_seconds(GRACE.as_secs());
    let mut deployment = Deployment::with(&traffic::site(load), settings).await;
    let traffic = Traffic::start(&deployment, load).await;
    let mut random = Seeded::new(load.seed ^ 0xc4a5);
    for cycle in 0..cycles {
        let_pass(Duration::from_millis(300 + random.below(1200))).await;
        deployment.daemon.kill().await;
        let (acknowledged, open) = (traffic.ledger_size(), traffic.ledger().open());
        let before = traffic.reconnects();
        if cycle % LONG_DOWN_EVERY == LONG_DOWN_EVERY - 1 {
            let_pass(GRACE + Duration::from_secs(1)).await;
        }
        if let Err(ended) = deployment.daemon.try_restart().await {
            let what = format!("cycle {cycle}: {:?}: {}", ended.code, ended.stderr);
            return report(traffic, cycle, vec![what]).await;
        }
        let missing = resumed(&deployment, &traffic, before, acknowledged, &open).await;
        if !missing.is_empty() {
            return report(traffic, cycle, missing).await;
        }
    }
    let wrong = settled(&traffic).await;
    let status = deployment.status().await;
    let mut wrong: Vec<String> = wrong.into_iter().collect();
    if status.tickets != [0, 0, 0] || status.seats[0] != 0 {
        wrong.push(format!("at the end: {:?} open, {:?} seats", status.tickets, status.seats));
    }
    let report = report(traffic, cycles, wrong).await;
    let ended = deployment.daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    report
}

/// Waits until every session is back, what was acknowledged has arrived, and every ticket that was
/// open is known or has ended; what is not so.
pub async fn resumed(
    deployment: &Deployment,
    traffic: &Traffic,
    before: usize,
    acknowledged: Size,
    open: &[TicketId],
) -> Vec<String> {
    let admin = match deployment.try_admin().await {
        Ok(admin) => admin,
        Err(error) => return vec![format!("the operator's key: {error}")],
    };
    let mut unknown = Vec::new();
    for ticket in open {
        if admin.explain(*ticket).await.is_err() {
            unknown.push(*ticket);
        }
    }
    admin.close().await;
    let start = Instant::now();
    loop {
        let back = traffic.reconnects() - before;
        let still_open = traffic.ledger().open();
        let lost = unknown.iter().filter(|ticket| still_open.contains(ticket));
        let mut missing = traffic.ledger().missing(acknowledged);
        missing.extend(lost.map(|ticket| format!("{ticket}: it was open and is not known")));
        if back >= traffic.sessions() && missing.is_empty() {
            return missing;
        }
        if start.elapsed() > PATIENCE {
            missing.push(format!("{back} of {} sessions are back", traffic.sessions()));
            return missing;
        }
        let_pass(Duration::from_millis(10)).await;
    }
}

/// Lets the last customers be served; what is wrong when they are not.
pub async fn settled(traffic: &Traffic) -> Option<String> {
    traffic.stop();
    let start = Instant::now();
    loop {
        let acknowledged = traffic.ledger_size();
        let open = traffic.ledger().open().len();
        if open == 0 && traffic.ledger().missing(acknowledged).is_empty() {
            return None;
        }
        if start.elapsed() > PATIENCE {
            return Some(format!("{open} tickets are still open"));
        }
        let_pass(Duration::from_millis(10)).await;
    }
}

/// Ends the load and checks the ledger.
pub async fn report(traffic: Traffic, cycles: u32, mut violations: Vec<String>) -> Report {
    let acknowledged = traffic.ledger_size();
    if violations.is_empty() {
        violations = traffic.ledger().check();
    }
    if acknowledged.messages == 0 || acknowledged.closes == 0 {
        violations.push("nothing was acknowledged: the campaign shows nothing".into());
    }
    traffic.end().await;
    Report { cycles, acknowledged, violations }
}
