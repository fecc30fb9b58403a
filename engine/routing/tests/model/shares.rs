//! Guaranteed shares: counted anew whenever somebody asks, by walking all agents.

use crate::reference::Reference;
use crate::refusals::refused;
use relevo_routing::stats::BotSeats;
use relevo_wire::directory::Object;
use relevo_wire::{AgentId, BotId, ErrorCode, WireError};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A bot below its share: it uses so many seats of so many guaranteed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Below {
    used: u64,
    guaranteed: u64,
    bot: BotId,
}

/// The smaller part of its share it uses, the sooner it is served.
impl Ord for Below {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = (self.used * other.guaranteed, other.used * self.guaranteed);
        own.cmp(&others).then(self.bot.cmp(&other.bot))
    }
}

impl PartialOrd for Below {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Reference {
    pub(crate) fn bot_seats(&self, id: BotId) -> BotSeats {
        let mut seats = BotSeats::default();
        let Some(share) = self.bot(id).and_then(|bot| bot.guaranteed_share) else { return seats };
        for (agent, _) in (0..).map(AgentId).zip(&self.agents) {
            let serves =
                self.queues_of(id).iter().any(|queue| self.members(*queue).contains(&agent));
            if serves && self.is_online(agent) && !self.is_absent(agent, id) {
                seats.seats += self.agent(agent).map_or(0, |agent| u64::from(agent.seats));
                seats.used += self.seats_used(agent, |ticket| ticket.bot == id) as u64;
            }
        }
        seats.guaranteed = seats.seats * u64::from(share) / 100;
        seats
    }

    /// None for a bot that has what is guaranteed to it.
    fn below(&self, bot: BotId) -> Option<Below> {
        let BotSeats { used, guaranteed, .. } = self.bot_seats(bot);
        (used < guaranteed).then_some(Below { used, guaranteed, bot })
    }

    /// Sorts tickets of bots below their shares before all others.
    pub(crate) fn by_share(&self, bot: BotId) -> (bool, Option<Below>) {
        let below = self.below(bot);
        (below.is_none(), below)
    }

    /// The bots with a share that an agent serves.
    fn shares_of(&self, agent: AgentId) -> BTreeSet<(BotId, u8)> {
        let bots = self.queues_served_by(agent).into_iter().map(|queue| self.queue_bot(queue));
        bots.filter_map(|bot| Some((bot, self.bot(bot)?.guaranteed_share?))).collect()
    }

    /// The first agent by name whose bots are guaranteed more than all, and these bots.
    fn overshared(&self) -> Option<(String, Vec<String>)> {
        let mut agents: Vec<AgentId> =
            (0..).map(AgentId).zip(&self.agents).map(|(id, _)| id).collect();
        agents.retain(|agent| self.agent(*agent).is_some());
        agents.sort_by_key(|agent| self.agent_name(*agent));
        let too_many = |agent: &AgentId| {
            self.shares_of(*agent).iter().map(|(_, share)| u32::from(*share)).sum::<u32>() > 100
        };
        let agent = agents.into_iter().find(too_many)?;
        let name = |(bot, _): &(BotId, u8)| self.bots[bot.0 as usize].name.clone();
        Some((self.agent_name(agent), self.shares_of(agent).iter().map(name).collect()))
    }

    /// What of an object may make the shares of some agent's bots more than they are: more for a bot, or
    /// another member for one that has some.
    pub(crate) fn raised_by(&self, object: &Object) -> bool {
        match object {
            Object::Bot(bot) => {
                let before = self.bot_id(&bot.name).and_then(|id| self.bot(id)?.guaranteed_share);
                bot.guaranteed_share > before
            }
            Object::Queue(queue) => {
                let Some(bot) = self.bot_id(&queue.bot) else { return false };
                let before =
                    self.queue_id(bot, &queue.name).map_or(Vec::new(), |id| self.members(id));
                let is_new = |name: &String| {
                    self.agent_id(name).is_some_and(|agent| !before.contains(&agent))
                };
                let has_share = self.bot(bot).is_some_and(|bot| bot.guaranteed_share.is_some());
                has_share && queue.members.iter().any(|member| is_new(&member.agent))
            }
            Object::Tenant(_) | Object::Agent(_) => false,
        }
    }

    /// Everything is as it may be; else the last of what may have raised the shares, and its field.
    pub(crate) fn check_shares(
        &self,
        raises: &[(usize, &Object)],
    ) -> Result<(), (usize, WireError)> {
        let Some((agent, bots)) = self.overshared() else { return Ok(()) };
        let field = |object: &Object| match object {
            Object::Bot(bot) if bots.contains(&bot.name) => Some("guaranteed_share"),
            Object::Queue(queue) => {
                let is_member = queue.members.iter().any(|member| member.agent == agent);
                (is_member && bots.contains(&queue.bot)).then_some("members")
            }
            Object::Tenant(_) | Object::Bot(_) | Object::Agent(_) => None,
        };
        let last = raises.iter().rev().find_map(|(at, object)| Some((*at, field(object)?)));
        let (at, field) = last.expect("it was right before");
        Err((at, refused(ErrorCode::LimitExceeded, field)))
    }
}
