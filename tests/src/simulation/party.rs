//! Bots and agents: what the programs of a party hold together.

use std::collections::BTreeMap;

use relevo::session::Party as Who;
use relevo_wire::ids::{TenantId, TicketId};

/// A bot or an agent.
#[derive(Debug)]
pub struct Party {
    /// Its tenant.
    pub tenant: TenantId,
    /// Which.
    pub who: Who,
    /// Its name.
    pub name: String,
    /// How far any of its devices has come, without a hole.
    pub received: BTreeMap<TicketId, u32>,
    /// Customers of a bot.
    pub contacts: Vec<Contact>,
    /// Tickets that an agent believes to have, with their epochs; a bot's that wait.
    pub tickets: BTreeMap<TicketId, u32>,
    /// The ticket that ended last.
    pub ended: Option<TicketId>,
    /// Names of the colleagues.
    pub colleagues: Vec<String>,
    /// Names of the queues of each bot.
    pub queues: Vec<String>,
    /// Devices that speak for it.
    pub devices: usize,
}

/// A customer of a bot.
#[derive(Debug)]
pub struct Contact {
    /// The bot's name for it.
    pub id: String,
    /// Its number among all sources of tokens.
    pub source: u32,
    /// Messages that it has written.
    pub written: u64,
}

impl Party {
    /// Lets go of a ticket that the daemon has forgotten.
    pub fn forget(&mut self, ticket: TicketId) {
        self.received.remove(&ticket);
        self.tickets.remove(&ticket);
    }
}
