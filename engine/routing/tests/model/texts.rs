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
            texts.set(*language, *text, format!("{whose} {language:?} {text:?}"));
        }
        texts
    }
}

pub(crate) fn texts_shape() -> impl Strategy<Value = TextsShape> {
    let said = select(vec![Text::Online, Text::Offline, Text::Full, Text::Closed, Text::Inactive]);
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
    for texts in hand_off.into_iter().chain([queue]) {
        for wanted in [Some(language), None] {
            if let Some((.., words)) = texts.iter().find(|(l, t, _)| (*l, *t) == (wanted, text)) {
                return words.to_owned();
            }
        }
    }
    texts::shipped(language, text).to_owned()
}
