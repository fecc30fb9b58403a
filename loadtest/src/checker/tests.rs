//! A right story passes; each planted fault raises its counter and no other one.

use super::*;
use crate::stamp::MessageStamp;
use relevo_client::wire::Packed;
use relevo_client::wire::push::{
    Assigned, Empty, EntryEvent, Message, Requeued, Returned, Transferred,
};
use relevo_client::wire::vocabulary::{CloseReason, Outcome, RequeueReason};

const TICKET: TicketId = TicketId(77);
const BOT: Party = Party::Bot(0);

fn staff() -> Staff {
    Staff { agents: 10, seats: 1, bots: 5, queues_per_bot: 2 }
}

fn message(by_customer: bool, ordinal: u32) -> MessageId {
    MessageId { index: 3, by_customer, ordinal }
}

fn said(by_customer: bool, ordinal: u32) -> EntryEvent {
    let stamp = MessageStamp { index: 3, by_customer, ordinal, intended_us: 1 };
    let body = Packed::new(&stamp.body("hello"));
    EntryEvent::Message(Message { author: stamp.author(), agent: None, body })
}

fn assigned(agent: u32, epoch: u32) -> EntryEvent {
    EntryEvent::Assigned(Assigned { agent: staff().agent(agent), epoch })
}

fn requeued(agent: u32, epoch: u32) -> EntryEvent {
    let reason = RequeueReason::AgentGone;
    EntryEvent::Requeued(Requeued { agent: staff().agent(agent), reason, epoch })
}

fn returned(epoch: u32) -> EntryEvent {
    let (reason, outcome) = (CloseReason::Agent, Outcome::Attended);
    EntryEvent::Returned(Returned { reason, outcome, tags: Vec::new(), epoch, reopen_until: None })
}

fn entry(ticket: TicketId, number: u32, event: EntryEvent) -> Entry {
    Entry { ticket, number, at: 1000 + u64::from(number), event }
}

/// Tells the checker a ticket that agent 5 serves: handed off, assigned, one message each way,
/// returned. `altered` may change, leave out or add what a party sees.
fn tell(checker: &Checker, ticket: TicketId, altered: impl Fn(Party, Entry) -> Vec<Entry>) {
    checker.accepted(ticket);
    let see = |party, number, event| {
        for entry in altered(party, entry(ticket, number, event)) {
            checker.saw(party, &entry);
        }
    };
    let agent = Party::Agent(5);
    for party in [BOT, agent] {
        see(party, 1, EntryEvent::Empty(Empty {}));
        see(party, 2, assigned(5, 2));
    }
    checker.sent(agent, ticket, 3, message(false, 0));
    see(BOT, 3, said(false, 0));
    checker.sent(BOT, ticket, 4, message(true, 0));
    see(agent, 4, said(true, 0));
    for party in [BOT, agent] {
        see(party, 5, returned(3));
    }
}

fn same(_: Party, entry: Entry) -> Vec<Entry> {
    vec![entry]
}

/// Counters above zero, with their names.
fn wrong(checker: Checker) -> Vec<(&'static str, u64)> {
    let (verdict, _) = checker.finish();
    verdict
        .iter()
        .filter(|(_, count)| count.violations > 0)
        .map(|(counter, count)| (counter.name(), count.violations))
        .collect()
}

fn wrong_when(altered: impl Fn(Party, Entry) -> Vec<Entry>) -> Vec<(&'static str, u64)> {
    let checker = Checker::new(staff());
    tell(&checker, TICKET, altered);
    wrong(checker)
}

#[test]
fn a_right_story_is_settled_and_has_a_base_everywhere_but_where_others_look() {
    let checker = Checker::new(staff());
    tell(&checker, TICKET, same);
    assert_eq!(checker.unsettled(), 0);
    checker.compared(TICKET, true);
    let (verdict, holds) = checker.finish();
    assert_eq!(verdict.failures(&[]), ["work conservation: nothing was checked"]);
    assert_eq!(holds, [capacity::Hold { agent: 5, from: 1002, until: 1005 }]);
    assert_eq!(verdict.count(Counter::Lost).checked, 3);
    assert_eq!(verdict.count(Counter::Duplicated).checked, 8);
}

#[test]
fn a_story_that_is_over_before_the_hand_off_is_answered_is_settled_with_the_answer() {
    let checker = Checker::new(staff());
    for party in [BOT, Party::Agent(5)] {
        checker.saw(party, &entry(TICKET, 1, assigned(5, 2)));
        checker.saw(party, &entry(TICKET, 2, returned(3)));
    }
    assert_eq!(checker.unsettled(), 1);
    checker.accepted(TICKET);
    assert_eq!(checker.unsettled(), 0);
    assert_eq!(wrong(checker), []);
}

#[test]
fn nothing_checked_is_a_failure() {
    let (verdict, _) = Checker::new(staff()).finish();
    assert_eq!(verdict.failures(&[]).len(), Counter::ALL.len());
    assert!(verdict.failures(&Counter::ALL).is_empty());
}

