//! What the load test writes into hand-offs and messages to recognise them at the other end:
//! which one it is, when it was meant to be sent, and a digest of its text.

use crate::random::mix;
use relevo_client::wire::vocabulary::{Author, Body};

/// Name of the context entry that carries the stamp of a hand-off.
pub const FIELD: &str = "relevo-loadtest";

/// Identifies a conversation in its hand-off or in the note of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketStamp {
    /// Number of the conversation.
    pub index: u64,
    /// When the customer was meant to arrive, in microseconds from the start of the run.
    pub intended_us: u64,
    /// Mean service time at that moment, in microseconds.
    pub service_mean_us: u64,
    /// The conversation was transferred already.
    pub transferred: bool,
}

/// Identifies a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageStamp {
    /// Number of the conversation.
    pub index: u64,
    /// Who wrote it: the customer, else the agent.
    pub by_customer: bool,
    /// Which of the author's messages in the conversation, from 0.
    pub ordinal: u32,
    /// When it was meant to be sent, in microseconds from the start of the run.
    pub intended_us: u64,
}

impl TicketStamp {
    /// As it stands in a context or a note.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { index, intended_us, service_mean_us, transferred } = self;
        format!("{index}.{intended_us}.{service_mean_us}.{}", u8::from(*transferred))
    }

    /// Reads [`TicketStamp::text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [index, intended_us, service_mean_us, transferred] = numbers(text)?;
        Some(Self { index, intended_us, service_mean_us, transferred: transferred != 0 })
    }
}

impl MessageStamp {
    /// The message itself: the stamp, a space, the text. It makes a text some 30 bytes longer.
    #[must_use]
    pub fn body(&self, text: &str) -> Body {
        let Self { index, by_customer, ordinal, intended_us } = self;
        let digest = digest(text);
        let by_customer = u8::from(*by_customer);
        Body::text(format!("{index}.{by_customer}.{ordinal}.{intended_us}.{digest} {text}"))
    }

    /// Reads a message: its stamp, and whether the text is the one that was sent. Absent for a
    /// message that the load test did not write.
    #[must_use]
    pub fn read(body: &Body) -> Option<(Self, bool)> {
        let (stamp, text) = body.text.split_once(' ')?;
        let [index, by_customer, ordinal, intended_us, sent] = numbers(stamp)?;
        let stamp = Self {
            index,
            by_customer: by_customer != 0,
            ordinal: u32::try_from(ordinal).ok()?,
            intended_us,
        };
        Some((stamp, u64::from(digest(text)) == sent))
    }

    /// Unique in the run: makes the send idempotent.
    #[must_use]
    pub fn message_id(&self) -> String {
        let author = if self.by_customer { 'c' } else { 'a' };
        format!("{}{author}{}", self.index, self.ordinal)
    }

    /// Who wrote it.
    #[must_use]
    pub fn author(&self) -> Author {
        if self.by_customer { Author::Customer } else { Author::Agent }
    }
}

fn numbers<const N: usize>(text: &str) -> Option<[u64; N]> {
    let mut parts = text.split('.');
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Tells texts apart; not against an adversary.
fn digest(text: &str) -> u32 {
    let digest = text.as_bytes().chunks(8).fold(text.len() as u64, |digest, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(digest ^ u64::from_le_bytes(word))
    });
    u32::try_from(digest >> 32).expect("the upper half of 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_stamp_reads_back() {
        let stamp =
            TicketStamp { index: 7, intended_us: 12, service_mean_us: 900, transferred: true };
        assert_eq!(TicketStamp::parse(&stamp.text()), Some(stamp));
        for foreign in ["", "1.2.3", "1.2.3.4.5", "1.2.x.0", "hello"] {
            assert_eq!(TicketStamp::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_message_reads_back_and_an_altered_one_is_told() {
        let stamp =
            MessageStamp { index: 7, by_customer: true, ordinal: 2, intended_us: 1_234_567 };
        let body = stamp.body("where is my parcel?");
        assert_eq!(MessageStamp::read(&body), Some((stamp, true)));
        let altered = Body::text(body.text.replace("parcel?", "parcel!"));
        assert_eq!(MessageStamp::read(&altered), Some((stamp, false)));
        for foreign in ["foreign", "a foreign text", "1.2.3 go"] {
            assert_eq!(MessageStamp::read(&Body::text(foreign)), None, "{foreign}");
        }
    }
}
