//! Transfers that the receiver has to accept.

use crate::hand_off::seconds;
use crate::reference::{Answered, Reference};
use crate::refusals::refused;
use crate::silence::{begin_pause, end_pause};
use crate::tickets::{Exclusion, Ticket};
use crate::transfer::Place;
use relevo_routing::event::{TransferAsked, TransferEnded};
use relevo_routing::{Event, Micros};
use relevo_wire::answer::{Answer, NextAnswer, TransferredAnswer};
use relevo_wire::vocabulary::{OfferEnd, RequeueReason, TicketState, TransferEnd};
use relevo_wire::{AgentId, ErrorCode, QueueId, TicketId};

/// The receiver is asked, and the ticket is still with its agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    pub(crate) queue: QueueId,
    agent: Option<AgentId>,
    pub(crate) wait_us: Micros,
    since: Micros,
}

impl Reference {
    /// For how long each is asked; none where transfers into the queue need no acceptance.
    pub(crate) fn accept_us(&self, queue: QueueId) -> Option<Micros> {
        let asked = self.queue(queue)?.transfer_accept_seconds;
        (asked > 0).then(|| seconds(asked))
    }

    pub(crate) fn ask_transfer(
        &mut self,
        id: TicketId,
        (queue, reserved): Place,
        wait_us: Micros,
        note: bool,
    ) -> Answered {
        let agent = reserved.map(|(agent, _)| agent);
        let transfer = Transfer { queue, agent, wait_us, since: self.now };
        if self.receiver(id, transfer).is_none() {
            return Err(refused(ErrorCode::WrongState, "to"));
        }
        let now = self.now;
        let ticket = self.ticket_mut(id);
        ticket.last += 1;
        ticket.transfer = Some(transfer);
        begin_pause(&mut ticket.asked, now);
        let giver = ticket.agent.expect("somebody gives it");
        ticket.exclude_for_good(giver);
        let number = ticket.last;
        let asked = TransferAsked { ticket: id, number, queue, agent, wait_us, private: note };
        self.emit(Event::TransferAsked(asked));
        assert!(self.ask(id), "somebody could be asked");
        let asked_until = self.ticket(id).offered_until;
        Ok(Answer::Transferred(TransferredAnswer { child: id, asked_until }))
    }

    /// As many at once as the target says, and each for the whole time.
    fn ask(&mut self, id: TicketId) -> bool {
        let transfer = self.ticket(id).transfer.expect("a transfer is asked");
        let most = self.queue(transfer.queue).map_or(1, |queue| usize::from(queue.offer_agents));
        while self.ticket(id).offers.len() < most
            && let Some(agent) = self.receiver(id, transfer)
        {
            self.offer(id, agent, self.now + transfer.wait_us);
        }
        !self.ticket(id).offers.is_empty()
    }

    /// Whom the target's strategy picks of those who have not been asked yet, and is not the giver.
    fn receiver(&self, id: TicketId, transfer: Transfer) -> Option<AgentId> {
        if !self.takes_transfers(transfer.queue) || !self.admits(transfer.queue) {
            return None;
        }
        let ticket = self.ticket(id);
        let mut as_if = ticket.clone();
        as_if.exclude_for_good(ticket.agent?);
        as_if.demand = ticket.demand.clone().filter(|_| transfer.queue == ticket.queue);
        as_if.ring = 0;
        as_if.state = TicketState::Waiting;
        as_if.agent = None;
        as_if.queue = transfer.queue;
        as_if.waiting_since = transfer.since;
        as_if.reserved = transfer.agent.map(|agent| (agent, transfer.since));
        let mut able = transfer.agent.map_or_else(|| self.members(transfer.queue), |a| vec![a]);
        able.retain(|agent| self.is_eligible(*agent, &as_if));
        self.choose(&as_if, able)
    }

