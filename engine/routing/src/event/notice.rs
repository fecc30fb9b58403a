//! Everybody who waits in a queue is told something.

use relevo_wire::vocabulary::Language;
use relevo_wire::{QueueId, TicketId};
use rkyv::{Archive, Deserialize, Serialize};

/// A step of a notice to those who wait in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Notice {
    /// The queue.
    pub queue: QueueId,
    /// What happened.
    pub step: NoticeStep,
}

/// What happens to a notice.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum NoticeStep {
    /// It begins: whoever waits now will be told.
    Begun(NoticeWords),
    /// One of them is told, in an entry of the ticket.
    Told {
        /// The ticket.
        ticket: TicketId,
        /// Number of this entry.
        number: u32,
        /// What its customer is told.
        text: String,
    },
    /// Nobody is left.
    Ended,
}

/// What those who wait are told.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct NoticeWords {
    /// Who understands none of the languages below.
    pub text: String,
    /// Who understands this language.
    pub texts: Vec<(Language, String)>,
}

impl NoticeWords {
    /// What a customer is told.
    #[must_use]
    pub fn for_language(&self, language: Language) -> &str {
        let own = self.texts.iter().find(|(of, _)| *of == language);
        own.map_or(&self.text, |(_, text)| text)
    }
}
