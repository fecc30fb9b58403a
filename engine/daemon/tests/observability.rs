//! What is exported, what is declared, and what the rules, the alerts and the dashboard name are
//! the same; Prometheus's own tool accepts all of it.

use relevo::metrics::names::{self, Kind};
use relevo::metrics::text::Scrape;
use relevo::metrics::{
    CommandName, ContactCenterBuckets, GaugeView, Metrics, Phase, QueueEntry, SessionEnd,
    scrape_names,
};
use relevo_wire::{BotId, ErrorCode, QueueId, TenantId};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::time::Duration;

fn config(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(config(path)).expect("a file of the repository")
}

/// Runs promtool; nothing where it is not installed.
fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    static SAID: Once = Once::new();
    let spawned = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            SAID.call_once(|| {
                // Past the test harness, which keeps what `eprintln!` says of a passing test.
                writeln!(std::io::stderr(), "SKIPPED: promtool not found").expect("stderr");
            });
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("promtool reads");
    Some(child.wait_with_output().expect("promtool ends"))
}

fn assert_clean(output: Option<Output>) {
    if let Some(output) = output {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        assert!(err.is_empty(), "{err}");
    }
}

/// A daemon's metrics with two queues and something in every family.
fn used_metrics() -> Metrics {
    let buckets = ContactCenterBuckets::new(&[25]).expect("a bound");
    let metrics = Metrics::new(&buckets, "1.2.3");
    let queues = ["sales", "support"].map(|queue_name| QueueEntry {
        tenant: TenantId(1),
        tenant_name: "acme".into(),
        bot: BotId(0),
        bot_name: "web".into(),
        queue: QueueId(u32::from(queue_name == "support")),
        queue_name: queue_name.into(),
        own_metrics: false,
        threshold_seconds: 60,
    });
    metrics.contact_center().set_directory(&queues);
    for phase in Phase::ALL {
        metrics.record(phase, &[1_000, 30_000_000, 7_000_000_000]);
    }
    metrics.engine().group_durable(17, 4096);
    metrics.engine().recovered(Duration::from_millis(1500));
    metrics.engine().snapshot_taken(Duration::from_millis(300));
    metrics.engine().session_closed(SessionEnd::SlowConsumer);
    metrics.engine().reloaded(false);
    metrics.hot().lane().command(CommandName::Close, Some(ErrorCode::StaleEpoch));
    metrics.hot().lane().rejected(ErrorCode::Overloaded);
    metrics
}

fn used_scrape() -> String {
    used_metrics().render(&GaugeView { outbox_bytes: 10, ..GaugeView::default() })
}

#[test]
fn a_scrape_has_every_declared_metric_from_the_start_and_no_other() {
    let declared: BTreeSet<String> = names::all().map(|metric| metric.name.to_owned()).collect();
    let fresh = Metrics::new(&ContactCenterBuckets::new(&[]).expect("no bounds"), "1.2.3");
    assert_eq!(scrape_names(&fresh.render(&GaugeView::default())).expect("text"), declared);
    assert_eq!(scrape_names(&used_scrape()).expect("text"), declared);
}

#[test]
fn a_scrape_says_what_the_declarations_say() {
    let scrape = Scrape::parse(&used_scrape()).expect("text format");
    for (name, family) in &scrape.families {
        let metric = names::find(name).expect("declared");
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!((family.kind.as_str(), family.help.as_str()), (kind, metric.help), "{name}");
    }
    for sample in &scrape.samples {
        let metric = names::find(sample.family(&scrape.families)).expect("declared");
        let labels: Vec<&str> = sample.labels.iter().map(|(name, _)| name.as_str()).collect();
        let labels = labels.strip_suffix(&["le"]).unwrap_or(&labels);
        assert_eq!(labels, metric.labels, "{sample:?}");
        assert!(sample.value.is_finite(), "{sample:?}");
    }
}

#[test]
fn buckets_of_a_histogram_rise_to_its_count() {
    let scrape = Scrape::parse(&used_scrape()).expect("text format");
    let mut histograms = 0;
    for (index, sample) in scrape.samples.iter().enumerate() {
        if sample.labels.last() != Some(&("le".into(), "+Inf".into())) {
            continue;
        }
        histograms += 1;
        let own: Vec<_> = scrape.samples[..=index]
            .iter()
            .rev()
            .take_while(|bucket| bucket.name == sample.name)
            .take_while(|bucket| {
                bucket.labels[..bucket.labels.len() - 1] == sample.labels[..sample.labels.len() - 1]
            })
            .collect();
        assert!(own.len() > 10, "{} has {} buckets", sample.name, own.len());
        assert!(own.is_sorted_by(|later, earlier| later.value >= earlier.value), "{own:?}");
        let after = &scrape.samples[index + 1..];
        let count = after.iter().find(|count| count.name.ends_with("_count")).expect("a count");
        assert_eq!(count.value.to_bits(), sample.value.to_bits(), "{}", sample.name);
    }
    assert!(histograms > 20, "{histograms}");
}

