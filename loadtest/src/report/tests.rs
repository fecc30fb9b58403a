//! A report reads back as it was written, whole histograms included.

use super::*;
use crate::phases::Figures;
use crate::plan::ServiceShape;

/// A report of a run that passed; `change` makes another one of it.
pub(crate) fn report(change: impl FnOnce(&mut Report)) -> Report {
    let recorder = Recorder::default();
    for phase in Phase::ALL {
        for time in 1..=1000 {
            recorder.record(phase, time * 10);
        }
    }
    let mut verdict = Verdict::default();
    for counter in Counter::ALL {
        verdict.checked(counter, 10);
    }
    let figures = Figures { count: 10, p50_us: 100, p99_us: 900, max_us: 1000 };
    let row = |second: u32| Row {
        at_s: f64::from(second),
        rate: 50.0 + f64::from(second),
        waiting: 3,
        open: 40,
        phases: vec![figures; 3],
        daemon: None,
    };
    let mut report = Report {
        format: FORMAT,
        version: "0.1.0".into(),
        command: "relevo-loadtest --rate 50".into(),
        scenario: Scenario {
            plan: Plan {
                seed: 1,
                bots: 2,
                queues_per_bot: 2,
                pull_share: 0.1,
                messages_per_ticket: 6,
                transfer_share: 0.03,
                leave_share: 0.0,
                patience_mean_us: 1,
                service: ServiceShape::LogNormal,
            },
            staff: Staff { agents: 4, seats: 3, bots: 2, queues_per_bot: 2 },
            arrivals: "Poisson".into(),
            rate: 50.0,
            duration_s: 60.0,
            speed: 60.0,
            service_mean_s: 1.0,
            bodies: "generated".into(),
        },
        machine: Machine::here(),
        generator: Generator {
            planned: 10,
            issued: 10,
            accepted: 10,
            refused: 0,
            reached: 1.0,
            slippage_p99_us: 100,
            slippage_limit_us: 10_000,
        },
        phases: PhaseReport::all(&recorder).unwrap(),
        verdict,
        mix: Mix::default(),
        occupancy: Occupancy { planned: 0.9, measured: 0.88, window_s: [10.0, 70.0] },
        timeline: (1..=5).map(row).collect(),
        ramp: vec![Step { due: 100.0, accepted: 99.0, p99_us: 900, saturated: false }],
        daemon: None,
        errors: BTreeMap::from([("next: <overloaded>".into(), 2)]),
        failures: Vec::new(),
    };
    change(&mut report);
    report
}

#[test]
fn a_report_reads_back_with_its_whole_histograms() {
    let folder = tempfile::tempdir().unwrap();
    let written = report(|_| {});
    written.write(folder.path()).unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join(FILE)] {
        assert_eq!(Report::read(&path).unwrap(), written);
    }
    let histogram = written.phases[0].histogram.read().unwrap();
    assert_eq!((histogram.len(), histogram.value_at_quantile(0.5)), (1000, 5003));
}

#[test]
fn another_form_and_what_is_no_report_are_refused_with_a_reason() {
    let text = serde_json::to_string(&report(|report| report.format = FORMAT + 1)).unwrap();
    let error = Report::parse(&text).unwrap_err().to_string();
    assert!(error.contains("form 2"), "{error}");
    assert!(Report::parse("{}").unwrap_err().to_string().contains("no report"));
    assert!(Report::read(Path::new("/nowhere")).is_err());
}

#[test]
fn the_percentile_text_is_that_of_the_hdr_tools() {
    let text = report(|_| {}).phases[0].histogram.percentile_text().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].split_whitespace().next(), Some("Value"));
    let half = lines.iter().find(|line| line.contains(" 0.500000000000 ")).unwrap();
    assert_eq!(
        half.split_whitespace().collect::<Vec<_>>(),
        ["5003.000", "0.500000000000", "500", "2.00"]
    );
    let whole = lines.iter().rev().find(|line| !line.starts_with('#')).unwrap();
    assert_eq!(whole.split_whitespace().collect::<Vec<_>>()[1..], ["1.000000000000", "1000"]);
    assert!(text.contains("Total count    =         1000]"));
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    report(|report| report.failures = vec!["a < b".into()]).write(folder.path()).unwrap();
    let html = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    for reference in ["http:", "https:", "src=", "href=", "<script", "@import", "url("] {
        assert!(!html.contains(reference), "{reference}");
    }
    assert_eq!(html.matches("<svg").count(), 4);
    assert!(html.contains("a &lt; b") && html.contains("next: &lt;overloaded&gt;"));
}
