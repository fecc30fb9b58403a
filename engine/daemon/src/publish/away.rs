//! Customers who leave while they wait. The bot knows, and nobody else has the ticket: no entry tells
//! of it.

use super::conversations::Conversations;
use relevo_wire::ids::TicketId;
use relevo_wire::vocabulary::TicketState;

impl Conversations {
    /// The customer has left, or is back.
    pub(super) fn customer_is(&self, ticket: TicketId, state: TicketState) {
        self.change(ticket, |conversation| conversation.state = state);
    }
}
