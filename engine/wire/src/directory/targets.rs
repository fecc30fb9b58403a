//! How soon the agents of a queue are to answer.

use rkyv::{Archive, Deserialize, Serialize};

/// Targets for each ticket while an agent has it, in seconds (1 to 604,800: a week); what is absent is
/// none. The agent is told at 80 % of a target's time, and when all of it is over; nothing else happens.
/// The clocks stand still while the hours of the queue have it closed. On hold, and while agent, bot or
/// daemon are not there, they go on: the customer waits all the same. Only a human message answers.
/// What is changed here counts from the next clock on that begins.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct TicketTargets {
    /// From the assignment to the agent's first message. It begins anew when another agent gets the
    /// ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response_seconds: Option<u32>,
    /// After that: from the customer's first unanswered message to the agent's next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_response_seconds: Option<u32>,
    /// From the first response of the ticket to its end, whoever has it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_seconds: Option<u32>,
}

impl TicketTargets {
    /// Each time with its name, in the order of [`crate::vocabulary::TicketTarget`].
    #[must_use]
    pub fn times(&self) -> [(&'static str, Option<u32>); 3] {
        [
            ("first_response_seconds", self.first_response_seconds),
            ("next_response_seconds", self.next_response_seconds),
            ("resolution_seconds", self.resolution_seconds),
        ]
    }
}
