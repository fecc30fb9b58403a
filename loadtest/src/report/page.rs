//! The report as one page that needs nothing else: no script, no style sheet, no network.

use super::plot::{Axis, Series, escape, plot};
use super::{PhaseReport, Report};
use crate::phases::{Figures, Phase};
use crate::run::Row;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Points of a percentile spectrum for each halving of the distance to 100 %.
const SPECTRUM_TICKS: u32 = 4;
/// The look of a page.
pub(crate) const STYLE: &str = "body{font:14px/1.45 sans-serif;max-width:900px;margin:2em auto;padding:0 1em;\
    color:#222;background:#fff}table{border-collapse:collapse;margin:.5em 0}td,th{padding:.15em \
    .7em;border-bottom:1px solid #ddd;text-align:right}td:first-child,th:first-child{text-align:\
    left}.bad{color:#b00020;font-weight:bold}.good{color:#00703c;font-weight:bold}svg{width:100%}\
    code{background:#f3f3f3;padding:.1em .3em}";

/// The page of a report.
///
/// # Errors
/// A histogram cannot be read.
pub(super) fn page(report: &Report) -> Result<String> {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Relevo load \
         test</title><style>{STYLE}</style></head><body><h1>Relevo load test</h1>"
    );
    verdict(&mut html, report);
    scenario(&mut html, report);
    phases(&mut html, report)?;
    html.push_str("<h2>Percentile spectrum</h2>");
    html.push_str(&spectrum(&report.phases)?);
    html.push_str("<h2>Rate against p99</h2>");
    html.push_str(&rate_against_p99(report));
    html.push_str("<h2>Time line</h2>");
    html.push_str(&time_line(&report.timeline));
    html.push_str(&queues_over_time(&report.timeline));
    errors(&mut html, &report.errors);
    html.push_str("</body></html>\n");
    Ok(html)
}

fn verdict(html: &mut String, report: &Report) {
    if report.passed() {
        html.push_str("<p class=\"good\">Passed.</p>");
    } else {
        html.push_str("<p class=\"bad\">Failed:</p><ul>");
        for why in &report.failures {
            let _ = write!(html, "<li class=\"bad\">{}</li>", escape(why));
        }
        html.push_str("</ul>");
    }
    html.push_str("<h2>Correctness</h2><table><tr><th>counter</th><th>wrong</th><th>checked</th><th>of</th></tr>");
    for (counter, count) in report.verdict.iter() {
        let class = if count.violations > 0 { " class=\"bad\"" } else { "" };
        let _ = write!(
            html,
            "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            counter.name(),
            count.violations,
            count.checked,
            counter.base()
        );
    }
    html.push_str("</table>");
    for example in &report.verdict.examples {
        let _ = write!(html, "<p class=\"bad\">{}</p>", escape(example));
    }
}

fn scenario(html: &mut String, report: &Report) {
    let (scenario, machine) = (&report.scenario, &report.machine);
    let mut rows = vec![
        ("command", report.command.clone()),
        ("arrivals", scenario.arrivals.clone()),
        ("rate", format!("{:.1}/s for {:.0} s", scenario.rate, scenario.duration_s)),
        ("agents", format!("{} with {} seats", scenario.staff.agents, scenario.staff.seats)),
        ("bots", format!("{} with {} queues", scenario.staff.bots, scenario.staff.queues_per_bot)),
        ("service", format!("{:.2} s on average", scenario.service_mean_s)),
        ("texts", scenario.bodies.clone()),
        ("seed", scenario.plan.seed.to_string()),
        (
            "occupancy, busiest stretch",
            format!(
                "{:.1} % (planned {:.1} %), from {:.0} s to {:.0} s",
                report.occupancy.measured * 100.0,
                report.occupancy.planned * 100.0,
                report.occupancy.window_s[0],
                report.occupancy.window_s[1]
            ),
        ),
        (
            "mix",
            format!(
                "{:.2} % lost, {:.2} % transferred, {:.2} % of the sessions dropped",
                report.mix.lost_share * 100.0,
                report.mix.transferred_share * 100.0,
                report.mix.dropped_share * 100.0
            ),
        ),
        (
            "generator",
            format!(
                "{} of {} hand-offs acknowledged ({:.2} %), slippage p99 {} us",
                report.generator.accepted,
                report.generator.planned,
                report.generator.reached * 100.0,
                report.generator.slippage_p99_us
            ),
        ),
        (
            "machine",
            format!(
                "{}, {} cores, {} MiB, Linux {}, {}{}",
                machine.cpu,
                machine.cores,
                machine.memory_mib,
                machine.kernel,
                machine.rustc,
                if machine.optimized { "" } else { ", NOT OPTIMIZED" }
            ),
        ),
    ];
    if let Some(usage) = report.daemon {
        let mib = usage.resident_bytes / (1024 * 1024);
        rows.push((
            "daemon",
            format!("{mib} MiB resident, {:.1} s of processor", usage.cpu_seconds),
        ));
    }
    html.push_str("<h2>Run</h2><table>");
    for (name, value) in rows {
        let _ = write!(html, "<tr><td>{name}</td><td>{}</td></tr>", escape(&value));
    }
    html.push_str("</table><table><tr><th>outcome</th><th>conversations</th></tr>");
    for (outcome, count) in &report.mix.outcomes {
        let _ = write!(html, "<tr><td>{outcome}</td><td>{count}</td></tr>");
    }
    html.push_str("</table>");
}

