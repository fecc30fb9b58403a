//! Bots: reachability, numbering of tickets, the cap of seats per agent, the guaranteed share.

use super::shares::{Lack, Share};
use super::silences::Silences;
use relevo_wire::BotId;
use relevo_wire::directory;
use relevo_wire::vocabulary::Language;

/// All bots by number.
#[derive(Debug, Default)]
pub(crate) struct Bots {
    list: Vec<Bot>,
    /// Bots with a cap of seats per agent.
    caps: usize,
    /// Bots with a guaranteed share.
    shares: usize,
}

/// A bot: what of its directory object decides, and what it has.
#[derive(Debug, Default)]
pub(crate) struct Bot {
    pub(crate) exists: bool,
    pub(crate) active: bool,
    pub(crate) priority_cap: u16,
    pub(crate) seats_per_agent: Option<u16>,
    /// A returning contact goes first to the agent who served it last.
    pub(crate) last_agent: bool,
    pub(crate) share: Share,
    /// Of contacts whose own is not known.
    pub(crate) language: Language,
    pub(crate) reachable: bool,
    /// Tickets ever.
    pub(crate) tickets: u64,
    /// Of its customers, by a clock that stands still while it has no session.
    pub(crate) silences: Silences,
    /// Queues that exist.
    pub(crate) queues: u32,
}

impl Bots {
    pub(crate) fn get(&self, bot: BotId) -> Option<&Bot> {
        self.list.get(bot.0 as usize).filter(|bot| bot.exists)
    }

    #[inline]
    pub(crate) fn at(&self, bot: BotId) -> &Bot {
        &self.list[bot.0 as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, bot: BotId) -> &mut Bot {
        &mut self.list[bot.0 as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (BotId, &Bot)> {
        (0..).zip(&self.list).map(|(id, bot)| (BotId(id), bot))
    }

    /// Creates or changes a bot.
    pub(crate) fn put(&mut self, id: BotId, object: &directory::Bot) {
        if id.0 as usize == self.list.len() {
            self.list.push(Bot::default());
        }
        let bot = self.at_mut(id);
        bot.exists = true;
        bot.active = object.active;
        bot.priority_cap = object.priority_cap;
        bot.language = object.language;
        bot.last_agent = object.last_agent;
        let had_cap = bot.seats_per_agent.is_some();
        bot.seats_per_agent = object.seats_per_agent;
        self.caps =
            self.caps + usize::from(object.seats_per_agent.is_some()) - usize::from(had_cap);
        self.set_share(id, object.guaranteed_share);
    }

    /// Its seats are counted elsewhere: see `State::follow_shares`.
    pub(crate) fn set_share(&mut self, id: BotId, percent: Option<u8>) {
        let share = &mut self.at_mut(id).share;
        let had_share = share.is_some();
        share.percent = percent.unwrap_or(0);
        let has_share = share.is_some();
        self.shares = self.shares + usize::from(has_share) - usize::from(had_share);
    }

    /// Whether any bot caps the seats per agent: as long as none does, nobody counts.
    pub(crate) fn any_caps(&self) -> bool {
        self.caps > 0
    }

    /// Whether any bot has a guaranteed share: as long as none has, nobody asks who lacks any.
    #[inline]
    pub(crate) fn any_shares(&self) -> bool {
        self.shares > 0
    }

    /// How much a bot lacks of its share.
    #[inline]
    pub(crate) fn lack(&self, id: BotId) -> Lack {
        if self.any_shares() { self.at(id).share.lack(id) } else { Lack::NONE }
    }
}
