//! `[[bot.rules]]` and `[[bot.priority_rules]]`: each problem of a condition stands at its own place
//! in the file.

use super::reader::{Located, Section};
use super::skills;
use crate::rules::{BotRules, Fault, Set};
use relevo_routing::rules::{Problem, Problems};
use relevo_wire::directory::{Bot, PriorityRule, Rule};
use relevo_wire::limits;
use std::ops::Range;

/// Where the parts of a rule stand.
struct Place {
    name: Range<usize>,
    when: Located<String>,
}

/// Rules of a bot, with their places.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rules: Vec<Rule>,
    pub(super) priority_rules: Vec<PriorityRule>,
    /// The agents that rules prefer.
    pub(super) preferred: Vec<Located<String>>,
    places: Vec<Place>,
    priority_places: Vec<Place>,
}

/// Reads the rules of a bot; one without a name or a condition is noted and left out.
pub(super) fn read(bot: &Section<'_>) -> Found {
    let mut found = Found::default();
    for section in bot.tables(Set::Routing.field()) {
        let (place, queue) = read_rule(&section);
        let priority = section.optional_number("priority", 0..=limits::PRIORITY, "a priority");
        let required = skills::skills(&section, limits::REQUIREMENTS);
        let rings = skills::rings(&section);
        let preferred = super::directory::optional_name(&section, "preferred_agent");
        section.finish();
        let Some((name, place)) = place else { continue };
        found.rules.push(Rule {
            name,
            when: place.when.value.clone(),
            queue: queue.map(|queue| queue.value),
            priority: priority.map(|priority| priority.value),
            skills: required,
            rings,
            preferred_agent: preferred.as_ref().map(|agent| agent.value.clone()),
        });
        found.preferred.extend(preferred);
        found.places.push(place);
    }
    for section in bot.tables(Set::Priority.field()) {
        let (place, queue) = read_rule(&section);
        let priority = section.required_number("priority", 0..=limits::PRIORITY, "a priority");
        section.finish();
        let Some(((name, place), priority)) = place.zip(priority) else { continue };
        found.priority_rules.push(PriorityRule {
            name,
            queue: queue.map(|queue| queue.value),
            when: place.when.value.clone(),
            priority: priority.value,
        });
        found.priority_places.push(place);
    }
    found
}

/// Name and places of a rule that has name and condition, and its queue.
fn read_rule(section: &Section<'_>) -> (Option<(String, Place)>, Option<Located<String>>) {
    let name = section.required_text("name");
    let when = section.required_text("when");
    let queue = super::directory::optional_name(section, "queue");
    let named = name.zip(when);
    (named.map(|(name, when)| (name.value, Place { name: name.span, when })), queue)
}

/// Compiles the rules of a bot, and notes what is wrong with them.
pub(super) fn check(section: &Section<'_>, bot: &Bot, zone: Option<&Range<usize>>, found: &Found) {
    for fault in BotRules::compile(bot).err().unwrap_or_default() {
        match fault {
            Fault::TimeZone(_) => {
                let said = fault.to_string();
                let (what, right) = said.split_once("; ").unwrap_or((&said, ""));
                section.problem(zone.unwrap_or(section.span()), what, right);
            }
            Fault::Rules(set, Problems(problems)) => {
                let places = match set {
                    Set::Routing => &found.places,
                    Set::Priority => &found.priority_places,
                };
                for problem in problems {
                    note(section, set, problem, places);
                }
            }
        }
    }
}

