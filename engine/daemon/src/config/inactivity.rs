//! `inactivity = { client_warning_seconds = 300, .. }` of a queue.

use super::reader::Section;
use relevo_wire::directory::Inactivity;
use relevo_wire::limits;

/// After how much silence something happens; each time may be absent.
pub(super) fn read(queue: &Section<'_>) -> Inactivity {
    if !queue.has("inactivity") {
        return Inactivity::default();
    }
    let rules = queue.section("inactivity");
    let time = |name| {
        let found = rules.optional_number(name, 1..=limits::WAIT_SECONDS, "seconds");
        found.map(|found| found.value)
    };
    let found = Inactivity {
        client_warning_seconds: time("client_warning_seconds"),
        client_close_seconds: time("client_close_seconds"),
        agent_alert_seconds: time("agent_alert_seconds"),
        agent_requeue_seconds: time("agent_requeue_seconds"),
    };
    if let Some((then, first)) = found.without_first() {
        let what = format!("{then} counts from the end of {first}, which is missing");
        rules.problem(rules.span(), what, format!("set {first} too"));
    }
    rules.finish();
    found
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use relevo_wire::directory::{Inactivity, Object, Queue};
    use relevo_wire::vocabulary::{Text, Texts};
    use std::path::Path;

    fn file(rules: &str) -> String {
        format!(
            "[[tenant]]\nname = \"acme\"\n\n[[bot]]\nname = \"shop\"\ndefault_queue = \"a\"\n\n\
             [[queue]]\nbot = \"shop\"\nname = \"a\"\n{rules}\n"
        )
    }

    fn queue(text: &str) -> Queue {
        let config = Config::parse(text, Path::new("relevo.toml")).expect(text);
        let mut objects = config.directory.objects.into_iter();
        let queue = objects.find_map(|seed| match seed.object {
            Object::Queue(queue) => Some(queue),
            Object::Tenant(_) | Object::Bot(_) | Object::Agent(_) => None,
        });
        queue.expect("the file has a queue")
    }

    #[test]
    fn every_time_is_read_and_written_again() {
        let text = file(
            "inactivity = { client_warning_seconds = 300, client_close_seconds = 120, \
             agent_alert_seconds = 60, agent_requeue_seconds = 30 }\n\
             texts = { inactive = \"still there?\" }",
        );
        let read = queue(&text);
        let texts = Texts::default().with(Text::Inactive, "still there?");
        let rules = Inactivity {
            client_warning_seconds: Some(300),
            client_close_seconds: Some(120),
            agent_alert_seconds: Some(60),
            agent_requeue_seconds: Some(30),
        };
        assert_eq!((read.inactivity, &read.texts), (rules, &texts));
        assert_eq!(queue(&file("")).inactivity, Inactivity::default(), "absent: nothing happens");
        let config = Config::parse(&text, Path::new("relevo.toml")).expect("read before");
        let written = crate::config::effective_document(&config);
        assert_eq!(queue(&written), read, "{written}");
    }

    #[test]
    fn what_cannot_be_is_told_with_what_would_be_right() {
        let wrong = [
            ("inactivity = { client_close_seconds = 60 }", "set client_warning_seconds too"),
            ("inactivity = { agent_requeue_seconds = 60 }", "set agent_alert_seconds too"),
            ("inactivity = { client_warning_seconds = 0 }", "1 to 604800"),
            ("inactivity = { client_warning_minutes = 5 }", "client_warning_seconds"),
        ];
        for (rules, right) in wrong {
            let problems = Config::parse(&file(rules), Path::new("f")).expect_err(rules).0;
            let [problem] = &problems[..] else { panic!("one problem, not {problems:?}") };
            let told = Problem::to_string(problem);
            assert!(told.contains(right), "{rules}: {told}");
        }
    }
}
