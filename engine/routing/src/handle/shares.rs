//! Guaranteed shares, as far as somebody asks why a ticket waits.

use super::Turn;
use crate::state::ticket::Ticket;
use relevo_wire::BotId;
use std::collections::BTreeSet;

/// Most members of the ticket's queue who are looked at for other bots that they serve.
const MOST_MEMBERS: usize = 1_000;
/// Most bots that are named.
const MOST_BOTS: usize = 5;

impl Turn<'_> {
    /// What a waiting ticket's bot has of its share, and the bots of which a ticket goes before it.
    pub(super) fn shares_said(&self, ticket: &Ticket) -> String {
        if !self.state.bots.any_shares() {
            return String::new();
        }
        let has = |bot: BotId| {
            let share = self.state.bots.at(bot).share;
            format!("{} of the {} seats guaranteed to it", share.used, share.guaranteed())
        };
        let mut said = String::new();
        if self.state.bots.at(ticket.bot).share.is_some() {
            said.push_str(&format!("; its bot uses {}", has(ticket.bot)));
        }
        let own = self.state.bots.lack(ticket.bot);
        let members = self.state.queues.at(ticket.queue).members.iter().take(MOST_MEMBERS);
        let served = members.flat_map(|agent| &self.state.agents.at(*agent).shared_by);
        let needier: BTreeSet<_> = served
            .map(|bot| (self.state.bots.lack(*bot), *bot))
            .filter(|(lack, _)| *lack < own)
            .collect();
        let waits = |bot: BotId| {
            self.state.queues_of(bot).any(|queue| self.state.queues.at(queue).waiting > 0)
        };
        for (_, bot) in needier.into_iter().filter(|(_, bot)| waits(*bot)).take(MOST_BOTS) {
            let name = self.state.directory.bot_name(bot).unwrap_or_default();
            said.push_str(&format!("; a ticket of bot {name} goes first, which uses {}", has(bot)));
        }
        said
    }
}
