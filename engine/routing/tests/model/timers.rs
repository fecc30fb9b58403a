//! Deadlines: found by looking at every ticket and agent.

use crate::hand_off::seconds;
use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::event::Relaxed;
use relevo_routing::{Event, Micros};
use relevo_wire::vocabulary::{
    CloseReason, Intent, OfferEnd, Reachability, RequeueReason, Silent, TicketState, TransferEnd,
    UnparkCause, WrapUpEnd,
};
use relevo_wire::{AgentId, BotId, QueueId, TicketId};

/// What is due. At the same moment agents come first, then what moves tickets, then what is
/// measured; what is forgotten comes last of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    TurnAway(QueueId),
    Notice(QueueId),
    Mode(QueueId),
    Hours(QueueId),
    Grace(AgentId),
    Presence(AgentId),
    Fairness(AgentId),
    Keep,
    Unblock,
    Callback,
    Unpark,
    Away,
    Reservation,
    Target,
    Exclusion,
    Ring,
    Offer,
    WrapUp,
    Step,
    Limit(QueueId),
    Reach,
    Reopen,
    CustomerSilence(BotId),
    AgentSilence(AgentId),
    Targets(QueueId),
    Forget,
}

/// A deadline of an agent, or of the ticket beside it.
type Deadline = (Micros, Due, Option<TicketId>);

