//! Seat words and live sessions of every agent, as sessions find them.
//!
//! The shard puts a word in when an agent is created; a session of the agent closes it by
//! compare-and-swap the instant it pauses or the last session is lost.

use std::sync::Arc;

use dashmap::DashMap;
use relevo_routing::seats::{CloseCount, SeatWord};
use relevo_wire::ids::{AgentId, TenantId};
use rustc_hash::FxBuildHasher;

#[derive(Debug)]
struct Present {
    word: Arc<SeatWord>,
    sessions: u32,
}

/// Seat words by agent.
#[derive(Debug, Default)]
pub struct Presences {
    agents: DashMap<(TenantId, AgentId), Present, FxBuildHasher>,
}

impl Presences {
    /// An agent's word exists.
    pub fn insert(&self, tenant: TenantId, agent: AgentId, word: &Arc<SeatWord>) {
        let present = || Present { word: Arc::clone(word), sessions: 0 };
        self.agents.entry((tenant, agent)).or_insert_with(present);
    }

    /// A session of the agent is live; what it saw of closes of reachability after it counted.
    #[must_use]
    pub fn session_opened(&self, tenant: TenantId, agent: AgentId) -> Option<CloseCount> {
        self.agents.get_mut(&(tenant, agent)).map(|mut present| {
            present.sessions += 1;
            present.word.view().reachable_closes
        })
    }

    /// A session of the agent is gone: the last one closes the agent, at once.
    #[must_use]
    pub fn session_lost(&self, tenant: TenantId, agent: AgentId) -> Option<CloseCount> {
        self.agents.get_mut(&(tenant, agent)).map(|mut present| {
            present.sessions = present.sessions.saturating_sub(1);
            if present.sessions == 0 {
                present.word.close_reachable()
            } else {
                present.word.view().reachable_closes
            }
        })
    }

    /// The agent asks to be online, or closes at once.
    #[must_use]
    pub fn intent(&self, tenant: TenantId, agent: AgentId, online: bool) -> Option<CloseCount> {
        self.agents.get(&(tenant, agent)).map(|present| {
            if online { present.word.view().intent_closes } else { present.word.close_intent() }
        })
    }
}
