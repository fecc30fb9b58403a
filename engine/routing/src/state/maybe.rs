//! Optional numbers in the size of the number: a ticket has many, and there may be a million.

use crate::Micros;
use relevo_wire::{AgentId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A moment, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct MaybeTime(Micros);

impl MaybeTime {
    pub(crate) const NONE: Self = Self(Micros::MAX);

    pub(crate) const fn at(moment: Micros) -> Self {
        Self(moment)
    }

    pub(crate) fn get(self) -> Option<Micros> {
        (self != Self::NONE).then_some(self.0)
    }

    pub(crate) fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// As it is kept in a field that means something else at other times.
    pub(crate) fn raw(self) -> Micros {
        self.0
    }

    pub(crate) fn from_raw(raw: Micros) -> Self {
        Self(raw)
    }

    /// Moves a moment later; none stays none.
    pub(crate) fn moved(self, by: Micros) -> Self {
        self.get().map_or(Self::NONE, |at| Self(at.saturating_add(by)))
    }
}

impl Default for MaybeTime {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Option<Micros>> for MaybeTime {
    fn from(moment: Option<Micros>) -> Self {
        moment.map_or(Self::NONE, Self)
    }
}

/// An agent, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct MaybeAgent(u32);

impl MaybeAgent {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn get(self) -> Option<AgentId> {
        (self != Self::NONE).then_some(AgentId(self.0))
    }

    pub(crate) fn is(self, agent: AgentId) -> bool {
        self.0 == agent.0
    }

    pub(crate) fn is_some(self) -> bool {
        self != Self::NONE
    }
}

impl From<AgentId> for MaybeAgent {
    fn from(agent: AgentId) -> Self {
        Self(agent.0)
    }
}

impl From<Option<AgentId>> for MaybeAgent {
    fn from(agent: Option<AgentId>) -> Self {
        agent.map_or(Self::NONE, Self::from)
    }
}

/// A ticket's id, or none: no UUID is all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct MaybeTicket(u128);

impl MaybeTicket {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn get(self) -> Option<TicketId> {
        (self != Self::NONE).then_some(TicketId(self.0))
    }
}

impl From<Option<TicketId>> for MaybeTicket {
    fn from(ticket: Option<TicketId>) -> Self {
        ticket.map_or(Self::NONE, |ticket| Self(ticket.0))
    }
}
