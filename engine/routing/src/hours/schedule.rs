//! Opening hours as numbers, and the moments at which they begin and end.

use crate::Micros;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::iter::Peekable;
use std::ops::RangeInclusive;

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;
const SECOND: Micros = 1_000_000;
/// Beyond this no clock is read, and everything is closed: the end of the year 9000.
const LAST: Micros = 221_845_392_000 * SECOND;
/// An interval ends at most two days after the one on which it begins, and a zone has left out or
/// repeated a whole day once.
const DAYS_BEFORE: i32 = 3;
/// Behind the last holiday one week is like the other: what has not changed in this one does not.
const DAYS_AFTER: i32 = 7 + DAYS_BEFORE;

/// Wall time within a day, in minutes since its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// Below [`DAY`].
    pub(super) opens: u16,
    /// Above `opens`; above [`DAY`] on the next day.
    pub(super) closes: u16,
}

/// Days in a row that are not as their week says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    /// Since 1970.
    pub(super) first: i32,
    pub(super) last: i32,
    pub(super) open: Vec<Interval>,
}

/// Opening hours that have been read.
#[derive(Debug, Clone)]
pub struct Schedule {
    zone: TimeZone,
    /// From Monday on, each day in rising order.
    week: [Vec<Interval>; 7],
    /// In rising order, none twice.
    holidays: Vec<Days>,
}

/// From one moment to another; without an end for ever.
type Span = (Micros, Option<Micros>);

impl Schedule {
    pub(super) fn new(zone: TimeZone, week: [Vec<Interval>; 7], holidays: Vec<Days>) -> Self {
        Self { zone, week, holidays }
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn is_open(&self, at: Micros) -> bool {
        self.look(at).0
    }

    /// The first moment after this one at which it opens or closes; none when it never does.
    #[must_use]
    pub fn next_change(&self, at: Micros) -> Option<Micros> {
        self.look(at).1
    }

    /// [`Self::is_open`] and [`Self::next_change`] at once.
    #[must_use]
    pub fn look(&self, at: Micros) -> (bool, Option<Micros>) {
        if at > LAST {
            return (false, None);
        }
        let span = self.spans(at).find(|(_, end)| end.is_none_or(|end| at < end));
        match span {
            None => (false, None),
            Some((start, end)) if start <= at => (true, end),
            Some((start, _)) => (false, Some(start)),
        }
    }

    /// No day has an interval.
    #[must_use]
    pub fn never_opens(&self) -> bool {
        self.week.iter().all(Vec::is_empty) && self.holidays.iter().all(|days| days.open.is_empty())
    }

    /// When it is open, from before a moment on, in rising order; what follows without a gap is one.
    fn spans(&self, at: Micros) -> impl Iterator<Item = Span> {
        let seconds = i64::try_from(at / SECOND).unwrap_or(i64::MAX);
        let offset = Timestamp::from_second(seconds).map(|at| self.zone.to_offset(at).seconds());
        let local = seconds.saturating_add(i64::from(offset.unwrap_or(0)));
        let today = i32::try_from(local.div_euclid(24 * 3600)).unwrap_or(i32::MAX);
        let last_holiday = self.holidays.last().map_or(today, |days| days.last);
        let days = today - DAYS_BEFORE..=last_holiday.max(today) + DAYS_AFTER;
        let until = minutes(days.end() + 1, 0);
        let mut walls = Walls { schedule: self, days, waiting: Vec::new() }.merged();
        let moments = std::iter::from_fn(move || {
            let (opens, closes) = walls.next()?;
            let closes = (closes < until).then(|| self.moment(closes, true));
            Some((self.moment(opens, false), closes))
        });
        // One within a part of the day that the clock leaves out is empty.
        Merged(moments.filter(|(start, end)| end.is_none_or(|end| *start < end)).peekable())
    }

    fn intervals(&self, day: i32) -> &[Interval] {
        let after = self.holidays.partition_point(|days| days.first <= day);
        let holiday = after.checked_sub(1).map(|at| &self.holidays[at]);
        match holiday.filter(|days| day <= days.last) {
            Some(days) => &days.open,
            // 1970 began on a Thursday.
            None => &self.week[usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)],
        }
    }

    /// When the clock shows this, in minutes since 1970.
    fn moment(&self, wall: i64, closes: bool) -> Micros {
        let Some(shown) = clock(wall) else { return Micros::MAX };
        let found = self.zone.to_ambiguous_timestamp(shown);
        let moment = match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => found.compatible(),
            AmbiguousOffset::Gap { .. } => found.earlier().map(|before| {
                let next = self.zone.following(before).next();
                next.map_or(before, |transition| transition.timestamp())
            }),
            AmbiguousOffset::Fold { .. } if closes => found.later(),
            AmbiguousOffset::Fold { .. } => found.earlier(),
        };
        moment.map_or(Micros::MAX, |at| Micros::try_from(at.as_microsecond()).unwrap_or(0))
    }
}

/// The intervals of some days in the order of their beginnings, in minutes of wall time since 1970.
struct Walls<'s> {
    schedule: &'s Schedule,
    days: RangeInclusive<i32>,
    /// Of the day that was looked at last, the last first.
    waiting: Vec<(i64, i64)>,
}

impl Walls<'_> {
    /// As one what follows without a gap or overlaps.
    fn merged(mut self) -> impl Iterator<Item = (i64, i64)> {
        let mut open: Option<(i64, i64)> = None;
        std::iter::from_fn(move || {
            loop {
                let Some((opens, closes)) = self.next() else { return open.take() };
                match &mut open {
                    Some(before) if opens <= before.1 => before.1 = before.1.max(closes),
                    other => {
                        if let Some(before) = other.replace((opens, closes)) {
                            return Some(before);
                        }
                    }
                }
            }
        })
    }
}

impl Iterator for Walls<'_> {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        while self.waiting.is_empty() {
            let day = self.days.next()?;
            let wall = |minute| minutes(day, minute);
            let intervals = self.schedule.intervals(day).iter().rev();
            self.waiting.extend(intervals.map(|open| (wall(open.opens), wall(open.closes))));
        }
        self.waiting.pop()
    }
}

/// Spans of which one begins where the one before it ends are one.
struct Merged<I: Iterator<Item = Span>>(Peekable<I>);

impl<I: Iterator<Item = Span>> Iterator for Merged<I> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let (start, mut end) = self.0.next()?;
        while let Some(at) = end
            && let Some((_, next)) = self.0.next_if(|(start, _)| *start <= at)
        {
            end = next.map(|next| next.max(at));
        }
        Some((start, end))
    }
}

/// Minutes since 1970 of a day's minute.
fn minutes(day: i32, minute: u16) -> i64 {
    i64::from(day) * i64::from(DAY) + i64::from(minute)
}

fn clock(wall: i64) -> Option<DateTime> {
    Timestamp::from_second(wall.checked_mul(60)?).ok().map(|at| Offset::UTC.to_datetime(at))
}

/// The number of a date's day since 1970.
pub(super) fn day_of(date: Date) -> i32 {
    let at = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
    let seconds = at.map_or(0, |at| at.as_second());
    i32::try_from(seconds.div_euclid(24 * 3600)).unwrap_or(0)
}
