//! The agent who has a handed-over customer first.

use crate::common::*;
use relevo_routing::event::{Event, Unreserved};
use relevo_routing::input::{HandOff, Input};
use relevo_wire::AgentId;
use relevo_wire::directory::{Agent, Delivery, Object};
use relevo_wire::vocabulary::Intent;

fn prefers(contact: u128, agent: AgentId) -> HandOff {
    HandOff { preferred_agent: Some(agent), ..hand_off(contact) }
}

#[test]
fn the_preferred_agent_has_it_whatever_the_strategy_says() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    let bob = desk.agent("bob", 2);
    let first = desk.accepted(prefers(1, bob)).ticket;
    let second = desk.accepted(prefers(2, bob)).ticket;
    for ticket in [first, second] {
        assert_eq!(desk.holder(ticket).as_deref(), Some("bob"));
    }
}

#[test]
fn a_full_preferred_agent_is_waited_for_as_long_as_the_queue_says() {
    let mut desk = desk();
    let ana = desk.agent("ana", 1);
    desk.agent("bob", 1);
    desk.queue("q", &["ana", "bob"], |queue| queue.preferred_wait_seconds = 20);
    desk.online("ana");
    let held = desk.hand_off(1);
    desk.online("bob");
    let [first, second] = [2, 3].map(|contact| desk.accepted(prefers(contact, ana)));
    assert_eq!((first.position, second.position), (1, 2), "bob is free and does not get them");
    let because = desk.explain(first.ticket).because;
    assert!(because.contains("for 20 s more, then in its queue"), "{because}");
    desk.pass(19 * SECOND);
    let events = desk.close("ana", held);
    assert_eq!(assignments(&events), [(first.ticket, ana)]);
    let events = desk.pass(SECOND);
    assert_eq!(events[0], Event::Unreserved(Unreserved { ticket: second.ticket }));
    assert_eq!(assignments(&events), [(second.ticket, desk.agent_id("bob"))]);
}

/// A returning customer bound to an agent who is not there waits for nobody (Chatwoot #4158).
#[test]
fn a_preferred_agent_who_is_not_there_is_ignored() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    let bob = desk.agent_id("bob");
    let eve = desk.agent("eve", 3);
    desk.online("eve");
    let mut contact = 0;
    let mut goes_to_ana = |desk: &mut Desk, agent| {
        contact += 1;
        let ticket = desk.accepted(prefers(contact, agent)).ticket;
        assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
        desk.close("ana", ticket);
    };
    goes_to_ana(&mut desk, eve);
    for intent in [Intent::Paused, Intent::Invisible, Intent::Offline] {
        desk.intent("bob", intent);
        goes_to_ana(&mut desk, bob);
    }
    desk.intent("bob", Intent::Online);
    desk.restart(0);
    desk.handle(Input::Ready);
    desk.connect("ana");
    desk.pass(60 * SECOND);
    goes_to_ana(&mut desk, bob);
    goes_to_ana(&mut desk, AgentId(99));
}

#[test]
fn whoever_could_never_have_it_is_not_waited_for() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    let bob = desk.agent_id("bob");
    desk.put(Object::Agent(Agent { accepts_tests: true, ..Agent::new("ana", 1) }));
    let test = desk.accepted(HandOff { test: true, ..prefers(1, bob) }).ticket;
    assert_eq!(desk.holder(test).as_deref(), Some("ana"));
    desk.put(Object::Agent(Agent::new("bob", 0)));
    let ticket = desk.accepted(prefers(2, bob));
    assert_eq!(ticket.position, 1);
    let because = desk.explain(ticket.ticket).because;
    assert!(because.starts_with("no member of its queue can take it"), "{because}");
}

#[test]
fn whoever_chose_the_agent_has_chosen() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    let bob = desk.agent_id("bob");
    let required = relevo_wire::directory::Skill { name: "es".into(), level: 3 };
    let demand = relevo_routing::event::Demand { skills: vec![required], rings: Vec::new() };
    let demand = Some(Box::new(demand));
    let dry = desk.accepted(HandOff { demand: demand.clone(), dry_run: true, ..prefers(1, bob) });
    assert_eq!(dry.position, 0);
    let ticket = desk.accepted(HandOff { demand, ..prefers(1, bob) }).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("bob"), "without the skill");
}

#[test]
fn a_dry_run_tells_the_same() {
    let mut desk = desk();
    let ana = desk.agent("ana", 1);
    desk.agent("bob", 1);
    desk.queue("q", &["ana", "bob"], |queue| queue.delivery = Delivery::Pull);
    desk.online("ana");
    desk.online("bob");
    for (contact, position) in [(1, 0), (2, 1), (3, 2)] {
        let dry = desk.accepted(HandOff { dry_run: true, ..prefers(contact, ana) });
        let real = desk.accepted(prefers(contact, ana));
        assert_eq!(dry.position, position);
        assert_eq!((dry.position, dry.epoch), (real.position, real.epoch));
    }
}

#[test]
fn a_place_reserved_by_preference_outlives_a_restart() {
    let mut desk = desk();
    let ana = desk.agent("ana", 1);
    desk.agent("bob", 1);
    desk.queue("q", &["ana", "bob"], |_| {});
    desk.online("ana");
    desk.hand_off(1);
    desk.online("bob");
    let ticket = desk.accepted(prefers(2, ana)).ticket;
    desk.pass(10 * SECOND);
    desk.restart(3_600 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    desk.connect("bob");
    assert_eq!(assignments(&desk.pass(19 * SECOND)), [], "the time down counts for nothing");
    let bob = desk.agent_id("bob");
    assert_eq!(assignments(&desk.pass(SECOND)), [(ticket, bob)]);
}
