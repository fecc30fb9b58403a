//! A transfer asked for, and its end.

use crate::Micros;
use crate::event::{TransferAsked, TransferEnded};
use crate::state::State;
use crate::state::asked::AskedTransfer;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;

impl State {
    pub(super) fn transfer_asked(&mut self, now: Micros, event: TransferAsked) {
        let slot = self.slot(event.ticket);
        let TransferAsked { queue, agent, wait_us, .. } = event;
        let transfer = AskedTransfer { queue, agent: agent.into(), wait_us, since: now };
        self.change_asked(now, slot, |ticket| {
            ticket.last = event.number;
            let giver = ticket.agent.get();
            ticket.asked.change(|both| {
                both.transfer = Some(transfer);
                if let Some(giver) = giver {
                    both.excluded.add(giver, Micros::MAX, now);
                }
            });
        });
    }

    pub(super) fn transfer_ended(&mut self, now: Micros, event: TransferEnded) {
        let slot = self.slot(event.ticket);
        self.change_asked(now, slot, |ticket| {
            ticket.last = event.number;
            ticket.asked.forget();
        });
    }

    /// What a transfer asked of a ticket that ends: who accepted it has the child's seat instead.
    pub(super) fn forget_asked(&mut self, slot: Slot) {
        if self.tickets.at(slot).asked.transfer().is_some() {
            self.drop_offers(slot);
            self.tickets.at_mut(slot).asked.forget();
        }
    }

    /// The silence of a customer stands still while a transfer is asked.
    fn change_asked(&mut self, now: Micros, slot: Slot, change: impl FnOnce(&mut Ticket)) {
        let stood = self.tickets.at(slot).silence_stands();
        change(self.tickets.at_mut(slot));
        match (stood, self.tickets.at(slot).silence_stands()) {
            (false, true) => self.pause_silence(now, slot),
            (true, false) => self.time_silence(now, slot),
            (false, false) | (true, true) => {}
        }
    }
}
