//! Sessions that open and are lost, intents, and an agent who is gone.
//!
//! After every command on an agent the seat word follows the state, by the count that the command
//! carries: see `crate::seats` for why.

use super::refusals::no_agent;
use super::{Answered, Turn, done};
use crate::event::{
    AgentGrace, AgentReachable, AgentUnreachable, BotReachable, BotUnreachable, Event, IntentCause,
    IntentSet,
};
use crate::seats::CloseCount;
use crate::step::Reply;
use relevo_wire::answer::Answer;
use relevo_wire::directory::AgentGone;
use relevo_wire::limits::NOTE_BYTES;
use relevo_wire::vocabulary::{Intent, Reachability, RequeueReason, WrapUpEnd};
use relevo_wire::{AgentId, BotId, ErrorCode, SessionId, WireError};

impl Turn<'_> {
    pub(super) fn agent_session_opened(
        &mut self,
        agent: AgentId,
        session: SessionId,
        seen: CloseCount,
    ) -> Reply {
        let Some(entry) = self.state.agents.get(agent) else {
            return Reply::Answer(Answer::Error(no_agent()));
        };
        // A second device and a reconnect are none.
        let is_login =
            entry.intent == Intent::Offline && entry.reachability == Reachability::Unreachable;
        let was_reachable = entry.reachability == Reachability::Reachable;
        self.sessions.open_agent(agent, session);
        if !was_reachable {
            self.emit(Event::AgentReachable(AgentReachable { agent }));
        }
        if is_login {
            self.set_intent(agent, Intent::Invisible, String::new(), IntentCause::Login);
        }
        self.follow_reachability(agent, seen);
        Reply::Opened { intent: Some(self.state.agents.at(agent).intent) }
    }

    pub(super) fn agent_session_lost(
        &mut self,
        agent: AgentId,
        session: SessionId,
        seen: CloseCount,
    ) {
        let Some(entry) = self.state.agents.get(agent) else { return };
        let was_reachable = entry.reachability == Reachability::Reachable;
        let left = self.sessions.lose_agent(agent, session);
        if was_reachable && !left {
            let until = self.now.saturating_add(self.state.settings.grace_us);
            self.emit(Event::AgentGrace(AgentGrace { agent, until }));
            self.withdraw_offers(agent);
        }
        self.follow_reachability(agent, seen);
    }

    pub(super) fn set_presence(
        &mut self,
        agent: AgentId,
        intent: Intent,
        reason: String,
    ) -> Answered {
        let Some(entry) = self.state.agents.get(agent) else { return Err(no_agent()) };
        if reason.len() > NOTE_BYTES {
            let message = format!("at most {NOTE_BYTES} bytes, not {}", reason.len());
            return Err(WireError::field(ErrorCode::LimitExceeded, "reason", message));
        }
        if entry.intent != intent || entry.reason != reason {
            self.set_intent(agent, intent, reason, IntentCause::Agent);
        }
        Ok(done())
    }

    /// To be called after every command on an intent, also after one that was refused or is not
    /// carried out again: its session has closed the word all the same.
    pub(super) fn follow_intent(&mut self, agent: AgentId, seen: CloseCount) {
        let Some(entry) = self.state.agents.get(agent) else { return };
        if let Some(word) = self.seats.word(agent.0 as usize) {
            if entry.intent == Intent::Online {
                word.open_intent(seen);
            } else {
                word.heard_intent_close(seen);
            }
        }
        self.heed_word(agent);
    }

    pub(super) fn bot_session_opened(&mut self, bot: BotId, session: SessionId) -> Reply {
        let Some(entry) = self.state.bots.get(bot) else {
            return Reply::Answer(Answer::Error(super::refusals::no_bot()));
        };
        let was_reachable = entry.reachable;
        self.sessions.open_bot(bot, session);
        if !was_reachable {
            self.emit(Event::BotReachable(BotReachable { bot }));
        }
        Reply::Opened { intent: None }
    }

    pub(super) fn bot_session_lost(&mut self, bot: BotId, session: SessionId) {
        let left = self.sessions.lose_bot(bot, session);
        if !left && self.state.bots.get(bot).is_some_and(|bot| bot.reachable) {
            self.emit(Event::BotUnreachable(BotUnreachable { bot }));
        }
    }

    /// The grace period is over and no session came.
    pub(super) fn grace_over(&mut self, agent: AgentId) {
        if self.state.agents.at(agent).reachability != Reachability::Grace {
            return;
        }
        let presence_expires = self.now.saturating_add(self.state.settings.presence_expiry_us);
        self.emit(Event::AgentUnreachable(AgentUnreachable { agent, presence_expires }));
        if let Some(word) = self.seats.word(agent.0 as usize) {
            word.set_grace(false);
        }
        self.requeue_lost(agent);
    }

    /// Unreachable for too long: the one rule that changes an intent.
    pub(super) fn presence_expired(&mut self, agent: AgentId) {
        if self.state.agents.at(agent).reachability != Reachability::Unreachable {
            return;
        }
        self.set_intent(agent, Intent::Offline, String::new(), IntentCause::Expired);
        if let Some(word) = self.seats.word(agent.0 as usize)
            && word.view().intent
        {
            let told = word.close_intent();
            word.heard_intent_close(told);
        }
    }

    /// A command on the agent has come: whatever closed the word may be over, and the next claim
    /// tells.
    pub(super) fn heed_word(&mut self, agent: AgentId) {
        self.state.agents.at_mut(agent).closing = false;
        self.state.refresh_agent(agent);
    }

    /// What the seat word says now.
    pub(crate) fn is_open(&self, agent: AgentId) -> bool {
        self.seats.word(agent.0 as usize).is_some_and(|word| word.view().is_open())
    }

    fn set_intent(&mut self, agent: AgentId, intent: Intent, reason: String, cause: IntentCause) {
        self.emit(Event::IntentSet(IntentSet { agent, intent, reason, cause }));
        if intent != Intent::Online {
            self.withdraw_offers(agent);
        }
        if intent == Intent::Offline {
            self.requeue_lost(agent);
        }
    }

    fn follow_reachability(&mut self, agent: AgentId, seen: CloseCount) {
        let reachability = self.state.agents.at(agent).reachability;
        if let Some(word) = self.seats.word(agent.0 as usize) {
            if reachability == Reachability::Reachable {
                word.open_reachable(seen);
            } else {
                word.heard_reachable_close(seen);
            }
            word.set_grace(reachability == Reachability::Grace);
        }
        self.heed_word(agent);
    }

    /// The agent is gone: what it has not answered goes back at once, the rest as the queue says.
    fn requeue_lost(&mut self, agent: AgentId) {
        for slot in self.state.agents.at(agent).tickets.clone() {
            let ticket = self.state.tickets.at(slot);
            if !ticket.is_open() {
                self.end_wrap_up(slot, WrapUpEnd::AgentGone, Vec::new());
                continue;
            }
            let stays = match self.state.queues.at(ticket.queue).agent_gone {
                AgentGone::Keep => ticket.is_in_service(),
                AgentGone::Requeue => false,
            };
            if !stays {
                self.requeue(slot, RequeueReason::AgentGone);
            }
        }
    }
}
