//! To whom a ticket is offered.

use crate::Micros;
use relevo_wire::AgentId;
use rkyv::{Archive, Deserialize, Serialize};

/// The offers of a ticket that stand. Boxed: few tickets are offered at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Offers(Option<Box<Standing>>);

#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
struct Standing {
    until: Micros,
    /// In the order in which they were asked.
    agents: Vec<AgentId>,
}

impl Offers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn until(&self) -> Option<Micros> {
        self.0.as_deref().map(|standing| standing.until)
    }

    pub(crate) fn agents(&self) -> &[AgentId] {
        self.0.as_deref().map_or(&[], |standing| &standing.agents)
    }

    pub(crate) fn holds(&self, agent: AgentId) -> bool {
        self.agents().contains(&agent)
    }

    /// One more; all end at the same time.
    pub(crate) fn add(&mut self, agent: AgentId, until: Micros) {
        let standing =
            self.0.get_or_insert_with(|| Box::new(Standing { until, agents: Vec::new() }));
        standing.agents.push(agent);
    }

    /// One less.
    pub(crate) fn remove(&mut self, agent: AgentId) {
        let Some(standing) = &mut self.0 else { return };
        standing.agents.retain(|other| *other != agent);
        if standing.agents.is_empty() {
            self.0 = None;
        }
    }
}
