//! The ends of a ticket, and its way back to the line.

use super::refusals::{no_agent, no_bot};
use super::{Answered, Turn, done};
use crate::event::{Closed, Event, Forgotten, Judgement, Requeued};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::limits::TAGS;
use relevo_wire::vocabulary::{CloseReason, OfferEnd, Outcome, RequeueReason};
use relevo_wire::{AgentId, BotId, ContactKey, ErrorCode, TicketId, WireError};

impl Turn<'_> {
    /// The customer is gone; without an open ticket there is nothing to end.
    pub(super) fn customer_left(&mut self, bot: BotId, contact: ContactKey) -> Answered {
        if self.state.bots.get(bot).is_none() {
            return Err(no_bot());
        }
        if let Some(slot) = self.state.tickets.open_of(bot, contact) {
            self.leave(slot);
        }
        Ok(done())
    }

    pub(super) fn take_back(&mut self, bot: BotId, ticket: TicketId) -> Answered {
        let slot = self.latest_of_bot(bot, ticket)?;
        let ticket = self.state.tickets.at(slot);
        if !ticket.is_open() {
            return Err(self.wrong_state(ticket, "the bot has this conversation already"));
        }
        self.close(slot, CloseReason::Bot, Vec::new(), None);
        Ok(done())
    }

    pub(super) fn agent_close(
        &mut self,
        agent: AgentId,
        ticket: TicketId,
        epoch: u32,
        tags: Vec<String>,
    ) -> Answered {
        if self.state.agents.get(agent).is_none() {
            return Err(no_agent());
        }
        check_tags(&tags)?;
        let slot = self.state.tickets.latest(self.ticket(ticket)?);
        let ticket = self.state.tickets.at(slot);
        self.check_keeper(ticket, agent, epoch)?;
        let wraps = self.wraps_until(ticket, CloseReason::Agent).is_some();
        if tags.is_empty() && !wraps && self.state.queues.at(ticket.queue).mandatory_tags {
            return Err(needs_tag());
        }
        self.close(slot, CloseReason::Agent, tags, None);
        Ok(done())
    }

    /// Ends a ticket and frees its seat. The number of closed tickets that stay is bounded.
    pub(super) fn close(
        &mut self,
        slot: Slot,
        reason: CloseReason,
        tags: Vec<String>,
        child: Option<TicketId>,
    ) {
        // Who has accepted its transfer keeps the seat, for the child.
        if reason != CloseReason::Transferred {
            self.end_offers(slot, None, OfferEnd::Closed);
        }
        let ticket = self.state.tickets.at(slot);
        let holder = ticket.holder();
        // Who is away is measured as of when he left.
        let away = self.state.aways.of(slot).copied();
        let waited_us = match away {
            Some(away) => Some(away.waited_us),
            None => ticket.is_unassigned().then(|| self.waited_us(ticket)),
        };
        let ended_at = away.map_or(self.now, |away| away.since);
        let first_response_at = ticket.first_response_at.get();
        let outcome = outcome(ticket, reason);
        let judged = match (away, reason) {
            (Some(away), CloseReason::Client) => away.judged,
            _ => self.judge_end(ticket, outcome),
        };
        let wraps_until = self.wraps_until(ticket, reason);
        let wants_tags = self.state.queues.at(ticket.queue).mandatory_tags;
        let owes_tags = wants_tags && tags.is_empty() && wraps_until.is_some();
        let closed = Closed {
            ticket: ticket.id,
            number: ticket.last + 1,
            reason,
            outcome,
            epoch: ticket.epoch + 1,
            tags,
            child,
            waited_us,
            handle_us: first_response_at.map(|at| ended_at.saturating_sub(at)),
            judged,
            wraps_until,
            owes_tags,
            reopen_until: self.reopen_until(ticket, reason),
        };
        self.release(holder.filter(|_| closed.wraps_until.is_none()));
        self.emit_of(slot, Event::Closed(closed));
        self.bound_closed();
    }

    /// Back to the line, at its place, not to this agent for a while. What was to be transferred goes on
    /// to where it was meant for.
    pub(super) fn requeue(&mut self, slot: Slot, reason: RequeueReason) {
        if self.leave_giver(slot, reason) {
            return;
        }
        let ticket = self.state.tickets.at(slot);
        let Some(agent) = ticket.holder() else { return };
        let requeued = Requeued {
            ticket: ticket.id,
            number: ticket.last + 1,
            agent,
            reason,
            epoch: ticket.epoch + 1,
            excluded_until: self.now.saturating_add(self.state.settings.exclusion_us),
        };
        self.release(Some(agent));
        self.emit_of(slot, Event::Requeued(requeued));
    }

    pub(super) fn release(&self, holder: Option<AgentId>) {
        if let Some(word) = holder.and_then(|agent| self.seats.word(agent.0 as usize)) {
            #[cfg(planted)]
            if crate::planted::is(crate::planted::Bug::KeptSeat) {
                return;
            }
            word.release();
        }
    }

    pub(super) fn bound_closed(&mut self) {
        let stats = &self.state.stats;
        let open = stats.all.created - stats.all.closed_in_all();
        let closed = self.state.tickets.len() as u64 - open;
        if closed > self.state.settings.closed_tickets as u64
            && let Some(slot) = self.state.timers.first_forget()
        {
            let ticket = self.state.tickets.at(slot).id;
            self.emit_of(slot, Event::Forgotten(Forgotten { ticket }));
        }
    }

    /// The service level of a conversation that ends without having been judged: left in time, or
    /// missed, whoever ended it. A transfer ends no conversation.
    pub(super) fn judge_end(&self, ticket: &Ticket, outcome: Outcome) -> Option<Judgement> {
        let target_at = self.target_at(ticket)?;
        let waited_us = self.waited_in_all_us(ticket);
        let short_loss_us = self.state.queues.at(ticket.queue).short_loss_us;
        match outcome {
            Outcome::Transferred => None,
            Outcome::Lost | Outcome::AbandonedUnanswered | Outcome::AbandonedAnswered => {
                Some(if self.now > target_at {
                    Judgement::Missed
                } else if waited_us < short_loss_us {
                    Judgement::LostShort
                } else {
                    Judgement::LostInTarget
                })
            }
            Outcome::TakenBack | Outcome::Attended | Outcome::Unserved => Some(Judgement::Missed),
        }
    }
}

