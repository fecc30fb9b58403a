//! Queues from which agents pull, and test tickets.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::input::HandOff;
use relevo_wire::answer::Answer;
use relevo_wire::directory::{Agent, Delivery, Object};
use relevo_wire::vocabulary::Intent;
use relevo_wire::{ErrorCode, QueueId, TicketId};

fn next(
    desk: &mut Desk,
    agent: &str,
    queue: Option<QueueId>,
) -> Result<(TicketId, u32), ErrorCode> {
    let agent = desk.agent_id(agent);
    let answer = desk.ask(Input::Next { agent, queue }).1;
    if let Answer::Next(next) = answer {
        return Ok((next.ticket, next.epoch));
    }
    let Answer::Error(error) = answer else { panic!("{answer:?}") };
    Err(error.code)
}

#[test]
fn next_gives_the_most_urgent_ticket_of_the_agents_pull_queues() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    let r = desk.queue("r", &["ana"], |queue| queue.delivery = Delivery::Pull);
    desk.online("ana");
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::NothingWaiting));
    let first = desk.hand_off(1);
    desk.wait(SECOND);
    let second = desk.hand_off_to(2, "r");
    desk.wait(SECOND);
    let third = desk.hand_off_to(3, "r");
    for ticket in [first, second, third] {
        assert_eq!(desk.holder(ticket), None, "nothing is pushed");
    }
    assert_eq!(next(&mut desk, "ana", Some(r)), Ok((second, 2)));
    assert_eq!(next(&mut desk, "ana", None), Ok((first, 2)));
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::NoSeat));
    desk.close("ana", first);
    assert_eq!(next(&mut desk, "ana", None), Ok((third, 2)));
}

#[test]
fn next_is_for_members_online_and_queues_that_are_pulled() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.agent("bea", 1);
    let q = desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    let push = desk.queue("push", &["ana"], |_| {});
    desk.online("ana");
    desk.connect("bea");
    assert_eq!(next(&mut desk, "bea", None), Err(ErrorCode::WrongState), "invisible");
    assert_eq!(next(&mut desk, "bea", Some(q)), Err(ErrorCode::NotFound), "no member");
    assert_eq!(next(&mut desk, "ana", Some(push)), Err(ErrorCode::WrongState), "it pushes");
    let ana = desk.agent_id("ana");
    desk.hand_off(1);
    desk.seats.word(ana.0 as usize).expect("a word").close_intent();
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::WrongState), "just paused");
}

#[test]
fn next_respects_the_cap_of_the_bot() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.bot(|bot| bot.seats_per_agent = Some(1));
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    desk.online("ana");
    desk.hand_off(1);
    desk.hand_off(2);
    assert!(next(&mut desk, "ana", None).is_ok());
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::NoSeat));
}

#[test]
fn a_queue_that_does_both_pushes_and_can_be_pulled() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Both);
    desk.online("ana");
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::NothingWaiting));
}

#[test]
fn a_queue_that_begins_to_push_hands_out_what_waits() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.queue("q", &["ana"], |_| {});
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_test_goes_to_members_who_accept_tests_and_into_no_figure() {
    let mut desk = desk();
    desk.agent("ana", 2);
    desk.put(Object::Agent(Agent { accepts_tests: true, ..Agent::new("bea", 1) }));
    let queue = desk.queue("q", &["ana", "bea"], |_| {});
    desk.online("ana");
    desk.online("bea");
    let test = |contact| HandOff { test: true, ..hand_off(contact) };
    let first = desk.accepted(test(1)).ticket;
    assert_eq!(desk.holder(first).as_deref(), Some("bea"));
    let second = desk.accepted(test(2)).ticket;
    assert_eq!(desk.holder(second), None, "ana accepts no tests");
    let ordinary = desk.hand_off(3);
    assert_eq!(desk.holder(ordinary).as_deref(), Some("ana"), "a test stands in nobody's way");
    let stats = *desk.tenant.stats();
    assert_eq!((stats.tickets.waiting, stats.tickets.assigned), (0, 1));
    assert_eq!((stats.all.created, desk.tenant.queue_stats(queue).depth), (3, 0));
    assert_eq!(assignments(&desk.close("bea", first)), [(second, desk.agent_id("bea"))]);
}

#[test]
fn a_test_is_rejected_when_only_others_are_online() {
    let mut desk = Desk::staffed(&["ana"]);
    let refuse = relevo_wire::directory::NobodyOnline::Refuse;
    desk.queue("q", &["ana"], |queue| queue.nobody_online = refuse);
    let (_, answer) = desk.ask(Input::HandOff(HandOff { test: true, ..hand_off(1) }));
    assert!(matches!(answer, Answer::Rejected(_)), "{answer:?}");
    desk.hand_off(1);
}

#[test]
fn who_has_just_paused_is_told_so_whatever_waits_and_however_full_it_is() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    let session = desk.online("ana");
    let ana = desk.agent_id("ana");
    desk.seats.word(ana.0 as usize).expect("a word").close_intent();
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::WrongState), "nothing waits");
    desk.intent("ana", Intent::Online);
    desk.hand_off(1);
    assert!(next(&mut desk, "ana", None).is_ok());
    let seen = desk.seats.word(ana.0 as usize).expect("a word").close_reachable();
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::WrongState), "no seat is free");
    desk.events(Input::AgentSessionLost { agent: ana, session, seen });
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::WrongState));
}

#[test]
fn the_cap_of_the_bot_is_told_where_only_tests_wait_too() {
    let mut desk = desk();
    desk.put(Object::Agent(Agent { accepts_tests: true, ..Agent::new("ana", 2) }));
    desk.agent("bea", 2);
    desk.bot(|bot| bot.seats_per_agent = Some(1));
    desk.queue("q", &["ana", "bea"], |queue| queue.delivery = Delivery::Pull);
    for agent in ["ana", "bea"] {
        desk.online(agent);
        desk.hand_off(if agent == "ana" { 1 } else { 2 });
        assert!(next(&mut desk, agent, None).is_ok());
    }
    desk.accepted(HandOff { test: true, ..hand_off(3) });
    assert_eq!(next(&mut desk, "ana", None), Err(ErrorCode::NoSeat));
    assert_eq!(next(&mut desk, "bea", None), Err(ErrorCode::NothingWaiting), "it is not for her");
}
