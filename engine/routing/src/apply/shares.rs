//! The seats of bots with a guaranteed share: counted as agents come and go, and as tickets take and
//! free seats, so that no decision counts them.

use crate::state::State;
use crate::state::agents::Counted;
use relevo_wire::directory;
use relevo_wire::{AgentId, BotId, QueueId};

impl State {
    /// A bot as its object says from now on.
    pub(super) fn put_bot(&mut self, id: BotId, object: &directory::Bot) {
        let had_share = self.bots.get(id).is_some_and(|bot| bot.share.is_some());
        self.bots.put(id, object);
        if had_share != self.bots.at(id).share.is_some() {
            let agents: Vec<AgentId> = self.agents.iter().map(|(id, _)| id).collect();
            for agent in agents {
                self.follow_shares(agent, self.agents.at(agent).counted);
            }
        }
    }

    /// The bots in whose seats those of the agent are counted are those that it serves now. Its seats
    /// were counted as `before`.
    pub(crate) fn follow_shares(&mut self, id: AgentId, before: Counted) {
        if !self.bots.any_shares() && self.agents.at(id).shared_by.is_empty() {
            return;
        }
        let mut shared_by = std::mem::take(&mut self.agents.at_mut(id).shared_by);
        for bot in shared_by.drain(..) {
            let used = u64::from(self.agents.at(id).tickets_of(bot));
            let share = &mut self.bots.at_mut(bot).share;
            share.seats -= u64::from(before.seats);
            share.used -= used;
        }
        let agent = self.agents.at(id);
        let after = agent.counted;
        for queue in agent.queues.iter().filter(|_| after.online) {
            let bot = self.queues.at(*queue).bot;
            let serves = self.bots.at(bot).share.is_some() && !self.agents.is_absent(id, bot);
            if serves && !shared_by.contains(&bot) {
                shared_by.push(bot);
            }
        }
        for bot in &shared_by {
            let share = &mut self.bots.at_mut(*bot).share;
            share.seats += u64::from(after.seats);
            share.used += u64::from(agent.tickets_of(*bot));
        }
        self.agents.at_mut(id).shared_by = shared_by;
    }

    /// A queue has had other members so far.
    pub(super) fn follow_members(&mut self, id: QueueId, former: Vec<AgentId>) {
        let queue = self.queues.at(id);
        if !self.bots.at(queue.bot).share.is_some() {
            return;
        }
        let is_new = |agent: &&AgentId| former.binary_search(agent).is_err();
        let mut changed: Vec<AgentId> = queue.members.iter().filter(is_new).copied().collect();
        let is_gone = |agent: &AgentId| queue.members.binary_search(agent).is_err();
        changed.extend(former.into_iter().filter(is_gone));
        for agent in changed {
            self.follow_shares(agent, self.agents.at(agent).counted);
        }
    }

    /// A ticket of the bot, or an offer, has taken a seat of the agent.
    pub(crate) fn seat_taken(&mut self, id: AgentId, bot: BotId) {
        self.stats.seats_used += 1;
        if self.bots.any_shares() && self.agents.at(id).shared_by.contains(&bot) {
            self.bots.at_mut(bot).share.used += 1;
        }
    }

    /// As [`Self::seat_taken`]: it is free again.
    pub(crate) fn seat_freed(&mut self, id: AgentId, bot: BotId) {
        self.stats.seats_used -= 1;
        if self.bots.any_shares() && self.agents.at(id).shared_by.contains(&bot) {
            self.bots.at_mut(bot).share.used -= 1;
        }
    }
}
