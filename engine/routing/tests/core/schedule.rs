//! Opening hours by themselves: what the texts mean, also on the days on which clocks change.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::select;
use relevo_routing::Micros;
use relevo_routing::hours::Schedule;
use relevo_wire::directory::{Holiday, Hours};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn week(zone: &str, week: &[(&str, &[&str])]) -> Hours {
    let week = week.iter().map(|(days, open)| ((*days).to_owned(), texts(open))).collect();
    Hours { time_zone: Some(zone.to_owned()), week, holidays: Vec::new() }
}

fn schedule(hours: &Hours) -> Schedule {
    Schedule::compile(hours, "UTC").expect("the hours are right")
}

/// A moment in UTC, such as `2026-03-29 01:00`.
fn at(text: &str) -> Micros {
    let at: Timestamp = format!("{}Z", text.replace(' ', "T") + ":00").parse().expect("a moment");
    at.as_microsecond().try_into().expect("after 1970")
}

/// Every change behind a moment, in UTC.
fn changes(hours: &Hours, from: &str, count: usize) -> Vec<String> {
    let schedule = schedule(hours);
    let mut last = at(from);
    let mut found = Vec::new();
    while found.len() < count {
        let Some(next) = schedule.next_change(last) else { break };
        assert!(next > last && schedule.is_open(next) != schedule.is_open(next - 1));
        let shown = Timestamp::from_microsecond(next.try_into().expect("small")).expect("in range");
        let what = if schedule.is_open(next) { "opens" } else { "closes" };
        found.push(format!("{what} {}", shown.strftime("%m-%d %H:%M")));
        last = next;
    }
    found
}

#[test]
fn a_week_with_a_lunch_break_opens_and_closes_by_the_clock_of_its_zone() {
    let hours = week(
        "America/Sao_Paulo",
        &[("mon-fri", &["09:00-12:00", "13:00-18:00"]), ("sat", &["09:00-13:00"])],
    );
    // A Friday; three hours behind UTC.
    assert_eq!(
        changes(&hours, "2026-11-27 00:00", 7),
        [
            "opens 11-27 12:00",
            "closes 11-27 15:00",
            "opens 11-27 16:00",
            "closes 11-27 21:00",
            "opens 11-28 12:00",
            "closes 11-28 16:00",
            "opens 11-30 12:00",
        ]
    );
    let schedule = schedule(&hours);
    assert!(schedule.is_open(at("2026-11-27 12:00")), "the opening time is in it");
    assert!(!schedule.is_open(at("2026-11-27 15:00")), "the closing time is not");
}

#[test]
fn without_a_zone_of_their_own_hours_are_read_by_the_bots_clock() {
    let hours = Hours { time_zone: None, ..week("", &[("mon-sun", &["09:00-18:00"])]) };
    let in_bogota = Schedule::compile(&hours, "America/Bogota").expect("right");
    assert!(
        in_bogota.is_open(at("2026-11-27 14:00")) && !in_bogota.is_open(at("2026-11-27 13:59"))
    );
}

#[test]
fn an_interval_past_midnight_belongs_to_the_day_on_which_it_begins() {
    let hours = week("UTC", &[("fri", &["22:00-06:00"])]);
    assert_eq!(changes(&hours, "2026-11-23 00:00", 2), ["opens 11-27 22:00", "closes 11-28 06:00"]);
}

#[test]
fn what_follows_without_a_gap_is_one() {
    let hours = week("UTC", &[("mon-tue", &["00:00-24:00"]), ("wed", &["00:00-08:00"])]);
    assert_eq!(changes(&hours, "2026-11-22 12:00", 2), ["opens 11-23 00:00", "closes 11-25 08:00"]);
    let always = schedule(&week("Europe/Madrid", &[("mon-sun", &["00:00-24:00"])]));
    assert_eq!(always.look(at("2026-11-27 12:00")), (true, None));
}

