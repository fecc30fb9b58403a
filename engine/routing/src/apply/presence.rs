//! Reachability, intent, and the start of the daemon.

use crate::Micros;
use crate::event::{AgentGrace, AgentUnreachable, IntentSet, Ready, Started};
use crate::state::State;
use crate::state::maybe::MaybeTime;
use crate::state::slab::Slot;
use crate::state::timers::Timer;
use relevo_wire::directory::AgentGone;
use relevo_wire::vocabulary::{Intent, Reachability};
use relevo_wire::{AgentId, BotId};

impl State {
    /// No session outlived the process: whoever was there is in its grace period, which begins
    /// when the daemon is ready. Until then no deadline fires.
    pub(super) fn started(&mut self, now: Micros, event: Started) {
        self.starting_since = MaybeTime::at(now);
        let down_since = now.saturating_sub(event.down_us);
        let agents: Vec<AgentId> = self.agents.iter().map(|(id, _)| id).collect();
        for id in agents {
            let agent = self.agents.at_mut(id);
            match agent.reachability {
                Reachability::Reachable | Reachability::Grace => {
                    agent.reachability = Reachability::Grace;
                    agent.restarting = true;
                    self.agent_can_act(down_since, id, false);
                    self.set_deadline(id, MaybeTime::NONE);
                    self.refresh_agent(id);
                }
                Reachability::Unreachable => {}
            }
        }
        let reachable = self.bots.iter().filter(|(_, bot)| bot.exists && bot.reachable);
        let reachable: Vec<BotId> = reachable.map(|(id, _)| id).collect();
        for id in reachable {
            self.bot_reachable(down_since, id, false);
        }
        self.drop_all_offers(now);
        for queue in self.queues.ids() {
            self.queues.at_mut(queue).pace.interrupt();
        }
        #[cfg(planted)]
        if crate::planted::is(crate::planted::Bug::DeadlineWhileDown) {
            return;
        }
        self.move_deadlines(event.down_us);
    }

    pub(super) fn ready(&mut self, event: Ready) {
        self.starting_since = MaybeTime::NONE;
        self.move_deadlines(event.starting_us);
        for queue in self.queues.ids() {
            self.look_again(queue);
        }
        let agents: Vec<AgentId> = self.agents.iter().map(|(id, _)| id).collect();
        for id in agents {
            let agent = self.agents.at(id);
            if agent.exists && agent.restarting && agent.reachability == Reachability::Grace {
                self.set_deadline(id, MaybeTime::at(event.grace_until));
            }
        }
    }

    pub(super) fn bot_reachable(&mut self, at: Micros, id: BotId, reachable: bool) {
        let bot = self.bots.at_mut(id);
        if bot.reachable == reachable {
            return;
        }
        bot.reachable = reachable;
        self.bot_can_act(at, id, reachable);
        let (up, down) = (&mut self.stats.bots_reachable, &mut self.stats.bots_unreachable);
        let (more, less) = if reachable { (up, down) } else { (down, up) };
        *more += 1;
        *less -= 1;
    }

    pub(super) fn agent_reachable(&mut self, now: Micros, id: AgentId) {
        self.agent_can_act(now, id, true);
        self.set_deadline(id, MaybeTime::NONE);
        let agent = self.agents.at_mut(id);
        agent.reachability = Reachability::Reachable;
        agent.restarting = false;
        if !agent.is_gone() {
            self.end_keeping(id);
        }
        self.refresh_agent(id);
    }

    pub(super) fn agent_grace(&mut self, now: Micros, event: AgentGrace) {
        self.agent_can_act(now, event.agent, false);
        let agent = self.agents.at_mut(event.agent);
        agent.reachability = Reachability::Grace;
        agent.restarting = false;
        self.set_deadline(event.agent, MaybeTime::at(event.until));
        self.refresh_agent(event.agent);
    }

    pub(super) fn agent_unreachable(&mut self, now: Micros, event: AgentUnreachable) {
        let agent = self.agents.at_mut(event.agent);
        agent.reachability = Reachability::Unreachable;
        agent.restarting = false;
        let expires = agent.intent != Intent::Offline;
        let deadline = expires.then_some(event.presence_expires);
        self.set_deadline(event.agent, deadline.into());
        self.begin_keeping(now, event.agent);
        self.refresh_agent(event.agent);
    }

    pub(super) fn intent_set(&mut self, now: Micros, event: &IntentSet) {
        let agent = self.agents.at_mut(event.agent);
        agent.intent = event.intent;
        agent.reason.clone_from(&event.reason);
        if event.intent == Intent::Offline {
            self.begin_keeping(now, event.agent);
        } else if !agent.is_gone() {
            self.end_keeping(event.agent);
        }
        self.follow_expiry(now, event.agent);
        self.refresh_agent(event.agent);
    }

