//! How soon an agent is to answer: every clock knows since when it runs, and the time in which the queue
//! was closed is taken off.

use crate::hand_off::seconds;
use crate::reference::Reference;
use crate::tickets::Ticket;
use relevo_routing::event::TargetTold;
use relevo_routing::{Event, Micros};
use relevo_wire::TicketId;
use relevo_wire::vocabulary::{TargetState, TicketState, TicketTarget};

/// It runs against a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetClock {
    pub(crate) which: TicketTarget,
    since: Micros,
    time_us: Micros,
    told: Option<TargetState>,
}

impl Reference {
    /// Where the ticket's queue says nothing there is no target.
    pub(crate) fn begin_target(&mut self, id: TicketId, which: TicketTarget) {
        let targets = self.queue(self.ticket(id).queue).map(|queue| queue.targets);
        let targets = targets.unwrap_or_default();
        let time = match which {
            TicketTarget::FirstResponse => targets.first_response_seconds,
            TicketTarget::NextResponse => targets.next_response_seconds,
            TicketTarget::Resolution => targets.resolution_seconds,
        };
        if let Some(time_us) = time.map(seconds) {
            let clock = TargetClock { which, since: self.now, time_us, told: None };
            self.ticket_mut(id).targets.push(clock);
        }
    }

    /// The customer has said something that is not answered yet.
    pub(crate) fn asks_agent(&mut self, id: TicketId) {
        if matches!(self.ticket(id).state, TicketState::InService | TicketState::OnHold) {
            self.begin_target(id, TicketTarget::NextResponse);
        }
    }

    /// Nobody of the agent's is awaited in the ticket any more.
    pub(crate) fn end_responses(&mut self, id: TicketId) {
        self.ticket_mut(id).targets.retain(|clock| clock.which == TicketTarget::Resolution);
    }

    /// When something is to be told of the targets of a ticket, each; none while its queue is closed.
    pub(crate) fn targets_told_at(&self, ticket: &Ticket) -> Vec<(Micros, TicketTarget)> {
        if self.is_shut(ticket.queue) {
            return Vec::new();
        }
        let told_at = |clock: &TargetClock| {
            let after_us = match clock.told {
                None => clock.time_us * 4 / 5,
                Some(TargetState::AtRisk) => clock.time_us + 1,
                Some(TargetState::Missed) => return None,
            };
            Some((clock.since + self.closed_for(ticket, clock.since) + after_us, clock.which))
        };
        ticket.targets.iter().filter_map(told_at).collect()
    }

    /// What fell due first is told, in the state that it is in now.
    pub(crate) fn target_over(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let first = self.targets_told_at(ticket).into_iter().min();
        let (_, which) = first.expect("a target is due");
        let clock = ticket.targets.iter().find(|clock| clock.which == which);
        let clock = clock.expect("it runs");
        let due = clock.since + self.closed_for(ticket, clock.since) + clock.time_us;
        let state = if self.now > due { TargetState::Missed } else { TargetState::AtRisk };
        let mut clocks = self.ticket_mut(id).targets.iter_mut();
        let clock = clocks.find(|clock| clock.which == which).expect("it runs");
        clock.told = Some(state);
        self.emit(Event::TargetTold(TargetTold { ticket: id, which, state, due }));
    }
}
