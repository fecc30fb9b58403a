//! What a command has to say: to standard output, and a reader that goes away is no fault.

use crate::exit::{Exit, Failure};
use std::io::{self, ErrorKind, Write};

/// Writes a text and a line end.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    show(text).map(drop)
}

/// As [`line`]; says whether there was a reader.
pub(super) fn show(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            Err(Failure::new(Exit::Failed, format!("cannot write to standard output: {error}")))
        }
    }
}

/// Columns of the same width from top to bottom; the first row is the heading.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Microseconds since 1970 as `2026-07-01 12:00:05` (UTC).
pub(super) fn date(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here: the leap day is their last. From Howard Hinnant's civil_from_days.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// A length of time in the unit that fits it: `350 us`, `4.2 ms`, `12.5 s`, `3 min 20 s`.
pub(super) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        60_000_000..3_600_000_000 => {
            format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60)
        }
        _ => format!("{} h {} min", micros / 3_600_000_000, micros / 60_000_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(date(seconds * 1_000_000), expected);
        }
    }

    #[test]
    fn durations_take_the_unit_that_fits() {
        let cases = [
            (0, "0 us"),
            (999, "999 us"),
            (1_000, "1.0 ms"),
            (59_900_000, "59.9 s"),
            (200_000_000, "3 min 20 s"),
            (3_720_000_000, "1 h 2 min"),
        ];
        for (micros, expected) in cases {
            assert_eq!(duration(micros), expected);
        }
    }

    #[test]
    fn columns_of_a_table_stand_below_each_other() {
        let row = |cells: [&str; 2]| cells.map(String::from).to_vec();
        let rows = [row(["queue", "waiting"]), row(["ventas-ñandú", "3"])];
        assert_eq!(table(&rows), "queue         waiting\nventas-ñandú  3");
    }
}
