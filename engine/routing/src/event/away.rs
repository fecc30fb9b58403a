//! Customers who leave while they wait, and come back.

use super::Judgement;
use crate::Micros;
use relevo_wire::TicketId;
use rkyv::{Archive, Deserialize, Serialize};

/// A customer left while nobody had the ticket: it is in no line, and keeps its place for a while. What
/// is measured at its end, should he not come back, is measured now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CustomerAway {
    /// The ticket.
    pub ticket: TicketId,
    /// When the ticket is lost; later by the time in which the daemon is down meanwhile.
    pub until: Micros,
    /// How long the ticket has waited.
    pub waited_us: u64,
    /// What the conversation's service level is to be if it ends so; none when it is judged already.
    pub judged: Option<Judgement>,
}

/// The customer is back: the ticket waits again at its place, as if it had never left the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CustomerBack {
    /// The ticket.
    pub ticket: TicketId,
}
