//! A ticket that was seen whole: what still comes of it is judged by what was seen.
//!
//! After a lost connection a catch-up may bring a message, and the end behind it, before the answer
//! to the send. An agent who lost the ticket may come back when the others have seen its end.

use super::view::Views;
use super::{Counter, MessageId, Party, Verdict};
use relevo_client::wire::TicketId;

/// What is kept of a ticket that was seen whole.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) views: Views,
    /// Messages that an answer may still come to, with the numbers that were seen for them. Nearly
    /// always none: a ticket of a long run must take little.
    pub(super) unanswered: Box<[(u32, MessageId)]>,
}

impl Settled {
    /// A party gets an entry.
    pub(super) fn saw(
        &mut self,
        party: Party,
        number: u32,
        verdict: &mut Verdict,
        ticket: TicketId,
    ) {
        self.views.pushed(party, number, verdict, ticket);
    }

    /// A send is acknowledged: its number must be that of the entry that was seen.
    pub(super) fn acknowledged(
        &self,
        number: u32,
        message: MessageId,
        verdict: &mut Verdict,
        ticket: TicketId,
    ) {
        verdict.checked(Counter::Lost, 1);
        let mut seen = self.unanswered.iter().filter(|(_, other)| *other == message).peekable();
        if let Some((first, _)) = seen.peek().copied() {
            if !seen.any(|(seen, _)| *seen == number) {
                let what =
                    format!("{ticket}: {message:?} is acknowledged as {number} and is {first}");
                verdict.violated(Counter::OutOfOrder, what);
            }
        } else {
            let what = format!("{ticket}: {message:?}, acknowledged as {number}, was never seen");
            verdict.violated(Counter::Lost, what);
        }
    }
}
