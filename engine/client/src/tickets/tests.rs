use super::*;
use proptest::prelude::*;
use relevo_wire::push::{Empty, Requeued, Returned};
use relevo_wire::vocabulary::{CloseReason, Outcome, RequeueReason};

const TICKET: TicketId = TicketId(1);
const NO_SENDS: Sends = Sends { next_request: 100, oldest_unanswered: None };

fn entry(ticket: TicketId, number: u32, event: EntryEvent) -> Entry {
    Entry { ticket, number, at: 0, event }
}

fn empty(number: u32) -> Entry {
    entry(TICKET, number, EntryEvent::Empty(Empty {}))
}

/// What happens next to a session in the middle of a conversation.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The next push arrives.
    Push,
    /// One of the outstanding answers arrives.
    Answer(usize),
    /// The connection is lost and resumed.
    Lose,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Push),
        6 => any::<usize>().prop_map(Step::Answer),
        1 => Just(Step::Lose),
    ];
    proptest::collection::vec(step, 0..200)
}

/// A conversation as the server has it: which entries are the session's own messages, and which of
/// them the session has had an answer for.
struct Conversation {
    own: Vec<bool>,
    answered: Vec<bool>,
    tickets: Tickets,
    /// Next number that the server pushes; own ones of this connection are left out.
    next: u32,
    resumed_at: u32,
    due: Vec<Entry>,
}

impl Conversation {
    /// What the server has pushed so far it has taken before: later requests may not be made yet.
    fn sends(&self) -> Sends {
        let unanswered = (0..self.own.len()).find(|at| self.own[*at] && !self.answered[*at]);
        let oldest_unanswered = unanswered.map(|at| at as u64);
        Sends { next_request: u64::from(self.next) - 1, oldest_unanswered }
    }

    fn push(&mut self) {
        // After a resume the messages of the connection before are pushed like all others.
        while self.is_own(self.next) && self.next > self.resumed_at {
            self.next += 1;
        }
        if self.next as usize <= self.own.len() {
            let sends = self.sends();
            self.tickets.entry(empty(self.next), sends, &mut self.due).expect("nothing is missing");
            self.next += 1;
        }
    }

    fn answer(&mut self, which: usize) {
        let waiting: Vec<usize> =
            (0..self.own.len()).filter(|at| self.own[*at] && !self.answered[*at]).collect();
        if let Some(at) = waiting.get(which % waiting.len().max(1)) {
            self.answered[*at] = true;
            self.tickets.sent(TICKET, *at as u32 + 1);
            let sends = self.sends();
            self.tickets.settle(sends, &mut self.due).expect("nothing is missing");
        }
    }

    fn lose(&mut self) {
        self.tickets.lost();
        let cursors = self.tickets.cursors();
        self.next = cursors.first().map_or(1, |cursor| cursor.received + 1);
        self.resumed_at = self.own.len() as u32;
    }

    fn is_own(&self, number: u32) -> bool {
        self.own.get(number as usize - 1).copied().unwrap_or(false)
    }
}

proptest! {
    #[test]
    fn every_entry_is_given_once_and_in_order_however_answers_pushes_and_losses_meet(
        own in proptest::collection::vec(any::<bool>(), 1..60),
        steps in steps(),
    ) {
        let answered = vec![false; own.len()];
        let mut talk = Conversation {
            own, answered, tickets: Tickets::default(), next: 1, resumed_at: 0, due: vec![],
        };
        talk.tickets.opened(TICKET).unwrap();
        for step in steps {
            match step {
                Step::Push => talk.push(),
                Step::Answer(which) => talk.answer(which),
                Step::Lose => talk.lose(),
            }
        }
        for _ in 0..talk.own.len() {
            talk.push();
            talk.answer(0);
        }
        let given: Vec<u32> = talk.due.iter().map(|entry| entry.number).collect();
        prop_assert!(given.is_sorted_by(|a, b| a < b), "{given:?}");
        let others = (1..=talk.own.len() as u32).filter(|number| !talk.is_own(*number));
        for number in others {
            prop_assert!(given.contains(&number), "{number} is lost: {given:?}");
        }
        prop_assert_eq!(talk.tickets.held(), 0);
        let received = talk.tickets.cursors()[0].received;
        prop_assert_eq!(received as usize, talk.own.len());
    }

    #[test]
    fn a_missing_entry_is_always_told(missing in 2_u32..40, behind in 1_u32..10) {
        let mut tickets = Tickets::default();
        let mut due = vec![];
        for number in 1..missing {
            tickets.entry(empty(number), NO_SENDS, &mut due).unwrap();
        }
        let found = missing + behind;
        let gap = tickets.entry(empty(found), NO_SENDS, &mut due);
        prop_assert_eq!(gap, Err(Gap { ticket: TICKET, expected: missing, found }));
        prop_assert_eq!(due.len() as u32, missing - 1);
    }
}