fn phases(html: &mut String, report: &Report) -> Result<()> {
    html.push_str(
        "<h2>Phases</h2><table><tr><th>ms</th><th>count</th><th>p50</th><th>p90</th><th>p99</th>\
         <th>p99.9</th><th>max</th></tr>",
    );
    for phase in &report.phases {
        let histogram = phase.histogram.read()?;
        let _ = write!(
            html,
            "<tr><td title=\"{}\">{}</td><td>{}</td>",
            escape(&phase.meaning),
            phase.name,
            histogram.len()
        );
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let _ =
                write!(html, "<td>{:.3}</td>", histogram.value_at_quantile(quantile) as f64 / 1e3);
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    Ok(())
}

fn spectrum(phases: &[PhaseReport]) -> Result<String> {
    let mut series = Vec::new();
    for phase in phases {
        let histogram = phase.histogram.read()?;
        let points = histogram
            .iter_quantiles(SPECTRUM_TICKS)
            .filter(|step| step.quantile_iterated_to() < 1.0)
            .map(|step| {
                (1.0 / (1.0 - step.quantile_iterated_to()), step.value_iterated_to() as f64 / 1e3)
            })
            .collect();
        series.push(Series { name: phase.name.clone(), points, scatter: false });
    }
    let x = Axis { label: "percentile".into(), log: true, show: percentile };
    Ok(plot(&x, &milliseconds(true), &series))
}

fn rate_against_p99(report: &Report) -> String {
    let of = |phase: Phase| Series {
        name: phase.name().into(),
        points: report
            .timeline
            .iter()
            .filter_map(|row| Some((row.rate, p99_ms(row, phase)?)))
            .collect(),
        scatter: true,
    };
    let mut series = vec![of(Phase::HandOffAcknowledged), of(Phase::NotifiedAtOnce)];
    if !report.ramp.is_empty() {
        let points =
            report.ramp.iter().map(|step| (step.accepted, step.p99_us as f64 / 1e3)).collect();
        series.push(Series { name: "ramp, hand-off".into(), points, scatter: false });
    }
    let x = Axis { label: "hand-offs acknowledged per second".into(), log: false, show: whole };
    plot(&x, &milliseconds(true), &series)
}

fn time_line(timeline: &[Row]) -> String {
    let of = |phase: Phase| Series {
        name: format!("{} p99", phase.name()),
        points: timeline.iter().filter_map(|row| Some((row.at_s, p99_ms(row, phase)?))).collect(),
        scatter: false,
    };
    let series =
        [of(Phase::HandOffAcknowledged), of(Phase::NotifiedAtOnce), of(Phase::RelayOneWay)];
    plot(&seconds(), &milliseconds(true), &series)
}

fn queues_over_time(timeline: &[Row]) -> String {
    let of = |name: &str, value: fn(&Row) -> f64| Series {
        name: name.into(),
        points: timeline.iter().map(|row| (row.at_s, value(row))).collect(),
        scatter: false,
    };
    let series = [
        of("hand-offs per second", |row| row.rate),
        of("waiting", |row| row.waiting as f64),
        of("under way", |row| row.open as f64),
    ];
    let y = Axis { label: "tickets".into(), log: false, show: whole };
    plot(&seconds(), &y, &series)
}

/// Requests that came to nothing and connections that were lost, by what was told; nothing when there
/// are none.
pub(crate) fn errors(html: &mut String, errors: &BTreeMap<String, u64>) {
    if errors.is_empty() {
        return;
    }
    html.push_str("<h2>Requests that came to nothing, connections lost</h2><table>");
    for (what, count) in errors {
        let _ = write!(html, "<tr><td>{}</td><td>{count}</td></tr>", escape(what));
    }
    html.push_str("</table>");
}

fn p99_ms(row: &Row, phase: Phase) -> Option<f64> {
    let Figures { count, p99_us, .. } = row.phase(phase)?;
    (count > 0).then_some(p99_us as f64 / 1e3)
}

fn milliseconds(log: bool) -> Axis {
    Axis { label: "ms".into(), log, show: short }
}

fn seconds() -> Axis {
    Axis { label: "s".into(), log: false, show: whole }
}

fn percentile(distance: f64) -> String {
    let nines = distance.log10().round() as usize;
    match nines {
        0 => "0 %".into(),
        1 => "90 %".into(),
        2 => "99 %".into(),
        _ => format!("99.{} %", "9".repeat(nines - 2)),
    }
}

fn short(value: f64) -> String {
    if value >= 1.0 { format!("{value:.0}") } else { format!("{value}") }
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}