#[test]
fn a_second_owner_is_told() {
    let twice = |_, entry: Entry| {
        if entry.number != 5 {
            return vec![entry];
        }
        let second = Entry { event: assigned(0, 3), ..entry };
        let end = Entry { number: 6, event: returned(4), ..entry };
        vec![second, end]
    };
    // Agent 0 was given the ticket, and never told.
    assert_eq!(wrong_when(twice), [("assigned twice", 1), ("lost after acknowledgement", 1)]);
}

#[test]
fn two_agents_who_are_told_the_same_assignment_are_told() {
    let other = |party, entry: Entry| match party {
        Party::Agent(_) if entry.number == 2 => vec![Entry { event: assigned(0, 2), ..entry }],
        Party::Agent(_) | Party::Bot(_) => vec![entry],
    };
    assert_eq!(wrong_when(other), [("assigned twice", 1)]);
}

#[test]
fn a_ticket_that_went_back_may_be_given_to_another() {
    let checker = Checker::new(staff());
    checker.accepted(TICKET);
    let (first, second) = (Party::Agent(0), Party::Agent(5));
    for (party, numbers) in [(BOT, 1..=5), (first, 1..=2), (second, 1..=5)] {
        for number in numbers {
            let event = match number {
                1 => EntryEvent::Empty(Empty {}),
                2 => assigned(0, 2),
                3 => requeued(0, 3),
                4 => assigned(5, 4),
                _ => returned(5),
            };
            checker.saw(party, &entry(TICKET, number, event));
        }
    }
    assert_eq!(checker.unsettled(), 0);
    assert_eq!(wrong(checker), []);
}

#[test]
fn an_agent_above_its_seats_is_told() {
    let checker = Checker::new(staff());
    tell(&checker, TICKET, same);
    tell(&checker, TicketId(78), same);
    assert_eq!(wrong(checker), [("over capacity", 1)]);
}

#[test]
fn an_agent_who_does_not_serve_the_bot_is_told() {
    let checker = Checker::new(staff());
    checker.accepted(TICKET);
    for party in [BOT, Party::Agent(2)] {
        checker.saw(party, &entry(TICKET, 1, assigned(2, 2)));
        checker.saw(party, &entry(TICKET, 2, returned(3)));
    }
    assert_eq!(wrong(checker), [("wrong member", 1)]);
}

#[test]
fn an_acknowledged_message_that_the_other_side_never_gets_is_lost() {
    for (party, number) in [(BOT, 3), (Party::Agent(5), 4), (BOT, 5)] {
        let missing = move |who, entry: Entry| {
            if who == party && entry.number == number { Vec::new() } else { vec![entry] }
        };
        assert_eq!(wrong_when(missing), [("lost after acknowledgement", 1)], "{party:?} {number}");
    }
}

#[test]
fn an_accepted_ticket_without_an_end_is_lost() {
    let checker = Checker::new(staff());
    checker.accepted(TICKET);
    assert_eq!(wrong(checker), [("lost after acknowledgement", 1)]);
}

#[test]
fn the_child_of_a_transfer_must_come_to_an_end() {
    let checker = Checker::new(staff());
    let child = TicketId(78);
    checker.accepted(TICKET);
    let transferred = || Transferred { from: "a/b".into(), to: "c".into(), child, epoch: 3 };
    for party in [BOT, Party::Agent(5)] {
        checker.saw(party, &entry(TICKET, 1, assigned(5, 2)));
        checker.saw(party, &entry(TICKET, 2, EntryEvent::Transferred(transferred())));
    }
    assert_eq!(checker.unsettled(), 1);
    assert_eq!(wrong(checker), [("lost after acknowledgement", 1)]);
}

#[test]
fn an_entry_that_comes_twice_is_a_duplicate_before_the_end_and_after() {
    for number in [2, 4, 5] {
        let again = move |party, entry: Entry| {
            let twice = party == Party::Agent(5) && entry.number == number;
            if twice { vec![entry.clone(), entry] } else { vec![entry] }
        };
        assert_eq!(wrong_when(again), [("duplicated", 1)], "{number}");
    }
}

#[test]
fn a_message_that_is_stored_twice_is_a_duplicate() {
    let stored_twice = |_, entry: Entry| {
        if entry.number != 5 {
            return vec![entry];
        }
        let copy = Entry { event: said(true, 0), ..entry };
        vec![copy, Entry { number: 6, ..entry }]
    };
    assert_eq!(wrong_when(stored_twice), [("duplicated", 1)]);
}

#[test]
fn an_entry_before_its_predecessor_is_out_of_order() {
    let swapped = |party, entry: Entry| match (party, entry.number) {
        (Party::Agent(_), 1) => Vec::new(),
        (Party::Agent(_), 2) => {
            let first = Entry { number: 1, at: 1001, event: EntryEvent::Empty(Empty {}), ..entry };
            vec![entry, first]
        }
        _ => vec![entry],
    };
    assert_eq!(wrong_when(swapped), [("out of order", 1)]);
}

