//! Settings so tight that small numbers reach their bounds.

use crate::shapes::Tight;
use relevo_routing::Settings;

impl Tight {
    pub(crate) fn settings(self) -> Settings {
        let mut settings = Settings { parked_per_agent: 1, ..Settings::default() };
        if self.assignments {
            settings.assignments_per_step = 2;
        }
        if self.memories {
            settings.closed_tickets = 2;
            settings.idempotency_keys = 4;
            settings.idempotency_keys_per_credential = 3;
            settings.parked_per_agent = 0;
            settings.message_ids_per_ticket = 2;
            settings.contact_message_ids = 3;
            settings.last_agents = 2;
            settings.last_agent_us = 600_000_000;
        }
        if self.unconfirmed {
            // A dozen of the shortest messages: fewer than the router begins to put together.
            settings.unconfirmed_bytes = 900;
        }
        if self.objects {
            settings.objects = 5;
            settings.keys = 1;
        }
        settings
    }
}