    /// While an agent is unreachable, every intent but offline ends some time: that of an agent who
    /// was offline before has its whole time from now on.
    fn follow_expiry(&mut self, now: Micros, id: AgentId) {
        let agent = self.agents.at(id);
        if agent.reachability != Reachability::Unreachable {
            return;
        }
        if agent.intent == Intent::Offline {
            self.set_deadline(id, MaybeTime::NONE);
        } else if !agent.deadline.is_some() {
            let expires = now.saturating_add(self.settings.presence_expiry_us);
            self.set_deadline(id, MaybeTime::at(expires));
        }
    }

    /// The deadline of an agent's reachability, with the timer that belongs to it.
    fn set_deadline(&mut self, id: AgentId, deadline: MaybeTime) {
        let agent = self.agents.at_mut(id);
        let before = std::mem::replace(&mut agent.deadline, deadline);
        let timer = match agent.reachability {
            Reachability::Reachable | Reachability::Grace => Timer::Grace(id),
            Reachability::Unreachable => Timer::Presence(id),
        };
        if let Some(before) = before.get() {
            self.timers.clear(before, Timer::Grace(id));
            self.timers.clear(before, Timer::Presence(id));
        }
        if let Some(at) = deadline.get() {
            self.timers.set(at, timer);
        }
    }

    /// The agent is gone: tickets in service stay with it for a while where the queue says so.
    fn begin_keeping(&mut self, now: Micros, id: AgentId) {
        for slot in self.agents.at(id).tickets.clone() {
            let ticket = self.tickets.at(slot);
            let queue = self.queues.at(ticket.queue);
            let keeps = match queue.agent_gone {
                AgentGone::Keep => ticket.is_in_service(),
                AgentGone::Requeue => false,
            };
            if keeps && ticket.kept_until().is_none() {
                let until = MaybeTime::at(now.saturating_add(queue.keep_us));
                self.set_kept(slot, until);
            }
        }
    }

    /// The agent is back: its tickets are its own again.
    fn end_keeping(&mut self, id: AgentId) {
        for slot in self.agents.at(id).tickets.clone() {
            if self.tickets.at(slot).is_open() {
                self.set_kept(slot, MaybeTime::NONE);
            }
        }
    }

    pub(super) fn set_kept(&mut self, slot: Slot, until: MaybeTime) {
        let ticket = self.tickets.at_mut(slot);
        let before = std::mem::replace(&mut ticket.by_state, until);
        if let Some(before) = before.get() {
            self.timers.clear(before, Timer::Keep(slot));
        }
        if let Some(at) = until.get() {
            self.timers.set(at, Timer::Keep(slot));
        }
    }

    /// Time in which the daemon could not act counts for no deadline that closes or moves a ticket.
    /// Wait and response clocks, the service level among them, go on.
    fn move_deadlines(&mut self, by: Micros) {
        if by == 0 {
            return;
        }
        let mut moved = Vec::new();
        for (slot, ticket) in self.tickets.slab_mut().iter_mut() {
            if let Some(kept) = ticket.kept_until() {
                ticket.by_state = ticket.by_state.moved(by);
                moved.push((kept, kept.saturating_add(by), Timer::Keep(slot)));
            }
            if ticket.is_away() {
                ticket.by_state = ticket.by_state.moved(by);
                ticket.reserved_until = ticket.reserved_until.saturating_add(by);
            } else if ticket.is_unassigned() {
                ticket.by_state = ticket.by_state.moved(by);
                let before = ticket.reserved_until;
                ticket.reserved_until = before.saturating_add(by);
                let step = self.queues.at(ticket.queue).step.and_then(|step| step.after_us.get());
                if ticket.reserved.is_some() {
                    moved.push((before, ticket.reserved_until, Timer::Reservation(slot)));
                } else if let Some(after_us) = step.filter(|_| ticket.is_waiting()) {
                    let at = |from: Micros| from.saturating_add(after_us);
                    moved.push((at(before), at(ticket.reserved_until), Timer::Step(slot)));
                }
            }
        }
        for (before, after, timer) in moved {
            self.timers.clear(before, timer);
            self.timers.set(after, timer);
        }
        self.move_aways(by);
        let unreachable: Vec<(AgentId, MaybeTime)> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.reachability == Reachability::Unreachable)
            .filter(|(_, agent)| agent.deadline.is_some())
            .map(|(id, agent)| (id, agent.deadline.moved(by)))
            .collect();
        for (id, deadline) in unreachable {
            self.set_deadline(id, deadline);
        }
    }
}
