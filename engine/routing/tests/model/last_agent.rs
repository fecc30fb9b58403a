//! Who served a contact last.

use crate::reference::Reference;
use relevo_routing::Micros;
use relevo_routing::input::HandOff;
use relevo_wire::answer::PreferredBy;
use relevo_wire::{AgentId, BotId, ContactKey, TicketId};

/// An agent has answered a contact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    bot: BotId,
    contact: ContactKey,
    agent: AgentId,
    at: Micros,
}

impl Reference {
    /// Of bots that ask for it, and no test.
    pub(crate) fn note_last_agent(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (bot, contact) = (ticket.bot, ticket.contact);
        let is_asked = self.bot(bot).is_some_and(|bot| bot.last_agent);
        if !is_asked || ticket.test {
            return;
        }
        let agent = ticket.agent.expect("somebody has answered");
        self.served.retain(|served| served.contact != contact);
        self.served.push(Served { bot, contact, agent, at: self.now });
        // Of contacts served at the same moment that of the least key goes first.
        self.served.sort_by_key(|served| (served.at, served.contact));
        let surplus = self.served.len().saturating_sub(self.settings.last_agents);
        self.served.drain(..surplus);
    }

    /// Of a bot that no longer asks for it nobody is remembered.
    pub(crate) fn keep_served(&mut self, bot: usize, is_asked: bool) {
        self.served.retain(|served| is_asked || served.bot.0 as usize != bot);
    }

    /// Who is to have it first, as the hand-off or its rule says, else as it was the last time.
    pub(crate) fn wish(&self, input: &HandOff) -> Option<(AgentId, PreferredBy)> {
        if let Some(agent) = input.preferred_agent {
            return Some((agent, PreferredBy::Named));
        }
        let kept_us = self.settings.last_agent_us;
        let mut served = self.served.iter().filter(|served| served.at + kept_us > self.now);
        let last = served.find(|s| (s.bot, s.contact) == (input.bot, input.contact))?;
        Some((last.agent, PreferredBy::LastAgent))
    }
}
