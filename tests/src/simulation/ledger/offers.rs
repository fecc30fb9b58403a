//! Offers, hold, parking, silences and wrap-up, as the log tells of them.

use relevo_routing::event::{
    CustomerAway, CustomerBack, Held, Inactive, Notice, NoticeStep, OfferEnded, Offered, Parked,
    TransferAsked, TransferEnded, Unparked, WrappedUp,
};
use relevo_wire::TicketId;
use relevo_wire::vocabulary::{Silent, TicketState};

use super::{Books, Entry, Violation, must};

impl Books {
    pub(super) fn offered(&mut self, e: Offered) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let bot = ticket.bot;
        let waits = matches!(ticket.state, TicketState::Waiting | TicketState::Offered);
        // What an agent has is offered while the receiver of its transfer is asked.
        let is_free = ticket.is_asked || (ticket.agent.is_none() && waits);
        let is_new = ticket.offers.insert(e.agent) && ticket.agent != Some(e.agent);
        if !ticket.is_asked {
            ticket.state = TicketState::Offered;
        }
        must(is_free, "only what nobody has is offered", || format!("{e:?}"))?;
        must(is_new, "nobody is asked twice at once", || format!("{e:?}"))?;
        self.take_seat(e.agent, e.ticket, bot)
    }

    pub(super) fn offer_ended(&mut self, e: OfferEnded) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let stood = ticket.offers.remove(&e.agent);
        if ticket.offers.is_empty() && !ticket.is_asked {
            ticket.state = TicketState::Waiting;
        }
        self.free(e.agent, e.ticket);
        must(stood, "only what was offered ends", || format!("{e:?}"))
    }

    /// No session outlived the process.
    pub(super) fn forget_offers(&mut self) {
        let mut freed = Vec::new();
        for (id, ticket) in self.tickets.iter_mut().filter(|(_, t)| !t.offers.is_empty()) {
            if !ticket.is_asked {
                ticket.state = TicketState::Waiting;
            }
            freed.extend(std::mem::take(&mut ticket.offers).into_iter().map(|agent| (agent, *id)));
        }
        for (agent, id) in freed {
            self.free(agent, id);
        }
    }

    /// Was somebody asked to accept its transfer, as far as that is still known?
    #[must_use]
    pub fn was_asked(&self, ticket: TicketId) -> bool {
        let is_asked = |known: &super::Ticket| known.entries.contains(&Entry::TransferAsked(None));
        self.tickets.get(&ticket).is_some_and(is_asked) || self.was(ticket)
    }

    pub(super) fn transfer_asked(&mut self, e: TransferAsked) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::TransferAsked(None))?;
        let ticket = self.ticket(e.ticket)?;
        let is_first = !std::mem::replace(&mut ticket.is_asked, true);
        let is_held = ticket.agent.is_some();
        must(is_first && is_held, "one transfer of who has it is asked", || format!("{e:?}"))
    }

    pub(super) fn transfer_ended(&mut self, e: TransferEnded) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::TransferAsked(Some(e.end)))?;
        let ticket = self.ticket(e.ticket)?;
        let was_asked = std::mem::take(&mut ticket.is_asked);
        let is_over = ticket.offers.is_empty();
        must(was_asked && is_over, "it ends once, and nobody is asked", || format!("{e:?}"))
    }

    pub(super) fn held(&mut self, e: Held) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Held(e.on))?;
        let ticket = self.ticket(e.ticket)?;
        let (from, to) = if e.on {
            (TicketState::InService, TicketState::OnHold)
        } else {
            (TicketState::OnHold, TicketState::InService)
        };
        let before = std::mem::replace(&mut ticket.state, to);
        must(before == from, "hold is of what is in service", || format!("{e:?}: {before:?}"))
    }

    pub(super) fn parked(&mut self, e: Parked) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Parked)?;
        let ticket = self.ticket(e.ticket)?;
        let before = std::mem::replace(&mut ticket.state, TicketState::Parked);
        let is_own = ticket.agent == Some(e.agent);
        self.free(e.agent, e.ticket);
        let serves = matches!(before, TicketState::InService | TicketState::OnHold);
        must(serves && is_own, "an agent parks what it serves", || format!("{e:?}: {before:?}"))
    }

    pub(super) fn unparked(&mut self, e: Unparked) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Unparked(e.agent))?;
        let ticket = self.ticket(e.ticket)?;
        let before = std::mem::replace(&mut ticket.state, TicketState::Waiting);
        let owner = ticket.agent.take();
        let was_parked = before == TicketState::Parked && owner == Some(e.agent);
        must(was_parked, "what is parked comes back once", || format!("{e:?}: {before:?}"))
    }

    pub(super) fn away(&mut self, e: CustomerAway) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let before = std::mem::replace(&mut ticket.state, TicketState::Away);
        let is_nobodys = before == TicketState::Waiting && ticket.agent.is_none();
        must(is_nobodys, "who waits may leave his place for a while", || {
            format!("{e:?}: {before:?}")
        })
    }

    pub(super) fn back(&mut self, e: CustomerBack) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let before = std::mem::replace(&mut ticket.state, TicketState::Waiting);
        must(before == TicketState::Away, "who is back was away", || format!("{e:?}: {before:?}"))
    }

    pub(super) fn inactive(&mut self, e: &Inactive) -> Result<(), Violation> {
        self.append(e.ticket, e.number, Entry::Inactive(e.silent))?;
        let ticket = self.ticket(e.ticket)?;
        let state = ticket.state;
        let is_awaited = match e.silent {
            Silent::Customer => state == TicketState::InService && !ticket.is_asked,
            Silent::Agent => matches!(state, TicketState::Assigned | TicketState::InService),
        };
        must(is_awaited, "only who is awaited is hurried", || format!("{e:?}: {state:?}"))
    }

    pub(super) fn notice(&mut self, e: &Notice) -> Result<(), Violation> {
        let NoticeStep::Told { ticket, number, text } = &e.step else { return Ok(()) };
        self.append(*ticket, *number, Entry::Notified(text.clone()))?;
        let waits = self.ticket(*ticket)?.agent.is_none();
        must(waits, "only who waits is told of it", || format!("{e:?}"))
    }

    pub(super) fn wrapped_up(&mut self, e: &WrappedUp) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let before = std::mem::replace(&mut ticket.state, TicketState::Closed);
        self.free(e.agent, e.ticket);
        let wraps = before == TicketState::Wrapping;
        must(wraps, "a wrap-up ends once", || format!("{e:?}: {before:?}"))
    }
}
