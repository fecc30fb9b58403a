//! What a ticket requires of its agent, and how waiting relaxes it.

use crate::common::*;
use relevo_routing::event::{Demand, Event, Relaxed};
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::TicketId;
use relevo_wire::directory::{Agent, Delivery, Object, Ring, Skill, Strategy};
use relevo_wire::vocabulary::Intent;
use relevo_wire::{ErrorCode, WireError};

fn skill(name: &str, level: u8) -> Skill {
    Skill { name: name.to_owned(), level }
}

fn can(desk: &mut Desk, agent: &str, skills: &[Skill]) {
    let skills = skills.to_vec();
    desk.put(Object::Agent(Agent { skills, ..Agent::new(agent, 1) }));
}

/// The queue `q` with these agents, of one seat each, online.
fn desk_of(agents: &[(&str, &[Skill])]) -> Desk {
    let mut desk = desk();
    let names: Vec<&str> = agents.iter().map(|(name, _)| *name).collect();
    for (agent, skills) in agents {
        can(&mut desk, agent, skills);
    }
    desk.queue("q", &names, |_| {});
    for agent in names {
        desk.online(agent);
    }
    desk
}

fn requires(skills: &[Skill], rings: &[(u32, &[Skill])]) -> Option<Box<Demand>> {
    let ring = |(after_seconds, skills): &(u32, &[Skill])| Ring {
        after_seconds: *after_seconds,
        skills: skills.to_vec(),
    };
    Some(Box::new(Demand { skills: skills.to_vec(), rings: rings.iter().map(ring).collect() }))
}

fn asks(desk: &mut Desk, contact: u128, skills: &[Skill]) -> TicketId {
    relaxed(desk, contact, skills, &[])
}

fn relaxed(
    desk: &mut Desk,
    contact: u128,
    skills: &[Skill],
    rings: &[(u32, &[Skill])],
) -> TicketId {
    let demand = requires(skills, rings);
    desk.accepted(HandOff { demand, ..hand_off(contact) }).ticket
}

fn rings(events: &[Event]) -> Vec<Relaxed> {
    let relaxed = events.iter();
    relaxed.filter_map(|e| if let Event::Relaxed(e) = e { Some(*e) } else { None }).collect()
}

#[test]
fn only_who_has_every_skill_at_its_level_or_above_is_eligible() {
    let (es, billing) = (|level| skill("es", level), |level| skill("billing", level));
    for (has, gets) in [
        (vec![], false),
        (vec![es(3)], false),
        (vec![es(3), billing(1)], false),
        (vec![es(2), billing(2)], false),
        (vec![es(3), billing(2)], true),
        (vec![billing(10), es(9)], true),
    ] {
        let mut desk = desk_of(&[("ana", &has)]);
        let ticket = asks(&mut desk, 1, &[es(3), billing(2)]);
        let holder = desk.holder(ticket);
        assert_eq!(holder.is_some(), gets, "with {has:?}");
        let reason = desk.explain(ticket).agents[0].reason.clone();
        assert_eq!(reason == "lacks_skill", !gets, "with {has:?}: {reason}");
    }
}

