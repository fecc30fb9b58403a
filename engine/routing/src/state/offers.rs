//! To whom a ticket is offered.

use crate::Micros;
use relevo_wire::AgentId;
use rkyv::{Archive, Deserialize, Serialize};

/// The offers of a ticket that stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Offers {
    /// When all of them end.
    until: Micros,
    /// In the order in which they were asked.
    agents: Vec<AgentId>,
}

impl Offers {
    pub(crate) const NONE: Self = Self { until: 0, agents: Vec::new() };

    pub(crate) fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    pub(crate) fn until(&self) -> Option<Micros> {
        (!self.is_empty()).then_some(self.until)
    }

    pub(crate) fn agents(&self) -> &[AgentId] {
        &self.agents
    }

    pub(crate) fn holds(&self, agent: AgentId) -> bool {
        self.agents().contains(&agent)
    }

    /// One more; all end at the same time.
    pub(crate) fn add(&mut self, agent: AgentId, until: Micros) {
        self.until = until;
        self.agents.push(agent);
    }

    /// One less.
    pub(crate) fn remove(&mut self, agent: AgentId) {
        self.agents.retain(|other| *other != agent);
        if self.agents.is_empty() {
            *self = Self::NONE;
        }
    }
}