#[test]
fn promtool_accepts_a_scrape() {
    assert_clean(promtool(&["check", "metrics"], &used_scrape()));
}

#[test]
fn promtool_accepts_configuration_rules_and_alerts() {
    for (kind, path) in [
        ("config", "prometheus/prometheus.yml"),
        ("rules", "prometheus/rules.yml"),
        ("rules", "prometheus/alerts.yml"),
    ] {
        let path = config(path);
        assert_clean(promtool(&["check", kind, path.to_str().expect("UTF-8")], ""));
    }
}

#[test]
fn rules_and_alerts_do_what_their_tests_say() {
    let path = config("prometheus/rules_test.yml");
    assert_clean(promtool(&["test", "rules", path.to_str().expect("UTF-8")], ""));
}

#[test]
fn promtool_accepts_every_expression_of_the_dashboard() {
    let mut rules = String::from("groups:\n- name: dashboard\n  rules:\n");
    for (index, expression) in dashboard_expressions().iter().enumerate() {
        let expression = expression.replace("$__rate_interval", "1m");
        let quoted = serde_json::to_string(&expression).expect("a string");
        rules.push_str(&format!("  - record: panel:number{index}\n    expr: {quoted}\n"));
    }
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(rules.as_bytes()).expect("a temporary file");
    let path = file.path().to_str().expect("UTF-8");
    assert_clean(promtool(&["check", "rules", "--lint=none", path], ""));
}

#[test]
fn rules_alerts_and_dashboard_name_only_what_is_exported() {
    let rules = without_comments(&read("prometheus/rules.yml"));
    let recorded: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).collect();
    assert_eq!(recorded.len(), 14, "{recorded:?}");
    let alerts = without_comments(&read("prometheus/alerts.yml"));
    let tests = without_comments(&read("prometheus/rules_test.yml"));
    let dashboard = dashboard_expressions().join("\n") + &dashboard_variables();
    for (file, text) in [
        ("rules", rules.as_str()),
        ("alerts", &alerts),
        ("tests", &tests),
        ("dashboard", &dashboard),
    ] {
        let named: BTreeSet<&str> = metric_names(text).collect();
        assert!(named.len() > 10, "{file} names only {named:?}");
        for name in named {
            assert!(is_exported(name) || recorded.contains(name), "{file} names {name}");
        }
    }
}

#[test]
fn every_family_is_on_the_dashboard() {
    let dashboard = dashboard_expressions().join("\n");
    let rules = read("prometheus/rules.yml");
    for metric in names::all() {
        if metric.name == "process_virtual_memory_max_bytes" {
            continue;
        }
        let seen = dashboard.contains(metric.name) || rules.contains(metric.name);
        assert!(seen, "{} is on no panel", metric.name);
    }
}

#[test]
fn every_expression_over_a_timestamp_guards_against_none() {
    let dashboard = dashboard_expressions().join("\n");
    let alerts = without_comments(&read("prometheus/alerts.yml"));
    let rules = without_comments(&read("prometheus/rules.yml"));
    let mut guarded = 0;
    for text in [&dashboard, &alerts, &rules] {
        for (at, found) in text.match_indices("_timestamp_seconds") {
            let rest = &text[at + found.len()..];
            let after = match rest.strip_prefix('{') {
                Some(labels) => labels.split_once('}').expect("the selector ends").1,
                None => rest,
            };
            assert!(
                after.starts_with(" > 0"),
                "unguarded: ...{}",
                &text[at.saturating_sub(60)..at]
            );
            guarded += 1;
        }
    }
    assert!(guarded >= 5, "{guarded}");
}

fn without_comments(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    code.collect::<Vec<_>>().join("\n")
}

fn dashboard_expressions() -> Vec<String> {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("grafana/relevo.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<String> =
        targets.map(|target| target["expr"].as_str().expect("an expression").to_owned()).collect();
    assert!(expressions.len() > 50, "{}", expressions.len());
    expressions
}

fn dashboard_variables() -> String {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("grafana/relevo.json")).expect("JSON");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    variables.iter().filter_map(|variable| variable["query"]["query"].as_str()).collect()
}

/// Words that look like a metric of ours or a recorded one.
fn metric_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)))
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| {
            word.starts_with("relevo_")
                || word.starts_with("process_")
                || word.starts_with("queue:") && word.len() > "queue:relevo_".len()
        })
}

/// A metric, or a part of a histogram.
fn is_exported(name: &str) -> bool {
    names::find(name).is_some()
        || ["_bucket", "_sum", "_count"].iter().any(|suffix| {
            name.strip_suffix(suffix)
                .and_then(names::find)
                .is_some_and(|metric| matches!(metric.kind, Kind::Histogram(_)))
        })
}
