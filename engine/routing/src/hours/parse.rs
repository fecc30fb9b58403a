//! Reads the texts of opening hours, and tells everything that is wrong with them.

use super::schedule::{DAY, Days, Interval, Schedule};
use crate::rules::nearest;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use relevo_wire::directory::{Holiday, Hours};
use relevo_wire::limits::{DAYS, HOLIDAYS, INTERVALS};
use std::fmt;

/// Most problems that are told; the rest would not be read by anybody.
const TOLD: usize = 50;
/// Years that a holiday may be in: all days up to the last one may have to be looked at.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const INTERVAL: &str = "write it as 09:00-18:00, from 00:00 to 24:00";

/// Which part of the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The name of the time zone.
    TimeZone,
    /// An entry of the week, by its place.
    Days(usize),
    /// An interval of such an entry.
    Interval(usize, usize),
    /// A holiday, by its place.
    Holiday(usize),
    /// An interval of a holiday.
    HolidayInterval(usize, usize),
}

/// What is wrong with opening hours, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// As people write it: `week.mon-fri[0]`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.what, self.hint)
    }
}

/// What is wrong with the name of a time zone, and what would be right.
#[must_use]
pub fn unknown_zone(name: &str) -> (String, String) {
    let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = nearest(name, &known).map(|near| format!("did you mean {near:?}?"));
    let hint = hint.unwrap_or_else(|| "write one as America/Sao_Paulo or UTC".to_owned());
    (format!("there is no time zone {name:?}"), hint)
}

impl Schedule {
    /// Reads hours. Those without a time zone are read by the clock of their bot's; UTC where there is
    /// no such zone, which is the bot's fault and told there.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the parts; at most fifty problems.
    pub fn compile(hours: &Hours, bot_zone: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { hours, problems: Vec::new() };
        let zone = match &hours.time_zone {
            Some(name) => reader.zone(name),
            None => TimeZone::get(bot_zone).unwrap_or(TimeZone::UTC),
        };
        let week = reader.week();
        let holidays = reader.holidays();
        let mut problems = reader.problems;
        if problems.is_empty() {
            return Ok(Self::new(zone, week, holidays));
        }
        problems.truncate(TOLD);
        Err(problems)
    }
}

struct Reader<'a> {
    hours: &'a Hours,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, place: Place, what: impl Into<String>, hint: impl Into<String>) {
        let days = |entry: usize| {
            let name = self.hours.week.get(entry).map_or("", |(name, _)| name);
            name.chars().take(32).collect::<String>()
        };
        let path = match place {
            Place::TimeZone => "time_zone".to_owned(),
            Place::Days(entry) => format!("week.{}", days(entry)),
            Place::Interval(entry, nth) => format!("week.{}[{nth}]", days(entry)),
            Place::Holiday(nth) => format!("holidays[{nth}]"),
            Place::HolidayInterval(nth, interval) => format!("holidays[{nth}].open[{interval}]"),
        };
        self.problems.push(Problem { place, path, what: what.into(), hint: hint.into() });
    }

    fn zone(&mut self, name: &str) -> TimeZone {
        TimeZone::get(name).unwrap_or_else(|_| {
            let (what, hint) = unknown_zone(name);
            self.problem(Place::TimeZone, what, hint);
            TimeZone::UTC
        })
    }

    fn week(&mut self) -> [Vec<Interval>; 7] {
        let mut week: [Vec<Interval>; 7] = Default::default();
        let mut named: [Option<&str>; 7] = [None; 7];
        let hours = self.hours;
        if hours.week.len() > DAYS {
            self.problem(
                Place::Days(DAYS),
                "there are too many entries",
                format!("at most {DAYS}"),
            );
        }
        for (entry, (name, open)) in hours.week.iter().take(DAYS).enumerate() {
            let intervals = self.intervals(open, |nth| match nth {
                Some(nth) => Place::Interval(entry, nth),
                None => Place::Days(entry),
            });
            let Some(days) = days_of(name) else {
                let what = format!("{:?} is no day of the week", shown(name));
                let hint = "write mon tue wed thu fri sat sun, or a range such as mon-fri";
                self.problem(Place::Days(entry), what, hint);
                continue;
            };
            for day in days {
                if let Some(other) = named[day].replace(name.as_str()) {
                    let what = format!("{} stands in {other} too", WEEK[day]);
                    self.problem(Place::Days(entry), what, "name each day once");
                    break;
                }
                week[day].clone_from(&intervals);
            }
        }
        week
    }

    fn holidays(&mut self) -> Vec<Days> {
        let hours = self.hours;
        if hours.holidays.len() > HOLIDAYS {
            let right = format!("at most {HOLIDAYS}");
            self.problem(Place::Holiday(HOLIDAYS), "there are too many holidays", right);
        }
        let mut found: Vec<(Days, usize)> = Vec::new();
        for (nth, holiday) in hours.holidays.iter().take(HOLIDAYS).enumerate() {
            let open = self.intervals(&holiday.open, |interval| match interval {
                Some(interval) => Place::HolidayInterval(nth, interval),
                None => Place::Holiday(nth),
            });
            match dates(holiday) {
                Ok((first, last)) => found.push((Days { first, last, open }, nth)),
                Err((what, hint)) => self.problem(Place::Holiday(nth), what, hint),
            }
        }
        found.sort_by_key(|(days, nth)| (days.first, *nth));
        for two in found.windows(2) {
            let [(before, _), (days, nth)] = two else { continue };
            if days.first <= before.last {
                let what = "it begins on a day of another holiday";
                self.problem(Place::Holiday(*nth), what, "let each day be in one holiday");
            }
        }
        found.into_iter().map(|(days, _)| days).collect()
    }

    /// The intervals of a day in rising order.
    fn intervals(
        &mut self,
        open: &[String],
        place: impl Fn(Option<usize>) -> Place,
    ) -> Vec<Interval> {
        if open.len() > INTERVALS {
            self.problem(
                place(None),
                "there are too many intervals",
                format!("at most {INTERVALS}"),
            );
        }
        let mut found: Vec<(Interval, usize)> = Vec::new();
        for (nth, text) in open.iter().take(INTERVALS).enumerate() {
            match interval(text) {
                Ok(interval) => found.push((interval, nth)),
                Err((what, hint)) => self.problem(place(Some(nth)), what, hint),
            }
        }
        found.sort_by_key(|(interval, nth)| (interval.opens, *nth));
        for two in found.windows(2) {
            let [(before, earlier), (interval, nth)] = two else { continue };
            if interval.opens < before.closes {
                let what = format!("{} overlaps {}", open[*nth], open[*earlier]);
                self.problem(
                    place(Some(*nth)),
                    what,
                    "let each begin when the one before has ended",
                );
            }
        }
        found.into_iter().map(|(interval, _)| interval).collect()
    }
}

