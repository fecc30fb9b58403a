//! A file of objects for a running daemon: read first, and held against what the daemon has then.

use super::directory::{self, Directory, Found};
use super::problem::{Problems, Report};
use super::references::{self, Known};
use super::{read, read_tables};
use std::path::{Path, PathBuf};

/// Objects of a file with their places.
pub(crate) struct ObjectFile {
    file: PathBuf,
    text: String,
    found: Found,
}

impl ObjectFile {
    /// Reads a file and checks each of its objects by itself: what it refers to may be in the daemon.
    ///
    /// # Errors
    /// Every problem, with its place and what would be right.
    pub(crate) fn load(file: &Path) -> Result<Self, Problems> {
        Self::parse(read(file)?, file)
    }

    fn parse(text: String, file: &Path) -> Result<Self, Problems> {
        let report = Report::new(file, &text);
        let found = read_tables(&text, &report, directory::read);
        let problems = report.into_problems();
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        Ok(Self { file: file.to_owned(), text, found })
    }

    /// The objects; one without a tenant has an empty one.
    pub(crate) fn objects(&self) -> Directory {
        self.found.to_directory(None)
    }

    /// Checks what the objects say of each other and of what is known. Thresholds are left to the
    /// daemon, which knows its buckets.
    ///
    /// # Errors
    /// As those of a configuration's directory.
    pub(crate) fn check(&self, known: &Known<'_>) -> Result<(), Problems> {
        let report = Report::new(&self.file, &self.text);
        references::check(&self.found, known, None, &report);
        let problems = report.into_problems();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::directory::{Agent, Bot, Fairness, Object, Queue};

    fn problems(text: &str, known: &Known<'_>) -> Vec<String> {
        let file = ObjectFile::parse(text.to_owned(), Path::new("d")).unwrap();
        let checked = file.check(known);
        checked
            .map_or_else(|problems| problems.0, |()| Vec::new())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn what_is_known_may_be_named_and_what_is_not_has_its_place() {
        let text = "[[queue]]\nbot = \"web\"\nname = \"help\"\nmembers = [\"ana\", \"bob\"]\n";
        let (ana, web) =
            (Object::Agent(Agent::new("ana", 1)), Object::Bot(Bot::new("web", "help")));
        let known = |objects| Known { tenant: Some("acme"), objects };
        assert_eq!(
            problems(text, &known(vec![("acme", &ana), ("acme", &web)])),
            [
                "d:4:19: tenant \"acme\" has no agent named \"bob\"; add a [[agent]] of that name, or \
              name another"
            ]
        );
        let found = problems(text, &known(vec![("acme", &ana), ("other", &web)]));
        assert_eq!(
            found[0],
            "d:2:7: tenant \"acme\" has no bot named \"web\"; add a [[bot]] of that \
                              name, or name another"
        );
        assert_eq!(found.len(), 2, "{found:?}");
        let bot = "[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n";
        let help = Object::Queue(Queue::new("web", "help"));
        assert_eq!(problems(bot, &known(vec![("acme", &help)])), [""; 0]);
        assert_eq!(problems(bot, &known(Vec::new())).len(), 1);
    }

    #[test]
    fn a_rule_prefers_an_agent_that_there_is() {
        let text = "[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
                    [[bot.rules]]\nname = \"r\"\nwhen = \"message exists\"\npreferred_agent = \"anna\"\n";
        let (ana, help) =
            (Object::Agent(Agent::new("ana", 1)), Object::Queue(Queue::new("web", "help")));
        let objects = vec![("acme", &ana), ("acme", &help)];
        let known = Known { tenant: Some("acme"), objects };
        let said = "d:7:19: tenant \"acme\" has no agent named \"anna\"; did you mean \"ana\"?";
        assert_eq!(problems(text, &known), [said]);
        assert_eq!(problems(&text.replace("anna", "ana"), &known), [""; 0]);
    }

    #[test]
    fn a_fairness_limit_is_written_as_it_is_read() {
        let read = |text: &str| ObjectFile::parse(text.to_owned(), Path::new("d"));
        let text = "[[tenant]]\nname = \"t\"\nfairness = { tickets = 3, seconds = 60 }\n";
        let objects = read(text).map(|file| file.objects().objects).unwrap();
        let Object::Tenant(tenant) = &objects[0].object else { panic!("{objects:?}") };
        let fairness = Fairness { tickets: 3, seconds: 60 };
        assert_eq!(tenant.fairness, Some(fairness));
        let written = crate::config::object_document("", &objects[0].object);
        let again = read(&written).map(|file| file.objects().objects).unwrap();
        assert_eq!(again, objects, "{written}");
        for (wrong, said) in [
            ("{ tickets = 0, seconds = 60 }", "d:3:24: tickets cannot be 0"),
            ("{ tickets = 3, seconds = 3601 }", "d:3:37: seconds cannot be 3601"),
            ("{ tickets = 3 }", "d:3:12: [fairness] has no seconds"),
            ("3", "d:3:12: fairness is an integer; write a table"),
        ] {
            let text = text.replace("{ tickets = 3, seconds = 60 }", wrong);
            let problems = read(&text).err().unwrap().0;
            assert!(problems[0].to_string().starts_with(said), "{problems:?} is not {said}");
        }
    }

    #[test]
    fn the_same_objects_have_the_same_problems_in_a_configuration() {
        let text = "[[tenant]]\nname = \"acme\"\n[[bot]]\nname = \"web\"\ndefault_queue = \"hlp\"\n\
                    [[queue]]\nbot = \"web\"\nname = \"help\"\nmembers = [\"bob\"]\n";
        let found = problems(text, &Known::default());
        let config = crate::config::Config::parse(text, Path::new("d")).unwrap_err();
        let of_config: Vec<String> = config.0.iter().map(ToString::to_string).collect();
        assert_eq!(found, of_config);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
