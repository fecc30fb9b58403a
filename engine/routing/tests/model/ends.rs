//! The ends of a ticket, and its way back to the line.

use crate::reference::{Answered, Reference, done};
use crate::refusals::{no_agent, no_bot, refused};
use crate::tickets::{Exclusion, Ticket};
use relevo_routing::Event;
use relevo_routing::event::{Closed, Judgement, Requeued};
use relevo_wire::limits::TAGS;
use relevo_wire::vocabulary::{CloseReason, OfferEnd, Outcome, RequeueReason, TicketState};
use relevo_wire::{AgentId, BotId, ContactKey, ErrorCode, TicketId};

impl Reference {
    pub(crate) fn customer_left(&mut self, bot: BotId, contact: ContactKey) -> Answered {
        if self.bot(bot).is_none() {
            return Err(no_bot());
        }
        if let Some(ticket) = self.open_of(bot, contact) {
            self.leave(ticket);
        }
        Ok(done())
    }

    pub(crate) fn take_back(&mut self, bot: BotId, ticket: TicketId) -> Answered {
        let id = self.latest_of_bot(bot, ticket)?;
        if !self.ticket(id).is_open() {
            return Err(self.wrong_state(self.ticket(id)));
        }
        self.close(id, CloseReason::Bot, &[], None);
        Ok(done())
    }

    pub(crate) fn agent_close(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        tags: &[String],
    ) -> Answered {
        if self.agent(agent).is_none() {
            return Err(no_agent());
        }
        if tags.len() > TAGS {
            return Err(refused(ErrorCode::LimitExceeded, "tags"));
        }
        let id = self.latest_known(ticket)?;
        self.check_keeper(self.ticket(id), agent, epoch)?;
        let may_follow = self.wraps_until(id, CloseReason::Agent).is_some();
        if self.lacks_tags(id, tags) && !may_follow {
            return Err(refused(ErrorCode::Malformed, "tags"));
        }
        self.close(id, CloseReason::Agent, tags, None);
        Ok(done())
    }

    fn lacks_tags(&self, id: TicketId, tags: &[String]) -> bool {
        let queue = self.queue(self.ticket(id).queue);
        tags.is_empty() && queue.is_some_and(|queue| queue.mandatory_tags)
    }

    pub(crate) fn close(
        &mut self,
        id: TicketId,
        reason: CloseReason,
        tags: &[String],
        child: Option<TicketId>,
    ) {
        let now = self.now;
        // Who accepts a transfer keeps the seat that was held.
        if reason != CloseReason::Transferred {
            self.end_offers(id, None, OfferEnd::Closed);
        }
        let ticket = self.ticket(id);
        let outcome = outcome(ticket, reason);
        let closed = Closed {
            ticket: id,
            number: ticket.last + 1,
            reason,
            outcome,
            epoch: ticket.epoch + 1,
            tags: tags.to_vec(),
            child,
            waited_us: match ticket.away {
                Some(away) => Some(away.waited_us),
                None if ticket.is_unassigned() => {
                    Some(self.open_since(ticket, ticket.waiting_since))
                }
                None => None,
            },
            handle_us: ticket
                .first_response_at
                .map(|at| ticket.away.map_or(now, |away| away.since) - at),
            judged: match ticket.away.filter(|_| reason == CloseReason::Client) {
                Some(away) => away.judged,
                None => self.judge_end(ticket, outcome),
            },
            wraps_until: self.wraps_until(id, reason),
            owes_tags: self.lacks_tags(id, tags) && self.wraps_until(id, reason).is_some(),
            reopen_until: self.reopen_until(id, reason),
        };
        let (wraps_until, reopen_until) = (closed.wraps_until, closed.reopen_until);
        if let Some(agent) = ticket.holder().filter(|_| wraps_until.is_none()) {
            self.at_mut(agent).last_ticket_at = now;
        }
        let ticket = self.ticket_mut(id);
        ticket.state =
            if wraps_until.is_some() { TicketState::Wrapping } else { TicketState::Closed };
        ticket.wraps_until = wraps_until;
        ticket.owes_tags = closed.owes_tags;
        ticket.excluded.clear();
        ticket.offers.clear();
        ticket.offered_until = None;
        ticket.transfer = None;
        ticket.last += 1;
        ticket.epoch += 1;
        ticket.closed_at = Some(now);
        ticket.child = child;
        ticket.reserved = None;
        ticket.parked_until = None;
        ticket.away = None;
        ticket.kept_until = None;
        ticket.target_at = None;
        ticket.unconfirmed.clear();
        if reopen_until.is_none() {
            ticket.demand = None;
        }
        ticket.reopen_until = reopen_until;
        ticket.ring = 0;
        ticket.silence = None;
        ticket.targets.clear();
        self.ever.closed.push(outcome);
        self.emit(Event::Closed(closed));
        self.bound_closed();
    }

