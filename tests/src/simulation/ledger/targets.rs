//! What the log tells of the targets of tickets.

use relevo_routing::event::TargetTold;
use relevo_wire::push::Target;
use relevo_wire::vocabulary::{TargetState, TicketState, TicketTarget};

use super::{Books, Violation, must};

/// Those of a ticket.
#[derive(Debug, Default)]
pub struct Targets {
    /// Of clocks that run.
    running: Vec<(TicketTarget, TargetState)>,
    /// All that was ever told.
    told: Vec<Target>,
}

impl Targets {
    /// An agent has answered, or has lost the ticket.
    pub(super) fn end_responses(&mut self) {
        self.running.retain(|(which, _)| *which == TicketTarget::Resolution);
    }

    /// Whether the log has told just this.
    #[must_use]
    pub fn told(&self, target: &Target) -> bool {
        self.told.contains(target)
    }
}

impl Books {
    pub(super) fn target_told(&mut self, e: TargetTold) -> Result<(), Violation> {
        let TargetTold { ticket: id, which, state, due } = e;
        let ticket = self.ticket(id)?;
        let fits = match which {
            TicketTarget::FirstResponse => ticket.state == TicketState::Assigned,
            TicketTarget::NextResponse => {
                matches!(ticket.state, TicketState::InService | TicketState::OnHold)
            }
            TicketTarget::Resolution => ticket.is_open(),
        };
        let is_new = !ticket.targets.running.contains(&(which, state));
        ticket.targets.running.push((which, state));
        ticket.targets.told.push(Target { ticket: id, which, state, due });
        let now = ticket.state;
        must(fits, "a target is of who is awaited", || format!("{e:?}: {now:?}"))?;
        must(is_new, "a target is told once a clock", || format!("{e:?}"))
    }
}