#[test]
fn messages_of_an_author_out_of_its_order_are_told() {
    let checker = Checker::new(staff());
    checker.accepted(TICKET);
    for (number, event) in [(1, said(true, 1)), (2, said(true, 0)), (3, returned(2))] {
        checker.saw(BOT, &entry(TICKET, number, event));
    }
    assert_eq!(wrong(checker), [("out of order", 1)]);
}

#[test]
fn an_epoch_that_does_not_rise_a_time_that_falls_and_an_entry_after_the_end_are_told() {
    let stale = |_, entry: Entry| {
        if entry.number == 5 { vec![Entry { event: returned(2), ..entry }] } else { vec![entry] }
    };
    assert_eq!(wrong_when(stale), [("out of order", 1)]);
    let early = |_, entry: Entry| {
        if entry.number == 5 { vec![Entry { at: 7, ..entry }] } else { vec![entry] }
    };
    assert_eq!(wrong_when(early), [("out of order", 1)]);
}

/// Tells the checker a ticket with two messages of the customer whose bot got the second one, and the
/// end, in a catch-up: the answer to its send is still to come.
fn tell_before_the_answer(checker: &Checker) {
    let late = |party, entry: Entry| match (party, entry.number) {
        (_, 5) => {
            let said = Entry { event: said(true, 1), ..entry };
            vec![said, Entry { number: 6, at: 1006, ..entry }]
        }
        _ => vec![entry],
    };
    tell(checker, TICKET, late);
    assert_eq!(checker.unsettled(), 0);
}

#[test]
fn an_answer_that_comes_after_the_end_is_judged_by_what_the_others_saw() {
    let wrong_after = |party, number, message| {
        let checker = Checker::new(staff());
        tell_before_the_answer(&checker);
        checker.sent(party, TICKET, number, message);
        wrong(checker)
    };
    assert_eq!(wrong_after(BOT, 5, message(true, 1)), []);
    // An end has a number too.
    for number in [3, 6, 7] {
        let two_truths = [("out of order", 1)];
        assert_eq!(wrong_after(BOT, number, message(true, 1)), two_truths, "{number}");
    }
    let unseen = [message(true, 2), message(false, 1), MessageId { index: 4, ..message(true, 1) }];
    for message in unseen {
        let lost = [("lost after acknowledgement", 1)];
        assert_eq!(wrong_after(BOT, 5, message), lost, "{message:?}");
    }
}

#[test]
fn an_answer_after_the_end_is_an_acknowledgement_that_was_checked() {
    let checker = Checker::new(staff());
    tell_before_the_answer(&checker);
    checker.sent(BOT, TICKET, 5, message(true, 1));
    assert_eq!(checker.finish().0.count(Counter::Lost).checked, 4);
}

/// An entry of a ticket that agent 0 lost after a message, and agent 5 had to its end.
fn of_a_lost_agent(number: u32) -> Entry {
    let event = match number {
        1 => assigned(0, 2),
        2 => said(false, 0),
        3 => requeued(0, 3),
        4 => assigned(5, 4),
        _ => returned(5),
    };
    entry(TICKET, number, event)
}

/// Tells the checker that ticket up to its end; but agent 0 has its first entry and the answer to its
/// message, which came with the next connection before the catch-up.
fn tell_what_a_lost_agent_said(checker: &Checker) {
    checker.accepted(TICKET);
    checker.saw(Party::Agent(0), &of_a_lost_agent(1));
    checker.sent(Party::Agent(0), TICKET, 2, message(false, 0));
    for party in [BOT, Party::Agent(5)] {
        (1..=5).for_each(|number| checker.saw(party, &of_a_lost_agent(number)));
    }
    assert_eq!(checker.unsettled(), 0);
}

#[test]
fn the_next_agent_says_again_what_the_first_had_said_and_its_answer_may_come_after_the_end() {
    let wrong_after = |number| {
        let checker = Checker::new(staff());
        tell_what_a_lost_agent_said(&checker);
        checker.sent(Party::Agent(5), TICKET, number, message(false, 0));
        wrong(checker)
    };
    assert_eq!(wrong_after(2), []);
    assert_eq!(wrong_after(3), [("out of order", 1)]);
}

#[test]
fn who_lost_the_ticket_may_get_the_entry_of_its_own_message_once_after_the_end() {
    let wrong_after = |numbers: &[u32]| {
        let checker = Checker::new(staff());
        tell_what_a_lost_agent_said(&checker);
        numbers.iter().for_each(|number| checker.saw(Party::Agent(0), &of_a_lost_agent(*number)));
        wrong(checker)
    };
    assert_eq!(wrong_after(&[2, 3]), []);
    assert_eq!(wrong_after(&[2, 3, 2]), [("duplicated", 1)]);
    assert_eq!(wrong_after(&[3, 4, 3]), [("duplicated", 1)]);
    assert_eq!(wrong_after(&[4, 3]), [("out of order", 1)]);
}

#[test]
fn an_altered_text_is_told() {
    let checker = Checker::new(staff());
    checker.compared(TICKET, false);
    assert_eq!(wrong(checker), [("altered", 1)]);
}
