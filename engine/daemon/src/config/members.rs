//! Members of a queue: `members = ["ana", { agent = "bob", level = 2, delay_seconds = 30 }]`.

use super::directory::required_name;
use super::reader::{Located, Section, TextOrTable};
use relevo_wire::directory::Member;
use relevo_wire::limits;
use std::collections::BTreeSet;
use std::ops::Range;

/// The members of a queue, and where the name of each stands; one without a right name is noted and
/// left out.
pub(super) fn read(queue: &Section<'_>) -> (Vec<Member>, Vec<Range<usize>>) {
    let (mut members, mut places) = (Vec::new(), Vec::new());
    let mut delays = BTreeSet::new();
    let shape = "\"name\" or { agent = \"name\", level = 1, delay_seconds = 0 }";
    for entry in queue.texts_or_tables("members", shape).unwrap_or_default() {
        let member = match entry {
            TextOrTable::Text(name) => (Member::from(name.value), name.span),
            TextOrTable::Table(section) => {
                let Some(member) = table(section, &mut delays) else { continue };
                member
            }
        };
        members.push(member.0);
        places.push(member.1);
    }
    (members, places)
}

/// A member of whom more than the name is said; `delays` are those of the members before it.
fn table(section: Section<'_>, delays: &mut BTreeSet<u32>) -> Option<(Member, Range<usize>)> {
    let agent = required_name(&section, "agent");
    let level = section.number("level", Member::LEVEL, 1..=limits::MEMBER_LEVEL, "a level");
    let range = 0..=limits::DELAY_SECONDS;
    let delay = section.optional_number("delay_seconds", range, "seconds");
    if let Some(Located { value, span }) = delay.as_ref().filter(|delay| delay.value > 0)
        && delays.insert(*value)
        && delays.len() == limits::DELAYS + 1
    {
        let right = format!("at most {}", limits::DELAYS);
        section.problem(span, "the members have too many different delays", right);
    }
    section.finish();
    let agent = agent?;
    let delay_seconds = delay.map_or(0, |delay| delay.value);
    Some((Member { agent: agent.value, level, delay_seconds }, agent.span))
}

#[cfg(test)]
mod tests {
    use crate::config::Directory;
    use relevo_wire::directory::{Member, Object};
    use std::path::Path;

    fn read(text: &str) -> Result<Vec<Object>, Vec<String>> {
        let read = Directory::parse_objects(text, Path::new("d"));
        read.map(|read| read.objects.into_iter().map(|seed| seed.object).collect())
            .map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
    }

    fn queue(members: &str) -> String {
        format!("[[queue]]\nbot = \"web\"\nname = \"help\"\n{members}\n")
    }

    #[test]
    fn members_are_written_as_they_are_read() {
        let second = Member { level: 2, ..Member::from("bob") };
        let late = Member { delay_seconds: 30, ..Member::from("cat") };
        let bob = "{ agent = \"bob\", level = 2 }";
        let cat = "{ agent = \"cat\", delay_seconds = 30 }";
        for (text, members) in [
            ("members = [\"ana\"]".to_owned(), vec![Member::from("ana")]),
            (
                format!("members = [\"ana\", {bob}, {cat}]"),
                vec![Member::from("ana"), second.clone(), late.clone()],
            ),
            (format!("members = [{bob}, {cat}]"), vec![second, late]),
            ("[[queue.members]]\nagent = \"ana\"".to_owned(), vec![Member::from("ana")]),
        ] {
            let objects = read(&queue(&text)).unwrap();
            let Object::Queue(found) = &objects[0] else { panic!("{objects:?}") };
            assert_eq!(found.members, members);
            let written = crate::config::object_document("", &objects[0]);
            assert_eq!(read(&written).unwrap(), objects, "{written}");
        }
    }

    #[test]
    fn everything_wrong_with_members_is_told_at_once() {
        let text = queue(
            "members = [\n7,\n{ level = 2 },\n{ agent = \"a b\" },\n{ agent = \"x\", level = 11 },\n\
             { agent = \"y\", delay_seconds = 604801 },\n{ agent = \"z\", colour = 1 },\n]",
        );
        let problems = read(&text).unwrap_err();
        let places = [
            "d:5:1: members is an integer; write a list of \"name\" or { agent",
            "d:6:1: [[queue.members]] has no agent",
            "d:7:11: agent cannot be \"a b\"",
            "d:8:24: level cannot be 11; write a level from 1 to 10",
            "d:9:32: delay_seconds cannot be 604801",
            "d:10:16: unknown key \"colour\" in [[queue.members]]",
        ];
        assert_eq!(problems.len(), places.len(), "{problems:#?}");
        for (problem, place) in problems.iter().zip(places) {
            assert!(problem.starts_with(place), "{problem} is not {place}");
        }
        let delayed = |at| format!("{{ agent = \"a{at}\", delay_seconds = {at} }}");
        let many: Vec<String> = (1..=9).map(delayed).collect();
        let problems = read(&queue(&format!("members = [{}]", many.join(", ")))).unwrap_err();
        assert!(problems[0].ends_with("too many different delays; at most 8"), "{problems:?}");
    }
}
