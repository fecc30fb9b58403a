//! Transfers that the receiver has to accept: asked, accepted, refused, withdrawn.
//!
//! While its transfer is asked a ticket stays with its agent, and those who are asked hold an offer of
//! it. Offers end as all offers do; when none is left others are asked, or the transfer is over.

use super::transfer::Place;
use super::{Answered, Turn};
use crate::Micros;
use crate::event::{Event, TransferAsked, TransferEnded};
use crate::state::asked::AskedTransfer;
use crate::state::demands::MaybeDemand;
use crate::state::maybe::MaybeAgent;
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::answer::{Answer, NextAnswer, TransferredAnswer};
use relevo_wire::vocabulary::{OfferEnd, RequeueReason, TicketState, TransferEnd};
use relevo_wire::{AgentId, ErrorCode, WireError};

/// Most agents that one transfer asks: what sixteen do not take nobody wants.
const MOST_ASKED: usize = 16;

impl Turn<'_> {
    /// Asks for the acceptance of a transfer; refused where nobody can be asked now.
    pub(super) fn ask_transfer(
        &mut self,
        slot: Slot,
        (queue, reserved): Place,
        wait_us: Micros,
        note: bool,
    ) -> Answered {
        let agent = MaybeAgent::from(reserved.map(|(agent, _)| agent));
        let transfer = AskedTransfer { queue, agent, wait_us, since: self.now };
        let Some(first) = self.claim_receiver(slot, transfer) else {
            let message = match reserved {
                Some(_) => "that agent has no free seat to accept it with",
                None => "nobody in that queue has a free seat to accept it with",
            };
            return Err(WireError::field(ErrorCode::WrongState, "to", message));
        };
        let ticket = self.state.tickets.at(slot);
        let (id, number) = (ticket.id, ticket.last + 1);
        let agent = agent.get();
        let asked = TransferAsked { ticket: id, number, queue, agent, wait_us, private: note };
        self.emit_of(slot, Event::TransferAsked(asked));
        let until = self.now.saturating_add(wait_us);
        self.emit_offer(slot, first, until);
        self.ask(slot, transfer);
        Ok(Answer::Transferred(TransferredAnswer { child: id, asked_until: Some(until) }))
    }

    /// Nobody has a second transfer of a ticket asked for beside the first.
    pub(super) fn check_unasked(&self, ticket: &Ticket) -> Result<(), WireError> {
        let Some(transfer) = ticket.asked.transfer() else { return Ok(()) };
        let message = format!(
            "its transfer to {} is asked already: decline the ticket to withdraw it",
            self.target_name(transfer)
        );
        Err(self.wrong_state(ticket, &message))
    }

    /// The queue or the agent that a transfer was for.
    pub(super) fn target_name(&self, transfer: AskedTransfer) -> String {
        let agent = transfer.agent.get().map(|agent| self.agent_name(agent));
        let queue =
            || self.state.directory.queue_path(transfer.queue).unwrap_or_default().to_owned();
        agent.unwrap_or_else(queue)
    }

    /// Who was asked takes it: the ticket goes on in a child, with the seat that the offer held.
    pub(super) fn accept_transfer(
        &mut self,
        slot: Slot,
        agent: AgentId,
        transfer: AskedTransfer,
    ) -> Answered {
        self.end_offers(slot, Some(agent), OfferEnd::Taken);
        let ticket = self.state.tickets.at(slot);
        let giver = ticket.holder().expect("who has a ticket gives it");
        // Where the target is gone meanwhile, the ticket's own queue is there.
        let is_there = self.state.queues.get(transfer.queue).is_some();
        let queue = if is_there { transfer.queue } else { ticket.queue };
        self.child(slot, giver, (queue, Some((agent, self.now))), false);
        let child = self.state.at_hand;
        self.emit_assigned(child, agent);
        let child = self.state.tickets.at(child);
        Ok(Answer::Next(NextAnswer { ticket: child.id, epoch: child.epoch }))
    }

    /// The giver keeps it after all.
    pub(super) fn withdraw_transfer(&mut self, slot: Slot) {
        self.end_offers(slot, None, OfferEnd::Withdrawn);
        self.emit_transfer_ended(slot, TransferEnd::Withdrawn);
    }

    /// Where the last one who was asked has not taken it, others are asked; else the transfer is over.
    /// If the giver is gone by then, it does not stay there.
    pub(super) fn go_on_asking(&mut self, slot: Slot, end: TransferEnd) {
        let ticket = self.state.tickets.at(slot);
        let (Some(transfer), true) = (ticket.asked.transfer(), ticket.asked.offers().is_empty())
        else {
            return;
        };
        let giver = ticket.holder().expect("who has a ticket gives it");
        if self.ask(slot, transfer) {
            return;
        }
        if self.state.agents.at(giver).is_gone() {
            let excluded = self.last_refused(slot);
            self.give_up(slot, transfer, (end, RequeueReason::AgentGone), excluded);
        } else {
            self.emit_transfer_ended(slot, end);
        }
    }

    /// The giver has the ticket no longer: it waits in the queue that it was meant for, else in its own.
    pub(super) fn leave_giver(&mut self, slot: Slot, reason: RequeueReason) -> bool {
        let Some(transfer) = self.state.tickets.at(slot).asked.transfer() else { return false };
        // Those who are still asked have refused nothing.
        let excluded = match reason {
            RequeueReason::AgentInactivity => None,
            RequeueReason::AgentGone | RequeueReason::AgentRemoved => self.last_refused(slot),
        };
        self.end_offers(slot, None, OfferEnd::Withdrawn);
        self.give_up(slot, transfer, (TransferEnd::GiverGone, reason), excluded);
        true
    }

    /// Nobody who was asked outlived the process.
    pub(super) fn end_transfers(&mut self) {
        let asked = self.state.tickets.slab().iter();
        let asked = asked.filter(|(_, ticket)| ticket.asked.transfer().is_some());
        let mut asked: Vec<(u64, Slot)> =
            asked.map(|(slot, ticket)| (ticket.order, slot)).collect();
        asked.sort_unstable();
        for (_, slot) in asked {
            self.emit_transfer_ended(slot, TransferEnd::Restarted);
        }
    }

    /// The latest who would not have it; before that, its giver.
    fn last_refused(&self, slot: Slot) -> Option<AgentId> {
        let asked = &self.state.tickets.at(slot).asked;
        asked.excluded().iter().map(|(agent, _)| agent).last()
    }

    /// It goes on without its giver. Who is excluded is not given it at once; if nobody is, the giver.
    fn give_up(
        &mut self,
        slot: Slot,
        transfer: AskedTransfer,
        (end, reason): (TransferEnd, RequeueReason),
        excluded: Option<AgentId>,
    ) {
        let ticket = self.state.tickets.at(slot);
        let giver = ticket.holder().expect("who has a ticket gives it");
        self.emit_transfer_ended(slot, end);
        match self.queue_target(self.state.tickets.at(slot), transfer.queue) {
            Ok(place) => {
                self.child(slot, excluded.unwrap_or(giver), place, false);
            }
            Err(_) => self.requeue(slot, reason),
        }
    }

    fn emit_transfer_ended(&mut self, slot: Slot, end: TransferEnd) {
        let ticket = self.state.tickets.at(slot);
        let ended = TransferEnded { ticket: ticket.id, number: ticket.last + 1, end };
        self.emit_of(slot, Event::TransferEnded(ended));
    }

    /// Asks as many at once as the queue says; false when nobody is left.
    fn ask(&mut self, slot: Slot, transfer: AskedTransfer) -> bool {
        let most = self.state.queues.at(transfer.queue).offer_agents;
        let until = self.now.saturating_add(transfer.wait_us);
        loop {
            let asked = &self.state.tickets.at(slot).asked;
            let standing = asked.offers().agents().len();
            // One of those excluded is the giver.
            let is_enough = standing >= most || asked.excluded().iter().count() > MOST_ASKED;
            let next = if is_enough { None } else { self.claim_receiver(slot, transfer) };
            let Some(next) = next else { return standing > 0 };
            self.emit_offer(slot, next, until);
        }
    }

    fn receiver(&self, slot: Slot, transfer: AskedTransfer) -> Option<AgentId> {
        let queue = self.state.queues.get(transfer.queue)?;
        if !queue.active || !queue.admits() {
            return None;
        }
        let as_if = self.as_if_given(slot, transfer);
        let needs = self.state.demands.needs(as_if.demand, as_if.ring);
        self.pick(&as_if, needs)
    }

    /// Whoever is next, with a seat claimed: a session may close an agent's word at any moment.
    fn claim_receiver(&mut self, slot: Slot, transfer: AskedTransfer) -> Option<AgentId> {
        loop {
            let next = self.receiver(slot, transfer)?;
            if self.claim(next) {
                return Some(next);
            }
        }
    }

    /// The ticket as it would wait with the queue or agent that its transfer is for.
    fn as_if_given(&self, slot: Slot, transfer: AskedTransfer) -> Ticket {
        let ticket = self.state.tickets.at(slot);
        let mut as_if = ticket.clone();
        // As with every transfer: what a rule requires is for the queue that it named.
        if transfer.queue != ticket.queue {
            as_if.demand = MaybeDemand::NONE;
        }
        if let Some(giver) = ticket.holder() {
            as_if.asked.change(|both| both.excluded.add(giver, Micros::MAX, self.now));
        }
        as_if.state = TicketState::Waiting;
        as_if.agent = MaybeAgent::NONE;
        as_if.queue = transfer.queue;
        as_if.reserved = transfer.agent;
        as_if.waiting_since = transfer.since;
        as_if.ring = 0;
        as_if
    }
}
