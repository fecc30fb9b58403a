//! How far a party has come: two numbers that never go back.

use super::Turn;
use crate::event::{Event, Forgotten, Progressed};
use crate::input::Party;
use relevo_wire::TicketId;

impl Turn<'_> {
    /// Without an answer; what is stale, foreign or too far changes nothing or as much as it can.
    pub(super) fn progress(&mut self, party: Party, id: TicketId, delivered: u32, read: u32) {
        self.step.lazy = true;
        let Some(slot) = self.state.tickets.find(id) else { return };
        let ticket = self.state.tickets.at(slot);
        let known = match party {
            Party::Bot(bot) if ticket.bot == bot => ticket.bot_progress,
            Party::Agent(agent) if ticket.agent.is(agent) => ticket.agent_progress,
            Party::Bot(_) | Party::Agent(_) => return,
        };
        // What was read has arrived.
        let read = known.read.max(read.min(ticket.last));
        let delivered = known.delivered.max(delivered.min(ticket.last)).max(read);
        if (delivered, read) == (known.delivered, known.read) {
            return;
        }
        self.emit_of(slot, Event::Progressed(Progressed { ticket: id, party, delivered, read }));
        if self.state.tickets.get(slot).is_some_and(|ticket| ticket.is_confirmed(self.now)) {
            self.emit_of(slot, Event::Forgotten(Forgotten { ticket: id }));
        }
    }
}
