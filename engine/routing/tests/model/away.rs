//! Customers who leave while they wait.

use crate::hand_off::seconds;
use crate::reference::Reference;
use relevo_routing::event::{
    CustomerAway, CustomerBack, Judgement, Relaxed, TargetMissed, Unreserved,
};
use relevo_routing::{Event, Micros};
use relevo_wire::TicketId;
use relevo_wire::vocabulary::{CloseReason, OfferEnd, Outcome, TicketState};

/// A customer left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    pub(crate) since: Micros,
    pub(crate) until: Micros,
    pub(crate) waited_us: Micros,
    pub(crate) judged: Option<Judgement>,
}

impl Reference {
    pub(crate) fn leave(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let window = self.queue(ticket.queue).map_or(0, |queue| queue.resume_seconds);
        if ticket.away.is_some() {
            return;
        }
        if window == 0 || !ticket.is_unassigned() {
            return self.close(id, CloseReason::Client, &[], None);
        }
        self.end_offers(id, None, OfferEnd::Withdrawn);
        let ticket = self.ticket(id);
        let away = Away {
            since: self.now,
            until: self.now + seconds(window),
            waited_us: self.open_since(ticket, ticket.waiting_since),
            judged: self.judge_end(ticket, Outcome::Lost),
        };
        let ticket = self.ticket_mut(id);
        ticket.away = Some(away);
        ticket.state = TicketState::Away;
        ticket.told = None;
        let Away { until, waited_us, judged, .. } = away;
        self.emit(Event::CustomerAway(CustomerAway { ticket: id, until, waited_us, judged }));
    }

    /// Where the time for one agent, or the agent, is gone meanwhile, and rings have begun, that comes
    /// first.
    pub(crate) fn return_to_line(&mut self, id: TicketId) {
        let now = self.now;
        let reserved = self.ticket(id).reserved;
        if reserved.is_some_and(|(agent, until)| until <= now || self.agent(agent).is_none()) {
            self.join_line(id);
        }
        while self.ticket(id).relaxes_at().is_some_and(|at| at <= now) {
            let ticket = self.ticket_mut(id);
            ticket.ring += 1;
            let ring = ticket.ring;
            self.emit(Event::Relaxed(Relaxed { ticket: id, ring }));
        }
        self.stand_in_line(id);
        self.begins_to_wait(id);
        self.emit(Event::CustomerBack(CustomerBack { ticket: id }));
        let target_at = self.clocks(self.ticket(id)).target_at;
        if target_at.is_some_and(|target_at| target_at < now) {
            self.ticket_mut(id).target_at = None;
            self.emit(Event::TargetMissed(TargetMissed { ticket: id }));
        }
    }

    /// What a dry run of a hand-off tells: nothing that falls due is looked at.
    pub(crate) fn as_if_in_line(&mut self, id: TicketId) {
        let now = self.now;
        let reserved = self.ticket(id).reserved;
        let reserved =
            reserved.filter(|(agent, until)| *until > now && self.agent(*agent).is_some());
        self.ticket_mut(id).reserved = reserved;
        self.stand_in_line(id);
    }

    fn stand_in_line(&mut self, id: TicketId) {
        let ticket = self.ticket_mut(id);
        ticket.away = None;
        ticket.state = TicketState::Waiting;
        ticket.step_is_over = false;
        ticket.looked_at = None;
    }

    /// The time in which a ticket waits for one agent is over.
    pub(crate) fn join_line(&mut self, id: TicketId) {
        let now = self.now;
        let joins = self.ticket_mut(id);
        joins.reserved = None;
        joins.step_from = now;
        joins.step_is_over = false;
        self.emit(Event::Unreserved(Unreserved { ticket: id }));
    }
}
