//! Sessions beside the decisions: they close a word at once, and their commands may come late.

use crate::compare::Compared;
use crate::pair::{Pair, Sent, keyed};
use crate::shapes::{BOTS, bot_name};
use relevo_routing::input::{Command, Input};
use relevo_routing::seats::CloseCount;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{AgentId, BotId, SessionId};
use std::collections::{BTreeMap, VecDeque};

/// What the sessions' own table knows.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    opened: u64,
    agents: BTreeMap<AgentId, Vec<SessionId>>,
    bots: BTreeMap<BotId, Vec<SessionId>>,
    /// Commands that are still in the ring.
    late: VecDeque<Sent>,
}

#[derive(Clone, Copy)]
enum Fact {
    Intent,
    Reachable,
}

impl Sessions {
    /// No session outlives the daemon, nor what is in the ring.
    pub(crate) fn are_gone(&mut self) {
        self.agents.clear();
        self.bots.clear();
        self.late.clear();
    }
}

impl Pair {
    fn session(&mut self) -> SessionId {
        self.sessions.opened += 1;
        SessionId(self.sessions.opened)
    }

    pub(crate) fn open_session(&mut self, agent: u8, late: bool, when: &str) -> Compared {
        let (agent, session) = (self.agent(agent), self.session());
        self.sessions.agents.entry(agent).or_default().push(session);
        let (seen, count) = self.seen(agent, Fact::Reachable);
        let input = Input::AgentSessionOpened { agent, session, seen };
        self.hurry((Command { idempotency: None, input }, count), late, when)
    }

    /// A session closes the word before its command comes if no other is left.
    pub(crate) fn lose_session(&mut self, agent: u8, nth: u8, late: bool, when: &str) -> Compared {
        let agent = self.agent(agent);
        let Some(sessions) = self.sessions.agents.get_mut(&agent) else { return Ok(()) };
        let Some(nth) = usize::from(nth).checked_rem(sessions.len()) else { return Ok(()) };
        let session = sessions.remove(nth);
        if sessions.is_empty() {
            self.close(agent, Fact::Reachable);
        }
        let (seen, count) = self.seen(agent, Fact::Reachable);
        let input = Input::AgentSessionLost { agent, session, seen };
        self.hurry((Command { idempotency: None, input }, count), late, when)
    }

    pub(crate) fn set_presence(
        &mut self,
        agent: u8,
        intent: Intent,
        reason: bool,
        late: bool,
        key: Option<u8>,
        when: &str,
    ) -> Compared {
        let agent = self.agent(agent);
        if intent != Intent::Online {
            self.close(agent, Fact::Intent);
        }
        let (seen, count) = self.seen(agent, Fact::Intent);
        let reason = if reason { "lunch" } else { "" }.to_owned();
        let command = keyed(key, Input::SetPresence { agent, intent, reason, seen });
        self.hurry((command, count), late, when)
    }

    /// A command that is sent again closes the word again.
    pub(crate) fn close_again(&mut self, (command, count): &mut Sent) {
        if let Input::SetPresence { agent, intent, seen, .. } = &mut command.input {
            if *intent != Intent::Online {
                self.close(*agent, Fact::Intent);
            }
            (*seen, *count) = self.seen(*agent, Fact::Intent);
        }
    }

    fn close(&mut self, agent: AgentId, fact: Fact) {
        let Some(word) = self.router.seats.word(agent.0 as usize) else { return };
        let own = &mut self.reference.at_mut(agent).word;
        match fact {
            Fact::Intent => {
                word.close_intent();
                own.intent.close();
            }
            Fact::Reachable => {
                word.close_reachable();
                own.reachable.close();
            }
        }
    }

    fn seen(&self, agent: AgentId, fact: Fact) -> (CloseCount, u32) {
        let Some(word) = self.router.seats.word(agent.0 as usize) else {
            return (CloseCount::default(), 0);
        };
        let own = self.reference.at(agent).word;
        match fact {
            Fact::Intent => (word.view().intent_closes, own.intent.closes),
            Fact::Reachable => (word.view().reachable_closes, own.reachable.closes),
        }
    }

    pub(crate) fn open_bot_session(&mut self, bot: u8, when: &str) -> Compared {
        let Some(bot) = self.reference.bot_id(&bot_name(bot)) else {
            let (bot, session) = (BotId(u32::from(BOTS) + 7), self.session());
            return self.give(Input::BotSessionOpened { bot, session }, when);
        };
        let session = self.session();
        self.sessions.bots.entry(bot).or_default().push(session);
        self.give(Input::BotSessionOpened { bot, session }, when)
    }

    pub(crate) fn lose_bot_session(&mut self, bot: u8, nth: u8, when: &str) -> Compared {
        let Some(bot) = self.reference.bot_id(&bot_name(bot)) else { return Ok(()) };
        let sessions = self.sessions.bots.entry(bot).or_default();
        let Some(nth) = usize::from(nth).checked_rem(sessions.len()) else { return Ok(()) };
        let session = sessions.remove(nth);
        self.give(Input::BotSessionLost { bot, session }, when)
    }

    fn hurry(&mut self, sent: Sent, late: bool, when: &str) -> Compared {
        if late {
            self.sessions.late.push_back(sent);
            return Ok(());
        }
        self.send(&sent, when)
    }

    pub(crate) fn deliver(&mut self, when: &str) -> Compared {
        let Some(sent) = self.sessions.late.pop_front() else { return Ok(()) };
        self.send(&sent, when)
    }

    pub(crate) fn deliver_all(&mut self, when: &str) -> Compared {
        while !self.sessions.late.is_empty() {
            self.deliver(when)?;
        }
        Ok(())
    }
}