fn note(section: &Section<'_>, set: Set, problem: Problem, places: &[Place]) {
    let Problem { index, rule, line, column, what, hint } = problem;
    let Some(place) = places.get(index) else {
        return section.problem(section.span(), what, hint);
    };
    let rule = format!("{} {rule:?}", set.rule());
    if line == 0 {
        return section.problem(&place.name, format!("{rule}: {what}"), hint);
    }
    match section.inside(&place.when, line, column) {
        Some(at) => section.problem(&at, format!("{rule}: {what}"), hint),
        None => {
            let what = format!("{rule}, at {line}:{column} of its condition: {what}");
            section.problem(&place.when.span, what, hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Directory;
    use std::path::Path;

    fn problems(bot: &str) -> Vec<String> {
        let text = format!("[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n{bot}");
        let read = Directory::parse_objects(&text, Path::new("d"));
        let problems = read.map(|_| Vec::new()).unwrap_or_else(|problems| problems.0);
        problems.iter().map(ToString::to_string).collect()
    }

    /// Each problem begins with its place.
    fn check(bot: &str, places: &[&str]) {
        let found = problems(bot);
        assert_eq!(found.len(), places.len(), "{found:#?}");
        for (found, place) in found.iter().zip(places) {
            assert!(found.starts_with(place), "{found} is not at {place}");
        }
    }

    #[test]
    fn a_problem_of_a_condition_stands_at_its_own_place() {
        check(
            "[[bot.rules]]\nname = \"one\"\nwhen = 'message has \"ñ\" and hour > 25'\n",
            &["d:6:17: rule \"one\": there is no operator", "d:6:36: rule \"one\": hour is"],
        );
        check(
            "[[bot.rules]]\nname = \"two\"\nwhen = \"hour > 25\"\n",
            &["d:6:16: rule \"two\": hour is"],
        );
        for quotes in ["\"\"\"", "'''"] {
            let when =
                format!("{quotes}\nmessage contains \"é\"\n  and contact.age > \"x\"\n{quotes}");
            let rule = format!("[[bot.rules]]\nname = \"lines\"\nwhen = {when}\n");
            check(&rule, &["d:8:21: rule \"lines\": contact.age is"]);
        }
        // Behind escapes the columns of the file are not those of the condition.
        check(
            "[[bot.rules]]\nname = \"three\"\nwhen = \"message has \\\"x\\\"\"\n",
            &["d:6:8: rule \"three\", at 1:9 of its condition: there is no operator"],
        );
    }

    #[test]
    fn everything_wrong_with_a_bots_rules_is_told_at_once() {
        check(
            "time_zone = \"Mars/Base\"\n\
             [[bot.rules]]\nname = \"a\"\nwhen = \"message exists\"\npriority = 2000\n\
             [[bot.rules]]\nname = \"a\"\nwhen = \"nothing exists\"\ncolour = 1\n\
             [[bot.rules]]\nname = \"b\"\nqueue = \"x y\"\n",
            &[
                "d:4:13: there is no time zone \"Mars/Base\"",
                "d:8:12: priority cannot be 2000",
                "d:10:8: rule \"a\": rule 1 has this name too",
                "d:11:9: rule \"a\": there is no field",
                "d:12:1: unknown key \"colour\" in [[bot.rules]]",
                "d:13:1: [[bot.rules]] has no when",
                "d:15:9: queue cannot be",
            ],
        );
    }

    #[test]
    fn everything_wrong_with_a_bots_priority_rules_is_told_at_once() {
        check(
            "[[bot.rules]]\nname = \"a\"\nwhen = \"message exists\"\n\
             [[bot.priority_rules]]\nname = \"a\"\nwhen = \"nothing exists\"\npriority = 7\n\
             [[bot.priority_rules]]\nname = \"b\"\nwhen = \"message exists\"\n\
             [[bot.priority_rules]]\nname = \"c\"\nwhen = \"hour < 9\"\npriority = 1001\nqueue = \"x y\"\n",
            &[
                "d:9:9: priority rule \"a\": there is no field",
                "d:11:1: [[bot.priority_rules]] has no priority; add priority = 0 to 1000",
                "d:17:12: priority cannot be 1001",
                "d:18:9: queue cannot be",
            ],
        );
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        let text = "[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\ntime_zone = \"Asia/Kolkata\"\n\
                    [[bot.rules]]\nname = \"a\"\nwhen = 'message contains \"x\"'\nqueue = \"q\"\n\
                    [[bot.rules]]\nname = \"b\"\nwhen = \"hour < 9\"\npriority = 7\n\
                    [[bot.priority_rules]]\nname = \"c\"\nqueue = \"q\"\nwhen = \"hour < 9\"\npriority = 7\n\
                    [[bot.priority_rules]]\nname = \"d\"\nwhen = \"hour > 9\"\npriority = 0\n";
        let read = |text: &str| Directory::parse_objects(text, Path::new("d")).unwrap().objects;
        let objects = read(text);
        let written = crate::config::object_document("", &objects[0].object);
        assert_eq!(read(&written), objects, "{written}");
    }
}
