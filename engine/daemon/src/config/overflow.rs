//! `overflow = { to = "..", after_seconds = 60 }` of a queue, and the chains that queues make with it.

use super::directory::{Entry, Found};
use super::problem::Report;
use super::reader::Section;
use super::references::Known;
use relevo_wire::directory::{Object, Overflow, Queue, overflow_circle};
use relevo_wire::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A queue by tenant, bot and name.
type Named<'f> = (&'f str, &'f str, &'f str);

/// The next step of a queue, and where it is named.
pub(super) fn read(queue: &Section<'_>) -> Option<(Overflow, Range<usize>)> {
    if !queue.has("overflow") {
        return None;
    }
    let step = queue.section("overflow");
    let to = super::directory::required_name(&step, "to");
    let after = step.optional_number("after_seconds", 1..=limits::WAIT_SECONDS, "seconds");
    let priority = step.optional_number("priority", 0..=limits::PRIORITY, "a priority");
    let when_nobody_online = step.flag("when_nobody_online", true);
    step.finish();
    let to = to?;
    let overflow = Overflow {
        to: to.value,
        after_seconds: after.map(|found| found.value),
        when_nobody_online,
        priority: priority.map(|found| found.value),
    };
    Some((overflow, to.span))
}

/// Queues in an order in which each comes behind the one that it overflows to, else as they were.
pub(super) fn targets_first(queues: Vec<(String, Queue)>) -> Vec<(String, Queue)> {
    let name = |tenant: &str, bot: &str, name: &str| format!("{tenant}/{bot}/{name}");
    let numbers: BTreeMap<String, usize> = queues
        .iter()
        .enumerate()
        .map(|(number, (tenant, queue))| (name(tenant, &queue.bot, &queue.name), number))
        .collect();
    let target = |number: usize| {
        let (tenant, queue): &(String, Queue) = &queues[number];
        let overflow = queue.overflow.as_ref()?;
        numbers.get(&name(tenant, &queue.bot, &overflow.to)).copied()
    };
    let mut order: Vec<usize> = Vec::with_capacity(queues.len());
    let mut is_placed = vec![false; queues.len()];
    for number in 0..queues.len() {
        let mut chain = Vec::new();
        let mut at = Some(number);
        while let Some(next) = at.filter(|next| !is_placed[*next]) {
            is_placed[next] = true;
            chain.push(next);
            at = target(next);
        }
        order.extend(chain.into_iter().rev());
    }
    let mut queues: Vec<Option<(String, Queue)>> = queues.into_iter().map(Some).collect();
    order.into_iter().filter_map(|number| queues[number].take()).collect()
}