#[test]
fn a_holiday_takes_the_place_of_its_week_day() {
    let mut hours = week("UTC", &[("mon-sun", &["00:00-24:00"])]);
    hours.holidays = vec![
        Holiday {
            from: Some("2027-12-24".to_owned()),
            to: Some("2027-12-26".to_owned()),
            ..Holiday::default()
        },
        Holiday {
            date: Some("2027-12-31".to_owned()),
            open: texts(&["09:00-12:00"]),
            ..Holiday::default()
        },
    ];
    // More than a year ahead.
    assert_eq!(
        changes(&hours, "2026-11-27 12:00", 9),
        [
            "closes 12-24 00:00",
            "opens 12-27 00:00",
            "closes 12-31 00:00",
            "opens 12-31 09:00",
            "closes 12-31 12:00",
            "opens 01-01 00:00",
        ]
    );
}

#[test]
fn hours_without_an_interval_never_open() {
    let empty = schedule(&Hours::default());
    assert!(empty.never_opens());
    assert_eq!(empty.look(at("2026-11-27 12:00")), (false, None));
    assert_eq!(schedule(&week("UTC", &[("mon", &["09:00-10:00"])])).look(u64::MAX), (false, None));
}

/// The clock goes from 02:00 to 03:00, from 24:00 to 01:00, from 02:00 to 02:30.
#[test]
fn a_time_that_the_clock_leaves_out_is_the_first_moment_after_that() {
    let madrid = week("Europe/Madrid", &[("sun", &["02:30-05:00"])]);
    assert_eq!(
        changes(&madrid, "2026-03-28 12:00", 2),
        ["opens 03-29 01:00", "closes 03-29 03:00"]
    );
    let closes = week("Europe/Madrid", &[("sat", &["22:00-02:30"])]);
    assert_eq!(
        changes(&closes, "2026-03-28 12:00", 2),
        ["opens 03-28 21:00", "closes 03-29 01:00"]
    );
    let within = week("Europe/Madrid", &[("sun", &["02:10-02:50"])]);
    assert_eq!(changes(&within, "2026-03-28 12:00", 1), ["opens 04-05 00:10"], "it is empty");
    let santiago = week("America/Santiago", &[("sun", &["00:00-08:00"])]);
    assert_eq!(
        changes(&santiago, "2026-09-05 12:00", 2),
        ["opens 09-06 04:00", "closes 09-06 11:00"]
    );
    let howe = week("Australia/Lord_Howe", &[("sun", &["02:15-03:00"])]);
    assert_eq!(changes(&howe, "2026-10-03 12:00", 2), ["opens 10-03 15:30", "closes 10-03 16:00"]);
}

