//! Who gave a ticket away and does not get it back for a while.

use crate::Micros;
use relevo_wire::AgentId;
use rkyv::{Archive, Deserialize, Serialize};

/// Most agents that one ticket remembers, the latest. As many declines within the time of an exclusion
/// would be a queue that nobody wants; the first of them may be asked again.
const MOST: usize = 64;

/// Agents with the end of their exclusion. Boxed: most tickets have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
#[expect(clippy::box_collection, reason = "eight bytes in every ticket, not 24")]
pub(crate) struct Exclusions(Option<Box<Vec<(AgentId, Micros)>>>);

impl Exclusions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn excludes(&self, agent: AgentId, now: Micros) -> bool {
        self.iter().any(|(excluded, until)| excluded == agent && now < until)
    }

    /// Those over too, until the next is added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (AgentId, Micros)> {
        self.0.iter().flat_map(|list| list.iter().copied())
    }

    /// Adds an agent; gives back the ends at which nobody's exclusion is over any more.
    pub(crate) fn add(&mut self, agent: AgentId, until: Micros, now: Micros) -> Vec<Micros> {
        let list = self.0.get_or_insert_default();
        let mut before = std::mem::take(&mut **list);
        list.extend(before.iter().filter(|(other, until)| *other != agent && now < *until));
        list.drain(..list.len().saturating_sub(MOST - 1));
        list.push((agent, until));
        before.retain(|(_, end)| list.iter().all(|(_, until)| until != end));
        before.into_iter().map(|(_, end)| end).collect()
    }

    /// Forgets everybody; gives back who it was.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl From<Option<(AgentId, Micros)>> for Exclusions {
    fn from(one: Option<(AgentId, Micros)>) -> Self {
        Self(one.map(|one| Box::new(vec![one])))
    }
}
