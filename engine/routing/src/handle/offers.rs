//! Offers: made by the matching, accepted, declined, missed, withdrawn.

use super::refusals::no_agent;
use super::{Answered, Turn, done};
use crate::event::{Event, OfferEnded, Offered, Responding, Unreserved};
use crate::input::{Input, Party};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::vocabulary::{OfferEnd, TransferEnd};
use relevo_wire::{AgentId, BotId, TicketId};

impl Turn<'_> {
    /// Offers a ticket to an agent, and to as many others at once as its queue says and the strategy
    /// finds. False when the agent has just been closed.
    pub(crate) fn offer(&mut self, slot: Slot, agent: AgentId) -> bool {
        if !self.claim(agent) {
            return false;
        }
        let queue = self.state.queues.at(self.state.tickets.at(slot).queue);
        let (until, most) = (self.now.saturating_add(queue.offer_us), queue.offer_agents);
        self.emit_offer(slot, agent, until);
        while self.state.tickets.at(slot).asked.offers().agents().len() < most
            && let Some(next) = self.pick_for(slot)
        {
            if self.claim(next) {
                self.emit_offer(slot, next, until);
            }
        }
        true
    }

    pub(super) fn emit_offer(&mut self, slot: Slot, agent: AgentId, until: crate::Micros) {
        let ticket = self.state.tickets.at(slot).id;
        self.emit_of(slot, Event::Offered(Offered { ticket, agent, until }));
    }

    /// The first of several has the ticket. Who has it already is told so again.
    pub(super) fn accept(&mut self, agent: AgentId, ticket: TicketId) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        if ticket.asked.offers().holds(agent) {
            if let Some(transfer) = ticket.asked.transfer() {
                return self.accept_transfer(slot, agent, transfer);
            }
            self.end_offers(slot, Some(agent), OfferEnd::Taken);
            self.emit_assigned(slot, agent);
        } else if ticket.holder() != Some(agent) {
            return Err(self.no_offer(slot));
        }
        let ticket = self.state.tickets.at(slot);
        Ok(Answer::Next(NextAnswer { ticket: ticket.id, epoch: ticket.epoch }))
    }

    /// The giver of a transfer that is asked withdraws it.
    pub(super) fn decline(&mut self, agent: AgentId, ticket: TicketId) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        if ticket.holder() == Some(agent) && ticket.asked.transfer().is_some() {
            self.withdraw_transfer(slot);
            return Ok(done());
        }
        if !ticket.asked.offers().holds(agent) {
            return Err(self.no_offer(slot));
        }
        self.end_offer(slot, agent, OfferEnd::Declined);
        self.go_on_asking(slot, TransferEnd::Declined);
        Ok(done())
    }

    /// Ends every offer of a ticket, but for that of who has accepted.
    pub(super) fn end_offers(&mut self, slot: Slot, accepted: Option<AgentId>, end: OfferEnd) {
        for agent in self.state.tickets.at(slot).asked.offers().agents().to_vec() {
            if Some(agent) != accepted {
                self.end_offer(slot, agent, end);
            }
        }
    }

    /// The agent is no longer there for new tickets.
    pub(super) fn withdraw_offers(&mut self, agent: AgentId) {
        self.withdraw(agent, |_| true);
    }

    /// The agent is away for the bot.
    pub(super) fn withdraw_offers_of(&mut self, agent: AgentId, bot: BotId) {
        self.withdraw(agent, |ticket| ticket.bot == bot);
    }

    fn withdraw(&mut self, agent: AgentId, is_meant: impl Fn(&Ticket) -> bool) {
        let mut offers = self.state.agents.at(agent).offers.clone();
        offers.retain(|slot| is_meant(self.state.tickets.at(*slot)));
        offers.sort_unstable_by_key(|slot| self.state.tickets.at(*slot).order);
        for slot in offers {
            self.end_offer(slot, agent, OfferEnd::Withdrawn);
            self.go_on_asking(slot, TransferEnd::Unavailable);
        }
    }

    /// Nobody to whom it was offered has answered in time.
    pub(super) fn offers_missed(&mut self, slot: Slot) {
        self.end_offers(slot, None, OfferEnd::Missed);
        self.go_on_asking(slot, TransferEnd::Missed);
    }

    /// An agent who had missed an offer and does something is there again.
    pub(super) fn note_act(&mut self, input: &Input) {
        let Some(agent) = actor(input) else { return };
        if self.state.agents.get(agent).is_some_and(|agent| agent.not_responding) {
            self.emit(Event::Responding(Responding { agent }));
        }
    }

    fn end_offer(&mut self, slot: Slot, agent: AgentId, end: OfferEnd) {
        let ticket = self.state.tickets.at(slot).id;
        // Whoever was asked to accept a transfer is not asked again as long as that stands.
        let is_transfer = self.state.tickets.at(slot).asked.transfer().is_some();
        let is_excluded = !is_transfer && matches!(end, OfferEnd::Declined | OfferEnd::Missed);
        let until = self.now.saturating_add(self.state.settings.exclusion_us);
        let excluded_until = is_excluded.then_some(until);
        self.release(Some(agent));
        let ended = OfferEnded { ticket, agent, end, excluded_until };
        self.emit_of(slot, Event::OfferEnded(ended));
        // Who would not have it is not waited for.
        if is_excluded && self.state.tickets.at(slot).reserved.is(agent) {
            self.emit_of(slot, Event::Unreserved(Unreserved { ticket }));
        }
    }

    fn no_offer(&self, slot: Slot) -> relevo_wire::WireError {
        let ticket = self.state.tickets.at(slot);
        self.wrong_state(ticket, "this ticket is not offered to the agent, or no longer")
    }
}

/// Whose act an input is: what an agent asks for itself. A session that opens or ends, and receipts,
/// come without anybody being there.
fn actor(input: &Input) -> Option<AgentId> {
    match input {
        Input::AgentMessage { agent, .. }
        | Input::SetPresence { agent, .. }
        | Input::Next { agent, .. }
        | Input::Targets { agent, .. }
        | Input::Transfer { agent, .. }
        | Input::Close { agent, .. }
        | Input::Accept { agent, .. }
        | Input::Decline { agent, .. }
        | Input::Hold { agent, .. }
        | Input::Park { agent, .. }
        | Input::Unpark { agent, .. }
        | Input::WrapUpDone { agent, .. }
        | Input::Reopen { agent, .. }
        | Input::SetAbsence { agent, own: true, .. } => Some(*agent),
        Input::HandOff(_)
        | Input::CustomerMessage { .. }
        | Input::BotMessage { .. }
        | Input::CustomerLeft { .. }
        | Input::TakeBack { .. }
        | Input::Progress { party: Party::Bot(_) | Party::Agent(_), .. }
        | Input::Explain { .. }
        | Input::SetAbsence { .. }
        | Input::WantCallback { .. }
        | Input::BlockContact { .. }
        | Input::UnblockContact { .. }
        | Input::SetQueueMode(_)
        | Input::NotifyWaiting { .. }
        | Input::AgentSessionOpened { .. }
        | Input::AgentSessionLost { .. }
        | Input::BotSessionOpened { .. }
        | Input::BotSessionLost { .. }
        | Input::Put { .. }
        | Input::Delete { .. }
        | Input::Apply { .. }
        | Input::CreateKey(_)
        | Input::RevokeKey { .. }
        | Input::Started { .. }
        | Input::Ready
        | Input::Tick => None,
    }
}
