//! Histograms as they are stored: HdrHistogram's V2 form in base64, and its percentile text.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use std::fmt::Write;

/// Lines of the percentile text for each halving of the distance to 100 %.
const TICKS_PER_HALF: u32 = 5;

/// A whole histogram, in microseconds: base64 of HdrHistogram's V2 form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Stored(String);

impl Stored {
    /// Stores a histogram.
    ///
    /// # Errors
    /// It holds counts that the form cannot.
    pub fn new(histogram: &Histogram<u64>) -> Result<Self> {
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(histogram, &mut bytes).context("a histogram")?;
        Ok(Self(STANDARD.encode(bytes)))
    }

    /// Reads it back.
    ///
    /// # Errors
    /// It is not in the form.
    pub fn read(&self) -> Result<Histogram<u64>> {
        let bytes = STANDARD.decode(&self.0).context("a histogram is base64")?;
        Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| anyhow::anyhow!("a histogram is of HdrHistogram's V2 form: {error}"))
    }

    /// The percentile distribution, as HdrHistogram's tools plot it. Values are microseconds.
    ///
    /// # Errors
    /// It is not in the form.
    pub fn percentile_text(&self) -> Result<String> {
        let histogram = self.read()?;
        let mut text = format!(
            "{:>12} {:>14} {:>10} {:>14}\n\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        );
        for step in histogram.iter_quantiles(TICKS_PER_HALF) {
            let quantile = step.quantile_iterated_to();
            let value = step.value_iterated_to();
            let total = histogram.count_between(0, value);
            write!(text, "{:>12}.000 {quantile:>14.12} {total:>10}", value)?;
            if quantile < 1.0 {
                write!(text, " {:>14.2}", 1.0 / (1.0 - quantile))?;
            }
            text.push('\n');
        }
        let (mean, deviation) = (histogram.mean(), histogram.stdev());
        writeln!(text, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]")?;
        let (max, total) = (histogram.max(), histogram.len());
        writeln!(text, "#[Max     = {max:>8}.000, Total count    = {total:>12}]")?;
        let sub_buckets = 2048;
        let buckets = histogram.distinct_values() / (sub_buckets / 2);
        writeln!(text, "#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]")?;
        Ok(text)
    }
}