/// A ticket has a bounded number of tags.
pub(super) fn check_tags(tags: &[String]) -> Result<(), WireError> {
    if tags.len() > TAGS {
        let message = format!("a ticket has at most {TAGS} tags, not {}", tags.len());
        return Err(WireError::field(ErrorCode::LimitExceeded, "tags", message));
    }
    Ok(())
}

/// Its queue says so, and this is the last occasion.
pub(super) fn needs_tag() -> WireError {
    let message = "the ticket's queue wants at least one tag: name it";
    WireError::field(ErrorCode::Malformed, "tags", message)
}

/// Exactly one for each closed ticket.
fn outcome(ticket: &Ticket, reason: CloseReason) -> Outcome {
    let answered = ticket.first_response_at.is_some();
    match reason {
        CloseReason::Transferred => Outcome::Transferred,
        CloseReason::Client if !ticket.ever_assigned => Outcome::Lost,
        CloseReason::Client if answered => Outcome::AbandonedAnswered,
        CloseReason::Client => Outcome::AbandonedUnanswered,
        CloseReason::Bot => Outcome::TakenBack,
        CloseReason::Agent
        | CloseReason::ClientInactivity
        | CloseReason::AgentInactivity
        | CloseReason::Expired
        | CloseReason::NoAgent
        | CloseReason::OutOfHours
        | CloseReason::QueueFull
        | CloseReason::Supervisor => {
            if answered {
                Outcome::Attended
            } else {
                Outcome::Unserved
            }
        }
    }
}
