//! Runs against a daemon that runs already, one after the other.

use clap::Parser;
use relevo_loadtest::arguments::{Arguments, Load};
use relevo_loadtest::checker::Counter;
use relevo_loadtest::load;
use relevo_loadtest::report::Report;
use relevo_tests::harness::wait::until;
use relevo_tests::harness::{Deployment, Settings, Site};
use std::process::Stdio;

/// More than the tenants that a daemon takes by default.
const RUNS: u64 = 6;

struct Running {
    deployment: Deployment,
    options: Vec<String>,
}

impl Running {
    async fn start() -> Self {
        let deployment = Deployment::with(&Site::new("theirs"), Settings::default()).await;
        let ready = deployment.daemon.ready();
        let key = ready.admin_key.as_deref().expect("it is the first start");
        let options = [
            ["--target", &ready.quic.to_string()],
            ["--http", &ready.http.to_string()],
            ["--fingerprint", &ready.fingerprint],
            ["--key", key],
        ];
        let options = options.into_iter().flatten().map(str::to_owned).collect();
        Self { deployment, options }
    }

    fn arguments(&self, more: &str) -> Vec<String> {
        let more = more.split(' ').map(str::to_owned);
        ["relevo-loadtest", "run"]
            .map(str::to_owned)
            .into_iter()
            .chain(self.options.clone())
            .chain(more)
            .collect()
    }

    fn load(&self, more: &str) -> Load {
        let parsed = Arguments::try_parse_from(self.arguments(more)).expect("it is understood");
        match parsed.command {
            Some(relevo_loadtest::arguments::Subcommands::Run(load)) => load,
            other => panic!("{other:?}"),
        }
    }

    async fn open(&self) -> u32 {
        self.deployment.status().await.tickets.iter().sum()
    }
}

/// What is right or wrong at any pace: seconds say nothing of latencies, and of two sides that saw
/// the same.
fn is_right(report: &Report) -> bool {
    let wrong = report
        .verdict
        .iter()
        .filter(|(counter, _)| *counter != Counter::WorkConservation)
        .any(|(_, count)| count.violations > 0 || count.checked == 0);
    let generator = &report.generator;
    let ended: u64 = report.mix.outcomes.values().sum();
    !wrong
        && generator.planned > 0
        && generator.accepted == generator.planned
        && ended == generator.planned
        && !report
            .failures
            .iter()
            .any(|why| why.contains("unexpected") || why.contains("did not end"))
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_against_one_daemon_repeat_and_a_run_that_was_broken_off_is_cleared_away() {
    let running = Running::start().await;
    // The same seed: the same customers say the same.
    let tiny = "--agents 4 --bots 2 --rate 20 --duration 1 --drops 0 --lost 0 --seed 3";
    for run in 0..RUNS {
        let report = load::load(&running.load(tiny), String::new()).await;
        let report = report.unwrap_or_else(|error| panic!("run {run}: {error:#}"));
        let summary = report.summary().expect("histograms read back");
        assert!(is_right(&report), "run {run}: {summary}");
        assert_eq!(running.open().await, 0, "run {run}");
    }
    let admin = running.deployment.try_admin().await.expect("the operator's key");
    let keys = admin.list_keys(Some("loadtest".into())).await.expect("the tenant is there");
    assert_eq!(keys.keys, [], "a run takes its keys with it");

    // With more bots and agents than the run after it.
    let mut broken_off = std::process::Command::new(env!("CARGO_BIN_EXE_relevo-loadtest"))
        .args(&running.arguments("--agents 6 --bots 3 --rate 50 --duration 60 --seed 3")[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the load test starts");
    until("conversations go on", async || (running.open().await > 4).then_some(())).await;
    broken_off.kill().expect("it runs");
    broken_off.wait().expect("it ends");
    assert!(running.open().await > 0);
    let report = load::load(&running.load(tiny), String::new()).await.expect("the run is made");
    assert!(is_right(&report), "{}", report.summary().expect("histograms read back"));
    assert_eq!(running.open().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_objects_of_others_is_left_alone() {
    let site = Site::simple(&[("ana", 1)]);
    let mut running = Running::start().await;
    running.deployment.put(&site).await;
    let load = running.load("--tenant acme --agents 2 --bots 1 --rate 5 --duration 1");
    let error = load::load(&load, String::new()).await.expect_err("it is somebody's");
    let told = format!("{error:#}");
    assert!(told.contains("acme") && told.contains("--tenant"), "{told}");
}
