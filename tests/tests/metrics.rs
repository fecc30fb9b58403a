//! What a live daemon exports, against the table of its metrics, the dashboard and the rules.

use relevo::metrics::names;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::scrape::Scrape;
use relevo_tests::harness::wait::{until, until_equal};
use relevo_tests::harness::{Deployment, Site, binary, tools};
use relevo_wire::directory::Queue;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A daemon that has seen a whole conversation, a lost customer, a transfer and a refusal.
async fn used() -> Deployment {
    let site = Site::simple(&[("ana", 2), ("bea", 1)]).queue(queue("shop", "claims", &["bea"]));
    let deployment = Deployment::start(&site).await;
    let mut bot = deployment.bot("shop").await;
    let lost = bot.hand_over("lost").await;
    bot.client.customer_left("lost").await.expect("it is taken");
    bot.inbox.returned(lost.ticket).await;
    let mut ana = deployment.online("ana").await;
    let mut bea = deployment.online("bea").await;
    bot.hand_over("served").await;
    let held = ana.assigned().await;
    ana.say(held, "hello").await;
    bot.customer("served", "a question").await;
    ana.say(held, "an answer").await;
    let to = relevo_wire::command::TransferTarget::Queue("claims".into());
    let child = ana.transfer(held, to).await;
    let held = bea.assigned().await;
    assert_eq!(held.ticket, child);
    bea.say(held, "hello").await;
    bea.close(held).await;
    bot.inbox.returned(child).await;
    assert!(bea.try_say(held, "late").await.is_err());
    deployment
}

#[tokio::test]
async fn a_scrape_holds_every_metric_of_the_table_and_no_other() {
    let deployment = used().await;
    let scrape = deployment.scrape().await;
    let exported: BTreeMap<&str, BTreeSet<&str>> = scrape.labels();
    for metric in names::all() {
        let labels = exported.get(metric.name);
        let labels = labels.unwrap_or_else(|| panic!("{} is not exported", metric.name));
        let declared: BTreeSet<&str> = metric.labels.iter().copied().collect();
        assert_eq!(*labels, declared, "{}", metric.name);
    }
    for name in exported.keys() {
        assert!(names::find(name).is_some(), "{name} stands in no table");
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_say_about_a_live_scrape() {
    let Some(promtool) = tools::find("promtool", "the check of a live scrape") else { return };
    let deployment = used().await;
    let (_, body) = deployment.daemon.get("/metrics").await.unwrap();
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn the_rules_hold_for_promtool_and_so_do_their_tests() {
    let Some(promtool) = tools::find("promtool", "the checks of the rules") else { return };
    let folder = binary::root().join("config/prometheus");
    let mut checked = 0;
    for file in files(&folder, &["yml", "yaml"]) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let arguments: &[&str] = if text.contains("rule_files:") && text.contains("tests:") {
            &["test", "rules"]
        } else if text.contains("scrape_configs:") {
            &["check", "config"]
        } else {
            &["check", "rules"]
        };
        let output =
            Command::new(&promtool).args(arguments).arg(&name).current_dir(&folder).output();
        let output = output.unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&said));
        checked += 1;
    }
    assert!(checked >= 3, "scrape configuration, rules and their tests");
}

#[tokio::test]
async fn dashboard_and_rules_name_only_what_is_exported() {
    let deployment = used().await;
    let scrape = deployment.scrape().await;
    let exported: BTreeSet<&str> = scrape
        .samples
        .iter()
        .map(|sample| sample.name.as_str())
        .chain(scrape.kinds.keys().map(String::as_str))
        .collect();
    let mut named = 0;
    for file in files(&binary::root().join("config"), &["json", "yml", "yaml"]) {
        let text = fs::read_to_string(&file).unwrap();
        for name in words(&text).filter(|word| word.starts_with("relevo_")) {
            named += 1;
            assert!(exported.contains(name), "{}: {name} is not exported", file.display());
        }
    }
    assert!(named > 50, "the files were not found: {named}");
}

/// Words that may be names of metrics; names of recording rules have a colon and are left out.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let of_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == ':';
    text.split(move |sign: char| !of_word(sign))
        .filter(|word| !word.contains(':') || word.ends_with(':'))
        .map(|word| word.trim_end_matches(':'))
}

fn files(folder: &Path, ends: &[&str]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        if path.is_dir() {
            found.extend(files(&path, ends));
        } else if path.extension().is_some_and(|end| ends.iter().any(|e| end == *e)) {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn with_nobody_online_every_conversation_misses_its_target_when_it_passes() {
    let quick = Queue { threshold_seconds: 1, ..queue("shop", "sales", &["ana"]) };
    let site = Site::new(TENANT).agent("ana", 100).bot("shop", "sales").queue(quick);
    let deployment = Deployment::start(&site).await;
    let bot = deployment.bot("shop").await;
    for contact in 0..100 {
        bot.hand_over(&format!("c{contact}")).await;
    }
    let missed = "relevo_tickets_target_missed_total";
    let answered = "relevo_tickets_answered_in_target_total";
    until_equal("all are missed", 100.0, async || deployment.scrape().await.sum(missed, &[])).await;
    // Whatever comes later changes no judgement.
    let mut ana = deployment.online("ana").await;
    let held = ana.assigned().await;
    ana.say(held, "sorry for the wait").await;
    let answers = "relevo_first_response_seconds_count";
    let scrape = until("the answer is counted", async || {
        let scrape: Scrape = deployment.scrape().await;
        (scrape.sum(answers, &[]) == 1.0).then_some(scrape)
    })
    .await;
    assert_eq!((scrape.sum(missed, &[]), scrape.sum(answered, &[])), (100.0, 0.0));
}
