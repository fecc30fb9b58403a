//! Who gave a ticket away and does not get it back for a while.

use crate::Micros;
use relevo_wire::AgentId;
use rkyv::{Archive, Deserialize, Serialize};

/// Most agents that one ticket remembers, the latest. As many declines within the time of an exclusion
/// would be a queue that nobody wants; the first of them may be asked again.
const MOST: usize = 64;

/// Agents with the end of their exclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Exclusions(Vec<(AgentId, Micros)>);

impl Exclusions {
    pub(crate) const NONE: Self = Self(Vec::new());

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn excludes(&self, agent: AgentId, now: Micros) -> bool {
        self.iter().any(|(excluded, until)| excluded == agent && now < until)
    }

    /// Those over too, until the next is added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (AgentId, Micros)> {
        self.0.iter().copied()
    }

    /// Adds an agent; gives back the ends at which nobody's exclusion is over any more.
    pub(crate) fn add(&mut self, agent: AgentId, until: Micros, now: Micros) -> Vec<Micros> {
        let list = &mut self.0;
        let mut before = std::mem::take(list);
        list.extend(before.iter().filter(|(other, until)| *other != agent && now < *until));
        list.drain(..list.len().saturating_sub(MOST - 1));
        list.push((agent, until));
        before.retain(|(_, end)| list.iter().all(|(_, until)| until != end));
        before.into_iter().map(|(_, end)| end).collect()
    }

    /// Adds an agent for good, before all others: one who has not refused it.
    pub(crate) fn add_first(&mut self, agent: AgentId) {
        self.0.retain(|(other, _)| *other != agent);
        self.0.insert(0, (agent, Micros::MAX));
    }

    /// Forgets everybody; gives back who it was.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl From<Option<(AgentId, Micros)>> for Exclusions {
    fn from(one: Option<(AgentId, Micros)>) -> Self {
        Self(one.into_iter().collect())
    }
}
