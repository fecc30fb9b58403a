//! Opening hours: only their bounds; what they mean is judged where they are compiled.

use super::{count, length, malformed};
use crate::directory::{Holiday, Hours};
use crate::error::WireError;
use crate::limits;

pub(super) fn hours(field: &str, hours: &Hours) -> Result<(), WireError> {
    if let Some(zone) = &hours.time_zone {
        length(&format!("{field}.time_zone"), zone, 1, limits::TIME_ZONE_BYTES)?;
    }
    let week = format!("{field}.week");
    count(&week, hours.week.len(), limits::DAYS)?;
    // As the line of JSON has them, which names each once.
    if hours.week.windows(2).any(|two| two[0].0 >= two[1].0) {
        return Err(malformed(&week, "its names must rise"));
    }
    for (days, open) in &hours.week {
        length(&week, days, 1, limits::HOURS_BYTES)?;
        intervals(&week, open)?;
    }
    let field = format!("{field}.holidays");
    count(&field, hours.holidays.len(), limits::HOLIDAYS)?;
    hours.holidays.iter().try_for_each(|day| holiday(&field, day))
}

fn holiday(field: &str, holiday: &Holiday) -> Result<(), WireError> {
    for date in [&holiday.date, &holiday.from, &holiday.to].into_iter().flatten() {
        length(field, date, 1, limits::HOURS_BYTES)?;
    }
    length(field, &holiday.name, 0, limits::LABEL_BYTES)?;
    intervals(field, &holiday.open)
}

fn intervals(field: &str, open: &[String]) -> Result<(), WireError> {
    count(field, open.len(), limits::INTERVALS)?;
    open.iter().try_for_each(|interval| length(field, interval, 1, limits::HOURS_BYTES))
}
