//! Reads the text format of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

/// A scrape.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Kind by name, of `# TYPE`.
    pub kinds: BTreeMap<String, String>,
    /// Every sample: full name, labels, value.
    pub samples: Vec<Sample>,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name, of a histogram with `_bucket`, `_sum` or `_count`.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Scrape {
    /// Reads a text.
    ///
    /// # Panics
    /// A line is neither a comment nor a sample.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, kind) = declared.split_once(' ').expect("a TYPE has a name and a kind");
                scrape.kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                scrape.samples.push(sample(line));
            }
        }
        scrape
    }

    /// The sum of every sample of this name whose labels hold these.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let holds = |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(label, value)| sample.labels.get(*label).is_some_and(|v| v == value))
        };
        self.samples.iter().filter(holds).map(|sample| sample.value).sum()
    }

    /// The declared metric of a sample: its own name, or that of its histogram.
    #[must_use]
    pub fn base<'s>(&'s self, name: &'s str) -> &'s str {
        if self.kinds.contains_key(name) {
            return name;
        }
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .filter(|base| self.kinds.contains_key(*base))
            .unwrap_or(name)
    }

    /// The label names of each declared metric (`le` not among them).
    #[must_use]
    pub fn labels(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for sample in &self.samples {
            let names = sample.labels.keys().map(String::as_str).filter(|name| *name != "le");
            labels.entry(self.base(&sample.name)).or_default().extend(names);
        }
        labels
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("labels end with a brace")),
        None => (series, ""),
    };
    let value = value.parse().expect("a sample's value is a number");
    Sample { name: name.to_owned(), labels: pairs(labels), value }
}

fn pairs(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().expect("a label's value ends") {
                (at, '"') => break at + 1,
                (_, '\\') => value.push(match chars.next().expect("an escape has its sign").1 {
                    'n' => '\n',
                    sign => sign,
                }),
                (_, sign) => value.push(sign),
            }
        };
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        text = &rest[end..];
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_read_with_their_labels_and_histograms_with_their_base() {
        let text = "# HELP a_seconds What.\n# TYPE a_seconds histogram\n\
                    a_seconds_bucket{queue=\"x,\\\"y\\\"\",le=\"1\"} 2\na_seconds_sum 1.5\n\
                    # TYPE b gauge\nb{state=\"on\"} 3\nb{state=\"off\"} 4\n";
        let scrape = Scrape::parse(text);
        assert_eq!(scrape.sum("b", &[]), 7.0);
        assert_eq!(scrape.sum("b", &[("state", "on")]), 3.0);
        assert_eq!(scrape.sum("a_seconds_bucket", &[("queue", "x,\"y\"")]), 2.0);
        let labels = scrape.labels();
        assert_eq!(labels["a_seconds"], BTreeSet::from(["queue"]));
        assert_eq!(labels["b"], BTreeSet::from(["state"]));
    }
}
