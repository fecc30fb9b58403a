//! Sessions, intents, an agent who is gone, and the start of the daemon.

use crate::hand_off::seconds;
use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_agent, no_bot, refused};
use crate::silence::{begin_pause, end_pause};
use relevo_routing::event::{
    AgentGrace, AgentReachable, AgentUnreachable, BotReachable, BotUnreachable, IntentCause,
    IntentSet, Ready, Started,
};
use relevo_routing::{Event, Micros, Reply};
use relevo_wire::answer::Answer;
use relevo_wire::limits::NOTE_BYTES;
use relevo_wire::vocabulary::{Intent, Reachability, RequeueReason, TicketState, WrapUpEnd};
use relevo_wire::{AgentId, BotId, ErrorCode, QueueId, SessionId};

impl Reference {
    /// The first session after `offline` is a login and starts invisible; a reconnect is no login.
    pub(crate) fn agent_session_opened(
        &mut self,
        id: AgentId,
        session: SessionId,
        seen: u32,
    ) -> Reply {
        if self.agent(id).is_none() {
            return Reply::Answer(Answer::Error(no_agent()));
        }
        let now = self.now;
        let agent = self.at_mut(id);
        agent.sessions.push(session);
        end_pause(&mut agent.away, now);
        let is_login =
            agent.intent == Intent::Offline && agent.reachability == Reachability::Unreachable;
        if agent.reachability != Reachability::Reachable {
            agent.reachability = Reachability::Reachable;
            agent.deadline = None;
            agent.is_restarting = false;
            self.emit(Event::AgentReachable(AgentReachable { agent: id }));
            self.end_keeping(id);
        }
        if is_login {
            self.set_intent(id, Intent::Invisible, "", IntentCause::Login);
        }
        self.follow_reachability(id, seen);
        Reply::Opened { intent: Some(self.at(id).intent) }
    }

    pub(crate) fn agent_session_lost(&mut self, id: AgentId, session: SessionId, seen: u32) {
        if self.agent(id).is_none() {
            return;
        }
        let now = self.now;
        let until = now + self.settings.grace_us;
        let agent = self.at_mut(id);
        agent.sessions.retain(|other| *other != session);
        if agent.sessions.is_empty() && agent.reachability == Reachability::Reachable {
            agent.reachability = Reachability::Grace;
            agent.deadline = Some(until);
            begin_pause(&mut agent.away, now);
            self.emit(Event::AgentGrace(AgentGrace { agent: id, until }));
            self.withdraw_offers(id);
        }
        self.follow_reachability(id, seen);
    }

    pub(crate) fn set_presence(&mut self, id: AgentId, intent: Intent, reason: &str) -> Answered {
        if self.agent(id).is_none() {
            return Err(no_agent());
        }
        if reason.len() > NOTE_BYTES {
            return Err(refused(ErrorCode::LimitExceeded, "reason"));
        }
        if (self.at(id).intent, self.at(id).reason.as_str()) != (intent, reason) {
            self.set_intent(id, intent, reason, IntentCause::Agent);
        }
        Ok(done())
    }

    /// After a command on an intent, whatever was answered, the word follows the state.
    pub(crate) fn follow_intent(&mut self, id: AgentId, seen: u32) {
        if self.agent(id).is_none() {
            return;
        }
        let agent = self.at_mut(id);
        if agent.intent == Intent::Online {
            agent.word.intent.open(seen);
        } else {
            agent.word.intent.hear_close(seen);
        }
    }

    pub(crate) fn bot_session_opened(&mut self, id: BotId, session: SessionId) -> Reply {
        if self.bot(id).is_none() {
            return Reply::Answer(Answer::Error(no_bot()));
        }
        let now = self.now;
        let bot = &mut self.bots[id.0 as usize];
        bot.sessions.push(session);
        end_pause(&mut bot.away, now);
        if !bot.is_reachable {
            bot.is_reachable = true;
            self.emit(Event::BotReachable(BotReachable { bot: id }));
        }
        Reply::Opened { intent: None }
    }

    pub(crate) fn bot_session_lost(&mut self, id: BotId, session: SessionId) {
        if self.bot(id).is_none() {
            return;
        }
        let now = self.now;
        let bot = &mut self.bots[id.0 as usize];
        bot.sessions.retain(|other| *other != session);
        if bot.sessions.is_empty() && bot.is_reachable {
            bot.is_reachable = false;
            begin_pause(&mut bot.away, now);
            self.emit(Event::BotUnreachable(BotUnreachable { bot: id }));
        }
    }

    /// The grace period is over and no session came.
    pub(crate) fn grace_over(&mut self, id: AgentId) {
        let presence_expires = self.now + self.settings.presence_expiry_us;
        let agent = self.at_mut(id);
        agent.reachability = Reachability::Unreachable;
        agent.is_restarting = false;
        agent.deadline = Some(presence_expires);
        agent.word.grace = false;
        self.emit(Event::AgentUnreachable(AgentUnreachable { agent: id, presence_expires }));
        self.leave_tickets(id);
    }

    /// Unreachable for too long: the one rule that changes an intent.
    pub(crate) fn presence_expired(&mut self, id: AgentId) {
        self.set_intent(id, Intent::Offline, "", IntentCause::Expired);
        let fact = &mut self.at_mut(id).word.intent;
        if fact.holds {
            fact.close();
            fact.hear_close(fact.closes);
        }
    }

