//! What was said: each message carries a token, which stands in the log at most once.

use std::collections::{BTreeMap, BTreeSet};

use relevo_wire::ids::TicketId;
use relevo_wire::vocabulary::Author;

use super::super::Violation;

/// Tokens of a source that are remembered: far more than a client has unanswered.
const REMEMBERED: usize = 4096;

/// One message of one source: a contact of a bot, a bot's device, or an agent's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// Who.
    pub source: u32,
    /// Counted up by the source, from 1.
    pub count: u64,
}

impl Token {
    /// As it begins a message's text of so many bytes.
    #[must_use]
    pub fn text(self, bytes: usize) -> String {
        let mut text = format!("{}:{};", self.source, self.count);
        text.extend(std::iter::repeat_n('.', bytes.saturating_sub(text.len())));
        text
    }

    /// Reads [`Self::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (source, rest) = text.split_once(':')?;
        let (count, _) = rest.split_once(';')?;
        Some(Self { source: source.parse().ok()?, count: count.parse().ok()? })
    }
}

/// Where a message stands: ticket and number; `None` in the contact's timeline.
pub(super) type Place = Option<(TicketId, u32)>;

#[derive(Debug, Default)]
struct Source {
    recorded: BTreeMap<u64, Place>,
    /// What may come late: it was refused for a while and is repeated.
    late: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    highest: u64,
}

/// All tokens of a tenant.
#[derive(Debug, Default)]
pub struct Tokens {
    sources: BTreeMap<u32, Source>,
}

impl Tokens {
    /// A token stands in the log.
    pub(super) fn recorded(
        &mut self,
        author: Author,
        token: Token,
        place: Place,
    ) -> Result<(), Violation> {
        let source = self.sources.entry(token.source).or_default();
        let floor = source.recorded.first_key_value().map_or(0, |(count, _)| *count);
        let is_full = source.recorded.len() == REMEMBERED;
        let again = source.recorded.insert(token.count, place).is_some();
        if again || (is_full && token.count < floor) {
            return Err(Violation::new(
                "nothing is recorded twice",
                format!("{author:?} {token:?}"),
            ));
        }
        if source.refused.contains(&token.count) {
            return Err(Violation::new("what was refused is not recorded", format!("{token:?}")));
        }
        let in_order = token.count > source.highest || source.late.contains(&token.count);
        let highest = source.highest;
        source.highest = highest.max(token.count);
        if source.recorded.len() > REMEMBERED {
            source.recorded.pop_first();
        }
        if in_order {
            return Ok(());
        }
        Err(Violation::new("words keep their order", format!("{token:?} after {highest}")))
    }

    /// A client was told that the token stands there.
    ///
    /// # Errors
    /// It does not.
    pub fn told(&self, token: Token, place: Option<(TicketId, u32)>) -> Result<(), Violation> {
        let source = self.sources.get(&token.source);
        let found = source.and_then(|source| source.recorded.get(&token.count));
        if found == Some(&place) {
            return Ok(());
        }
        let detail = format!("{token:?} at {place:?}, the log says {found:?}");
        Err(Violation::new("what is acknowledged is durable", detail))
    }

    /// A client was told that the token is refused, for good.
    ///
    /// # Errors
    /// It stands in the log.
    pub fn refused(&mut self, token: Token) -> Result<(), Violation> {
        let source = self.sources.entry(token.source).or_default();
        if source.refused.len() == REMEMBERED {
            source.refused.pop_first();
        }
        source.refused.insert(token.count);
        if source.recorded.contains_key(&token.count) {
            return Err(Violation::new("what was refused is not recorded", format!("{token:?}")));
        }
        Ok(())
    }

    /// A client is told to repeat the token later: what it said meanwhile may overtake it.
    pub fn postponed(&mut self, token: Token) {
        let source = self.sources.entry(token.source).or_default();
        if source.late.len() == REMEMBERED {
            source.late.pop_first();
        }
        source.late.insert(token.count);
    }
}
