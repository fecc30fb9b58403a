//! Somebody has been silent for too long: a warning first, then the end of it.

use super::Turn;
use crate::event::{Event, Inactive};
use crate::state::slab::Slot;
use relevo_wire::vocabulary::{CloseReason, RequeueReason, Silent, Text};
use relevo_wire::{AgentId, BotId};

impl Turn<'_> {
    /// A customer is warned, and later given back to the bot.
    pub(super) fn customer_is_silent(&mut self, bot: BotId) {
        let Some(slot) = self.state.bots.at(bot).silences.first() else { return };
        if self.state.tickets.at(slot).warned {
            self.close(slot, CloseReason::ClientInactivity, Vec::new(), None);
        } else {
            self.warn(slot, Silent::Customer);
        }
    }

    /// An agent is told, and later loses the ticket.
    pub(super) fn agent_is_silent(&mut self, agent: AgentId) {
        let Some(slot) = self.state.agents.at(agent).silences.first() else { return };
        if self.state.tickets.at(slot).warned {
            self.requeue(slot, RequeueReason::AgentInactivity);
        } else {
            self.warn(slot, Silent::Agent);
        }
    }

    fn warn(&mut self, slot: Slot, silent: Silent) {
        let ticket = self.state.tickets.at(slot);
        let text = match silent {
            Silent::Customer => self.state.told_of(ticket, Text::Inactive),
            Silent::Agent => String::new(),
        };
        let number = ticket.last + 1;
        let ticket = ticket.id;
        self.emit_of(slot, Event::Inactive(Inactive { ticket, number, silent, text }));
    }
}