#[test]
fn a_send_that_was_made_while_an_entry_is_held_may_fill_the_next_hole() {
    let mut tickets = Tickets::default();
    let mut due = Vec::new();
    tickets.opened(TICKET).unwrap();
    let sends = |next_request, oldest| Sends { next_request, oldest_unanswered: Some(oldest) };
    // Request 5 is entry 1, and request 6, made after entry 2 came, is entry 3.
    tickets.entry(empty(2), sends(6, 5), &mut due).unwrap();
    tickets.entry(empty(4), sends(7, 5), &mut due).unwrap();
    tickets.sent(TICKET, 1);
    tickets.settle(sends(7, 6), &mut due).unwrap();
    assert_eq!(due.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2]);
    tickets.sent(TICKET, 3);
    tickets.settle(NO_SENDS, &mut due).unwrap();
    assert_eq!(due.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(tickets.held(), 0);
}

#[test]
fn a_later_send_does_not_excuse_a_hole() {
    let mut tickets = Tickets::default();
    let mut due = vec![];
    let sends = |oldest| Sends { next_request: 8, oldest_unanswered: oldest };
    tickets.entry(empty(1), sends(None), &mut due).unwrap();
    tickets.entry(empty(3), sends(Some(7)), &mut due).unwrap();
    assert_eq!(tickets.held(), 1);
    // 7 was answered without a number; 8 was sent when 3 was here already.
    let later = Sends { next_request: 9, oldest_unanswered: Some(8) };
    let gap = Gap { ticket: TICKET, expected: 2, found: 3 };
    assert_eq!(tickets.settle(later, &mut due), Err(gap));
}

#[test]
fn a_ticket_seen_for_the_first_time_starts_where_the_server_says() {
    let mut tickets = Tickets::default();
    let mut due = vec![];
    tickets.entry(empty(11), NO_SENDS, &mut due).unwrap();
    tickets.entry(empty(12), NO_SENDS, &mut due).unwrap();
    assert_eq!(due.len(), 2);
    assert_eq!(tickets.entry(empty(14), NO_SENDS, &mut due).unwrap_err().expected, 13);
}

#[test]
fn a_sent_answer_for_a_ticket_that_is_not_followed_makes_no_cursor() {
    let mut tickets = Tickets::default();
    tickets.sent(TICKET, 8);
    assert_eq!(tickets.cursors(), []);
    let mut due = vec![];
    // The ticket's deliveries come to this session now, from what was confirmed on.
    for number in [6, 7, 9] {
        tickets.entry(empty(number), NO_SENDS, &mut due).unwrap();
    }
    assert_eq!(due.len(), 3);
    assert_eq!(tickets.cursors()[0].received, 9);
}

#[test]
fn only_so_many_ended_tickets_are_kept_and_none_that_goes_on() {
    let mut tickets = Tickets::default();
    let mut due = vec![];
    let reason = RequeueReason::AgentGone;
    let requeued = EntryEvent::Requeued(Requeued { agent: "a".into(), reason, epoch: 2 });
    tickets.entry(entry(TICKET, 1, requeued), NO_SENDS, &mut due).unwrap();
    let sent_to = TicketId(1_000_000);
    tickets.sent(sent_to, 1);
    tickets.entry(entry(sent_to, 2, EntryEvent::Empty(Empty {})), NO_SENDS, &mut due).unwrap();
    for id in 2..5000 {
        let (reason, outcome) = (CloseReason::Agent, Outcome::Attended);
        let over = Returned { reason, outcome, tags: vec![], epoch: 2, reopen_until: None };
        let over = entry(TicketId(id), 1, EntryEvent::Returned(over));
        tickets.entry(over, NO_SENDS, &mut due).unwrap();
    }
    let kept = tickets.cursors();
    assert!((ENDED_TICKETS..=ENDED_TICKETS + 2).contains(&kept.len()), "{}", kept.len());
    assert!([TICKET, sent_to].iter().all(|id| kept.iter().any(|cursor| cursor.ticket == *id)));
    assert!(tickets.is_past(TicketId(4999), 1) && !tickets.is_past(TicketId(4999), 2));
}

#[test]
fn own_messages_right_behind_what_the_program_took_are_confirmed_with_it() {
    let mut tickets = Tickets::default();
    let mut due = vec![];
    tickets.opened(TICKET).unwrap();
    tickets.entry(empty(1), NO_SENDS, &mut due).unwrap();
    tickets.sent(TICKET, 2);
    tickets.sent(TICKET, 3);
    assert_eq!(tickets.confirmable(TICKET, 1), 3);
    tickets.entry(empty(4), NO_SENDS, &mut due).unwrap();
    assert_eq!(tickets.confirmable(TICKET, 1), 1, "4 was not taken yet");
    assert_eq!(tickets.confirmable(TICKET, 4), 4);
}
