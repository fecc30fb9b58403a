//! Explain: what a ticket waits for, and each agent and why not.

use crate::common::*;
use relevo_routing::Input;
use relevo_routing::input::HandOff;
use relevo_wire::TicketId;
use relevo_wire::answer::{Answer, Explained};
use relevo_wire::directory::{Agent, Delivery, Object};
use relevo_wire::vocabulary::{Intent, TicketState};

/// Explains on the living desk: its seat words count.
fn explain(desk: &mut Desk, ticket: TicketId) -> Explained {
    let (events, answer) = desk.ask(Input::Explain { ticket });
    assert_eq!(events, []);
    let Answer::Explained(explained) = answer else { panic!("{answer:?}") };
    explained
}

fn reasons(explained: &Explained) -> Vec<(&str, &str)> {
    let agents = explained.agents.iter();
    agents.map(|agent| (agent.agent.as_str(), agent.reason.as_str())).collect()
}

#[test]
fn each_agent_of_the_queue_and_why_not() {
    let mut desk = desk();
    let names = [
        "full",
        "paused",
        "invisible",
        "offline",
        "grace",
        "gone",
        "inactive",
        "closing",
        "capped",
    ];
    for name in names {
        desk.agent(name, 2);
    }
    desk.agent("full", 1);
    desk.queue("q", &["full", "capped"], |_| {});
    desk.bot(|bot| bot.seats_per_agent = Some(1));
    desk.online("full");
    desk.online("capped");
    desk.hand_off(1);
    desk.hand_off(2);
    let session = desk.online("gone");
    desk.disconnect("gone", session);
    desk.pass(30 * SECOND);
    for name in ["paused", "inactive", "closing"] {
        desk.online(name);
    }
    desk.intent("paused", Intent::Paused);
    desk.connect("invisible");
    let session = desk.online("grace");
    desk.disconnect("grace", session);
    desk.put(Object::Agent(Agent { active: false, ..Agent::new("inactive", 2) }));
    let closing = desk.agent_id("closing");
    desk.seats.word(closing.0 as usize).expect("a word").close_intent();
    desk.queue("q", &names, |_| {});
    let ticket = desk.hand_off(3);
    let explained = explain(&mut desk, ticket);
    assert_eq!((explained.state, explained.position), (TicketState::Waiting, 1));
    let expected = [
        ("full", "no_seat"),
        ("paused", "paused"),
        ("invisible", "invisible"),
        ("offline", "offline"),
        ("grace", "grace"),
        ("gone", "unreachable"),
        ("inactive", "inactive"),
        ("closing", "closing"),
        ("capped", "no_seat_for_bot"),
    ];
    assert_eq!(reasons(&explained), expected);
}

#[test]
fn a_test_an_exclusion_and_a_reservation_are_told() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let test = desk.accepted(HandOff { test: true, ..hand_off(1) }).ticket;
    let explained = explain(&mut desk, test);
    assert_eq!(reasons(&explained), [("ana", "accepts_no_tests"), ("bea", "accepts_no_tests")]);
    let ticket = desk.hand_off(2);
    desk.hand_off(3);
    let to = relevo_routing::input::Target::Agent(desk.agent_id("bea"));
    let transfer = desk.transfer("ana", ticket, to);
    let child = desk.child(transfer);
    let explained = explain(&mut desk, child);
    assert_eq!(reasons(&explained), [("ana", "excluded"), ("bea", "no_seat")]);
    assert!(explained.because.contains("bea (no_seat) for 60 s more"), "{}", explained.because);
    desk.agent("cid", 1);
    desk.queue("q", &["ana", "bea", "cid"], |_| {});
    desk.online("cid");
    let explained = explain(&mut desk, child);
    assert_eq!(reasons(&explained)[2], ("cid", "reserved_for_other"));
}

#[test]
fn what_a_ticket_waits_for_is_a_sentence() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &[], |_| {});
    let ticket = desk.hand_off(1);
    assert_eq!(explain(&mut desk, ticket).because, "its queue has no members");
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    assert!(explain(&mut desk, ticket).because.contains("pulls it"));
    desk.queue("q", &["ana"], |_| {});
    assert_eq!(explain(&mut desk, ticket).because, "no member of its queue is online");
    desk.online("ana");
    let explained = explain(&mut desk, ticket);
    assert_eq!(explained.agent.as_deref(), Some("ana"));
    assert!(explained.because.contains("least_active"), "{}", explained.because);
    let second = desk.hand_off(2);
    let explained = explain(&mut desk, second);
    assert_eq!((explained.position, explained.queue.as_str()), (1, "b/q"));
    assert!(explained.because.contains("1 online"), "{}", explained.because);
    desk.close("ana", ticket);
    assert_eq!(explain(&mut desk, ticket).because, "it is closed");
}
