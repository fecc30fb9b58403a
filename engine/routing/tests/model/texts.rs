//! Texts of the model: own ones in some languages, of queues and of hand-offs, and which of them is told.

use proptest::prelude::*;
use proptest::sample::select;
use relevo_routing::texts;
use relevo_wire::vocabulary::{Language, Text, Texts};

/// Which texts are somebody's own.
#[derive(Debug, Clone)]
pub(crate) struct TextsShape(Vec<(Option<Language>, Text)>);

impl TextsShape {
    /// Each tells whose it is, and in which language.
    pub(crate) fn texts(&self, whose: &str) -> Texts {
        let mut texts = Texts::default();
        for (language, text) in &self.0 {
            let names = text.variables().iter().map(|name| format!(" {{{name}}}"));
            let names: String = names.collect();
            texts.set(*language, *text, format!("{whose} {language:?} {text:?}{names}"));
        }
        texts
    }
}

pub(crate) fn texts_shape() -> impl Strategy<Value = TextsShape> {
    let said = select(vec![
        Text::Online,
        Text::Offline,
        Text::Full,
        Text::Closed,
        Text::Inactive,
        Text::Absent,
        Text::AbsentColleague,
        Text::HelpDeskOff,
    ]);
    let language = prop_oneof![1 => Just(None), 2 => select(Language::ALL.to_vec()).prop_map(Some)];
    prop::collection::vec((language, said), 0..8).prop_map(TextsShape)
}

/// Of the hand-off before the queue's, in the language before that for all of them; else the shipped one.
pub(crate) fn told(
    hand_off: Option<&Texts>,
    queue: &Texts,
    language: Language,
    text: Text,
) -> String {
    let own = own(hand_off, queue, language, text);
    own.map_or_else(|| texts::shipped(language, text).to_owned(), ToOwned::to_owned)
}

fn own<'t>(
    hand_off: Option<&'t Texts>,
    queue: &'t Texts,
    language: Language,
    text: Text,
) -> Option<&'t str> {
    let places = hand_off
        .into_iter()
        .chain([queue])
        .flat_map(|texts| [Some(language), None].into_iter().map(move |wanted| (texts, wanted)));
    let mut words = places.filter_map(|(texts, wanted)| {
        let mut all = texts.iter();
        all.find(|(l, t, _)| (*l, *t) == (wanted, text)).map(|(.., words)| words)
    });
    words.next()
}

/// What is said of an agent who is away and says nothing: names in the places of their variables.
pub(crate) fn told_absent(
    hand_off: Option<&Texts>,
    queue: &Texts,
    language: Language,
    agent: &str,
    colleague: Option<&str>,
) -> String {
    let text = if colleague.is_some() { Text::AbsentColleague } else { Text::Absent };
    let shipped = match (language, colleague) {
        (Language::En, None) => "{agent} is away at the moment. Another agent will help you.",
        (Language::En, Some(_)) => {
            "{agent} is away at the moment. {colleague} can help you instead."
        }
        (Language::Es, None) => "{agent} no está en este momento. Le atenderá otro agente.",
        (Language::Es, Some(_)) => "{agent} no está en este momento. {colleague} puede atenderle.",
        (Language::PtBr, None) => {
            "No momento {agent} não está disponível. Outro atendente vai te ajudar."
        }
        (Language::PtBr, Some(_)) => {
            "No momento {agent} não está disponível. {colleague} pode te ajudar."
        }
    };
    let words = own(hand_off, queue, language, text).unwrap_or(shipped);
    words.replace("{agent}", agent).replace("{colleague}", colleague.unwrap_or_default())
}