impl Reference {
    /// When a tick is needed; none while the daemon starts.
    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        if self.starting_since.is_some() {
            return None;
        }
        if self.is_unfinished {
            return Some(0);
        }
        self.deadlines().into_iter().map(|(at, ..)| at).min()
    }

    pub(crate) fn tick(&mut self) {
        if self.starting_since.is_some() {
            return;
        }
        for _ in 0..self.settings.deadlines_per_tick {
            let Some((due, ticket)) = self.first_due() else { return };
            self.fall_due(due, ticket);
        }
    }

    /// An exclusion, a delay or the time of an overflow is over and no tick has looked at its ticket
    /// since. What time alone makes possible is the next tick's work, or that of becoming ready.
    pub(crate) fn has_overdue(&self, now: Micros) -> bool {
        let is_over = |(at, due, _): Deadline| {
            matches!(due, Due::Exclusion | Due::Reach | Due::Step) && at <= now
        };
        self.starting_since.is_none() && self.deadlines().into_iter().any(is_over)
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let agents = (0..).map(AgentId).zip(&self.agents).filter_map(|(id, agent)| {
            let due = match agent.reachability {
                Reachability::Reachable => return None,
                Reachability::Grace => Due::Grace(id),
                Reachability::Unreachable if agent.intent == Intent::Offline => return None,
                Reachability::Unreachable => Due::Presence(id),
            };
            Some((agent.deadline?, due, None))
        });
        let limited = (0..self.agents.len()).filter_map(|number| {
            let id = AgentId(u32::try_from(number).expect("few agents"));
            Some((self.limited_until(id)?, Due::Fairness(id), None))
        });
        agents
            .chain(limited)
            .chain(self.deadlines_of_queues())
            .chain(self.blocks_end().map(|at| (at, Due::Unblock, None)))
            .chain(self.callbacks_end().map(|at| (at, Due::Callback, None)))
            .chain(self.tickets.iter().flat_map(|t| self.deadlines_of(t)))
            .collect()
    }

    /// Whoever is turned away is at once.
    fn deadlines_of_queues(&self) -> Vec<Deadline> {
        let queues = (0..).map(QueueId).zip(&self.queues);
        let due = queues.flat_map(|(id, queue)| {
            let turned_away = self.first_to_turn_away(id).map(|_| (0, Due::TurnAway(id), None));
            let notice = self.has_notice(id).then_some((0, Due::Notice(id), None));
            let mode = self.mode_until(id).map(|until| (until, Due::Mode(id), None));
            let hours = queue.until.map(|until| (until, Due::Hours(id), None));
            let looks = queue.looks_at.map(|looks_at| (looks_at, Due::Limit(id), None));
            [turned_away, notice, mode, hours, looks]
        });
        due.flatten().collect()
    }

    fn deadlines_of(&self, ticket: &Ticket) -> Vec<Deadline> {
        let exclusions = ticket.excluded.iter().filter(|_| ticket.is_nobodys());
        let exclusions = exclusions.filter(|e| !e.is_over).map(|e| (Some(e.until), Due::Exclusion));
        let is_closed = ticket.state == TicketState::Closed;
        // While the customer is away nothing falls due but the end of that.
        let is_here = ticket.away.is_none();
        let silence = self.silence_ends(ticket).map(|(silent, at)| match silent {
            Silent::Customer => (Some(at), Due::CustomerSilence(ticket.bot)),
            Silent::Agent => (Some(at), Due::AgentSilence(ticket.agent.expect("it is awaited"))),
        });
        let targets = self.targets_told_at(ticket).into_iter().filter(|_| is_here);
        let targets = targets.map(|(at, _)| (Some(at), Due::Targets(ticket.queue)));
        let due = [
            (ticket.kept_until, Due::Keep),
            (ticket.parked_until, Due::Unpark),
            (ticket.away.map(|away| away.until), Due::Away),
            (ticket.reserved.filter(|_| is_here).map(|(_, until)| until), Due::Reservation),
            // An answer at the very moment is in time.
            (ticket.target_at.filter(|_| is_here).map(|target_at| target_at + 1), Due::Target),
            (ticket.relaxes_at().filter(|_| is_here), Due::Ring),
            (self.reaches_more_at(ticket), Due::Reach),
            (ticket.offered_until, Due::Offer),
            (ticket.wraps_until, Due::WrapUp),
            (ticket.reopen_until.filter(|_| !ticket.reopen_is_over), Due::Reopen),
            (self.step_at(ticket).filter(|_| !ticket.step_is_over), Due::Step),
            (
                ticket
                    .closed_at
                    .filter(|_| is_closed)
                    .map(|at| at + self.settings.closed_retention_us),
                Due::Forget,
            ),
        ];
        due.into_iter()
            .chain(exclusions)
            .chain(silence)
            .chain(targets)
            .filter_map(|(at, due)| Some((at?, due, Some(ticket.id))))
            .collect()
    }

    /// When the ticket comes to more members of its queue than a tick has looked at.
    fn reaches_more_at(&self, ticket: &Ticket) -> Option<Micros> {
        let is_in_line = ticket.is_waiting() && ticket.reserved.is_none();
        let queue = self.queue(ticket.queue).filter(|_| is_in_line)?;
        let delays = queue.members.iter().map(|member| seconds(member.delay_seconds));
        let at = delays.filter(|delay| *delay > 0).map(|delay| ticket.waiting_since + delay);
        at.filter(|at| ticket.looked_at.is_none_or(|looked_at| *at > looked_at)).min()
    }

    /// The earliest; of tickets due at the same moment for the same reason, any.
    fn first_due(&self) -> Option<(Due, Option<TicketId>)> {
        let due = self.deadlines().into_iter().filter(|(at, ..)| *at <= self.now);
        let first = due.min_by_key(|(at, due, ticket)| {
            let told = ticket.map_or(0, |ticket| self.told_at(*due, ticket));
            (*due == Due::Forget, *at, *due, told, *ticket)
        });
        first.map(|(_, due, ticket)| (due, ticket))
    }

    fn told_at(&self, due: Due, ticket: TicketId) -> usize {
        self.witnessed(|event| match due {
            Due::Keep => {
                matches!(event, Event::Requeued(e) if e.ticket == ticket)
                    || matches!(event, Event::TransferEnded(e) if e.ticket == ticket)
            }
            Due::Unpark => matches!(event, Event::Unparked(e) if e.ticket == ticket),
            Due::Away => matches!(event, Event::Closed(e) if e.ticket == ticket),
            Due::Reservation => matches!(event, Event::Unreserved(e) if e.ticket == ticket),
            Due::Target => {
                matches!(event, Event::TargetMissed(e) if e.ticket == ticket)
                    || matches!(event, Event::TargetMoved(e) if e.ticket == ticket)
            }
            Due::Ring => matches!(event, Event::Relaxed(e)
                if e.ticket == ticket && e.ring == self.ticket(ticket).ring + 1),
            Due::Offer => matches!(event, Event::OfferEnded(e)
                if e.ticket == ticket && e.end == OfferEnd::Missed),
            Due::WrapUp => matches!(event, Event::WrappedUp(e)
                if e.ticket == ticket && e.end == WrapUpEnd::Limit),
            Due::Reopen | Due::Forget => matches!(event, Event::Forgotten(e) if e.ticket == ticket),
            Due::CustomerSilence(_) => {
                matches!(event, Event::Inactive(e)
                    if e.ticket == ticket && e.silent == Silent::Customer)
                    || matches!(event, Event::Closed(e)
                        if e.ticket == ticket && e.reason == CloseReason::ClientInactivity)
            }
            Due::AgentSilence(_) => {
                matches!(event, Event::Inactive(e)
                    if e.ticket == ticket && e.silent == Silent::Agent)
                    || matches!(event, Event::Requeued(e)
                        if e.ticket == ticket && e.reason == RequeueReason::AgentInactivity)
                    || matches!(event, Event::TransferEnded(e)
                        if e.ticket == ticket && e.end == TransferEnd::GiverGone)
            }
            Due::Targets(_) => matches!(event, Event::TargetTold(e) if e.ticket == ticket),
            // Of agents the number decides; an exclusion and a delay leave no event.
            Due::TurnAway(_)
            | Due::Notice(_)
            | Due::Mode(_)
            | Due::Hours(_)
            | Due::Grace(_)
            | Due::Presence(_)
            | Due::Fairness(_)
            | Due::Unblock
            | Due::Callback
            | Due::Exclusion
            | Due::Reach
            | Due::Step
            | Due::Limit(_) => true,
        })
    }

    fn fall_due(&mut self, due: Due, ticket: Option<TicketId>) {
        let ticket = || ticket.expect("it is a ticket's deadline");
        match due {
            Due::TurnAway(queue) => self.turn_away(queue),
            Due::Notice(queue) => self.tell_next(queue),
            Due::Mode(queue) => self.mode_over(queue),
            Due::Hours(queue) => self.look_at_hours(queue),
            Due::Grace(agent) => self.grace_over(agent),
            Due::Presence(agent) => self.presence_expired(agent),
            Due::Fairness(agent) => self.at_mut(agent).is_free_again = true,
            Due::Unblock => self.block_over(),
            Due::Callback => self.callback_over(),
            Due::Keep => self.requeue(ticket(), RequeueReason::AgentGone),
            Due::Unpark => self.unpark(ticket(), UnparkCause::Time),
            Due::Reach => {
                let at = self.reaches_more_at(self.ticket(ticket()));
                self.ticket_mut(ticket()).looked_at = at;
            }
            Due::Away => self.close(ticket(), CloseReason::Client, &[], None),
            Due::Reservation => self.join_line(ticket()),
            Due::Target => self.target_due(ticket()),
            Due::Exclusion => {
                let now = self.now;
                let mut excluded = self.ticket_mut(ticket()).excluded.iter_mut();
                let over = excluded.find(|excluded| !excluded.is_over && excluded.until <= now);
                over.expect("an exclusion is due").is_over = true;
            }
            Due::Ring => {
                let ticket = self.ticket_mut(ticket());
                ticket.ring += 1;
                // It enters the line anew, and is looked at anew.
                ticket.looked_at = None;
                let (ticket, ring) = (ticket.id, ticket.ring);
                self.emit(Event::Relaxed(Relaxed { ticket, ring }));
            }
            Due::Offer => self.offer_missed(ticket()),
            Due::WrapUp => self.end_wrap_up(ticket(), WrapUpEnd::Limit, &[]),
            Due::Step => self.ticket_mut(ticket()).step_is_over = true,
            Due::Limit(queue) => self.limit_over(queue),
            Due::Reopen => self.reopen_over(ticket()),
            Due::CustomerSilence(_) | Due::AgentSilence(_) => self.silence_over(ticket()),
            Due::Targets(_) => self.target_over(ticket()),
            Due::Forget => self.forget(ticket()),
        }
    }
}
