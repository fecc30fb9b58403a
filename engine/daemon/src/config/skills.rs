//! Skills of agents and of rules: `skills = [{ name = "billing", level = 3 }]`, and
//! `rings = [{ after_seconds = 30, skills = [] }]`.

use super::directory::required_name;
use super::reader::Section;
use relevo_wire::directory::{Ring, Skill};
use relevo_wire::limits;

/// The skills of a table; one without a right name is noted and left out.
pub(super) fn skills(section: &Section<'_>, most: usize) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::new();
    for entry in section.tables("skills") {
        let name = required_name(&entry, "name");
        let level = entry.number("level", 1, 1..=limits::SKILL_LEVEL, "a level");
        let place = entry.span().clone();
        entry.finish();
        let Some(name) = name else { continue };
        if skills.iter().any(|other| other.name == name.value) {
            let what = format!("skill {:?} is named twice", name.value);
            section.problem(&name.span, what, "name each once");
        } else if skills.len() == most {
            section.problem(&place, "there are too many skills", format!("at most {most}"));
            break;
        } else {
            skills.push(Skill { name: name.value, level });
        }
    }
    skills
}

/// The rings of a rule, in rising order.
pub(super) fn rings(section: &Section<'_>) -> Vec<Ring> {
    let mut rings: Vec<Ring> = Vec::new();
    for entry in section.tables("rings") {
        let range = 1..=limits::RING_SECONDS;
        let after = entry.required_number("after_seconds", range, "seconds");
        let skills = skills(&entry, limits::REQUIREMENTS);
        let place = entry.span().clone();
        entry.finish();
        let Some(after) = after else { continue };
        if let Some(before) = rings.last().filter(|before| before.after_seconds >= after.value) {
            let what = format!("after_seconds = {} does not come later", after.value);
            let right = format!("more than {}, as the ring before it", before.after_seconds);
            section.problem(&after.span, what, right);
        } else if rings.len() == limits::RINGS {
            let right = format!("at most {}", limits::RINGS);
            section.problem(&place, "there are too many rings", right);
            break;
        } else {
            rings.push(Ring { after_seconds: after.value, skills });
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use crate::config::Directory;
    use relevo_wire::directory::{Object, Ring, Skill};
    use std::path::Path;

    fn read(text: &str) -> Result<Vec<Object>, Vec<String>> {
        let read = Directory::parse_objects(text, Path::new("d"));
        read.map(|read| read.objects.into_iter().map(|seed| seed.object).collect())
            .map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
    }

    fn skill(name: &str, level: u8) -> Skill {
        Skill { name: name.into(), level }
    }

    #[test]
    fn skills_and_rings_are_written_as_they_are_read() {
        let text = "[[agent]]\nname = \"ana\"\nskills = [{ name = \"billing\", level = 3 }, { name = \"es\" }]\n\
                    [[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
                    [[bot.rules]]\nname = \"a\"\nwhen = \"message exists\"\n\
                    skills = [{ name = \"billing\", level = 2 }]\n\
                    rings = [{ after_seconds = 30, skills = [{ name = \"billing\" }] }, { after_seconds = 60 }]\n";
        let objects = read(text).unwrap();
        let Object::Agent(agent) = &objects[0] else { panic!("{objects:?}") };
        assert_eq!(agent.skills, [skill("billing", 3), skill("es", 1)]);
        let Object::Bot(bot) = &objects[1] else { panic!("{objects:?}") };
        assert_eq!(bot.rules[0].skills, [skill("billing", 2)]);
        let rings = [
            Ring { after_seconds: 30, skills: vec![skill("billing", 1)] },
            Ring { after_seconds: 60, skills: Vec::new() },
        ];
        assert_eq!(bot.rules[0].rings, rings);
        for object in &objects {
            let written = crate::config::object_document("", object);
            assert_eq!(read(&written).unwrap()[0], *object, "{written}");
        }
    }

    #[test]
    fn everything_wrong_with_skills_is_told_at_once() {
        let text = "[[agent]]\nname = \"ana\"\n\
                    skills = [\n{ name = \"a b\" },\n{ name = \"x\", level = 11 },\n{ name = \"x\" },\n{ level = 2 },\n]\n\
                    [[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
                    [[bot.rules]]\nname = \"a\"\nwhen = \"message exists\"\n\
                    rings = [\n{ after_seconds = 0 },\n{ after_seconds = 9 },\n{ after_seconds = 9 },\n{ skills = [] },\n]\n";
        let problems = read(text).unwrap_err();
        let places = [
            "d:4:10: name cannot be",
            "d:5:23: level cannot be 11",
            "d:6:10: skill \"x\" is named twice",
            "d:7:1: [[agent.skills]] has no name",
            "d:16:19: after_seconds cannot be 0",
            "d:18:19: after_seconds = 9 does not come later; more than 9",
            "d:19:1: [[bot.rules.rings]] has no after_seconds",
        ];
        assert_eq!(problems.len(), places.len(), "{problems:#?}");
        for (problem, place) in problems.iter().zip(places) {
            assert!(problem.starts_with(place), "{problem} is not {place}");
        }
    }
}
