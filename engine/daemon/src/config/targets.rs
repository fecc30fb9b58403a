//! `targets = { first_response_seconds = 60, .. }` of a queue.

use super::reader::Section;
use relevo_wire::directory::TicketTargets;
use relevo_wire::limits;

/// How soon agents are to answer; each time may be absent.
pub(super) fn read(queue: &Section<'_>) -> TicketTargets {
    if !queue.has("targets") {
        return TicketTargets::default();
    }
    let targets = queue.section("targets");
    let time = |name| {
        let found = targets.optional_number(name, 1..=limits::WAIT_SECONDS, "seconds");
        found.map(|found| found.value)
    };
    let found = TicketTargets {
        first_response_seconds: time("first_response_seconds"),
        next_response_seconds: time("next_response_seconds"),
        resolution_seconds: time("resolution_seconds"),
    };
    targets.finish();
    found
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use relevo_wire::directory::{Object, Queue, TicketTargets};
    use std::path::Path;

    fn file(targets: &str) -> String {
        format!(
            "[[tenant]]\nname = \"acme\"\n\n[[bot]]\nname = \"shop\"\ndefault_queue = \"a\"\n\n\
             [[queue]]\nbot = \"shop\"\nname = \"a\"\n{targets}\n"
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
    fn every_target_is_read_and_written_again() {
        let text = file(
            "targets = { first_response_seconds = 60, next_response_seconds = 120, \
             resolution_seconds = 86400 }",
        );
        let read = queue(&text);
        let targets = TicketTargets {
            first_response_seconds: Some(60),
            next_response_seconds: Some(120),
            resolution_seconds: Some(86_400),
        };
        assert_eq!(read.targets, targets);
        assert_eq!(queue(&file("")).targets, TicketTargets::default(), "absent: none");
        let config = Config::parse(&text, Path::new("relevo.toml")).expect("read before");
        let written = crate::config::effective_document(&config);
        assert_eq!(queue(&written), read, "{written}");
    }

    #[test]
    fn what_cannot_be_is_told_with_what_would_be_right() {
        let wrong = [
            ("targets = { resolution_seconds = 0 }", "1 to 604800"),
            ("targets = { first_reply_seconds = 5 }", "first_response_seconds"),
        ];
        for (targets, right) in wrong {
            let problems = Config::parse(&file(targets), Path::new("f")).expect_err(targets).0;
            let [problem] = &problems[..] else { panic!("one problem, not {problems:?}") };
            let told = Problem::to_string(problem);
            assert!(told.contains(right), "{targets}: {told}");
        }
    }
}