    /// Back to the line at its place, and not to this agent for a while.
    pub(crate) fn requeue(&mut self, id: TicketId, reason: RequeueReason) {
        if self.leave_giver(id, reason) {
            return;
        }
        let now = self.now;
        let excluded_until = now + self.settings.exclusion_us;
        let ticket = self.ticket_mut(id);
        let agent = ticket.agent.take().expect("somebody has the ticket");
        ticket.last += 1;
        ticket.epoch += 1;
        ticket.silence = None;
        ticket.holds.clear();
        ticket.asked.clear();
        ticket.kept_until = None;
        ticket.excluded = vec![Exclusion { agent, until: excluded_until, is_over: false }];
        let (number, epoch) = (ticket.last, ticket.epoch);
        self.at_mut(agent).last_ticket_at = now;
        let requeued = Requeued { ticket: id, number, agent, reason, epoch, excluded_until };
        self.end_responses(id);
        self.waits_again(id);
        self.emit(Event::Requeued(requeued));
    }

    /// A ticket that an agent had waits at its place.
    pub(crate) fn waits_again(&mut self, id: TicketId) {
        let now = self.now;
        let ticket = self.ticket_mut(id);
        ticket.state = TicketState::Waiting;
        ticket.waiting_since = now;
        ticket.limits_from = now;
        ticket.step_from = now;
        ticket.step_is_over = false;
        ticket.ring = 0;
        ticket.looked_at = None;
        self.begins_to_wait(id);
    }

    /// A conversation that ends unjudged: left within its target, or missed. A transfer ends none.
    pub(crate) fn judge_end(&self, ticket: &Ticket, outcome: Outcome) -> Option<Judgement> {
        let clocks = self.clocks(ticket);
        let target_at = clocks.target_at?;
        let short_us = self.queue(ticket.queue).map_or(0, |queue| queue.short_loss_seconds);
        let is_short = clocks.in_all_us < crate::hand_off::seconds(short_us);
        match outcome {
            Outcome::Transferred => None,
            Outcome::Lost | Outcome::AbandonedUnanswered | Outcome::AbandonedAnswered
                if self.now <= target_at =>
            {
                Some(if is_short { Judgement::LostShort } else { Judgement::LostInTarget })
            }
            Outcome::Lost
            | Outcome::AbandonedUnanswered
            | Outcome::AbandonedAnswered
            | Outcome::TakenBack
            | Outcome::Attended
            | Outcome::Unserved => Some(Judgement::Missed),
        }
    }
}

/// Exactly one for each ticket.
fn outcome(ticket: &Ticket, reason: CloseReason) -> Outcome {
    let is_answered = ticket.first_response_at.is_some();
    match reason {
        CloseReason::Transferred => Outcome::Transferred,
        CloseReason::Bot => Outcome::TakenBack,
        CloseReason::Client if !ticket.ever_assigned => Outcome::Lost,
        CloseReason::Client if is_answered => Outcome::AbandonedAnswered,
        CloseReason::Client => Outcome::AbandonedUnanswered,
        CloseReason::Agent
        | CloseReason::ClientInactivity
        | CloseReason::AgentInactivity
        | CloseReason::Expired
        | CloseReason::NoAgent
        | CloseReason::OutOfHours
        | CloseReason::QueueFull
        | CloseReason::Supervisor => {
            if is_answered {
                Outcome::Attended
            } else {
                Outcome::Unserved
            }
        }
    }
}
