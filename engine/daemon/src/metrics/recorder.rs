//! The exporter of the `metrics` crate, built by hand: no listener of its own, no global recorder
//! (several daemons may run in one process), buckets for every histogram. Handles are registered
//! once and kept; nothing here is called per event.

use super::buckets::{self, ContactCenterBuckets};
use super::names::{self, Kind, Metric, Unit};
use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// Registers and renders.
#[derive(Debug)]
pub(super) struct Exporter {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Exporter {
    /// An exporter that knows every declared metric and has registered none.
    #[must_use]
    pub(super) fn new(contact_center: &ContactCenterBuckets) -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in names::all() {
            if let Kind::Histogram(family) = metric.kind {
                let bounds = buckets::bounds(family, contact_center);
                builder = builder
                    .set_buckets_for_metric(Matcher::Full(metric.name.into()), &bounds)
                    .expect("no family of bounds is empty");
            }
        }
        let recorder = builder.build_recorder();
        for metric in names::all() {
            describe(&recorder, metric);
        }
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    /// The counter with these label values, in the order of its declaration.
    pub(super) fn counter(&self, metric: &'static Metric, values: &[&str]) -> Counter {
        assert_eq!(metric.kind, Kind::Counter, "{} is no counter", metric.name);
        self.recorder.register_counter(&key(metric, values), &METADATA)
    }

    /// The gauge with these label values, in the order of its declaration.
    pub(super) fn gauge(&self, metric: &'static Metric, values: &[&str]) -> Gauge {
        assert_eq!(metric.kind, Kind::Gauge, "{} is no gauge", metric.name);
        self.recorder.register_gauge(&key(metric, values), &METADATA)
    }

    /// The histogram with these label values, in the order of its declaration.
    pub(super) fn histogram(&self, metric: &'static Metric, values: &[&str]) -> Histogram {
        assert!(matches!(metric.kind, Kind::Histogram(_)), "{} is no histogram", metric.name);
        self.recorder.register_histogram(&key(metric, values), &METADATA)
    }

    /// Everything registered, as text.
    #[must_use]
    pub(super) fn render(&self) -> String {
        self.handle.render()
    }

    /// Counts the samples since the last call into buckets. Until then each is kept by itself, so
    /// this must run every few seconds.
    pub(super) fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }
}

const METADATA: Metadata<'static> = Metadata::new("relevo", Level::INFO, None);

fn key(metric: &'static Metric, values: &[&str]) -> Key {
    assert_eq!(metric.labels.len(), values.len(), "label values of {}", metric.name);
    let labels: Vec<Label> = metric
        .labels
        .iter()
        .zip(values)
        .map(|(label, value)| Label::new(*label, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}

fn describe(recorder: &PrometheusRecorder, metric: &Metric) {
    let unit = Some(match metric.unit {
        Unit::Seconds | Unit::Timestamp => ::metrics::Unit::Seconds,
        Unit::Bytes => ::metrics::Unit::Bytes,
        Unit::Things => ::metrics::Unit::Count,
    });
    match metric.kind {
        Kind::Counter => recorder.describe_counter(metric.name.into(), unit, metric.help.into()),
        Kind::Gauge => recorder.describe_gauge(metric.name.into(), unit, metric.help.into()),
        Kind::Histogram(_) => {
            recorder.describe_histogram(metric.name.into(), unit, metric.help.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::names::contact_center::{QUEUE_WAIT_SECONDS, SEATS};

    fn exporter() -> Exporter {
        Exporter::new(&ContactCenterBuckets::new(&[25]).unwrap())
    }

    #[test]
    fn a_histogram_has_the_configured_bounds_and_is_no_summary() {
        let exporter = exporter();
        let wait = exporter.histogram(&QUEUE_WAIT_SECONDS, &["acme", "web", "sales", "lost"]);
        wait.record(22.0);
        let text = exporter.render();
        assert!(text.contains("# TYPE relevo_queue_wait_seconds histogram"), "{text}");
        let labels = r#"tenant="acme",bot="web",queue="sales",outcome="lost""#;
        assert!(text.contains(&format!("_bucket{{{labels},le=\"20\"}} 0")), "{text}");
        assert!(text.contains(&format!("_bucket{{{labels},le=\"25\"}} 1")), "{text}");
    }

    #[test]
    fn two_exporters_share_nothing() {
        let (one, other) = (exporter(), exporter());
        one.gauge(&SEATS, &["acme"]).set(3.0);
        assert!(one.render().contains("relevo_seats{tenant=\"acme\"} 3"));
        assert_eq!(other.render(), "");
    }

    #[test]
    #[should_panic(expected = "label values of relevo_seats")]
    fn other_labels_than_declared_are_a_bug() {
        let _ = exporter().gauge(&SEATS, &["acme", "web"]);
    }

    #[test]
    #[should_panic(expected = "relevo_seats is no counter")]
    fn another_kind_than_declared_is_a_bug() {
        let _ = exporter().counter(&SEATS, &["acme"]);
    }
}
