//! What was told of the targets of a ticket: whoever comes later is told it too.

use relevo_routing::event::TargetTold;
use relevo_wire::ids::TicketId;
use relevo_wire::push::Target;
use relevo_wire::vocabulary::{TargetState, TicketTarget};

/// A target that is at risk, or missed, as long as its clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Told {
    /// Which target.
    pub which: TicketTarget,
    /// How far it is gone.
    pub state: TargetState,
    /// When it is missed, or was, in microseconds since 1970.
    pub due: u64,
}

impl Told {
    /// As the agent who has the ticket sees it.
    #[must_use]
    pub fn push(self, ticket: TicketId) -> Target {
        let Self { which, state, due } = self;
        Target { ticket, which, state, due }
    }
}

/// Of one ticket. Boxed, as most have nothing told: few are late, and those of half a million may wait.
#[derive(Debug, Default)]
pub struct ToldTargets(Option<Box<List>>);

#[derive(Debug, Default)]
struct List {
    told: Vec<Told>,
}

impl ToldTargets {
    /// Each of another target.
    #[must_use]
    pub fn list(&self) -> &[Told] {
        self.0.as_deref().map_or(&[], |list| &list.told)
    }

    /// Something was told.
    pub fn tell(&mut self, event: &TargetTold) {
        let TargetTold { which, state, due, .. } = *event;
        let list = self.0.get_or_insert_default();
        list.told.retain(|told| told.which != which);
        list.told.push(Told { which, state, due });
    }

    /// The agent has answered, or has the ticket no longer.
    pub fn end_responses(&mut self) {
        if let Some(list) = &mut self.0 {
            list.told.retain(|told| told.which == TicketTarget::Resolution);
            if list.told.is_empty() {
                self.0 = None;
            }
        }
    }

    /// The ticket is over.
    pub fn end(&mut self) {
        self.0 = None;
    }
}

impl From<Vec<Told>> for ToldTargets {
    fn from(told: Vec<Told>) -> Self {
        Self((!told.is_empty()).then(|| Box::new(List { told })))
    }
}
