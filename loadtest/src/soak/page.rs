//! The report of a soak as one page that needs nothing else.

use super::judge::Line;
use super::report::Report;
use super::sample::Sample;
use crate::report::page::{STYLE, errors};
use crate::report::plot::{Axis, Series, Sign, escape, plot_with_signs};
use std::fmt::Write;

const MIB: f64 = 1024.0 * 1024.0;
/// Colours of the lines at a restart or storm, and at a change of the directory.
const HAPPENING: &str = "#b00020";
const CHANGE: &str = "#c8c8c8";

/// The page of a report.
pub(super) fn page(report: &Report) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Relevo \
         soak</title><style>{STYLE}</style></head><body><h1>Relevo soak</h1><p>{}</p>\
         <p><code>{}</code></p>",
        escape(&report.told()),
        escape(&report.command)
    );
    verdict(&mut html, report);
    html.push_str(
        "<p>Red lines: the daemon is restarted, or sessions are cut. Grey lines: the directory is \
         changed.</p>",
    );
    let mebibytes = |of: fn(&Sample) -> u64| move |sample: &Sample| of(sample) as f64 / MIB;
    let plots: [(&str, &str, Vec<Series>); 4] = [
        ("Memory", "MiB", vec![series(report, "resident", mebibytes(|s| s.resident_bytes))]),
        (
            "Descriptors and threads",
            "count",
            vec![
                series(report, "descriptors", |s| s.descriptors as f64),
                series(report, "threads of the runtime", |s| s.threads.runtime as f64),
                series(report, "threads of sled", |s| s.threads.sled as f64),
                series(report, "other threads", |s| s.threads.others as f64),
                series(report, "sessions", |s| s.sessions as f64),
            ],
        ),
        (
            "Log on disk",
            "MiB",
            vec![
                series(report, "generations", mebibytes(|s| s.disk_bytes)),
                series(report, "snapshots", mebibytes(|s| s.snapshot_bytes)),
                series(report, "written in this life", mebibytes(|s| s.log_bytes)),
            ],
        ),
        (
            "Load",
            "count",
            vec![
                series(report, "hand-offs per second", |s| s.rate),
                series(report, "open tickets", |s| s.open_tickets as f64),
            ],
        ),
    ];
    let x = Axis { label: "s".into(), log: false, show: whole };
    for (title, unit, series) in plots {
        let y = Axis { label: unit.into(), log: false, show: whole };
        let svg = plot_with_signs(&x, &y, &series, &signs(report));
        let _ = write!(html, "<h2>{title}</h2>{svg}");
    }
    latencies(&mut html, report);
    errors(&mut html, &report.errors);
    html.push_str("</body></html>\n");
    html
}

fn verdict(html: &mut String, report: &Report) {
    let (class, word) = if report.passed() { ("good", "Passed.") } else { ("bad", "Failed.") };
    let _ = write!(
        html,
        "<p class=\"{class}\">{word}</p><table><tr><th>what must hold</th><th>measured</th>\
         <th>bound</th><th></th></tr>"
    );
    for Line { what, measured, bound, holds } in &report.lines {
        let (class, word) = if *holds { ("good", "holds") } else { ("bad", "fails") };
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{word}</td></tr>",
            escape(what),
            escape(measured),
            escape(bound)
        );
    }
    html.push_str("</table>");
    for example in &report.examples {
        let _ = write!(html, "<p class=\"bad\">{}</p>", escape(example));
    }
}

fn series(report: &Report, name: &str, of: impl Fn(&Sample) -> f64) -> Series {
    let points = report.samples.iter().map(|sample| (sample.at_s, of(sample))).collect();
    Series { name: name.into(), points, scatter: false }
}

fn signs(report: &Report) -> Vec<Sign> {
    let sign = |mark: &super::report::Mark| Sign {
        at: mark.at_s,
        label: mark.what.name().unwrap_or_default().into(),
        colour: if mark.what.name().is_some() { HAPPENING } else { CHANGE },
    };
    report.marks.iter().map(sign).collect()
}

fn latencies(html: &mut String, report: &Report) {
    html.push_str(
        "<h2>Latencies</h2><p>Open-loop, from the intended start. What began before the end of a \
         restart or storm is kept apart.</p><table><tr><th>ms</th><th>count</th><th>p50</th>\
         <th>p99</th><th>max</th><th>disturbed</th><th>p50</th><th>p99</th><th>max</th></tr>",
    );
    for latencies in &report.latencies {
        let _ = write!(html, "<tr><td>{}</td>", latencies.phase);
        for figures in [latencies.calm, latencies.disturbed] {
            let _ = write!(html, "<td>{}</td>", figures.count);
            for us in [figures.p50_us, figures.p99_us, figures.max_us] {
                let _ = write!(html, "<td>{:.2}</td>", us as f64 / 1e3);
            }
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}
