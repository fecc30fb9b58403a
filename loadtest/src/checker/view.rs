//! How far each party has come in one ticket.
//!
//! A party gets every number of the ticket once: as a push, or, for what it said itself, as the
//! answer to its send. After a lost connection both may happen to one number, so only two pushes
//! of a number are a duplicate.

use super::{Counter, Party, Verdict};
use relevo_client::wire::TicketId;

/// Numbers that each party has.
#[derive(Debug, Default)]
pub(super) struct Views(Vec<(Party, View)>);

/// What a push was, seen by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pushed {
    /// New, and above every number pushed before.
    InOrder,
    /// New, and below one pushed before.
    Late,
    /// Pushed before.
    Again,
}

/// Numbers that a party has.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// Every number below this one (numbers start at 1; 0 stands for 1).
    next: u32,
    /// Numbers above `next`.
    ahead: Vec<u32>,
    /// Numbers that came by an answer only.
    own: Vec<u32>,
    /// Highest number pushed.
    highest: u32,
}

impl Views {
    /// A party got a number as a push: judges it.
    pub(super) fn pushed(
        &mut self,
        party: Party,
        number: u32,
        verdict: &mut Verdict,
        ticket: TicketId,
    ) {
        match self.of(party).pushed(number) {
            Pushed::InOrder => {}
            Pushed::Late => {
                let what = format!("{ticket}: {party:?} gets {number} after a later one");
                verdict.violated(Counter::OutOfOrder, what);
            }
            Pushed::Again => {
                let what = format!("{ticket}: {party:?} gets {number} again");
                verdict.violated(Counter::Duplicated, what);
            }
        }
    }

    /// A party got a number as the answer to what it sent.
    pub(super) fn answered(&mut self, party: Party, number: u32) {
        self.of(party).answered(number);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Party, &View)> {
        self.0.iter().map(|(party, view)| (*party, view))
    }

    fn of(&mut self, party: Party) -> &mut View {
        let at = self.0.iter().position(|(who, _)| *who == party).unwrap_or_else(|| {
            self.0.push((party, View::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

impl View {
    fn pushed(&mut self, number: u32) -> Pushed {
        if self.has(number) {
            let Some(at) = self.own.iter().position(|own| *own == number) else {
                return Pushed::Again;
            };
            self.own.swap_remove(at);
            return Pushed::InOrder;
        }
        self.take(number);
        let late = number < self.highest;
        self.highest = self.highest.max(number);
        if late { Pushed::Late } else { Pushed::InOrder }
    }

    fn answered(&mut self, number: u32) {
        if !self.has(number) {
            self.take(number);
            self.own.push(number);
        }
    }

    /// Has it every number up to this one?
    pub(super) fn has_upto(&self, number: u32) -> bool {
        self.next.max(1) > number
    }

    /// Numbers up to this one that it has not.
    pub(super) fn missing(&self, upto: u32) -> Vec<u32> {
        (self.next.max(1)..=upto).filter(|number| !self.ahead.contains(number)).collect()
    }

    fn has(&self, number: u32) -> bool {
        number < self.next.max(1) || self.ahead.contains(&number)
    }

    fn take(&mut self, number: u32) {
        self.ahead.push(number);
        self.next = self.next.max(1);
        while let Some(at) = self.ahead.iter().position(|ahead| *ahead == self.next) {
            self.ahead.swap_remove(at);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_and_answers_together_are_dense() {
        let mut view = View::default();
        assert_eq!(view.pushed(1), Pushed::InOrder);
        assert_eq!(view.pushed(3), Pushed::InOrder);
        assert_eq!(view.missing(3), [2]);
        assert!(!view.has_upto(3));
        view.answered(2);
        assert!(view.has_upto(3) && !view.has_upto(4));
    }

    #[test]
    fn a_second_push_is_a_duplicate_and_a_push_after_the_answer_is_not() {
        let mut view = View::default();
        view.answered(1);
        assert_eq!(view.pushed(1), Pushed::InOrder);
        assert_eq!(view.pushed(1), Pushed::Again);
        assert_eq!(view.pushed(2), Pushed::InOrder);
        assert_eq!(view.pushed(2), Pushed::Again);
    }

    #[test]
    fn a_push_below_an_earlier_one_is_late() {
        let mut view = View::default();
        assert_eq!(view.pushed(2), Pushed::InOrder);
        assert_eq!(view.pushed(1), Pushed::Late);
    }
}
