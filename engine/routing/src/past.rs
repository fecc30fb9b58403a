//! A ticket explained on state that the log gave back: the past, which nothing changes any more.

use crate::handle::Turn;
use crate::seats::Seats;
use crate::{Micros, Step, Tenant};
use relevo_wire::answer::Answer;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{TicketId, WireError};

impl Tenant {
    /// What `Input::Explain` would have been answered at `now`, of a tenant to which every event up to
    /// then was applied and none after it. Nobody else holds this state, so nothing is decided on it:
    /// what was due then and came later is still to come.
    ///
    /// That a session had just closed its agent and the command that told so was on its way is in no
    /// log: who wanted tickets by the state's word counts as open.
    ///
    /// # Errors
    /// `not_found`: there was no such ticket then.
    pub fn explain_past(&mut self, now: Micros, ticket: TicketId) -> Result<Answer, WireError> {
        let mut seats = Seats::new();
        for (id, agent) in self.state.agents.iter() {
            // Only whether a word is open is asked of it: seats are counted from the tickets.
            let word = seats.ensure(id.0 as usize, agent.seats);
            let wants = agent.intent == Intent::Online;
            word.restore(0, agent.seats, wants, agent.is_serving(), false);
        }
        self.state.age_lines(now);
        let turn = Turn {
            state: &mut self.state,
            sessions: &mut self.sessions,
            ids: &mut self.ids,
            seats: &mut seats,
            now,
            step: Step::default(),
            assignments_left: 0,
            steps_left: 0,
        };
        turn.explain(ticket)
    }
}
