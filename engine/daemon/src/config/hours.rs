//! `hours` of a queue: `{ week = { mon-fri = ["09:00-18:00"] }, holidays = [{ date = "2026-12-25" }] }`;
//! each problem stands at its own place in the file.

use super::reader::{Located, Section};
use relevo_routing::hours::{Place, Schedule};
use relevo_wire::directory::{AtClosing, Holiday, Hours, OutsideHours};
use relevo_wire::limits;
use std::ops::Range;

pub(super) const OUTSIDE_HOURS: [(&str, OutsideHours); 3] = [
    ("refuse", OutsideHours::Refuse),
    ("queue", OutsideHours::Queue),
    ("overflow", OutsideHours::Overflow),
];

pub(super) const AT_CLOSING: [(&str, AtClosing); 3] =
    [("finish", AtClosing::Finish), ("carry", AtClosing::Carry), ("close", AtClosing::Close)];

/// Where the parts of the hours stand.
#[derive(Default)]
struct Places {
    zone: Range<usize>,
    week: Vec<(Range<usize>, Vec<Range<usize>>)>,
    holidays: Vec<(Range<usize>, Vec<Range<usize>>)>,
}

/// The hours of a queue, if it has any; what is wrong with them is noted.
pub(super) fn read(queue: &Section<'_>) -> Option<Hours> {
    if !queue.has("hours") {
        return None;
    }
    let section = queue.section("hours");
    let mut places = Places::default();
    let zone = section.text("time_zone");
    places.zone = zone.as_ref().map_or(0..0, |zone| zone.span.clone());
    let mut week = Vec::new();
    for (days, open) in section.lists("week") {
        let (open, spans) = parted(open);
        places.week.push((days.span, spans));
        week.push((days.value, open));
    }
    let mut holidays = Vec::new();
    for entry in section.tables("holidays") {
        let (open, spans) = parted(entry.texts("open").unwrap_or_default());
        let text = |key| entry.text(key).map(|found| found.value);
        let name = entry.text("name");
        if let Some(name) = name.as_ref().filter(|name| name.value.len() > limits::LABEL_BYTES) {
            let what = format!("name has {} bytes", name.value.len());
            entry.problem(&name.span, what, format!("at most {}", limits::LABEL_BYTES));
        }
        holidays.push(Holiday {
            date: text("date"),
            from: text("from"),
            to: text("to"),
            name: name.map(|name| name.value).unwrap_or_default(),
            open,
        });
        places.holidays.push((entry.span().clone(), spans));
        entry.finish();
    }
    let hours = Hours { time_zone: zone.map(|zone| zone.value), week, holidays };
    check(&section, &hours, &places);
    section.finish();
    Some(hours)
}

fn parted(texts: Vec<Located<String>>) -> (Vec<String>, Vec<Range<usize>>) {
    texts.into_iter().map(|text| (text.value, text.span)).unzip()
}

fn check(section: &Section<'_>, hours: &Hours, places: &Places) {
    // By which clock they are read makes no difference to what is wrong.
    for problem in Schedule::compile(hours, "UTC").err().unwrap_or_default() {
        let span = match problem.place {
            Place::TimeZone => Some(&places.zone),
            Place::Days(entry) => places.week.get(entry).map(|(span, _)| span),
            Place::Interval(entry, nth) => places.week.get(entry).and_then(|(_, all)| all.get(nth)),
            Place::Holiday(entry) => places.holidays.get(entry).map(|(span, _)| span),
            Place::HolidayInterval(entry, nth) => {
                places.holidays.get(entry).and_then(|(_, all)| all.get(nth))
            }
        };
        let what = format!("hours: {}", problem.what);
        section.problem(span.unwrap_or(section.span()), what, problem.hint);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Directory;
    use relevo_wire::directory::{AtClosing, Holiday, Hours, Object, OutsideHours};
    use relevo_wire::vocabulary::{Text, Texts};
    use std::path::Path;

    fn read(queue: &str) -> Result<Object, Vec<String>> {
        let text = format!("[[queue]]\nbot = \"web\"\nname = \"help\"\n{queue}");
        let read = Directory::parse_objects(&text, Path::new("d"));
        read.map(|read| read.objects[0].object.clone())
            .map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn hours_are_written_as_they_are_read() {
        let text = "outside_hours = \"queue\"\nat_closing = \"carry\"\n\
                    texts = { closed = \"Back at nine\" }\n\
                    hours = { time_zone = \"America/Sao_Paulo\", week = { mon-fri = [\"09:00-12:00\", \"13:00-18:00\"], sat = [\"09:00-13:00\"] }, \
                    holidays = [{ date = \"2026-12-25\", name = \"Christmas\" }, { from = \"2026-12-28\", to = \"2027-01-01\", open = [\"10:00-12:00\"] }] }\n";
        let object = read(text).unwrap();
        let Object::Queue(queue) = &object else { panic!("{object:?}") };
        assert_eq!(queue.outside_hours, OutsideHours::Queue);
        assert_eq!(queue.at_closing, AtClosing::Carry);
        assert_eq!(queue.texts, Texts::default().with(Text::Closed, "Back at nine"));
        let expected = Hours {
            time_zone: Some("America/Sao_Paulo".into()),
            week: vec![
                ("mon-fri".into(), vec!["09:00-12:00".into(), "13:00-18:00".into()]),
                ("sat".into(), vec!["09:00-13:00".into()]),
            ],
            holidays: vec![
                Holiday {
                    date: Some("2026-12-25".into()),
                    name: "Christmas".into(),
                    ..Holiday::default()
                },
                Holiday {
                    from: Some("2026-12-28".into()),
                    to: Some("2027-01-01".into()),
                    open: vec!["10:00-12:00".into()],
                    ..Holiday::default()
                },
            ],
        };
        assert_eq!(queue.hours.as_ref(), Some(&expected));
        let written = crate::config::object_document("", &object);
        let read = Directory::parse_objects(&written, Path::new("d")).unwrap();
        assert_eq!(read.objects[0].object, object, "{written}");
    }

    #[test]
    fn everything_wrong_with_hours_stands_at_its_own_place() {
        let text = "at_closing = \"carri\"\n\
                    [queue.hours]\ntime_zone = \"Europe/Madird\"\n\
                    week = { mon-fri = [\"09:00-12:00\", \"25:00-26:00\"], someday = [] }\nwek = 1\n\
                    [[queue.hours.holidays]]\ndate = \"2026-13-01\"\n\
                    [[queue.hours.holidays]]\ndate = \"2026-12-25\"\nopen = [\"12:00-13:00\", \"12:30-14:00\"]\n";
        let problems = read(text).unwrap_err();
        let places = [
            "d:4:14: at_closing cannot be \"carri\"; did you mean \"carry\"?",
            "d:6:13: hours: there is no time zone \"Europe/Madird\"; did you mean \"Europe/Madrid\"?",
            "d:7:36: hours: \"25:00-26:00\" is no interval; write it as 09:00-18:00",
            "d:7:52: hours: \"someday\" is no day of the week; write mon",
            "d:8:1: unknown key \"wek\" in [hours]; did you mean week?",
            "d:9:1: hours: \"2026-13-01\" is no date; write it as 2026-12-25",
            "d:13:24: hours: 12:30-14:00 overlaps 12:00-13:00",
        ];
        assert_eq!(problems.len(), places.len(), "{problems:#?}");
        for (problem, place) in problems.iter().zip(places) {
            assert!(problem.starts_with(place), "{problem} is not {place}");
        }
    }
}
