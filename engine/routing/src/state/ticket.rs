//! One ticket.

use super::asked::Asked;
use super::demands::MaybeDemand;
use super::maybe::{MaybeAgent, MaybeTicket, MaybeTime};
use super::recent::RecentMessages;
use super::telling::Telling;
use super::unconfirmed::Unconfirmed;
use crate::Micros;
use crate::event::TicketOpened;
use relevo_wire::vocabulary::{HandOffReason, TicketState, Via};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A ticket, open or closed and still resumable. Small: half a million may wait.
///
/// The fields stand in the order in which a decision touches them: most tickets are not in a cache
/// when their turn comes, and every line of it is a wait for memory.
#[derive(Debug, Clone, Archive, Serialize, Deserialize)]
#[repr(C)]
pub(crate) struct Ticket {
    pub(crate) id: TicketId,
    // What the line and an assignment read and write.
    pub(crate) arrived: Micros,
    /// Counts the tenant's tickets: rises as ids do, so that it stands for the id in a line.
    pub(crate) order: u64,
    pub(crate) waiting_since: Micros,
    /// How long the conversation waited before that.
    pub(crate) waited_us: Micros,
    /// The latest assignment.
    pub(crate) assigned_at: MaybeTime,
    pub(crate) bot: BotId,
    pub(crate) queue: QueueId,
    /// Who has it or has parked it, or had it when it was closed.
    pub(crate) agent: MaybeAgent,
    /// For whom it waits outside the queue's line.
    pub(crate) reserved: MaybeAgent,
    /// To whom it is offered, and who gave it away.
    pub(crate) asked: Asked,
    pub(crate) epoch: u32,
    /// Number of the last entry.
    pub(crate) last: u32,
    /// What it requires, and in which ring it is; none once it is closed.
    pub(crate) demand: MaybeDemand,
    pub(crate) ring: u8,
    pub(crate) priority: u16,
    pub(crate) state: TicketState,
    pub(crate) test: bool,
    pub(crate) ever_assigned: bool,
    pub(crate) via: Via,
    pub(crate) reason: HandOffReason,
    pub(crate) telling: Telling,
    /// Somebody human wrote in an earlier ticket of the conversation.
    pub(crate) answered_before: bool,
    /// Whoever is awaited has been told so; while it is wrapped up, nobody is: its agent owes a tag.
    pub(crate) warned: bool,
    /// Progress of the present agent.
    pub(crate) agent_progress: Progress,
    // What messages and the end read and write.
    /// When the conversation's service-level threshold passes; none when judged.
    pub(crate) target_at: MaybeTime,
    /// When its conversation first waited; later by what was closed until the present waiting, or time
    /// with the agent, began.
    pub(crate) first_waiting_since: Micros,
    /// First human message of this ticket.
    pub(crate) first_response_at: MaybeTime,
    /// First customer message that no agent has answered.
    pub(crate) unanswered_since: MaybeTime,
    pub(crate) closed_at: MaybeTime,
    /// One of three, as no two hold at once. While nobody has it, its customer away or not:
    /// `waiting_since`, later by the time in which the daemon was down meanwhile; the longest wait that
    /// the queue allows counts from there. While an agent has it: until when it is kept for that agent,
    /// who is gone. Once it is closed: until when its agent wraps it up.
    pub(crate) by_state: MaybeTime,
    /// How long its queue had been closed in all when its waiting began, or its time with the agent;
    /// of one that came from another queue, less by what that one was closed since then.
    pub(crate) closed_then: Micros,
    /// How long its queue had been closed in all when the target was set or moved last.
    pub(crate) closed_told: Micros,
    /// The child of a transfer.
    pub(crate) child: MaybeTicket,
    pub(crate) contact: ContactKey,
    pub(crate) for_agent: Unconfirmed,
    pub(crate) for_bot: Unconfirmed,
    pub(crate) recent: Option<Box<RecentMessages>>,
    pub(crate) bot_progress: Progress,
    pub(crate) parent: MaybeTicket,
    // What few tickets need.
    /// One of five, as no two hold at once. Until when it is reserved, or parked. While it is not: since when it
    /// stands in its queue's line, later by the time in which the daemon was down; the queue's overflow
    /// counts from there. While an agent has it: until when silence is borne. Once it is closed: until
    /// when it can be reopened.
    pub(crate) reserved_until: Micros,
    pub(crate) bot_number: u64,
}

/// How far a party has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) delivered: u32,
    pub(crate) read: u32,
}

