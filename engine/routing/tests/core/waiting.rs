//! How long a ticket may wait, and what becomes of it then.

use crate::common::*;
use relevo_routing::event::{Closed, Event};
use relevo_routing::input::{HandOff, Input};
use relevo_wire::TicketId;
use relevo_wire::directory::Overflow;
use relevo_wire::vocabulary::{CloseReason, Intent, Outcome};

const DAY: u64 = 86_400 * SECOND;

fn ends(events: &[Event]) -> Vec<(TicketId, CloseReason)> {
    let all = events.iter();
    let closed: Vec<&Closed> =
        all.filter_map(|e| if let Event::Closed(e) = e { Some(e) } else { None }).collect();
    assert!(closed.iter().all(|closed| closed.outcome == Outcome::Unserved));
    closed.iter().map(|closed| (closed.ticket, closed.reason)).collect()
}

#[test]
fn who_waits_for_a_day_goes_back_to_the_bot() {
    let mut desk = Desk::staffed(&[]);
    let first = desk.hand_off(1);
    desk.pass(SECOND);
    let second = desk.hand_off(2);
    assert_eq!(ends(&desk.pass(DAY - 2 * SECOND)), []);
    let events = desk.pass(SECOND);
    assert_eq!(ends(&events), [(first, CloseReason::Expired)]);
    assert_eq!(closed(&events).waited_us, Some(DAY));
    assert_eq!(ends(&desk.pass(SECOND)), [(second, CloseReason::Expired)]);
    let again = desk.accepted(hand_off(1));
    assert!(!again.existing, "the bot had the conversation back");
}

#[test]
fn the_longest_wait_ends_as_no_agent_and_the_lesser_limit_comes_first() {
    for (most, ttl, (reason, at)) in [
        (Some(60), 600, (CloseReason::NoAgent, 60)),
        (Some(600), 60, (CloseReason::Expired, 60)),
        (Some(60), 60, (CloseReason::NoAgent, 60)),
        (None, 30, (CloseReason::Expired, 30)),
    ] {
        let mut desk = desk();
        desk.queue("q", &[], |q| (q.max_wait_seconds, q.ttl_seconds) = (most, ttl));
        let ticket = desk.hand_off(1);
        assert_eq!(ends(&desk.pass(at * SECOND - 1)), [], "{most:?} {ttl}");
        let because = desk.explain(ticket).because;
        assert!(because.contains(" in 1 s"), "{because}");
        assert_eq!(ends(&desk.pass(1)), [(ticket, reason)], "{most:?} {ttl}");
    }
}

#[test]
fn a_wait_that_begins_anew_has_its_whole_time() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| queue.max_wait_seconds = Some(60));
    let ticket = desk.hand_off(1);
    desk.pass(59 * SECOND);
    desk.intent("ana", Intent::Offline);
    assert_eq!(ends(&desk.pass(59 * SECOND)), []);
    assert_eq!(ends(&desk.pass(SECOND)), [(ticket, CloseReason::NoAgent)]);
}

#[test]
fn tests_and_reserved_tickets_have_limits_too() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    desk.queue("q", &["ana", "bea"], |queue| {
        (queue.max_wait_seconds, queue.transfer_wait_seconds) = (Some(30), 600);
    });
    let (held, _) = (desk.hand_off(1), desk.hand_off(2));
    let test = desk.accepted(HandOff { test: true, ..hand_off(3) }).ticket;
    let (from, to) = (desk.holder(held).expect("held"), desk.queue_id("q"));
    let other = if from == "ana" { "bea" } else { "ana" };
    let other = relevo_routing::input::Target::Agent(desk.agent_id(other));
    let child = desk.transfer(&from, held, other);
    let child = desk.child(child);
    assert_eq!(desk.tenant.queue_stats(to).depth, 1);
    let ended = ends(&desk.pass(30 * SECOND));
    let reason = CloseReason::NoAgent;
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.contains(&(test, reason)) && ended.contains(&(child, reason)), "{ended:?}");
}

#[test]
fn limits_move_by_the_time_in_which_the_daemon_was_down_and_the_wait_does_not() {
    let mut desk = desk();
    desk.queue("q", &[], |queue| queue.max_wait_seconds = Some(60));
    let ticket = desk.hand_off(1);
    desk.pass(20 * SECOND);
    desk.restart(500 * SECOND);
    desk.now += 5 * SECOND;
    desk.handle(Input::Ready);
    assert_eq!(ends(&desk.pass(39 * SECOND)), []);
    let events = desk.pass(SECOND);
    assert_eq!(ends(&events), [(ticket, CloseReason::NoAgent)]);
    assert_eq!(closed(&events).waited_us, Some(565 * SECOND));
}

#[test]
fn a_changed_limit_holds_for_who_waits_already() {
    let mut desk = desk();
    desk.queue("q", &[], |_| {});
    let ticket = desk.hand_off(1);
    desk.pass(100 * SECOND);
    desk.queue("q", &[], |queue| queue.max_wait_seconds = Some(60));
    assert_eq!(ends(&desk.pass(0)), [(ticket, CloseReason::NoAgent)]);
}

#[test]
fn a_limit_counts_the_whole_wait_through_all_queues() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("bea", 1);
    desk.queue("r", &["bea"], |queue| queue.max_wait_seconds = Some(60));
    let step = Some(Overflow { after_seconds: Some(40), ..Overflow::new("r") });
    desk.queue("q", &["ana"], |queue| queue.overflow = step);
    desk.online("bea");
    desk.hand_off(1);
    desk.hand_off_to(2, "r");
    let ticket = desk.hand_off(3);
    desk.pass(30 * SECOND);
    let newer = desk.hand_off_to(4, "r");
    assert_eq!(ends(&desk.pass(29 * SECOND)), []);
    assert_eq!(ends(&desk.pass(SECOND)), [(ticket, CloseReason::NoAgent)]);
    assert_eq!(ends(&desk.pass(30 * SECOND)), [(newer, CloseReason::NoAgent)]);
}
