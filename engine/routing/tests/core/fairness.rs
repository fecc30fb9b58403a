//! The fairness limit: at most so many new tickets of an agent in some time.

use crate::common::*;
use relevo_routing::Event;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::ErrorCode;
use relevo_wire::directory::{Delivery, Fairness, Object, Tenant};
use relevo_wire::vocabulary::{Intent, TicketState};

fn limit(desk: &mut Desk, limit: Option<(u16, u32)>) -> Vec<Event> {
    let fairness = limit.map(|(tickets, seconds)| Fairness { tickets, seconds });
    let object = Object::Tenant(Tenant { fairness, ..Tenant::new("t") });
    desk.events(Input::Put { object: Box::new(object), if_version: None })
}

/// An agent of many seats, and at most two new tickets in 60 s.
fn desk_of_one() -> Desk {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("ana", 9);
    limit(&mut desk, Some((2, 60)));
    desk
}

#[test]
fn an_agent_gets_no_more_new_tickets_than_the_limit_in_its_time() {
    let mut desk = desk_of_one();
    let ana = desk.agent_id("ana");
    let first = desk.hand_off(1);
    desk.pass(20 * SECOND);
    let second = desk.hand_off(2);
    let [third, fourth] = [3, 4].map(|contact| desk.hand_off(contact));
    assert_eq!(
        [first, second].map(|ticket| desk.holder(ticket)),
        ["ana", "ana"].map(|a| Some(a.into()))
    );
    assert_eq!((desk.place(third).2, desk.place(fourth).2), (1, 2));
    assert_eq!(desk.explain(third).agents[0].reason, "closing", "a copy has no sessions");
    let (_, answer) = desk.ask(Input::Explain { ticket: third });
    assert!(format!("{answer:?}").contains("\"fairness\""), "{answer:?}");
    // A closed ticket was a new one all the same.
    assert_eq!(assignments(&desk.close("ana", first)), []);
    assert_eq!(assignments(&desk.pass(40 * SECOND - 1)), []);
    assert_eq!(assignments(&desk.pass(1)), [(third, ana)]);
    assert_eq!(assignments(&desk.pass(20 * SECOND)), [(fourth, ana)]);
}

#[test]
fn what_is_too_much_for_one_goes_to_another() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    desk.agent("ana", 9);
    limit(&mut desk, Some((1, 60)));
    let holders = [1, 2, 3].map(|contact| {
        let ticket = desk.hand_off(contact);
        desk.holder(ticket)
    });
    assert_eq!(holders, [Some("ana".into()), Some("bob".into()), None]);
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(4) });
    assert_eq!(dry.position, 2);
}

#[test]
fn pulled_and_transferred_tickets_count_too() {
    let mut desk = Desk::staffed(&["ana", "bob"]);
    let agent = desk.agent("ana", 9);
    desk.queue("q", &["ana", "bob"], |queue| queue.delivery = Delivery::Pull);
    limit(&mut desk, Some((1, 60)));
    let [first, _] = [1, 2].map(|contact| desk.hand_off(contact));
    desk.events(Input::Next { agent, queue: None });
    desk.pass(15 * SECOND);
    let refused = desk.refused(Input::Next { agent, queue: None });
    assert_eq!(refused.code, ErrorCode::NoSeat);
    assert!(refused.message.ends_with("the next in 45 s"), "{}", refused.message);
    let bob = desk.agent_id("bob");
    let child = desk.transfer("ana", first, Target::Agent(bob));
    let child = desk.child(child);
    assert_eq!(desk.holder(child).as_deref(), Some("bob"));
    let refused = desk.code(Input::Next { agent: bob, queue: None });
    assert_eq!(refused, ErrorCode::NoSeat);
    desk.pass(45 * SECOND);
    desk.events(Input::Next { agent, queue: None });
}