impl Ticket {
    /// The ticket that an event opens.
    pub(crate) fn opened(
        event: &TicketOpened,
        now: Micros,
        order: u64,
        demand: MaybeDemand,
    ) -> Self {
        let mut for_agent = Unconfirmed::default();
        for_agent.add(1, event.bytes);
        let (reserved, reserved_until) =
            event.reserved.map_or((MaybeAgent::NONE, now), |(agent, until)| (agent.into(), until));
        Self {
            id: event.ticket,
            contact: event.contact,
            parent: event.parent.into(),
            child: MaybeTicket::NONE,
            order,
            bot_number: event.bot_number,
            arrived: event.arrived,
            waiting_since: now,
            waited_us: event.waited_us,
            first_waiting_since: event.first_waiting_since,
            target_at: event.target_at.into(),
            assigned_at: MaybeTime::NONE,
            first_response_at: MaybeTime::NONE,
            unanswered_since: MaybeTime::NONE,
            closed_at: MaybeTime::NONE,
            by_state: MaybeTime::at(now),
            reserved_until,
            closed_then: 0,
            closed_told: 0,
            bot: event.bot,
            queue: event.queue,
            agent: MaybeAgent::NONE,
            asked: Asked::new(event.excluded.into()),
            reserved,
            epoch: event.epoch,
            last: 1,
            bot_progress: Progress::default(),
            agent_progress: Progress::default(),
            for_bot: Unconfirmed::default(),
            for_agent,
            recent: None,
            demand,
            ring: 0,
            priority: event.priority,
            state: TicketState::Waiting,
            via: event.via,
            reason: event.reason,
            test: event.test,
            telling: Telling::new(event.language, event.position_updates),
            answered_before: event.answered_before,
            warned: false,
            ever_assigned: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        match self.state {
            TicketState::Waiting
            | TicketState::Offered
            | TicketState::Assigned
            | TicketState::InService
            | TicketState::OnHold
            | TicketState::Parked
            | TicketState::Away => true,
            TicketState::Wrapping | TicketState::Closed => false,
        }
    }

    /// It stands in a line.
    pub(crate) fn is_waiting(&self) -> bool {
        self.state == TicketState::Waiting
    }

    /// Nobody has it: it stands in a line, or is offered.
    pub(crate) fn is_unassigned(&self) -> bool {
        matches!(self.state, TicketState::Waiting | TicketState::Offered)
    }

    /// Nobody has it, its customer away or not.
    pub(crate) fn is_nobodys(&self) -> bool {
        self.is_unassigned() || self.is_away()
    }

    /// Its customer left while it waited, and may come back to its place.
    pub(crate) fn is_away(&self) -> bool {
        self.state == TicketState::Away
    }

    /// An agent has written, and it goes on.
    pub(crate) fn is_in_service(&self) -> bool {
        matches!(self.state, TicketState::InService | TicketState::OnHold)
    }

    /// Its agent wraps it up and has yet to give a tag.
    pub(crate) fn owes_tags(&self) -> bool {
        self.state == TicketState::Wrapping && self.warned
    }

    /// Its agent has parked it: nobody has it in a seat.
    pub(crate) fn is_parked(&self) -> bool {
        self.state == TicketState::Parked
    }

    /// Since when it stands in its queue's line, as overflow counts it; of one that is not reserved.
    pub(crate) fn step_from(&self) -> Micros {
        debug_assert!(!self.reserved.is_some(), "who is reserved stands in no queue's line");
        self.reserved_until
    }

    /// It stands in its queue's line from now on.
    pub(crate) fn begin_step(&mut self, now: Micros) {
        debug_assert!(!self.reserved.is_some(), "who is reserved stands in no queue's line");
        self.reserved_until = now;
    }

    /// Since when it has waited, as the limits of waiting count it; of one that nobody has.
    pub(crate) fn limits_from(&self) -> Micros {
        debug_assert!(!self.agent.is_some(), "limits are for who waits");
        self.by_state.get().unwrap_or(self.waiting_since)
    }

    /// Until when it is kept for an agent who is gone.
    pub(crate) fn kept_until(&self) -> Option<Micros> {
        self.by_state.get().filter(|_| self.owner().is_some())
    }

    /// Until when its agent wraps it up.
    pub(crate) fn wraps_until(&self) -> Option<Micros> {
        self.by_state.get().filter(|_| self.state == TicketState::Wrapping)
    }

    /// Until when the conversation can be reopened, of a closed ticket.
    pub(crate) fn reopens_until(&self) -> Option<Micros> {
        debug_assert!(!self.is_open(), "only what is closed is reopened");
        MaybeTime::from_raw(self.reserved_until).get()
    }

    /// Closed, and no longer to be kept for who might reopen it.
    pub(crate) fn is_over(&self, now: Micros) -> bool {
        !self.is_open() && self.reopens_until().is_none_or(|until| until <= now)
    }

    /// Whose it is now: who has it, or has parked it.
    pub(crate) fn owner(&self) -> Option<AgentId> {
        if self.is_open() { self.agent.get() } else { None }
    }

    /// Who has it now, in a seat.
    pub(crate) fn holder(&self) -> Option<AgentId> {
        self.owner().filter(|_| !self.is_parked())
    }

    /// Until when its agent has parked it.
    pub(crate) fn parked_until(&self) -> Option<Micros> {
        self.is_parked().then_some(self.reserved_until)
    }

    /// Whose seat it takes: who has it, or wraps it up.
    pub(crate) fn seated(&self) -> Option<AgentId> {
        match self.state {
            TicketState::Parked | TicketState::Away | TicketState::Closed => None,
            TicketState::Waiting
            | TicketState::Offered
            | TicketState::Assigned
            | TicketState::InService
            | TicketState::OnHold
            | TicketState::Wrapping => self.agent.get(),
        }
    }

    pub(crate) fn excludes(&self, agent: AgentId, now: Micros) -> bool {
        self.asked.excluded().excludes(agent, now)
    }

    /// Somebody human has written in this ticket or before it.
    pub(crate) fn answered_ever(&self) -> bool {
        self.answered_before || self.first_response_at.is_some()
    }

    /// Closed for good, and nobody has anything left to confirm.
    pub(crate) fn is_confirmed(&self, now: Micros) -> bool {
        self.state == TicketState::Closed
            && self.is_over(now)
            && self.bot_progress.delivered >= self.last
            && (!self.agent.is_some() || self.agent_progress.delivered >= self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_stays_small() {
        assert!(size_of::<Option<Ticket>>() <= 304, "{} bytes", size_of::<Option<Ticket>>());
    }
}
