//! The languages in which Relevo has texts for customers.

use rkyv::{Archive, Deserialize, Serialize};

/// A language that texts are shipped in.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Spanish.
    #[serde(rename = "es")]
    Es,
    /// Portuguese of Brazil.
    #[serde(rename = "pt-BR")]
    PtBr,
}

impl Language {
    /// Every language, each at the place that its number has.
    pub const ALL: [Self; 3] = [Self::En, Self::Es, Self::PtBr];

    /// Its BCP 47 tag, as it stands in files and JSON.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::PtBr => "pt-BR",
        }
    }

    /// The language with exactly this tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// What a contact with this BCP 47 tag understands: by its primary subtag, so that `es-MX` is
    /// Spanish and every Portuguese that of Brazil. Channels write `pt_BR` too.
    #[must_use]
    pub fn understood(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.primary()))
    }

    const fn primary(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::PtBr => "pt",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_understood_by_its_primary_subtag() {
        for (tags, language) in [
            (&["en", "en-GB", "EN_us", "en-US-u-ca-buddhist"][..], Language::En),
            (&["es", "es-MX", "es-419", "ES", "es_AR"], Language::Es),
            (&["pt", "pt-BR", "pt-PT", "pt_BR", "PT-br"], Language::PtBr),
        ] {
            for tag in tags {
                assert_eq!(Language::understood(tag), Some(language), "{tag}");
            }
        }
        for tag in ["", "fr", "est", "english", "-es", "e", "zh-Hant", "ñ"] {
            assert_eq!(Language::understood(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_language_is_written_as_its_tag() {
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(language as usize, at);
            assert_eq!(Language::tagged(language.tag()), Some(language));
            assert_eq!(Language::understood(language.tag()), Some(language));
            let written = serde_json::to_string(&language).unwrap();
            assert_eq!(written, format!("{:?}", language.tag()));
        }
        assert_eq!(Language::tagged("pt"), None);
    }
}
