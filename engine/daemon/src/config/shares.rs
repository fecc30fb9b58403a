//! Guaranteed shares of bots that one agent cannot keep.

use super::directory::Found;
use super::problem::Report;
use super::reader::Located;
use super::references::Known;
use relevo_wire::directory::{Bot, Object, Queue, overshared};
use relevo_wire::limits::SHARE_PERCENT;
use std::collections::BTreeMap;

/// What a tenant has, by name: what the file says of an object stands instead of what is known of it.
#[derive(Default)]
struct Objects<'f> {
    bots: BTreeMap<&'f str, &'f Bot>,
    queues: BTreeMap<(&'f str, &'f str), &'f Queue>,
}

impl<'f> Objects<'f> {
    fn put_bot(&mut self, bot: &'f Bot) {
        self.bots.insert(&bot.name, bot);
    }

    fn put_queue(&mut self, queue: &'f Queue) {
        self.queues.insert((&queue.bot, &queue.name), queue);
    }
}

/// Notes of each tenant the first agent whose bots are guaranteed more than all of its seats: at the last
/// of these shares that the file names, else at the last queue of it that the file gives the agent.
pub(super) fn check<'f>(
    found: &'f Found,
    tenant_of: impl Fn(&'f Option<Located<String>>) -> Option<&'f str>,
    known: &Known<'f>,
    report: &Report<'_>,
) {
    let mut tenants: BTreeMap<&str, Objects<'_>> = BTreeMap::new();
    for (tenant, object) in &known.objects {
        let objects = tenants.entry(tenant).or_default();
        match object {
            Object::Bot(bot) => objects.put_bot(bot),
            Object::Queue(queue) => objects.put_queue(queue),
            Object::Tenant(_) | Object::Agent(_) => {}
        }
    }
    for entry in &found.bots {
        let Some(tenant) = tenant_of(&entry.tenant) else { continue };
        tenants.entry(tenant).or_default().put_bot(&entry.object);
    }
    for entry in &found.queues {
        let Some(tenant) = tenant_of(&entry.tenant) else { continue };
        tenants.entry(tenant).or_default().put_queue(&entry.object);
    }
    for (tenant, objects) in tenants {
        let agents = overshared(objects.bots.values().copied(), objects.queues.values().copied());
        let Some(first) = agents.first() else { continue };
        let serves = |bot: &str| first.bots.iter().any(|(name, _)| *name == bot);
        let shares = found.bots.iter().filter(|entry| tenant_of(&entry.tenant) == Some(tenant));
        let shares = shares.filter(|entry| serves(&entry.object.name));
        let shares = shares.map(|entry| &entry.places.share).filter(|place| !place.is_empty());
        let queues = found.queues.iter().filter(|entry| tenant_of(&entry.tenant) == Some(tenant));
        let queues = queues.filter(|entry| serves(&entry.object.bot)).map(|entry| &entry.table);
        let Some(place) = shares.last().or_else(|| queues.last()) else { continue };
        let more = match agents.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more agents serve too many"),
        };
        let right = format!("at most {SHARE_PERCENT} % for each agent");
        report.add(place, format!("{first}{more}"), right);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use std::path::Path;

    fn file(shares: [&str; 2], members: &str) -> String {
        let bot = |name: &str, share: &str| {
            format!(
                "\n[[bot]]\nname = \"{name}\"\ndefault_queue = \"q\"\n{share}\n\
                 [[queue]]\nbot = \"{name}\"\nname = \"q\"\nmembers = {members}\n"
            )
        };
        let agents = "[[agent]]\nname = \"ana\"\n[[agent]]\nname = \"bo\"\n";
        let [first, second] = shares;
        format!("[[tenant]]\nname = \"acme\"\n{agents}{}{}", bot("web", first), bot("app", second))
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = Config::parse(text, Path::new("f")).expect_err(text).0;
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_share_is_read_and_written_again() {
        let text = file(["guaranteed_share = 60", "guaranteed_share = 40"], "[\"ana\"]");
        let config = Config::parse(&text, Path::new("f")).expect(&text);
        let written = crate::config::effective_document(&config);
        let again = Config::parse(&written, Path::new("f")).expect(&written);
        assert_eq!(again.directory.objects, config.directory.objects, "{written}");
        assert!(written.contains("guaranteed_share = 60"), "{written}");
    }

    #[test]
    fn shares_of_more_than_all_seats_of_an_agent_are_told_with_agent_and_sum() {
        let shares = ["guaranteed_share = 60", "guaranteed_share = 41"];
        let said = "agent \"ana\" serves bots with guaranteed shares of 101 % in all (app 41 %, web \
                    60 %)";
        let right = "; at most 100 % for each agent";
        let found = problems(&file(shares, "[\"ana\"]"));
        assert_eq!(found, [format!("f:20:20: {said}{right}")]);
        let found = problems(&file(shares, "[\"ana\", \"bo\"]"));
        assert_eq!(found, [format!("f:20:20: {said}, and 1 more agents serve too many{right}")]);
    }

    #[test]
    fn a_share_is_a_percentage() {
        for share in ["0", "101", "-1", "1.5", "\"half\""] {
            let text = file([&format!("guaranteed_share = {share}"), ""], "[]");
            assert_eq!(problems(&text).len(), 1, "{share}");
        }
    }
}
