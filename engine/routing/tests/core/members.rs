//! Levels and delays of members: who gets a ticket first, and when it reaches whom.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Input};
use relevo_wire::answer::{Answer, NextAnswer};
use relevo_wire::directory::{Delivery, Member, Object, Queue, Strategy};
use relevo_wire::vocabulary::Intent;
use relevo_wire::{ErrorCode, TicketId};

fn member(agent: &str, level: u8, delay_seconds: u32) -> Member {
    Member { agent: agent.to_owned(), level, delay_seconds }
}

fn serve(desk: &mut Desk, queue: &str, members: &[Member]) -> Vec<Event> {
    let object = Queue { members: members.to_vec(), ..Queue::new("b", queue) };
    desk.events(Input::Put { object: Box::new(Object::Queue(object)), if_version: None })
}

/// The queue `q` with these members, of one seat each, online.
fn desk_of(members: &[Member]) -> Desk {
    let mut desk = desk();
    for member in members {
        desk.agent(&member.agent, 1);
    }
    serve(&mut desk, "q", members);
    for member in members {
        desk.online(&member.agent);
    }
    desk
}

fn reason(desk: &Desk, ticket: TicketId, agent: &str) -> String {
    let agents = desk.explain(ticket).agents;
    agents.into_iter().find(|line| line.agent == agent).expect("a member").reason
}

fn names(events: &[Event], desk: &Desk) -> Vec<(TicketId, String)> {
    let name = |agent| desk.tenant.directory().agent_name(agent).expect("it has one").to_owned();
    assignments(events).into_iter().map(|(ticket, agent)| (ticket, name(agent))).collect()
}

#[test]
fn a_ticket_goes_to_the_lowest_level_first() {
    let mut desk = desk_of(&[member("ana", 3, 0), member("bob", 2, 0), member("cat", 3, 0)]);
    let [first, second, third] = [1, 2, 3].map(|contact| desk.hand_off(contact));
    assert_eq!(desk.holder(first).as_deref(), Some("bob"));
    assert_eq!(desk.holder(second).as_deref(), Some("ana"), "among equals the strategy picks");
    assert_eq!(desk.holder(third).as_deref(), Some("cat"));
}

#[test]
fn every_strategy_picks_among_the_lowest_level() {
    for strategy in
        [Strategy::LeastActive, Strategy::LongestIdle, Strategy::RoundRobin, Strategy::MostSkilled]
    {
        let mut desk = desk_of(&[member("ana", 2, 0), member("bob", 1, 0), member("cat", 1, 0)]);
        let members = vec![member("ana", 2, 0), member("bob", 1, 0), member("cat", 1, 0)];
        let queue = Queue { members, strategy, ..Queue::new("b", "q") };
        desk.put(Object::Queue(queue));
        let holders = [1, 2, 3].map(|contact| {
            desk.now += SECOND;
            let ticket = desk.hand_off(contact);
            desk.holder(ticket).expect("three are free")
        });
        assert_eq!(holders, ["bob", "cat", "ana"], "{strategy:?}");
    }
}

#[test]
fn a_queue_of_many_members_knows_their_levels() {
    let member = |number: u32| member(&format!("a{number}"), if number == 150 { 1 } else { 2 }, 0);
    let members: Vec<Member> = (0..200).map(member).collect();
    let mut desk = desk_of(&members);
    let [first, second] = [1, 2].map(|contact| desk.hand_off(contact));
    assert_eq!(desk.holder(first).as_deref(), Some("a150"));
    assert_eq!(desk.holder(second).as_deref(), Some("a0"));
}

#[test]
fn a_freed_agent_serves_its_lower_level_first_then_by_the_order_of_the_line() {
    let mut desk = desk_of(&[member("ana", 2, 0)]);
    let had = desk.hand_off(1);
    serve(&mut desk, "r", &[member("ana", 1, 0)]);
    serve(&mut desk, "s", &[member("ana", 2, 0)]);
    let urgent = desk.accepted(HandOff { priority: 9, ..hand_off(2) }).ticket;
    let older = desk.hand_off_to(3, "s");
    desk.now += SECOND;
    let other = desk.hand_off(4);
    let primary = desk.hand_off_to(5, "r");
    let mut had = had;
    for next in [primary, urgent, older, other] {
        assert_eq!(names(&desk.close("ana", had), &desk), [(next, "ana".to_owned())]);
        had = next;
    }
}