#[test]
fn who_requires_nothing_goes_to_anybody() {
    let mut desk = desk_of(&[("ana", &[])]);
    let ticket = asks(&mut desk, 1, &[]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn a_freed_agent_takes_the_most_urgent_ticket_that_it_can_serve() {
    let mut desk = desk_of(&[("ana", &[skill("es", 2), skill("vip", 1)])]);
    let first = desk.hand_off(1);
    desk.now += SECOND;
    let french = asks(&mut desk, 2, &[skill("fr", 1)]);
    let fluent = asks(&mut desk, 3, &[skill("es", 3)]);
    let spanish = asks(&mut desk, 4, &[skill("es", 1)]);
    let plain = desk.hand_off(5);
    let both = asks(&mut desk, 6, &[skill("vip", 1), skill("es", 2)]);
    let urgent = desk
        .accepted(HandOff { priority: 7, demand: requires(&[skill("vip", 1)], &[]), ..hand_off(7) })
        .ticket;
    let mut had = first;
    for next in [urgent, spanish, plain, both] {
        let ana = desk.agent_id("ana");
        assert_eq!(assignments(&desk.close("ana", had)), [(next, ana)]);
        had = next;
    }
    assert_eq!(assignments(&desk.close("ana", had)), []);
    assert_eq!((desk.place(french).2, desk.place(fluent).2), (1, 2), "they stand in one line");
}

#[test]
fn pulling_asks_for_the_same_skills() {
    let mut desk = desk_of(&[("ana", &[skill("es", 1)])]);
    let agent = desk.agent_id("ana");
    desk.queue("q", &["ana"], |queue| queue.delivery = Delivery::Pull);
    asks(&mut desk, 1, &[skill("fr", 1)]);
    let next = |desk: &mut Desk| desk.ask(Input::Next { agent, queue: None });
    let refused = desk.refused(Input::Next { agent, queue: None });
    assert_eq!(refused.code, ErrorCode::NothingWaiting);
    let spanish = asks(&mut desk, 2, &[skill("es", 1)]);
    assert_eq!(assignments(&next(&mut desk).0), [(spanish, agent)]);
}

#[test]
fn waiting_relaxes_what_is_required_ring_by_ring() {
    let es = |level| skill("es", level);
    let mut desk = desk_of(&[("ana", &[es(2)]), ("bea", &[])]);
    let ticket = relaxed(&mut desk, 1, &[es(5)], &[(10, &[es(3)]), (20, &[es(2)]), (60, &[])]);
    let because = desk.explain(ticket).because;
    let said = "it requires es >= 5, in 10 s es >= 3, in 20 s es >= 2, in 60 s nothing";
    assert!(because.contains(said), "{because}");
    let events = desk.pass(10 * SECOND - 1);
    assert_eq!(rings(&events), []);
    let events = desk.pass(1);
    assert_eq!(rings(&events), [Relaxed { ticket, ring: 1 }]);
    assert_eq!(desk.holder(ticket), None);
    let events = desk.pass(10 * SECOND);
    assert_eq!(rings(&events), [Relaxed { ticket, ring: 2 }]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    assert_eq!(rings(&desk.pass(100 * SECOND)), [], "it waits no longer");
    // The last ring is everybody's, and the ticket has not left its queue for it.
    let second = relaxed(&mut desk, 2, &[es(5)], &[(60, &[])]);
    desk.pass(60 * SECOND);
    assert_eq!(desk.holder(second).as_deref(), Some("bea"));
    assert_eq!(desk.explain(second).queue, "b/q");
}

#[test]
fn who_goes_back_to_its_line_begins_at_the_first_ring_again() {
    let es = |level| skill("es", level);
    let mut desk = desk_of(&[("ana", &[es(1)])]);
    let ticket = relaxed(&mut desk, 1, &[es(5)], &[(10, &[es(1)])]);
    desk.pass(10 * SECOND);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    desk.intent("ana", Intent::Offline);
    can(&mut desk, "bea", &[es(4)]);
    desk.queue("q", &["ana", "bea"], |_| {});
    desk.online("bea");
    assert_eq!(desk.holder(ticket), None, "it requires the most again");
    desk.pass(10 * SECOND);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn a_transfer_within_the_queue_keeps_what_is_required_and_another_queue_ends_it() {
    let es = skill("es", 1);
    let two = || {
        let spanish = std::slice::from_ref(&es);
        let mut desk = desk_of(&[("ana", spanish), ("bea", &[]), ("cid", spanish)]);
        desk.queue("r", &["bea"], |_| {});
        let ticket = asks(&mut desk, 1, spanish);
        assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
        (desk, ticket)
    };
    let (mut desk, ticket) = two();
    let transfer = desk.transfer("ana", ticket, Target::Queue(desk.queue_id("q")));
    let child = desk.child(transfer);
    assert_eq!(desk.holder(child).as_deref(), Some("cid"));
    let (mut desk, ticket) = two();
    let transfer = desk.transfer("ana", ticket, Target::Queue(desk.queue_id("r")));
    let child = desk.child(transfer);
    assert_eq!(desk.holder(child).as_deref(), Some("bea"), "whoever gave it has chosen");
    let (mut desk, ticket) = two();
    let transfer = desk.transfer("ana", ticket, Target::Agent(desk.agent_id("bea")));
    let child = desk.child(transfer);
    assert_eq!(desk.holder(child).as_deref(), Some("bea"), "whoever named it has chosen");
}

#[test]
fn where_the_rules_queue_is_gone_nothing_is_required_in_the_default_queue() {
    let mut desk = desk_of(&[("ana", &[])]);
    let gone = HandOff {
        queue_of_rule: Some(relevo_wire::QueueId(77)),
        demand: requires(&[skill("es", 1)], &[]),
        ..hand_off(1)
    };
    let dry = desk.accepted(HandOff { dry_run: true, ..gone.clone() });
    assert_eq!(dry.position, 0, "it would be assigned");
    let ticket = desk.accepted(gone).ticket;
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    // A rule that names no queue means the default queue.
    desk.close("ana", ticket);
    let ticket = asks(&mut desk, 2, &[skill("es", 1)]);
    assert_eq!(desk.holder(ticket), None);
}

#[test]
fn most_skilled_takes_the_highest_levels_in_what_is_required() {
    let mut desk = desk_of(&[
        ("ana", &[skill("es", 3), skill("cards", 3), skill("golf", 10)]),
        ("bea", &[skill("es", 2), skill("cards", 5)]),
        ("cid", &[skill("es", 1), skill("cards", 5)]),
    ]);
    desk.queue("q", &["ana", "bea", "cid"], |queue| queue.strategy = Strategy::MostSkilled);
    let required = [skill("es", 1), skill("cards", 1)];
    let holders: Vec<Option<String>> = (1..=4)
        .map(|contact| {
            desk.now += SECOND;
            let ticket = asks(&mut desk, contact, &required);
            desk.holder(ticket)
        })
        .collect();
    let named = |name: &str| Some(name.to_owned());
    // Seven; of two with six the one with fewer tickets, and there the lower number.
    assert_eq!(holders, [named("bea"), named("ana"), named("cid"), None]);
}

#[test]
fn what_an_agent_learns_brings_it_the_tickets_that_wait_for_it() {
    let mut desk = desk_of(&[("ana", &[])]);
    let ticket = asks(&mut desk, 1, &[skill("es", 2)]);
    can(&mut desk, "ana", &[skill("es", 1)]);
    assert_eq!(desk.holder(ticket), None);
    can(&mut desk, "ana", &[skill("es", 2)]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
    // And what it forgets brings it no more.
    can(&mut desk, "ana", &[]);
    desk.close("ana", ticket);
    let second = asks(&mut desk, 2, &[skill("es", 1)]);
    assert_eq!(desk.holder(second), None);
}

#[test]
fn a_skill_that_nobody_has_waits_for_somebody_who_does() {
    let mut desk = desk_of(&[("ana", &[])]);
    let dry =
        HandOff { dry_run: true, demand: requires(&[skill("klingon", 1)], &[]), ..hand_off(1) };
    assert_eq!(desk.accepted(dry).position, 1, "it would wait, though ana is free");
    let ticket = asks(&mut desk, 1, &[skill("klingon", 1)]);
    assert_eq!(desk.place(ticket).2, 1);
    can(&mut desk, "bea", &[skill("klingon", 1)]);
    desk.queue("q", &["ana", "bea"], |_| {});
    desk.online("bea");
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
}

#[test]
fn skills_hold_in_a_queue_of_many_members() {
    let names: Vec<String> = (0..300).map(|number| format!("a{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut desk = desk();
    for (number, name) in (0_u16..).zip(&names) {
        let level = u8::try_from(1 + number % 10).expect("at most 10");
        let mut skills = vec![skill("es", level)];
        skills.extend((number == 77).then(|| skill("rare", 1)));
        can(&mut desk, name, &skills);
    }
    desk.queue("q", &names, |_| {});
    for name in &names {
        desk.online(name);
    }
    let rare = asks(&mut desk, 1, &[skill("es", 8), skill("rare", 1)]);
    assert_eq!(desk.holder(rare).as_deref(), Some("a77"));
    let fluent = asks(&mut desk, 2, &[skill("es", 10)]);
    assert_eq!(desk.holder(fluent).as_deref(), Some("a9"));
    let second = asks(&mut desk, 3, &[skill("rare", 1)]);
    assert_eq!(desk.holder(second), None, "a77 has no seat left");
}

#[test]
fn a_restart_forgets_neither_skills_nor_rings() {
    let es = |level| skill("es", level);
    let mut desk = desk_of(&[("ana", &[es(1)])]);
    let ticket = relaxed(&mut desk, 1, &[es(5)], &[(10, &[es(3)]), (100, &[es(1)])]);
    desk.pass(10 * SECOND);
    desk.restart(50 * SECOND);
    desk.handle(Input::Ready);
    desk.connect("ana");
    assert_eq!(desk.holder(ticket), None);
    // Rings count from the begin of the waiting, and the time down is waiting.
    let events = desk.pass(40 * SECOND);
    assert_eq!(rings(&events), [Relaxed { ticket, ring: 2 }]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn skills_are_named_once_at_levels_that_there_are_and_in_all_not_too_many() {
    let mut desk = desk();
    let refused = |desk: &mut Desk, skills: Vec<Skill>| -> (ErrorCode, String) {
        let object = Object::Agent(Agent { skills, ..Agent::new("ana", 1) });
        let WireError { code, field, .. } =
            desk.refused(Input::Put { object: Box::new(object), if_version: None });
        (code, field)
    };
    let malformed = (ErrorCode::Malformed, "skills".to_owned());
    assert_eq!(refused(&mut desk, vec![skill("es", 0)]), malformed);
    assert_eq!(refused(&mut desk, vec![skill("es", 11)]), malformed);
    assert_eq!(refused(&mut desk, vec![skill("es", 1), skill("es", 2)]), malformed);
    assert_eq!(refused(&mut desk, vec![skill("a b", 1)]), malformed);
    let many = |from: usize, count: usize| -> Vec<Skill> {
        (from..from + count).map(|number| skill(&format!("s{number}"), 1)).collect()
    };
    let too_many = (ErrorCode::LimitExceeded, "skills".to_owned());
    assert_eq!(refused(&mut desk, many(0, 65)), too_many);
    for agent in 0..20 {
        can(&mut desk, &format!("a{agent}"), &many(agent * 50, 50));
    }
    assert_eq!(refused(&mut desk, many(1_000, 1)), too_many);
    can(&mut desk, "ana", &many(0, 64));
}
