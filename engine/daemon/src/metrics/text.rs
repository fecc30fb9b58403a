//! The text format 0.0.4: a writer for what the exporter does not hold, and a reader, with which
//! tests and `status` look at a scrape.

use super::names::{Kind, Metric};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// Content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Names of the families of a scrape, as its `TYPE` lines say.
///
/// # Errors
/// The text is not in the format.
pub fn scrape_names(text: &str) -> Result<BTreeSet<String>, ScrapeError> {
    Ok(Scrape::parse(text)?.families.into_keys().collect())
}

/// A scrape, read.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Type and help text of each family.
    pub families: BTreeMap<String, Family>,
    /// Every sample, in the order of the text.
    pub samples: Vec<Sample>,
}

/// What the comments say about a family.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Family {
    /// `counter`, `gauge`, `histogram`, ...
    pub kind: String,
    /// What it says.
    pub help: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name with the suffix of a histogram.
    pub name: String,
    /// Names and values of the labels, in the order of the text.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
}

/// A line that is not in the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrapeError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ScrapeError {}

impl Scrape {
    /// Reads a text.
    ///
    /// # Errors
    /// The first line that is not in the format, a family that is there twice, or a sample of
    /// none.
    pub fn parse(text: &str) -> Result<Self, ScrapeError> {
        let mut scrape = Self::default();
        for (index, line) in text.lines().enumerate() {
            scrape
                .line(line)
                .map_err(|message| ScrapeError { line: index + 1, message: message.into() })?;
        }
        Ok(scrape)
    }

    /// The value of the one sample with this name and exactly these labels, in any order.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let same = |sample: &&Sample| {
            sample.name == name
                && sample.labels.len() == labels.len()
                && labels.iter().all(|wanted| {
                    sample.labels.iter().any(|(k, v)| (k.as_str(), v.as_str()) == *wanted)
                })
        };
        self.samples.iter().find(same).map(|sample| sample.value)
    }

    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some(comment) = line.strip_prefix("# HELP ") {
            let (name, help) = comment.split_once(' ').ok_or("HELP without a text")?;
            help.clone_into(&mut self.families.entry(name.into()).or_default().help);
            return Ok(());
        }
        if let Some(comment) = line.strip_prefix("# TYPE ") {
            let (name, kind) = comment.split_once(' ').ok_or("TYPE without a type")?;
            let family = self.families.entry(name.into()).or_default();
            if !family.kind.is_empty() {
                return Err("a second TYPE of the same family");
            }
            kind.clone_into(&mut family.kind);
            return Ok(());
        }
        if line.starts_with('#') {
            return Err("a comment that is neither HELP nor TYPE");
        }
        let sample = Sample::parse(line)?;
        if !self.families.contains_key(sample.family(&self.families)) {
            return Err("a sample of no family");
        }
        self.samples.push(sample);
        Ok(())
    }
}

impl Sample {
    /// Name of the family it belongs to: without the suffix if the family is a histogram.
    #[must_use]
    pub fn family<'a>(&'a self, families: &BTreeMap<String, Family>) -> &'a str {
        for suffix in ["_bucket", "_sum", "_count"] {
            if let Some(base) = self.name.strip_suffix(suffix)
                && families.get(base).is_some_and(|family| family.kind == "histogram")
            {
                return base;
            }
        }
        &self.name
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let (head, value) = line.rsplit_once(' ').ok_or("no value")?;
        let value = match value {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            number => number.parse().map_err(|_| "the value is no number")?,
        };
        let (name, labels) = match head.split_once('{') {
            None => (head, Vec::new()),
            Some((name, rest)) => {
                (name, parse_labels(rest.strip_suffix('}').ok_or("the labels do not end")?)?)
            }
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("no name");
        }
        if !name.chars().all(letter) {
            return Err("a character that no name has");
        }
        Ok(Self { name: name.into(), labels, value })
    }
}

