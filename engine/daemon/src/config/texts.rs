//! What a queue tells its customers instead of the shipped texts.
//!
//! `texts = { online = "..", offline = "..", es = { online = ".." } }`: under its name a text for every
//! language, below a language one for that language alone.

use super::reader::{Section, shown};
use relevo_wire::limits;
use relevo_wire::vocabulary::{Language, Text, Texts};

pub(super) const LANGUAGES: [(&str, Language); Language::ALL.len()] = [
    (Language::En.tag(), Language::En),
    (Language::Es.tag(), Language::Es),
    (Language::PtBr.tag(), Language::PtBr),
];

pub(super) fn read(queue: &Section<'_>) -> Texts {
    let mut texts = Texts::default();
    let section = queue.section("texts");
    read_into(&section, None, &mut texts);
    for language in Language::ALL.into_iter().filter(|language| section.has(language.tag())) {
        let of_language = section.section(language.tag());
        read_into(&of_language, Some(language), &mut texts);
        of_language.finish();
    }
    section.finish();
    texts
}

fn read_into(section: &Section<'_>, language: Option<Language>, texts: &mut Texts) {
    for text in Text::ALL {
        let name = text.name();
        let Some(words) = section.text(name) else { continue };
        if words.value.len() > limits::TEXT_BYTES {
            let what = format!("{name} has {} bytes", words.value.len());
            section.problem(&words.span, what, format!("at most {}", limits::TEXT_BYTES));
        }
        if let Some(unknown) = text.unknown_variable(&words.value) {
            let what = format!("{{{}}} is nothing in {name}", shown(unknown));
            let known = text.variables().join("}, {");
            section.problem(&words.span, what, format!("it may have {{{known}}}"));
        }
        texts.set(language, text, words.value);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use relevo_wire::directory::{Bot, Object, Queue};
    use relevo_wire::vocabulary::{Language, Text, Texts};
    use std::path::Path;

    fn file(bot: &str, queue: &str) -> String {
        format!(
            "[[tenant]]\nname = \"acme\"\n[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n{bot}\
             [[queue]]\nbot = \"web\"\nname = \"help\"\n{queue}"
        )
    }

    fn read(text: &str) -> (Bot, Queue) {
        let config = Config::parse(text, Path::new("relevo.toml")).expect(text);
        let objects = config.directory.objects.iter().map(|seed| &seed.object);
        let objects: Vec<&Object> = objects.collect();
        let [_, Object::Bot(bot), Object::Queue(queue)] = objects[..] else {
            panic!("{objects:?}")
        };
        let written = crate::config::effective_document(&config);
        assert_eq!(Config::parse(&written, Path::new("f")).expect(&written), config, "{written}");
        (bot.clone(), queue.clone())
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = Config::parse(text, Path::new("f")).expect_err(text).0;
        let told = problems.iter().map(ToString::to_string);
        told.map(|problem| problem.trim_start_matches("f:").to_owned()).collect()
    }

    #[test]
    fn texts_of_all_languages_and_of_one_are_read_and_written_again() {
        let texts = Texts::default()
            .with(Text::Online, "hi")
            .with_in(Language::Es, Text::Online, "hola")
            .with_in(Language::PtBr, Text::Absent, "{agent} não está");
        let table = "[queue.texts]\nonline = \"hi\"\nes = { online = \"hola\" }\n\
                     [queue.texts.pt-BR]\nabsent = \"{agent} não está\"\n";
        assert_eq!(read(&file("", table)).1.texts, texts);
        let inline = "texts = { online = \"hi\", es = { online = \"hola\" }, \
                      pt-BR = { absent = \"{agent} não está\" } }\n";
        assert_eq!(read(&file("", inline)).1.texts, texts);
        assert_eq!(read(&file("", "")).1.texts, Texts::default());
    }

    #[test]
    fn a_bot_speaks_a_language_that_there_are_texts_in() {
        assert_eq!(read(&file("", "")).0.language, Language::En);
        assert_eq!(read(&file("language = \"pt-BR\"\n", "")).0.language, Language::PtBr);
        assert_eq!(
            problems(&file("language = \"pt-Br\"\n", "")),
            ["6:12: language cannot be \"pt-Br\"; did you mean \"pt-BR\"? One of: en, es, pt-BR"]
        );
    }

    #[test]
    fn what_is_no_text_and_no_language_is_told_with_its_place() {
        let long = "x".repeat(1025);
        let table = format!(
            "[queue.texts]\nonlin = \"x\"\nfr = {{ online = \"x\" }}\nabsent = \"{{agente}} no\"\n\
             [queue.texts.es]\nofline = \"x\"\nfull = 7\nclosed = \"{long}\"\n"
        );
        assert_eq!(
            problems(&file("", &table)),
            [
                "10:1: unknown key \"onlin\" in [texts]; did you mean online?",
                "11:1: unknown key \"fr\" in [texts]; it may have: online, offline, full, closed, \
                 inactive, absent, absent_colleague, help_desk_off, en, es, pt-BR",
                "12:10: {agente} is nothing in absent; it may have {agent}",
                "14:1: unknown key \"ofline\" in [texts.es]; did you mean offline?",
                "15:8: full is an integer; write a text in quotes",
                "16:10: closed has 1025 bytes; at most 1024",
            ]
        );
    }
}