/// Of two who wait, the less urgent one is of a lower level to the only one whom both could have.
#[test]
fn of_all_possible_pairs_that_of_the_lowest_level_goes_first() {
    let mut desk = desk_of(&[member("ana", 1, 0), member("bob", 2, 0)]);
    serve(&mut desk, "r", &[member("bob", 1, 0)]);
    for agent in ["ana", "bob"] {
        desk.intent(agent, Intent::Paused);
    }
    let urgent = [1, 2].map(|contact| {
        let input = HandOff { priority: 9, ..hand_off(contact) };
        desk.accepted(input).ticket
    });
    let less = desk.hand_off_to(3, "r");
    // Both become able in one step: the queues are put anew with a change that nothing depends on.
    for agent in ["ana", "bob"] {
        desk.agent(agent, 0);
        desk.intent(agent, Intent::Online);
    }
    let put = |agent: &str| relevo_wire::command::PutChange {
        object: Box::new(Object::Agent(relevo_wire::directory::Agent::new(agent, 1))),
        if_version: None,
    };
    let changes = ["ana", "bob"].map(|agent| relevo_wire::command::Change::Put(put(agent)));
    let events = desk.events(Input::Apply { changes: changes.to_vec(), dry_run: false });
    let expected = [(urgent[0], "ana".to_owned()), (less, "bob".to_owned())];
    assert_eq!(names(&events, &desk), expected);
    assert_eq!(desk.place(urgent[1]).2, 1);
}

#[test]
fn so_it_is_where_several_tickets_come_back_at_once() {
    let mut desk = desk_of(&[member("zoe", 1, 0)]);
    desk.agent("zoe", 3);
    serve(&mut desk, "r", &["zoe".into()]);
    let urgent = [1, 2].map(|contact| {
        let input = HandOff { priority: 9, ..hand_off(contact) };
        desk.accepted(input).ticket
    });
    let less = desk.hand_off_to(3, "r");
    desk.agent("ana", 1);
    desk.agent("bob", 1);
    serve(&mut desk, "q", &[member("zoe", 1, 0), member("ana", 1, 0), member("bob", 2, 0)]);
    serve(&mut desk, "r", &["zoe".into(), "bob".into()]);
    desk.online("ana");
    desk.online("bob");
    let events = desk.intent("zoe", Intent::Offline);
    let expected = [(urgent[0], "ana".to_owned()), (less, "bob".to_owned())];
    assert_eq!(names(&events, &desk), expected);
}

#[test]
fn a_ticket_reaches_a_member_only_after_its_delay() {
    let mut desk = desk_of(&[member("ana", 1, 30), member("bob", 1, 60)]);
    let ticket = desk.hand_off(1);
    assert_eq!(desk.holder(ticket), None);
    assert_eq!(reason(&desk, ticket, "ana"), "delayed");
    let because = desk.explain(ticket).because;
    assert!(because.ends_with("; in 30 s it reaches ana"), "{because}");
    assert_eq!(assignments(&desk.pass(30 * SECOND - 1)), []);
    assert_eq!(names(&desk.pass(1), &desk), [(ticket, "ana".to_owned())]);
    let next = desk.hand_off(2);
    assert_eq!(names(&desk.pass(60 * SECOND), &desk), [(next, "bob".to_owned())]);
}

#[test]
fn an_older_ticket_reaches_whom_a_younger_one_does_not() {
    let mut desk = desk_of(&[member("ana", 1, 0), member("bob", 1, 60)]);
    desk.intent("bob", Intent::Paused);
    let held = desk.hand_off(1);
    let older = desk.hand_off(2);
    desk.pass(50 * SECOND);
    let younger = desk.accepted(HandOff { priority: 9, ..hand_off(3) }).ticket;
    desk.pass(10 * SECOND);
    let events = desk.intent("bob", Intent::Online);
    assert_eq!(names(&events, &desk), [(older, "bob".to_owned())], "the more urgent is too young");
    let events = desk.close("ana", held);
    assert_eq!(names(&events, &desk), [(younger, "ana".to_owned())]);
}

#[test]
fn a_younger_ticket_is_not_kept_back_by_an_older_one_that_nobody_else_could_have() {
    let mut desk = desk_of(&[member("ana", 1, 0), member("bob", 2, 60)]);
    let [held, older] = [1, 2].map(|contact| desk.hand_off(contact));
    assert_eq!(desk.holder(held).as_deref(), Some("ana"));
    desk.pass(60 * SECOND);
    assert_eq!(desk.holder(older).as_deref(), Some("bob"));
    let younger = desk.hand_off(3);
    let events = desk.close("ana", held);
    assert_eq!(names(&events, &desk), [(younger, "ana".to_owned())]);
}

#[test]
fn the_delay_counts_from_when_the_ticket_last_began_to_wait() {
    let mut desk = desk_of(&[member("ana", 1, 0), member("bob", 1, 60)]);
    let ticket = desk.hand_off(1);
    desk.wait(50 * SECOND);
    desk.intent("ana", Intent::Offline);
    assert_eq!(reason(&desk, ticket, "bob"), "delayed");
    assert_eq!(assignments(&desk.pass(59 * SECOND)), []);
    assert_eq!(names(&desk.pass(SECOND), &desk), [(ticket, "bob".to_owned())]);
}