/// The clock goes from 03:00 to 02:00, from 24:00 to 23:00, from 02:00 to 01:30.
#[test]
fn of_a_time_that_comes_twice_the_first_opens_and_the_second_closes() {
    let madrid = week("Europe/Madrid", &[("sun", &["02:30-05:00"])]);
    assert_eq!(
        changes(&madrid, "2026-10-24 12:00", 2),
        ["opens 10-25 00:30", "closes 10-25 04:00"]
    );
    let closes = week("Europe/Madrid", &[("sat", &["22:00-02:30"])]);
    assert_eq!(
        changes(&closes, "2026-10-24 12:00", 2),
        ["opens 10-24 20:00", "closes 10-25 01:30"]
    );
    let santiago = week("America/Santiago", &[("sat", &["09:00-23:30"])]);
    assert_eq!(
        changes(&santiago, "2026-04-04 03:00", 2),
        ["opens 04-04 12:00", "closes 04-05 03:30"]
    );
    let howe = week("Australia/Lord_Howe", &[("sun", &["01:45-02:00"])]);
    assert_eq!(changes(&howe, "2026-04-04 12:00", 2), ["opens 04-04 14:45", "closes 04-04 15:30"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_what_would_be_right() {
    let mut hours = week(
        "America/Sao_Paolo",
        &[
            ("fri", &["09:00-12:00", "11:00-13:00"]),
            ("mon-fri", &["9-12", "09:00-24:01", "10:00-10:00", "24:00-02:00", "é"]),
            ("payday", &[]),
        ],
    );
    let day = |date: &str| Holiday { date: Some(date.to_owned()), ..Holiday::default() };
    hours.holidays = vec![
        day("2026-02-30"),
        day("2026-12-25"),
        Holiday {
            from: Some("2026-12-24".to_owned()),
            to: Some("2026-12-26".to_owned()),
            open: texts(&["12:00"]),
            ..Holiday::default()
        },
        Holiday::default(),
        Holiday {
            from: Some("2026-12-31".to_owned()),
            to: Some("2026-12-30".to_owned()),
            ..Holiday::default()
        },
    ];
    let problems = Schedule::compile(&hours, "UTC").expect_err("it is wrong");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "time_zone: there is no time zone \"America/Sao_Paolo\"; did you mean \"America/Sao_Paulo\"?",
        "week.fri[1]: 11:00-13:00 overlaps 09:00-12:00; let each begin when the one before has ended",
        "week.mon-fri[0]: \"9-12\" is no interval; write it as 09:00-18:00, from 00:00 to 24:00",
        "week.mon-fri[1]: \"09:00-24:01\" is no interval;",
        "week.mon-fri[2]: \"10:00-10:00\" ends when it begins; write 00:00-24:00 for the whole day",
        "week.mon-fri[3]: \"24:00-02:00\" begins when the day has ended;",
        "week.mon-fri[4]: \"é\" is no interval;",
        "week.mon-fri: fri stands in fri too; name each day once",
        "week.payday: \"payday\" is no day of the week; write mon tue",
        "holidays[0]: \"2026-02-30\" is no date; write it as 2026-12-25, from 1970 to 2100",
        "holidays[2].open[0]: \"12:00\" is no interval;",
        "holidays[3]: it is not clear which days it is; give it a date, or",
        "holidays[4]: its last day is before its first; let from be before to",
        "holidays[1]: it begins on a day of another holiday; let each day be in one holiday",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nis not\n{expected}");
    }
}

/// Minute by minute, from what the words say: it opens when the clock shows the opening time for the
/// first time, and closes when it shows the closing time for the last; where it never shows one, when
/// it first shows a later one.
fn naively_open(hours: &Hours, from: Micros, to: Micros) -> Vec<bool> {
    const DAY: i64 = 24 * 60;
    let zone = TimeZone::get(hours.time_zone.as_deref().expect("a zone")).expect("there is");
    let minute = |at: Micros| i64::try_from(at / 60_000_000).expect("small");
    let begins = minute(from) - 4 * DAY;
    let walls: Vec<i64> = (begins..minute(to) + 4 * DAY)
        .map(|minute| {
            let at = Timestamp::from_second(minute * 60).expect("in range");
            minute + i64::from(zone.to_offset(at).seconds()) / 60
        })
        .collect();
    let mut open = vec![false; walls.len()];
    for day in walls[0].div_euclid(DAY) - 3..=walls[walls.len() - 1].div_euclid(DAY) + 1 {
        for interval in naive_intervals(hours, day) {
            let time = |text: &str| {
                let (hour, minute) = text.split_once(':').expect("a time");
                hour.parse::<i64>().expect("hours") * 60 + minute.parse::<i64>().expect("minutes")
            };
            let (opens, closes) = interval.split_once('-').expect("two times");
            let (opens, closes) = (time(opens), time(closes));
            let closes = if closes < opens { closes + DAY } else { closes };
            let (opens, closes) = (day * DAY + opens, day * DAY + closes);
            let end = walls.len();
            let first = walls.iter().position(|wall| *wall >= opens).unwrap_or(end);
            let last = walls.iter().rposition(|wall| *wall == closes);
            let last =
                last.or_else(|| walls.iter().position(|wall| *wall >= closes)).unwrap_or(end);
            open[first.min(last)..last].fill(true);
        }
    }
    let first = usize::try_from(minute(from) - begins).expect("later");
    let count = usize::try_from(minute(to) - minute(from)).expect("later");
    open[first..first + count].to_vec()
}

fn naive_intervals(hours: &Hours, day: i64) -> Vec<String> {
    let date = Timestamp::from_second(day * 24 * 3600).expect("in range").to_string();
    let is_it = |holiday: &&Holiday| {
        let from = holiday.date.as_ref().or(holiday.from.as_ref()).expect("a day");
        let to = holiday.date.as_ref().or(holiday.to.as_ref()).expect("a day");
        (from.as_str()..=to).contains(&&date[..10])
    };
    if let Some(holiday) = hours.holidays.iter().find(is_it) {
        return holiday.open.clone();
    }
    let names = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    let name = names[usize::try_from(day.rem_euclid(7)).expect("few")];
    let found = hours.week.iter().find(|(of, _)| of == name);
    found.map(|(_, open)| open.clone()).unwrap_or_default()
}

fn day() -> impl Strategy<Value = Vec<String>> {
    let times = prop::collection::btree_set((0..96_u32).prop_map(|quarter| quarter * 15), 0..5);
    (times, any::<bool>()).prop_map(|(times, past_midnight)| {
        let mut times: Vec<u32> = times.into_iter().collect();
        let shown = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        if times.len() % 2 == 1 && !past_midnight {
            times.push(24 * 60);
        } else if times.len() % 2 == 1 {
            let first = times[0].saturating_sub(15).min(90);
            times.push(first);
        }
        let pairs = times.chunks(2).filter(|two| two[0] != two[1]);
        pairs.map(|two| format!("{}-{}", shown(two[0]), shown(two[1]))).collect()
    })
}

/// Some days on which clocks change, and one on which they do not.
fn start() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("America/Santiago", "2026-04-03"),
        ("America/Santiago", "2026-09-04"),
        ("Europe/Madrid", "2026-03-27"),
        ("Europe/Madrid", "2026-10-23"),
        ("Australia/Lord_Howe", "2026-04-03"),
        ("Australia/Lord_Howe", "2026-10-02"),
        ("America/Sao_Paulo", "2026-11-25"),
        // A day that there was not.
        ("Pacific/Apia", "2011-12-28"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn hours_are_what_looking_at_every_minute_finds(
        (zone, date) in start(),
        days in prop::collection::vec(day(), 7),
        holiday in prop::option::of((0..4_u64, day())),
    ) {
        let names = ["fri", "mon", "sat", "sun", "thu", "tue", "wed"];
        let mut hours = week(zone, &[]);
        hours.week = names.into_iter().map(String::from).zip(days).collect();
        let from = at(&format!("{date} 00:00"));
        let to = from + 4 * 24 * 3_600_000_000;
        if let Some((after, open)) = holiday {
            let moment = Timestamp::from_microsecond((from + after * 24 * 3_600_000_000) as i64);
            let date = moment.expect("in range").to_string()[..10].to_owned();
            hours.holidays = vec![Holiday { date: Some(date), open, ..Holiday::default() }];
        }
        let schedule = schedule(&hours);
        let naive = naively_open(&hours, from, to);
        for (minute, is_open) in (0..).zip(&naive) {
            let at = from + minute * 60_000_000;
            prop_assert_eq!(schedule.is_open(at), *is_open, "{} {}", minute, hours.holidays.len());
            let next = naive[minute as usize..].iter().position(|other| other != is_open);
            let next = next.map(|after| at + after as u64 * 60_000_000);
            let said = schedule.next_change(at).filter(|at| *at < to);
            prop_assert_eq!(said, next, "next change at minute {}", minute);
        }
    }
}
