//! What a customer is told in a queue's name.

mod written;

use super::Language;
use rkyv::{Archive, Deserialize, Serialize};

/// A text for the customer, by its name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub enum Text {
    /// Said at a hand-off when an agent is online.
    Online,
    /// Said at a hand-off when nobody is.
    Offline,
    /// Said when the line is full.
    Full,
    /// Said while the queue's opening hours have it closed.
    Closed,
    /// Said to a customer who has been silent for too long.
    Inactive,
    /// Said when the agent asked for is absent; `{agent}`: who.
    Absent,
    /// The same where a colleague is named instead; `{colleague}`: who.
    AbsentColleague,
    /// Said while the tenant, the bot or the queue is switched off.
    HelpDeskOff,
}

impl Text {
    /// Every text, each at the place that its number has.
    pub const ALL: [Self; 8] = [
        Self::Online,
        Self::Offline,
        Self::Full,
        Self::Closed,
        Self::Inactive,
        Self::Absent,
        Self::AbsentColleague,
        Self::HelpDeskOff,
    ];

    /// Its name, as it stands in files and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Inactive => "inactive",
            Self::Absent => "absent",
            Self::AbsentColleague => "absent_colleague",
            Self::HelpDeskOff => "help_desk_off",
        }
    }

    /// The text with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|text| text.name() == name)
    }

    /// What may stand in it in braces, as `{agent}`, and be told in its place.
    #[must_use]
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Absent => &["agent"],
            Self::AbsentColleague => &["agent", "colleague"],
            Self::Online
            | Self::Offline
            | Self::Full
            | Self::Closed
            | Self::Inactive
            | Self::HelpDeskOff => &[],
        }
    }

    /// What stands in braces in these words and is none of its variables. A text without variables is
    /// the bot's own from end to end, its braces too.
    #[must_use]
    pub fn unknown_variable(self, words: &str) -> Option<&str> {
        let variables = self.variables();
        if variables.is_empty() {
            return None;
        }
        let in_braces = words.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        in_braces.into_iter().find(|name| !variables.contains(name))
    }
}

/// Texts instead of those that Relevo ships: of a queue, or of one hand-off.
///
/// Each is for one language or for every language that has none of its own. In JSON and TOML a text of
/// the latter stands under its name, one of the former below the language:
/// `{"online": "...", "es": {"online": "..."}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct Texts(Vec<OwnText>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
struct OwnText {
    /// Absent: every language that has none of its own.
    language: Option<Language>,
    text: Text,
    words: String,
}

impl OwnText {
    fn place(&self) -> (Option<Language>, Text) {
        (self.language, self.text)
    }
}

impl Texts {
    /// The same with this text for every language that has none of its own.
    #[must_use]
    pub fn with(mut self, text: Text, words: impl Into<String>) -> Self {
        self.set(None, text, words.into());
        self
    }

    /// The same with this text in one language.
    #[must_use]
    pub fn with_in(mut self, language: Language, text: Text, words: impl Into<String>) -> Self {
        self.set(Some(language), text, words.into());
        self
    }

    /// Sets a text of one language, or of every language that has none of its own.
    pub fn set(&mut self, language: Option<Language>, text: Text, words: String) {
        let own = OwnText { language, text, words };
        match self.0.binary_search_by_key(&own.place(), OwnText::place) {
            Ok(at) => self.0[at] = own,
            Err(at) => self.0.insert(at, own),
        }
    }

    /// Whether nothing is said otherwise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said to who understands this language, where it is said otherwise.
    #[must_use]
    pub fn said(&self, language: Language, text: Text) -> Option<&str> {
        self.find(Some(language), text).or_else(|| self.find(None, text))
    }

    fn find(&self, language: Option<Language>, text: Text) -> Option<&str> {
        self.0.iter().find(|own| own.place() == (language, text)).map(|own| own.words.as_str())
    }

    /// Every text with its language, those for every language first.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Language>, Text, &str)> {
        self.0.iter().map(|own| (own.language, own.text, own.words.as_str()))
    }
}
