//! Opening hours of the model: open and closed by turns in the night in which it begins.

use crate::shapes::seldom;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_wire::directory::{AtClosing, Holiday, Hours, OutsideHours, Queue};

#[derive(Debug, Clone)]
pub(crate) struct HoursShape {
    /// None: the queue has no hours.
    turns: Option<Turns>,
    outside: OutsideHours,
    at_closing: AtClosing,
}

/// From this minute of every hour on, for so many minutes.
#[derive(Debug, Clone)]
struct Turns {
    zone: Option<&'static str>,
    minute: u32,
    length: u32,
    /// The day after the beginning is otherwise: it never opens, or at this minute for a minute.
    holiday: Option<Option<u32>>,
    never: bool,
}

fn open(minute: u32, length: u32) -> Vec<String> {
    let time = |minute: u32| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    // It is 22:13 in London, 23:13 in Madrid and 17:13 in Bogota.
    let hours = [17, 18, 19, 20, 22, 23, 0, 1, 2, 3];
    let begins = hours.into_iter().map(|hour| hour * 60 + minute);
    begins.map(|begins| format!("{}-{}", time(begins), time(begins + length))).collect()
}

impl HoursShape {
    pub(crate) fn put_into(&self, queue: &mut Queue) {
        queue.outside_hours = self.outside;
        queue.at_closing = self.at_closing;
        queue.hours = self.turns.as_ref().map(|turns| {
            let week = if turns.never { Vec::new() } else { open(turns.minute, turns.length) };
            let holiday = turns.holidays();
            Hours {
                time_zone: turns.zone.map(ToOwned::to_owned),
                week: vec![("mon-sun".to_owned(), week)],
                holidays: holiday,
            }
        });
    }
}

impl Turns {
    fn holidays(&self) -> Vec<Holiday> {
        let holiday = self.holiday.map(|minute| Holiday {
            date: Some("2023-11-15".to_owned()),
            open: minute.map(|minute| open(minute, 1)).unwrap_or_default(),
            ..Holiday::default()
        });
        holiday.into_iter().collect()
    }
}

pub(crate) fn hours_shape() -> impl Strategy<Value = HoursShape> {
    let turns = (
        select(vec![None, Some("UTC"), Some("Europe/Madrid"), Some("America/Bogota")]),
        select(vec![0_u32, 10, 13, 14, 15, 20, 30, 50]),
        select(vec![1_u32, 2, 5, 10, 30, 55]),
        prop::option::of(prop::option::of(0..60_u32)),
        seldom(8),
    );
    let turns = turns.prop_map(|(zone, minute, length, holiday, never)| Turns {
        zone,
        minute,
        length,
        holiday,
        never,
    });
    (
        prop_oneof![8 => Just(None), 4 => turns.prop_map(Some)],
        select(vec![
            OutsideHours::Refuse,
            OutsideHours::Queue,
            OutsideHours::Queue,
            OutsideHours::Overflow,
        ]),
        select(vec![AtClosing::Finish, AtClosing::Finish, AtClosing::Carry, AtClosing::Close]),
    )
        .prop_map(|(turns, outside, at_closing)| HoursShape { turns, outside, at_closing })
}
