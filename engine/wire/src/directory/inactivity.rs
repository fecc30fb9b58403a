//! How long a customer or an agent may be silent.

use rkyv::{Archive, Deserialize, Serialize};

/// What becomes of a ticket in which nobody answers. Each time in seconds (1 to 604,800: a week); what is
/// absent does not happen. Nothing counts while the ticket is on hold, while the daemon is down, and
/// while the one who should answer cannot: the customer without its bot, the agent without a session.
/// What is changed here counts from the next message on.
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
pub struct Inactivity {
    /// A customer who has not answered for so long since the agent's first unanswered message is
    /// warned with the queue's text `inactive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_warning_seconds: Option<u32>,
    /// Who has not answered for so long after the warning is given back to the bot as
    /// `client_inactivity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_close_seconds: Option<u32>,
    /// An agent who has not answered for so long since the customer's first unanswered message, before
    /// the first reply since the assignment, is told so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_alert_seconds: Option<u32>,
    /// Who has not answered for so long after the alert loses the ticket: it goes back to its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_requeue_seconds: Option<u32>,
}

impl Inactivity {
    /// Each time with its name.
    #[must_use]
    pub fn times(&self) -> [(&'static str, Option<u32>); 4] {
        [
            ("client_warning_seconds", self.client_warning_seconds),
            ("client_close_seconds", self.client_close_seconds),
            ("agent_alert_seconds", self.agent_alert_seconds),
            ("agent_requeue_seconds", self.agent_requeue_seconds),
        ]
    }

    /// A second time that stands without the first one, after which it would count: both names.
    #[must_use]
    pub fn without_first(&self) -> Option<(&'static str, &'static str)> {
        let [client_first, client_then, agent_first, agent_then] = self.times();
        [(client_first, client_then), (agent_first, agent_then)]
            .into_iter()
            .find(|(first, then)| first.1.is_none() && then.1.is_some())
            .map(|(first, then)| (then.0, first.0))
    }
}
