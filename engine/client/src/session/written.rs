//! Receipts on the present lane that the server may not have read.

use relevo_wire::command::Receipt;
use relevo_wire::ids::TicketId;
use std::collections::HashMap;

/// A receipt has no answer that would be missed, so a lane that is closed under it takes it along.
/// The answer to a request behind it shows that it was read. Those of one ticket are kept as one.
#[derive(Debug, Default)]
pub(super) struct Written {
    receipts: HashMap<TicketId, Line>,
}

#[derive(Debug)]
struct Line {
    receipt: Receipt,
    /// Requests from this id on stand behind it.
    before: u64,
}

impl Written {
    /// A receipt is put in line, in front of the request that gets the id `before`.
    pub(super) fn put(&mut self, mut receipt: Receipt, before: u64) {
        if let Some(Line { receipt: earlier, .. }) = self.receipts.get(&receipt.ticket) {
            receipt.delivered = receipt.delivered.max(earlier.delivered);
            receipt.read = receipt.read.max(earlier.read);
        }
        self.receipts.insert(receipt.ticket, Line { receipt, before });
    }

    /// A new lane has written every request up to the id `before` in front of the receipts.
    pub(super) fn moved_behind(&mut self, before: u64) {
        for line in self.receipts.values_mut() {
            line.before = before;
        }
    }

    /// The server has read everything in front of this request.
    pub(super) fn answered(&mut self, id: u64) {
        self.receipts.retain(|_, line| line.before > id);
    }

    /// The lane is closed: what may not have been read.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Receipt> {
        std::mem::take(&mut self.receipts).into_values().map(|line| line.receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(ticket: u128, delivered: u32, read: u32) -> Receipt {
        Receipt { ticket: TicketId(ticket), delivered, read }
    }

    #[test]
    fn what_no_answer_stands_behind_is_kept_as_one_receipt_of_each_ticket() {
        let mut written = Written::default();
        written.put(receipt(1, 5, 5), 10);
        written.put(receipt(2, 1, 0), 11);
        written.answered(9);
        written.put(receipt(1, 6, 0), 12);
        written.answered(11);
        assert_eq!(written.take().collect::<Vec<_>>(), [receipt(1, 6, 5)]);
        assert_eq!(written.take().count(), 0);
    }

    #[test]
    fn a_request_that_a_new_lane_wrote_in_front_shows_nothing() {
        let mut written = Written::default();
        written.put(receipt(1, 5, 5), 10);
        written.moved_behind(12);
        written.answered(11);
        assert_eq!(written.take().count(), 1);
    }
}
