//! Offers, hold, parking, silences and wrap-up, as the log tells of them.

use relevo_routing::event::{
    CustomerAway, CustomerBack, Held, Inactive, Notice, NoticeStep, OfferEnded, Offered, Parked,
    Unparked, WrappedUp,
};
use relevo_wire::vocabulary::{Silent, TicketState};

use super::{Books, Entry, Violation, must};

impl Books {
    pub(super) fn offered(&mut self, e: Offered) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let bot = ticket.bot;
        let waits = matches!(ticket.state, TicketState::Waiting | TicketState::Offered);
        let is_free = ticket.agent.is_none() && waits;
        let is_new = ticket.offers.insert(e.agent);
        ticket.state = TicketState::Offered;
        must(is_free, "only what nobody has is offered", || format!("{e:?}"))?;
        must(is_new, "nobody is asked twice at once", || format!("{e:?}"))?;
        self.take_seat(e.agent, e.ticket, bot)
    }

    pub(super) fn offer_ended(&mut self, e: OfferEnded) -> Result<(), Violation> {
        let ticket = self.ticket(e.ticket)?;
        let stood = ticket.offers.remove(&e.agent);
        if ticket.offers.is_empty() {
            ticket.state = TicketState::Waiting;
        }
        self.free(e.agent, e.ticket);
        must(stood, "only what was offered ends", || format!("{e:?}"))
    }

    /// No session outlived the process.
    pub(super) fn forget_offers(&mut self) {
        let mut freed = Vec::new();
        for (id, ticket) in self.tickets.iter_mut().filter(|(_, t)| !t.offers.is_empty()) {
            ticket.state = TicketState::Waiting;
            freed.extend(std::mem::take(&mut ticket.offers).into_iter().map(|agent| (agent, *id)));
        }
        for (agent, id) in freed {
            self.free(agent, id);
        }
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
        let state = self.ticket(e.ticket)?.state;
        let is_awaited = match e.silent {
            Silent::Customer => state == TicketState::InService,
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