/// `mon`, or `mon-fri`: days from Monday, 0, on; a range may go over the end of the week.
fn days_of(name: &str) -> Option<Vec<usize>> {
    let day = |name: &str| WEEK.iter().position(|day| *day == name);
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7;
    Some((0..=count).map(|after| (first + after) % 7).collect())
}

type Wrong = (String, String);

/// `09:00-18:00`.
fn interval(text: &str) -> Result<Interval, Wrong> {
    let wrong = || (format!("{:?} is no interval", shown(text)), INTERVAL.to_owned());
    let (opens, closes) = text.split_once('-').ok_or_else(wrong)?;
    let (opens, closes) = (minute(opens).ok_or_else(wrong)?, minute(closes).ok_or_else(wrong)?);
    if opens == DAY {
        let hint = "an interval begins at 00:00 to 23:59".to_owned();
        return Err((format!("{text:?} begins when the day has ended"), hint));
    }
    if opens == closes {
        let hint = "write 00:00-24:00 for the whole day, and nothing for a closed one".to_owned();
        return Err((format!("{text:?} ends when it begins"), hint));
    }
    let closes = if closes < opens { closes + DAY } else { closes };
    Ok(Interval { opens, closes })
}

/// Minutes of the day, of `00:00` to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let hour = digit(h1)? * 10 + digit(h2)?;
    let minute = digit(m1)? * 10 + digit(m2)?;
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

/// First and last day, counted from 1970.
fn dates(holiday: &Holiday) -> Result<(i32, i32), Wrong> {
    let (first, last) = match (&holiday.date, &holiday.from, &holiday.to) {
        (Some(date), None, None) => (date, date),
        (None, Some(from), Some(to)) => (from, to),
        (None | Some(_), _, _) => {
            let hint = "give it a date, or a first day with from and a last one with to";
            return Err(("it is not clear which days it is".to_owned(), hint.to_owned()));
        }
    };
    let (first, last) = (date(first)?, date(last)?);
    if last < first {
        return Err(("its last day is before its first".into(), "let from be before to".into()));
    }
    Ok((first, last))
}

/// `2026-12-25` as the number of days since 1970.
fn date(text: &str) -> Result<i32, Wrong> {
    let part = |range: std::ops::Range<usize>| {
        let digits = text.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<i16>().ok())
    };
    let is_plain = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let parts = part(0..4).zip(part(5..7)).zip(part(8..10)).filter(|_| is_plain);
    let date = parts.and_then(|((year, month), day)| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok().filter(|date| YEARS.contains(&date.year()))
    });
    let date = date.ok_or_else(|| {
        let right = format!("write it as 2026-12-25, from {} to {}", YEARS.start(), YEARS.end());
        (format!("{:?} is no date", shown(text)), right)
    })?;
    Ok(super::schedule::day_of(date))
}

/// Cut to a length that fits a message.
fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}