#[test]
fn the_limit_goes_on_over_a_restart() {
    let mut desk = desk_of_one();
    let ana = desk.agent_id("ana");
    let [_, _, third] = [1, 2, 3].map(|contact| desk.hand_off(contact));
    desk.restart(10 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    assert_eq!(assignments(&desk.pass(49 * SECOND)), []);
    assert_eq!(assignments(&desk.pass(SECOND)), [(third, ana)]);
}

#[test]
fn another_limit_counts_at_once_and_none_counts_nothing() {
    let mut desk = desk_of_one();
    let ana = desk.agent_id("ana");
    let [_, _, third, fourth] = [1, 2, 3, 4].map(|contact| desk.hand_off(contact));
    assert_eq!(assignments(&limit(&mut desk, Some((3, 60)))), [(third, ana)]);
    assert_eq!(assignments(&limit(&mut desk, None)), [(fourth, ana)]);
    limit(&mut desk, Some((1, 60)));
    let fifth = desk.hand_off(5);
    assert_eq!(desk.holder(fifth).as_deref(), Some("ana"), "nothing was counted before");
    let sixth = desk.hand_off(6);
    assert_eq!(desk.holder(sixth), None);
}

#[test]
fn an_offer_of_what_another_got_or_nobody_counts_no_longer() {
    let mut desk = Desk::staffed(&["ana", "bob", "cid"]);
    desk.queue("q", &["ana", "bob", "cid"], |queue| {
        queue.offer_seconds = 20;
        queue.offer_agents = 3;
    });
    limit(&mut desk, Some((1, 60)));
    let [ana, bob, cid] = ["ana", "bob", "cid"].map(|name| desk.agent_id(name));
    let offers = |events: &[Event]| {
        let offered = events.iter().filter_map(|event| {
            if let Event::Offered(offered) = event { Some(offered.agent) } else { None }
        });
        offered.collect::<Vec<_>>()
    };
    let offered =
        |desk: &mut Desk, contact| offers(&desk.events(Input::HandOff(hand_off(contact))));
    let ticket = desk.hand_off(1);
    desk.wait(5 * SECOND);
    desk.events(Input::Accept { agent: bob, ticket });
    assert_eq!(offered(&mut desk, 2), [ana, cid], "whose offers ended as taken");
    desk.wait(SECOND);
    desk.left(2);
    assert_eq!(offered(&mut desk, 3), [ana, cid], "nobody got what was closed");
    assert!(desk.replayed().snapshot() == desk.tenant.snapshot(), "the log gives the same");
    desk.wait(SECOND);
    desk.intent("ana", Intent::Paused);
    desk.intent("ana", Intent::Online);
    assert_eq!(offered(&mut desk, 4), [ana], "it was withdrawn from her");
    desk.restart(0);
    desk.handle(Input::Ready);
    let session = relevo_wire::SessionId(99);
    let seen = desk.reachable_closes(cid);
    let input = Input::AgentSessionOpened { agent: cid, session, seen };
    assert_eq!(offers(&desk.events_of_session(input)), [cid], "no offer outlives the process");
}

#[test]
fn what_an_agent_declines_or_misses_counts() {
    for is_missed in [false, true] {
        let mut desk = Desk::staffed(&["ana"]);
        desk.queue("q", &["ana"], |queue| queue.offer_seconds = 20);
        limit(&mut desk, Some((1, 50)));
        let (agent, ticket) = (desk.agent_id("ana"), desk.hand_off(1));
        if is_missed {
            desk.pass(20 * SECOND);
            desk.intent("ana", Intent::Online);
        } else {
            desk.events(Input::Decline { agent, ticket });
        }
        let second = desk.hand_off(2);
        assert_eq!(desk.place(second).0, TicketState::Waiting);
        desk.pass(START + 50 * SECOND - 1 - desk.now);
        assert_eq!(desk.place(second).0, TicketState::Waiting);
        desk.pass(1);
        assert_eq!(desk.place(second).0, TicketState::Offered);
    }
}

#[test]
fn the_auditor_knows_the_limit() {
    let mut desk = desk_of_one();
    for contact in 1..=3 {
        desk.hand_off(contact);
    }
    let audit = |desk: &Desk, now| desk.tenant.audit(&desk.seats, 0, 10, now).violations;
    assert_eq!(audit(&desk, desk.now), []);
    assert_eq!(audit(&desk, desk.now + 100 * SECOND), [], "the tick that is due frees the agent");
}

#[test]
fn a_limit_has_bounds() {
    let mut desk = desk();
    for (tickets, seconds) in [(0, 1), (1_001, 1), (1, 0), (1, 3_601)] {
        let fairness = Some(Fairness { tickets, seconds });
        let object = Object::Tenant(Tenant { fairness, ..Tenant::new("t") });
        let refused = desk.refused(Input::Put { object: Box::new(object), if_version: None });
        assert_eq!((refused.code, &*refused.field), (ErrorCode::Malformed, "fairness"));
    }
    limit(&mut desk, Some((1_000, 3_600)));
}