#[test]
fn other_delays_count_at_once() {
    let mut desk = desk_of(&[member("ana", 1, 600)]);
    let ticket = desk.hand_off(1);
    desk.pass(20 * SECOND);
    assert_eq!(assignments(&serve(&mut desk, "q", &[member("ana", 1, 30)])), []);
    assert_eq!(names(&desk.pass(10 * SECOND), &desk), [(ticket, "ana".to_owned())]);
    let next = desk.hand_off(2);
    desk.close("ana", ticket);
    let events = serve(&mut desk, "q", &["ana".into()]);
    assert_eq!(names(&events, &desk), [(next, "ana".to_owned())]);
    assert_eq!(desk.tenant.next_deadline(), desk.replayed().next_deadline(), "no timer is left");
}

#[test]
fn a_delay_goes_on_over_a_restart() {
    let mut desk = desk_of(&[member("ana", 1, 60)]);
    let ticket = desk.hand_off(1);
    desk.pass(20 * SECOND);
    desk.restart(10 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    assert_eq!(assignments(&desk.pass(29 * SECOND)), []);
    assert_eq!(names(&desk.pass(SECOND), &desk), [(ticket, "ana".to_owned())]);
}

#[test]
fn pulling_respects_levels_and_delays() {
    let mut desk = desk();
    let agent = desk.agent("ana", 3);
    let pulled = |queue: &str, member| {
        let delivery = Delivery::Pull;
        Object::Queue(Queue { delivery, members: vec![member], ..Queue::new("b", queue) })
    };
    desk.put(pulled("q", member("ana", 2, 0)));
    desk.put(pulled("r", member("ana", 1, 30)));
    desk.online("ana");
    let primary = desk.hand_off_to(1, "r");
    let refused = desk.refused(Input::Next { agent, queue: None });
    assert_eq!(refused.code, ErrorCode::NothingWaiting);
    assert!(refused.message.contains("delay"), "{}", refused.message);
    desk.pass(30 * SECOND);
    let urgent = desk.accepted(HandOff { priority: 9, ..hand_off(2) }).ticket;
    for (expected, epoch) in [(primary, 2), (urgent, 2)] {
        let (_, answer) = desk.ask(Input::Next { agent, queue: None });
        assert_eq!(answer, Answer::Next(NextAnswer { ticket: expected, epoch }));
    }
}

#[test]
fn a_dry_run_reaches_nobody_who_has_a_delay() {
    let mut desk = desk_of(&[member("ana", 1, 30)]);
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    let real = desk.accepted(hand_off(1));
    assert_eq!((dry.position, dry.epoch), (real.position, real.epoch));
    assert_eq!(dry.position, 1);
}

#[test]
fn a_member_is_named_once_at_a_level_that_there_is() {
    let mut desk = desk_of(&[member("ana", 1, 0)]);
    let mut wrong = |members: &[Member]| {
        let object = Object::Queue(Queue { members: members.to_vec(), ..Queue::new("b", "q") });
        let refused = desk.refused(Input::Put { object: Box::new(object), if_version: None });
        assert_eq!(refused.field, "members");
        (refused.code, refused.message)
    };
    let twice = [member("ana", 1, 0), member("ana", 2, 30)];
    assert_eq!(wrong(&twice), (ErrorCode::Malformed, "\"ana\" is named twice".to_owned()));
    for level in [0, 11] {
        let said = "the level of \"ana\" must be 1 to 10".to_owned();
        assert_eq!(wrong(&[member("ana", level, 0)]), (ErrorCode::Malformed, said));
    }
    assert_eq!(wrong(&[member("ana", 1, 604_801)]).0, ErrorCode::Malformed);
    for delay_seconds in 1..=9 {
        desk.agent(&format!("b{delay_seconds}"), 1);
    }
    let delayed = |count| (1..=count).map(|at| member(&format!("b{at}"), 1, at)).collect();
    let many: Vec<Member> = delayed(9);
    let object = Queue { members: many, ..Queue::new("b", "q") };
    let refused =
        desk.refused(Input::Put { object: Box::new(Object::Queue(object)), if_version: None });
    assert_eq!((refused.code, &*refused.field), (ErrorCode::LimitExceeded, "members"));
    let most: Vec<Member> = delayed(8);
    serve(&mut desk, "q", &most);
}

#[test]
fn the_auditor_knows_delays() {
    let mut desk = desk_of(&[member("ana", 1, 30)]);
    let ticket = desk.hand_off(1);
    let audit = |desk: &Desk, now| desk.tenant.audit(&desk.seats, 0, 10, now).violations;
    assert_eq!(audit(&desk, desk.now), []);
    // Without the tick that is due: the auditor looks at what was due before it.
    assert_eq!(audit(&desk, desk.now + 60 * SECOND), []);
    assert_eq!(names(&desk.pass(30 * SECOND), &desk), [(ticket, "ana".to_owned())]);
}
