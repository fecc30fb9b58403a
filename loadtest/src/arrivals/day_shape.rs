//! A day's arrivals from a file: `time_of_day,mean_calls_per_5min,max_calls_per_5min`.
//!
//! The mean gives the rate. The maximum is read and checked, and not used: Poisson arrivals bring
//! their own variation.

use super::{InvalidSchedule, SECOND_US, Schedule, Segment, Spacing};

/// Length of a row's interval, in seconds.
const ROW_SECONDS: u64 = 300;
/// Minutes of an interval.
const ROW_MINUTES: u32 = 5;
/// First line of the file.
const HEADER: &str = "time_of_day,mean_calls_per_5min,max_calls_per_5min";

/// A day's arrivals.
#[derive(Debug, Clone, PartialEq)]
pub struct DayShape {
    /// Mean arrivals of each five minutes, in order.
    pub means: Vec<f64>,
}

/// A line of the file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct InvalidDayShape {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl DayShape {
    /// Reads the file's text.
    ///
    /// # Errors
    /// The header differs, a row has no three fields, a time is no `HH:MM` or does not follow the
    /// one before by five minutes, a figure is no number above 0, or a maximum is below its mean.
    pub fn parse(text: &str) -> Result<Self, InvalidDayShape> {
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        match lines.next() {
            Some((_, HEADER)) => {}
            Some((line, found)) => {
                return Err(wrong(line, format!("header is {found:?}, must be {HEADER:?}")));
            }
            None => return Err(wrong(1, format!("empty; the first line must be {HEADER:?}"))),
        }
        let mut means = Vec::new();
        let mut due: Option<u32> = None;
        for (line, row) in lines.filter(|(_, row)| !row.is_empty()) {
            let (minute, mean) = parse_row(line, row)?;
            if let Some(due) = due
                && minute != due
            {
                let (hours, minutes) = (due / 60, due % 60);
                return Err(wrong(line, format!("time must be {hours:02}:{minutes:02}")));
            }
            due = Some(minute + ROW_MINUTES);
            means.push(mean);
        }
        if means.is_empty() {
            return Err(wrong(2, "no rows; at least one is needed".into()));
        }
        Ok(Self { means })
    }

    /// The day so many times faster: Poisson arrivals, each five minutes at their rate.
    ///
    /// # Errors
    /// The speed makes a rate or a length that a schedule cannot have.
    pub fn schedule(&self, speed: f64) -> Result<Schedule, InvalidSchedule> {
        let duration_us = (ROW_SECONDS as f64 * SECOND_US as f64 / speed) as u64;
        let segments = self
            .means
            .iter()
            .map(|mean| Segment { duration_us, rate: mean / ROW_SECONDS as f64 * speed })
            .collect();
        Schedule::new(segments, Spacing::Poisson)
    }
}

fn wrong(line: usize, what: String) -> InvalidDayShape {
    InvalidDayShape { line, what }
}

/// Minute of the day and mean of a row.
fn parse_row(line: usize, row: &str) -> Result<(u32, f64), InvalidDayShape> {
    let fields: Vec<&str> = row.split(',').map(str::trim).collect();
    let &[time, mean, maximum] = fields.as_slice() else {
        return Err(wrong(line, format!("{} fields, must be 3 as in the header", fields.len())));
    };
    let minute = time
        .split_once(':')
        .and_then(|(hours, minutes)| Some((hours.parse().ok()?, minutes.parse().ok()?)))
        .filter(|(hours, minutes): &(u32, u32)| *hours < 24 && *minutes < 60)
        .map(|(hours, minutes)| hours * 60 + minutes)
        .ok_or_else(|| wrong(line, format!("time {time:?}, must be HH:MM")))?;
    let figure = |name: &str, text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|value| value.is_finite() && *value > 0.0)
            .ok_or_else(|| wrong(line, format!("{name} {text:?}, must be a number above 0")))
    };
    let mean = figure("mean", mean)?;
    let maximum = figure("maximum", maximum)?;
    if maximum < mean {
        return Err(wrong(line, format!("maximum {maximum} is below the mean {mean}")));
    }
    Ok((minute, mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: &str = "time_of_day,mean_calls_per_5min,max_calls_per_5min\n\
                         07:55,30,60\n08:00,60.0,90\n08:05,30,40\n";

    #[test]
    fn a_day_at_speed_is_shorter_and_denser_with_the_same_arrivals() {
        let shape = DayShape::parse(SHAPE).unwrap();
        let plain = shape.schedule(1.0).unwrap();
        let fast = shape.schedule(60.0).unwrap();
        assert_eq!(plain.duration_us(), 900 * SECOND_US);
        assert_eq!(fast.duration_us(), 15 * SECOND_US);
        assert!((plain.expected() - 120.0).abs() < 1e-9);
        assert!((fast.expected() - 120.0).abs() < 1e-9);
        assert!((fast.rate_at(7 * SECOND_US) - 12.0).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let cases = [
            ("", 1, "empty"),
            ("time,mean\n", 1, "header"),
            (HEADER, 2, "no rows"),
            (&SHAPE.replace("08:00", "08:03"), 3, "must be 08:00"),
            (&SHAPE.replace("08:00", "8 am"), 3, "HH:MM"),
            (&SHAPE.replace("60.0,90", "60.0"), 3, "2 fields"),
            (&SHAPE.replace("60.0", "-1"), 3, "above 0"),
            (&SHAPE.replace("60.0,90", "60.0,9"), 3, "below the mean"),
        ];
        for (text, line, part) in cases {
            let error = DayShape::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.what.contains(part), "{error}");
        }
    }
}
