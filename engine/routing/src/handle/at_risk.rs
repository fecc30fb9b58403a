//! Targets of tickets that agents have: told at 80 % of their time, and when all of it is over.

use super::Turn;
use crate::Micros;
use crate::event::{Event, TargetTold};
use crate::state::slab::Slot;
use crate::state::ticket::Ticket;
use relevo_wire::QueueId;
use relevo_wire::vocabulary::{TargetState, TicketTarget};
use std::fmt::Write as _;

impl Turn<'_> {
    /// Something is to be told of a target of the queue, the first that fell due. A tick comes for each.
    pub(super) fn target_over(&mut self, id: QueueId) {
        let queue = self.state.queues.at(id);
        let Some((slot, which, clock)) = queue.targets.as_ref().and_then(|of| of.first()) else {
            return;
        };
        // What passed altogether while nobody looked is told once.
        let state = clock.state(queue.target_clock(self.now));
        let ticket = self.state.tickets.at(slot).id;
        let due = clock.due().saturating_add(queue.closed_us(self.now));
        self.emit_of(slot, Event::TargetTold(TargetTold { ticket, which, state, due }));
    }

    /// Which targets run for a ticket that an agent has, and when they are due.
    pub(super) fn targets_said(&self, slot: Slot, ticket: &Ticket) -> String {
        let queue = self.state.queues.at(ticket.queue);
        let Some(targets) = &queue.targets else { return String::new() };
        let now = queue.target_clock(self.now);
        let mut said = String::new();
        for (which, clock) in targets.of(slot) {
            let name = match which {
                TicketTarget::FirstResponse => "first response",
                TicketTarget::NextResponse => "next response",
                TicketTarget::Resolution => "resolution",
            };
            let seconds = |us: Micros| us.div_ceil(1_000_000);
            let _ = match clock.state(now) {
                TargetState::AtRisk => {
                    write!(said, "; its {name} is due in {} s", seconds(clock.due() - now))
                }
                TargetState::Missed => {
                    write!(said, "; its {name} was due {} s ago", seconds(now - clock.due()))
                }
            };
        }
        if queue.shut && !said.is_empty() {
            said.push_str(", not counting the time until its queue opens");
        }
        said
    }
}
