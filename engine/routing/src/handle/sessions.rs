//! Live sessions of agents and bots. Not state: no session outlives the process.

use relevo_wire::{AgentId, BotId, SessionId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Who has which sessions. Their number is bounded by the connections that the daemon accepts.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    agents: FxHashMap<AgentId, SmallVec<[SessionId; 2]>>,
    bots: FxHashMap<BotId, SmallVec<[SessionId; 2]>>,
}

impl Sessions {
    pub(crate) fn open_agent(&mut self, agent: AgentId, session: SessionId) {
        open(self.agents.entry(agent).or_default(), session);
    }

    /// Whether another session is left.
    pub(crate) fn lose_agent(&mut self, agent: AgentId, session: SessionId) -> bool {
        let left = self.agents.get_mut(&agent).is_some_and(|sessions| lose(sessions, session));
        if !left {
            self.agents.remove(&agent);
        }
        left
    }

    pub(crate) fn open_bot(&mut self, bot: BotId, session: SessionId) {
        open(self.bots.entry(bot).or_default(), session);
    }

    /// Whether another session is left.
    pub(crate) fn lose_bot(&mut self, bot: BotId, session: SessionId) -> bool {
        let left = self.bots.get_mut(&bot).is_some_and(|sessions| lose(sessions, session));
        if !left {
            self.bots.remove(&bot);
        }
        left
    }
}

fn open(sessions: &mut SmallVec<[SessionId; 2]>, session: SessionId) {
    if !sessions.contains(&session) {
        sessions.push(session);
    }
}

fn lose(sessions: &mut SmallVec<[SessionId; 2]>, session: SessionId) -> bool {
    sessions.retain(|other| *other != session);
    !sessions.is_empty()
}
