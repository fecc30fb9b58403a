//! Texts as JSON and TOML write them: by name, and below a language those of that language.

use super::{Language, OwnText, Text, Texts};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The texts of one language in a row, as an object.
struct OfLanguage<'t>(&'t [OwnText]);

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for texts in self.0.chunk_by(|one, next| one.language == next.language) {
            match texts[0].language {
                Some(language) => map.serialize_entry(language.tag(), &OfLanguage(texts))?,
                None => {
                    for own in texts {
                        map.serialize_entry(own.text.name(), &own.words)?;
                    }
                }
            }
        }
        map.end()
    }
}

impl Serialize for OfLanguage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|own| (own.text.name(), &own.words)))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut texts = Self::default();
        deserializer.deserialize_map(Reading { texts: &mut texts, language: None })?;
        Ok(texts)
    }
}

/// Reads an object into texts: those of a language, or, with none, all of them.
struct Reading<'t> {
    texts: &'t mut Texts,
    language: Option<Language>,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// Names of texts, and behind them tags of languages.
const NAMES: [&str; Text::ALL.len() + Language::ALL.len()] = {
    let mut names = [""; Text::ALL.len() + Language::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = match at.checked_sub(Text::ALL.len()) {
            Some(language) => Language::ALL[language].tag(),
            None => Text::ALL[at].name(),
        };
        at += 1;
    }
    names
};

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut languages = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(text) = Text::named(&name) {
                if self.texts.find(self.language, text).is_some() {
                    return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                }
                self.texts.set(self.language, text, map.next_value()?);
                continue;
            }
            let language = Language::tagged(&name).filter(|_| self.language.is_none());
            let Some(language) = language else {
                let languages = if self.language.is_none() { Language::ALL.len() } else { 0 };
                let expected = &NAMES[..Text::ALL.len() + languages];
                return Err(A::Error::unknown_field(&name, expected));
            };
            if languages.contains(&language) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            languages.push(language);
            map.next_value_seed(Reading { texts: self.texts, language: Some(language) })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Texts, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_text_stands_under_its_name_and_one_of_a_language_below_the_language() {
        let texts = Texts::default()
            .with_in(Language::PtBr, Text::Online, "oi")
            .with_in(Language::Es, Text::Offline, "luego")
            .with_in(Language::Es, Text::Online, "hola")
            .with(Text::Closed, "");
        let written = "{\"closed\":\"\",\"es\":{\"online\":\"hola\",\"offline\":\"luego\"},\
                       \"pt-BR\":{\"online\":\"oi\"}}";
        assert_eq!(serde_json::to_string(&texts).unwrap(), written);
        assert_eq!(read(written), Ok(texts));
        let otherwise = "{\"es\":{\"offline\":\"luego\",\"online\":\"hola\"},\"closed\":\"\",\
                         \"pt-BR\":{\"online\":\"oi\"}}";
        assert_eq!(read(otherwise), read(written));
        assert_eq!(read("{}"), Ok(Texts::default()));
        assert_eq!(read("{\"es\":{}}"), Ok(Texts::default()));
        assert_eq!(serde_json::to_string(&Texts::default()).unwrap(), "{}");
    }

    #[test]
    fn a_language_has_its_own_text_before_that_of_all() {
        let texts =
            Texts::default().with(Text::Online, "hi").with_in(Language::Es, Text::Online, "hola");
        assert_eq!(texts.said(Language::Es, Text::Online), Some("hola"));
        assert_eq!(texts.said(Language::PtBr, Text::Online), Some("hi"));
        assert_eq!(texts.said(Language::Es, Text::Full), None);
        let texts = texts.with_in(Language::Es, Text::Online, "buenas");
        assert_eq!(texts.said(Language::Es, Text::Online), Some("buenas"), "set again");
    }

    #[test]
    fn what_is_no_text_and_no_language_is_told_with_what_there_is() {
        let says = |text: &str, said: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        says("{\"onlin\":\"x\"}", "unknown field `onlin`, expected one of `online`, `offline`");
        says("{\"fr\":{\"online\":\"x\"}}", "unknown field `fr`");
        says("{\"fr\":{}}", "`help_desk_off`, `en`, `es`, `pt-BR` at");
        says("{\"es\":{\"onlin\":\"x\"}}", "unknown field `onlin`, expected one of");
        says("{\"es\":{\"en\":{}}}", "`help_desk_off` at");
        says("{\"es\":\"hola\"}", "expected texts by their names");
        says("{\"online\":{}}", "expected a string");
        says("{\"online\":\"a\",\"online\":\"b\"}", "duplicate field `online`");
        says("{\"es\":{\"full\":\"a\",\"full\":\"b\"}}", "duplicate field `full`");
        says("{\"es\":{},\"es\":{}}", "duplicate field `es`");
    }

    #[test]
    fn a_text_knows_its_variables() {
        for (at, text) in Text::ALL.into_iter().enumerate() {
            assert_eq!(text as usize, at);
            assert_eq!(Text::named(text.name()), Some(text));
        }
        let unknown = |words| Text::AbsentColleague.unknown_variable(words);
        assert_eq!(unknown("{agent} no, {colleague} sí"), None);
        assert_eq!(unknown("{agent} no, {colega} sí"), Some("colega"));
        assert_eq!(unknown("{ agent }"), Some(" agent "));
        assert_eq!(unknown("} { no end"), None);
        assert_eq!(Text::Online.unknown_variable("hi {customer}"), None, "the bot's own");
    }
}