fn parse_labels(mut text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut labels = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").ok_or("a label without a value")?;
        let mut value = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next().ok_or("the value of a label does not end")? {
                (at, '"') => break at,
                (_, '\\') => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    Some(_) | None => return Err("an escape that the format does not know"),
                },
                (_, letter) => value.push(letter),
            }
        };
        labels.push((name.into(), value));
        text = &rest[end + 1..];
        text = match text.strip_prefix(',') {
            Some(more) => more,
            None if text.is_empty() => text,
            None => return Err("no comma between two labels"),
        };
    }
    Ok(labels)
}

/// Writes families.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// Begins a family: its HELP and TYPE.
    pub(super) fn family(&mut self, metric: &Metric) {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        self.line(format_args!("# HELP {} {}", metric.name, metric.help));
        self.line(format_args!("# TYPE {} {kind}", metric.name));
    }

    /// A whole number.
    pub(super) fn count(&mut self, metric: &Metric, values: &[&str], count: u64) {
        self.labelled(metric, values, format_args!("{count}"));
    }

    /// Any number.
    pub(super) fn number(&mut self, metric: &Metric, value: f64) {
        self.labelled(metric, &[], format_args!("{value}"));
    }

    /// A histogram without labels: bounds and sum in nanoseconds, written in seconds.
    pub(super) fn durations(
        &mut self,
        metric: &Metric,
        bounds_ns: &[u64],
        counts: &[u64],
        sum_ns: u64,
    ) {
        let name = metric.name;
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            match bounds_ns.get(index) {
                Some(bound) => {
                    let seconds = *bound as f64 / 1e9;
                    self.line(format_args!("{name}_bucket{{le=\"{seconds}\"}} {total}"));
                }
                None => self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {total}")),
            }
        }
        self.line(format_args!("{name}_sum {}", sum_ns as f64 / 1e9));
        self.line(format_args!("{name}_count {total}"));
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn labelled(&mut self, metric: &Metric, values: &[&str], value: fmt::Arguments<'_>) {
        assert_eq!(metric.labels.len(), values.len(), "label values of {}", metric.name);
        let mut labels = String::new();
        for (name, value) in metric.labels.iter().zip(values) {
            let comma = if labels.is_empty() { "" } else { "," };
            // Values of these labels come from closed lists and hold nothing to escape.
            let _ = write!(labels, "{comma}{name}=\"{value}\"");
        }
        if labels.is_empty() {
            self.line(format_args!("{} {value}", metric.name));
        } else {
            self.line(format_args!("{}{{{labels}}} {value}", metric.name));
        }
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_read() {
        let text = "# HELP a_total What.\n# TYPE a_total counter\n\
                    a_total{x=\"1\",y=\"a \\\"b\\\" \\\\ c\"} 3\na_total 4.5\n\n\
                    # TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\n";
        let scrape = Scrape::parse(text).unwrap();
        assert_eq!(scrape_names(text).unwrap(), ["a_total", "h"].map(String::from).into());
        assert_eq!(scrape.value("a_total", &[("y", "a \"b\" \\ c"), ("x", "1")]), Some(3.0));
        assert_eq!(scrape.value("a_total", &[]), Some(4.5));
        assert_eq!(scrape.value("h_bucket", &[("le", "+Inf")]), Some(1.0));
        assert_eq!(scrape.value("h", &[]), None);
    }

    #[test]
    fn what_is_not_in_the_format_is_named() {
        for (text, line, message) in [
            ("a 1", 1, "a sample of no family"),
            ("# TYPE a gauge\na x", 2, "the value is no number"),
            ("# TYPE a gauge\na{b=\"c} 1", 2, "the value of a label does not end"),
            ("# TYPE a gauge\na{b=\"c\"d=\"e\"} 1", 2, "no comma between two labels"),
            ("# TYPE a gauge\n# TYPE a gauge", 2, "a second TYPE of the same family"),
            ("# TYPE a gauge\n1a 1", 2, "no name"),
            ("#TYPE a gauge", 1, "a comment that is neither HELP nor TYPE"),
        ] {
            let error = Scrape::parse(text).unwrap_err();
            assert_eq!((error.line, error.message.as_str()), (line, message), "{text}");
        }
    }
}