/// Notes every circle once: at the queue of it that the file names first.
pub(super) fn circles<'f>(
    found: &'f Found,
    tenant_of: impl Fn(&'f Entry<Queue>) -> Option<&'f str>,
    known: &Known<'f>,
    report: &Report<'_>,
) {
    let step = |tenant: &'f str, queue: &'f Queue| {
        let to = queue.overflow.as_ref().map(|overflow| overflow.to.as_str());
        ((tenant, queue.bot.as_str(), queue.name.as_str()), to)
    };
    let known = known.objects.iter().filter_map(|(tenant, object)| match object {
        Object::Queue(queue) => Some(step(tenant, queue)),
        Object::Tenant(_) | Object::Bot(_) | Object::Agent(_) => None,
    });
    // What the file says of a queue stands instead of what is known of it.
    let of_file =
        found.queues.iter().filter_map(|entry| Some(step(tenant_of(entry)?, &entry.object)));
    let steps: BTreeMap<Named<'f>, Option<&'f str>> = known.chain(of_file).collect();
    let mut told: BTreeSet<Named<'f>> = BTreeSet::new();
    for entry in &found.queues {
        let (Some(tenant), queue) = (tenant_of(entry), &entry.object) else { continue };
        let bot = queue.bot.as_str();
        let next = |name| steps.get(&(tenant, bot, name)).copied().flatten();
        if told.contains(&(tenant, bot, queue.name.as_str())) {
            continue;
        }
        let Some(circle) = overflow_circle(&queue.name, next) else { continue };
        let what = format!("the overflow goes in a circle: {circle}");
        report.add(&entry.places.overflow, what, "let one of them overflow to nowhere");
        let mut at = Some(queue.name.as_str());
        while let Some(name) = at.filter(|name| told.insert((tenant, bot, name))) {
            at = next(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use relevo_wire::directory::{Object, Overflow, Queue};
    use relevo_wire::vocabulary::{Language, Text};
    use std::path::Path;

    /// Queues of one bot, by name and the rest of their tables, in a file of their own tenant.
    fn file(queues: &[(&str, &str)]) -> String {
        let mut text = "[[tenant]]\nname = \"acme\"\n\n[[bot]]\nname = \"shop\"\n\
                        default_queue = \"a\"\n"
            .to_owned();
        for (name, rest) in queues {
            text += &format!("\n[[queue]]\nbot = \"shop\"\nname = \"{name}\"\n{rest}\n");
        }
        text
    }

    fn queues(text: &str) -> Vec<Queue> {
        let config = Config::parse(text, Path::new("relevo.toml")).expect(text);
        let objects = config.directory.objects.into_iter();
        objects
            .filter_map(
                |seed| if let Object::Queue(queue) = seed.object { Some(queue) } else { None },
            )
            .collect()
    }

    fn problems(queues: &[(&str, &str)]) -> Vec<String> {
        let text = file(queues);
        let problems = Config::parse(&text, Path::new("f")).expect_err(&text).0;
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_field_is_read_and_written_again() {
        let step = "overflow = { to = \"b\", after_seconds = 60, when_nobody_online = false, \
                    priority = 800 }\nmax_waiting = 200\nmax_wait_seconds = 1800\nttl_seconds = 7200\n\
                    texts = { full = \"later\" }";
        let text = file(&[("a", step), ("b", "overflow = { to = \"c\" }"), ("c", "")]);
        let read = queues(&text);
        let names: Vec<&str> = read.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"], "each behind the one that it goes on to");
        let a = &read[2];
        let step = Overflow {
            after_seconds: Some(60),
            when_nobody_online: false,
            priority: Some(800),
            ..Overflow::new("b")
        };
        assert_eq!(a.overflow, Some(step));
        assert_eq!(read[1].overflow, Some(Overflow::new("c")));
        let limits = (
            a.max_waiting,
            a.max_wait_seconds,
            a.ttl_seconds,
            a.texts.said(Language::En, Text::Full),
        );
        assert_eq!(limits, (Some(200), Some(1800), 7200, Some("later")));
        assert_eq!((read[0].max_waiting, read[0].ttl_seconds), (None, 86_400));
        let config = Config::parse(&text, Path::new("relevo.toml")).expect("read before");
        let written = crate::config::effective_document(&config);
        assert_eq!(queues(&written), read, "{written}");
    }

    #[test]
    fn a_circle_is_told_once_with_its_chain() {
        let to = |name: &str| format!("overflow = {{ to = \"{name}\" }}");
        let (a, b, c) = (to("a"), to("b"), to("c"));
        let circle = "the overflow goes in a circle: ";
        let right = "; let one of them overflow to nowhere";
        let found = problems(&[("a", &b), ("b", &c), ("c", &b)]);
        assert_eq!(found, [format!("f:16:19: {circle}b -> c -> b{right}")]);
        assert_eq!(problems(&[("a", &a)]), [format!("f:11:19: {circle}a -> a{right}")]);
    }

    #[test]
    fn a_step_leads_to_a_queue_of_the_bot_after_a_time_that_there_is() {
        let found = problems(&[("a", "overflow = { to = \"bb\" }"), ("b", "max_waiting = 0")]);
        let expected = [
            "f:11:19: bot \"shop\" has no queue named \"bb\"; did you mean \"b\"?",
            "f:16:15: max_waiting cannot be 0; write tickets from 1 to 4294967295",
        ];
        assert_eq!(found, expected);
        for wrong in [
            "overflow = { after_seconds = 60 }",
            "overflow = { to = \"b\", after_seconds = 0 }",
            "overflow = { to = \"b\", after_seconds = 604801 }",
            "overflow = { to = \"b\", priority = 1001 }",
            "overflow = { to = \"b\", later = true }",
            "overflow = \"b\"",
            "max_wait_seconds = 0",
            "ttl_seconds = 604801",
        ] {
            assert_eq!(problems(&[("a", wrong), ("b", "")]).len(), 1, "{wrong}");
        }
    }
}