    /// The last of those asked has not taken it.
    pub(crate) fn go_on_asking(&mut self, id: TicketId, end: TransferEnd) {
        let Some(transfer) = self.ticket(id).transfer else { return };
        if !self.ticket(id).offers.is_empty() || self.ask(id) {
            return;
        }
        let giver = self.ticket(id).agent.expect("somebody gives it");
        if self.at(giver).is_gone() {
            let last_asked = self.last_asked(id);
            self.give_up(id, transfer, (end, RequeueReason::AgentGone), last_asked);
        } else {
            self.transfer_over(id, end);
        }
    }

    /// Whether what was to be transferred was still asked: then it does not go back to its own line,
    /// unless the target takes nobody.
    pub(crate) fn leave_giver(&mut self, id: TicketId, reason: RequeueReason) -> bool {
        let Some(transfer) = self.ticket(id).transfer else { return false };
        let excluded = match reason {
            RequeueReason::AgentInactivity => self.ticket(id).agent.expect("somebody gives it"),
            RequeueReason::AgentGone | RequeueReason::AgentRemoved => self.last_asked(id),
        };
        self.end_offers(id, None, OfferEnd::Withdrawn);
        self.give_up(id, transfer, (TransferEnd::GiverGone, reason), excluded);
        true
    }

    /// Of those who would not have it; before there is one, the giver.
    fn last_asked(&self, id: TicketId) -> AgentId {
        self.ticket(id).excluded.last().expect("at least the giver").agent
    }

    fn give_up(
        &mut self,
        id: TicketId,
        transfer: Transfer,
        (end, reason): (TransferEnd, RequeueReason),
        excluded: AgentId,
    ) {
        self.transfer_over(id, end);
        match self.place_in_queue(self.ticket(id), transfer.queue) {
            Ok(place) => {
                self.go_on(id, excluded, place, false);
            }
            Err(_) => self.requeue(id, reason),
        }
    }

    pub(crate) fn transfer_over(&mut self, id: TicketId, end: TransferEnd) {
        let now = self.now;
        let ticket = self.ticket_mut(id);
        ticket.transfer = None;
        ticket.excluded.clear();
        end_pause(&mut ticket.asked, now);
        ticket.last += 1;
        let number = ticket.last;
        self.emit(Event::TransferEnded(TransferEnded { ticket: id, number, end }));
    }

    /// No session outlived the process.
    pub(crate) fn end_transfers(&mut self) {
        let asked = self.tickets.iter().filter(|ticket| ticket.transfer.is_some());
        let asked: Vec<TicketId> = asked.map(|ticket| ticket.id).collect();
        for id in asked {
            for agent in self.ticket(id).offers.clone() {
                self.take_back_offer(id, agent);
            }
            let ticket = self.ticket_mut(id);
            ticket.offers.clear();
            ticket.offered_until = None;
            self.transfer_over(id, TransferEnd::Restarted);
        }
    }

    pub(crate) fn accept_transfer(&mut self, id: TicketId, agent: AgentId) -> Answered {
        self.end_offers(id, Some(agent), OfferEnd::Taken);
        let ticket = self.ticket(id);
        let transfer = ticket.transfer.expect("a transfer is asked");
        let giver = ticket.agent.expect("somebody gives it");
        let target = Some(transfer.queue).filter(|queue| self.queue(*queue).is_some());
        let queue = target.unwrap_or(ticket.queue);
        let child = self.go_on(id, giver, (queue, Some((agent, self.now))), false);
        self.accepted = Some(child);
        self.assign(child, agent);
        self.accepted = None;
        let epoch = self.ticket(child).epoch;
        Ok(Answer::Next(NextAnswer { ticket: child, epoch }))
    }
}

impl Ticket {
    /// As long as its transfer is asked.
    pub(crate) fn exclude_for_good(&mut self, agent: AgentId) {
        self.excluded.retain(|excluded| excluded.agent != agent);
        self.excluded.push(Exclusion { agent, until: Micros::MAX, is_over: true });
    }
}
