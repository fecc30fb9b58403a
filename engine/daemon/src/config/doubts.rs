//! What is doubtful in a directory and no error: `check-config`, `apply` and `directory put` tell it
//! alike.

use crate::rules::{BotRules, Set};
use relevo_routing::hours::Schedule;
use relevo_wire::directory::{Agent, Bot, Object, ObjectRef, OutsideHours, Skill};
use std::collections::BTreeSet;

/// Most doubts that are told; the rest would not be read by anybody.
const TOLD: usize = 50;

/// Doubts about the objects of one tenant, a line each: about those that are `meant`, beside all that
/// there are.
pub(crate) fn doubts(objects: &[&Object], meant: impl Fn(&Object) -> bool) -> Vec<String> {
    let queues: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter_map(|object| match object {
            Object::Queue(queue) => Some((queue.bot.as_str(), queue.name.as_str())),
            Object::Tenant(_) | Object::Bot(_) | Object::Agent(_) => None,
        })
        .collect();
    let agents: Vec<&Agent> = objects
        .iter()
        .filter_map(|object| if let Object::Agent(agent) = object { Some(agent) } else { None })
        .collect();
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| meant(object)) {
        match object {
            Object::Bot(bot) => {
                of_rules(bot, &queues, &mut found);
                of_skills(bot, &agents, &mut found);
            }
            Object::Queue(queue) => {
                let named = ObjectRef::Queue(queue.bot.clone(), queue.name.clone());
                if queue.active && queue.members.is_empty() {
                    let what = "has no members: nobody gets its customers";
                    found.push(format!("doubtful: {named} {what}"));
                }
                // Hours that are wrong are a problem, and told as one.
                let hours = queue.hours.as_ref().map(|hours| Schedule::compile(hours, "UTC"));
                if queue.active && hours.is_some_and(|read| read.is_ok_and(|of| of.never_opens())) {
                    let what = "never opens: its hours have no interval";
                    found.push(format!("doubtful: {named} {what}"));
                }
                if queue.outside_hours == OutsideHours::Overflow && queue.overflow.is_none() {
                    let what = "overflows outside its hours and says not where: it refuses then";
                    found.push(format!("doubtful: {named} {what}"));
                }
            }
            Object::Tenant(_) | Object::Agent(_) => {}
        }
    }
    if found.len() > TOLD {
        let rest = found.len() - TOLD;
        found.truncate(TOLD);
        found.push(format!("and {rest} more that is doubtful"));
    }
    found
}

fn of_rules(bot: &Bot, queues: &BTreeSet<(&str, &str)>, found: &mut Vec<String>) {
    for rule in &bot.rules {
        let Some(queue) = &rule.queue else { continue };
        if !queues.contains(&(bot.name.as_str(), queue.as_str())) {
            found.push(format!(
                "doubtful: rule {:?} of bot {} names queue {queue:?}, which there is not: its \
                 customers go to queue {}",
                rule.name, bot.name, bot.default_queue
            ));
        }
    }
    for rule in &bot.priority_rules {
        let Some(queue) = &rule.queue else { continue };
        if !queues.contains(&(bot.name.as_str(), queue.as_str())) {
            found.push(format!(
                "doubtful: priority rule {:?} of bot {} is for queue {queue:?}, which there is not",
                rule.name, bot.name
            ));
        }
    }
    // What does not compile is a problem, and told as one.
    let Ok(rules) = BotRules::compile(bot) else { return };
    for (set, warning) in rules.warnings() {
        let of = if set == Set::Priority { "priority " } else { "" };
        found.push(format!("doubtful: bot {}: {of}{warning}", bot.name));
    }
}

/// Skills that a rule requires and no agent has at that level: at least as long, nobody is assigned.
fn of_skills(bot: &Bot, agents: &[&Agent], found: &mut Vec<String>) {
    for rule in &bot.rules {
        let rings = rule.rings.iter().flat_map(|ring| &ring.skills);
        let required: BTreeSet<&Skill> = rule.skills.iter().chain(rings).collect();
        let has = |agent: &&Agent, required: &Skill| {
            let mut skills = agent.skills.iter();
            skills.any(|has| has.name == required.name && has.level >= required.level)
        };
        for skill in required {
            if !agents.iter().any(|agent| has(agent, skill)) {
                found.push(format!(
                    "doubtful: rule {:?} of bot {} requires {} >= {}, which no agent has",
                    rule.name, bot.name, skill.name, skill.level
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::directory::{Hours, PriorityRule, Queue, Ring, Rule};

    fn rule(name: &str, when: &str, queue: &str) -> Rule {
        Rule { queue: Some(queue.into()), ..Rule::new(name, when) }
    }

    #[test]
    fn a_skill_that_nobody_has_and_a_priority_rule_for_no_queue_are_doubtful() {
        let skill = |name: &str, level| Skill { name: name.into(), level };
        let rings = vec![Ring { after_seconds: 9, skills: vec![skill("es", 3)] }];
        let skills = vec![skill("es", 4), skill("fr", 1)];
        let urgent = PriorityRule {
            name: "urgent".into(),
            queue: Some("nowhere".into()),
            when: "message exists".into(),
            priority: 1,
        };
        let bot = Object::Bot(Bot {
            rules: vec![Rule { skills, rings, ..rule("r", "message exists", "help") }],
            priority_rules: vec![urgent],
            ..Bot::new("web", "help")
        });
        let help =
            Object::Queue(Queue { members: vec!["ana".into()], ..Queue::new("web", "help") });
        let ana = Object::Agent(Agent { skills: vec![skill("es", 3)], ..Agent::new("ana", 1) });
        let found = doubts(&[&bot, &help, &ana], |_| true);
        let parts = ["for queue \"nowhere\"", "requires es >= 4", "requires fr >= 1"];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (line, part) in found.iter().zip(parts) {
            assert!(line.contains(part), "{line} does not say {part}");
        }
    }

    #[test]
    fn rules_that_lead_nowhere_or_never_match_and_queues_of_nobody_are_doubtful() {
        let rules = vec![
            rule("lost", "message contains \"x\"", "nowhere"),
            rule("twice", "message contains \"x\"", "help"),
        ];
        let bot = Object::Bot(Bot { rules, ..Bot::new("web", "help") });
        let help =
            Object::Queue(Queue { members: vec!["ana".into()], ..Queue::new("web", "help") });
        let (empty, ana) =
            (Object::Queue(Queue::new("web", "empty")), Object::Agent(Agent::new("ana", 1)));
        let closed = Object::Queue(Queue { active: false, ..Queue::new("web", "closed") });
        let night = Object::Queue(Queue {
            members: vec!["ana".into()],
            hours: Some(Hours::default()),
            ..Queue::new("web", "night")
        });
        let all = [&bot, &help, &empty, &night, &closed, &ana];
        let found = doubts(&all, |_| true);
        assert_eq!(found.len(), 4, "{found:#?}");
        for (line, part) in found.iter().zip([
            "names queue \"nowhere\"",
            "rule \"twice\"",
            "web/empty",
            "web/night never opens",
        ]) {
            assert!(line.starts_with("doubtful: ") && line.contains(part), "{line}");
        }
        assert_eq!(doubts(&all, |object| matches!(object, Object::Queue(_))).len(), 2);
        let same = Object::Queue(Queue::new("web", "q"));
        let many = vec![&same; TOLD + 7];
        let found = doubts(&many, |_| true);
        assert_eq!(found.last().map(String::as_str), Some("and 7 more that is doubtful"));
    }
}