    fn set_intent(&mut self, id: AgentId, intent: Intent, reason: &str, cause: IntentCause) {
        let presence_expires = self.now + self.settings.presence_expiry_us;
        let agent = self.at_mut(id);
        if agent.reachability == Reachability::Unreachable && agent.intent == Intent::Offline {
            agent.deadline = Some(presence_expires);
        }
        agent.intent = intent;
        reason.clone_into(&mut agent.reason);
        let reason = reason.to_owned();
        self.emit(Event::IntentSet(IntentSet { agent: id, intent, reason, cause }));
        if intent != Intent::Online {
            self.withdraw_offers(id);
        }
        if intent == Intent::Offline {
            self.leave_tickets(id);
        } else {
            self.end_keeping(id);
        }
    }

    /// The agent is gone. What it has not answered goes back to its line at once; what is in
    /// service follows its queue: it stays for a while from the first moment on, or goes back too.
    fn leave_tickets(&mut self, id: AgentId) {
        for ticket in self.held_by(id) {
            let (state, queue) = (self.ticket(ticket).state, self.ticket(ticket).queue);
            let in_service = matches!(state, TicketState::InService | TicketState::OnHold);
            if state == TicketState::Wrapping {
                self.end_wrap_up(ticket, WrapUpEnd::AgentGone, &[]);
            } else if in_service && self.keeps(queue) {
                let keep_us = self.queue(queue).map_or(0, |queue| seconds(queue.keep_seconds));
                let until = self.now + keep_us;
                let ticket = self.ticket_mut(ticket);
                ticket.kept_until = ticket.kept_until.or(Some(until));
            } else {
                self.requeue(ticket, RequeueReason::AgentGone);
            }
        }
    }

    /// Unless it is still gone, the agent's tickets are its own again.
    fn end_keeping(&mut self, id: AgentId) {
        if self.at(id).is_gone() {
            return;
        }
        for ticket in self.held_by(id) {
            self.ticket_mut(ticket).kept_until = None;
        }
    }

    /// After a command on reachability the word follows the state.
    fn follow_reachability(&mut self, id: AgentId, seen: u32) {
        let agent = self.at_mut(id);
        if agent.reachability == Reachability::Reachable {
            agent.word.reachable.open(seen);
        } else {
            agent.word.reachable.hear_close(seen);
        }
        agent.word.grace = agent.reachability == Reachability::Grace;
    }

    /// No session outlived the process: whoever was there is in a grace period that begins when
    /// the daemon is ready.
    pub(crate) fn started(&mut self, down_us: Micros) {
        self.starting_since = Some(self.now);
        self.emit(Event::Started(Started { down_us }));
        let down_since = self.now - down_us;
        for agent in &mut self.agents {
            if agent.reachability != Reachability::Unreachable {
                agent.reachability = Reachability::Grace;
                agent.is_restarting = true;
                agent.deadline = None;
            }
            agent.word.grace = agent.reachability == Reachability::Grace;
            begin_pause(&mut agent.away, down_since);
        }
        for bot in &mut self.bots {
            bot.is_reachable = false;
            begin_pause(&mut bot.away, down_since);
        }
        self.end_transfers();
        self.forget_offers();
        self.forget_estimates();
        self.move_deadlines(down_us);
        for queue in 0..self.queues.len() {
            self.pass_doors(QueueId(u32::try_from(queue).expect("few")), down_since);
        }
    }

    pub(crate) fn ready(&mut self) {
        let starting_us = self.starting_since.map_or(0, |since| self.now - since);
        let grace_until = self.now + self.settings.grace_us;
        self.starting_since = None;
        self.emit(Event::Ready(Ready { grace_until, starting_us }));
        self.move_deadlines(starting_us);
        for queue in
            (0..self.queues.len()).map(|number| QueueId(u32::try_from(number).expect("few")))
        {
            if self.queue(queue).is_some() {
                self.look_again(queue);
            }
        }
        for agent in self.agents.iter_mut().filter(|agent| agent.is_restarting) {
            agent.deadline = Some(grace_until);
        }
    }

    /// Time in which the daemon could not act counts for no deadline that closes or moves a ticket,
    /// nor for the one that changes an intent. Wait and response clocks go on.
    fn move_deadlines(&mut self, by: Micros) {
        for ticket in &mut self.tickets {
            ticket.kept_until = ticket.kept_until.map(|until| until + by);
            ticket.reserved = ticket.reserved.map(|(agent, until)| (agent, until + by));
            if let Some(away) = &mut ticket.away {
                away.until += by;
            }
            ticket.limits_from += by;
            ticket.step_from += by;
        }
        for agent in &mut self.agents {
            if agent.reachability == Reachability::Unreachable {
                agent.deadline = agent.deadline.map(|at| at + by);
            }
        }
    }

    /// What a crash takes: sessions, what sessions have closed, and what was noted in passing.
    pub(crate) fn crash(&mut self) {
        for agent in &mut self.agents {
            agent.sessions.clear();
            let capacity = agent.word.capacity;
            agent.word = crate::agents::Word { capacity, ..Default::default() };
            let is_wanted = agent.object.is_some() && agent.intent == Intent::Online;
            agent.word.intent.holds = is_wanted;
            agent.word.grace = agent.reachability == Reachability::Grace;
        }
        for bot in &mut self.bots {
            bot.sessions.clear();
        }
        for ticket in &mut self.tickets {
            ticket.looked_at = None;
        }
        for agent in &mut self.agents {
            agent.is_free_again = false;
        }
        for excluded in self.tickets.iter_mut().flat_map(|ticket| &mut ticket.excluded) {
            excluded.is_over = false;
        }
        for ticket in &mut self.tickets {
            ticket.step_is_over = false;
            ticket.reopen_is_over = false;
        }
        self.is_unfinished = false;
    }
}
