//! A past instant, explained from the log: as it was explained then.

use crate::common::*;
use crate::world::World;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Input};
use relevo_routing::{Micros, Reply, Settings, Tenant, record};
use relevo_wire::answer::{Answer, Explained};
use relevo_wire::directory::{Fairness, Object, Tenant as TenantObject};
use relevo_wire::vocabulary::TicketState;
use relevo_wire::{ErrorCode, TicketId};
use std::collections::BTreeSet;

const SEEDS: u64 = 40;
const STEPS: usize = 400;

/// Explained on the living desk.
fn explain(desk: &mut Desk, ticket: TicketId) -> Option<Explained> {
    match desk.handle(Input::Explain { ticket }).reply {
        Some(Reply::Answer(Answer::Explained(explained))) => Some(explained),
        _ => None,
    }
}

/// Everything that the log says up to an instant, as a daemon reads it that looks back.
fn tenant_at(log: &[Vec<u8>], at: Micros) -> Tenant {
    let mut tenant = new_tenant();
    go_on(&mut tenant, log, at);
    tenant
}

fn go_on(tenant: &mut Tenant, log: &[Vec<u8>], at: Micros) {
    for bytes in log {
        let (header, events) = record::decode(bytes).expect("a record reads back");
        for event in events.iter().filter(|_| header.now <= at) {
            tenant.apply(header.now, event);
        }
    }
}

fn explain_past(tenant: &mut Tenant, at: Micros, ticket: TicketId) -> Explained {
    match tenant.explain_past(at, ticket) {
        Ok(Answer::Explained(explained)) => explained,
        other => panic!("{ticket} at {at}: {other:?}"),
    }
}

/// What was said while it was so, of a history with everything that the random world knows.
struct Said {
    explained: Explained,
    /// How much of the log there was.
    records: usize,
}

fn history(seed: u64) -> (World, Vec<Said>) {
    let mut world = World::new(seed);
    let (mut said, mut tickets, mut read) = (Vec::new(), Vec::new(), 0);
    for _ in 0..STEPS {
        world.step();
        for bytes in &world.desk.log[read..] {
            let (_, events) = record::decode(bytes).expect("a record reads back");
            tickets.extend(events.iter().filter_map(|event| {
                if let Event::TicketOpened(opened) = event { Some(opened.ticket) } else { None }
            }));
        }
        read = world.desk.log.len();
        for ticket in tickets.iter().rev().take(12) {
            // Of what is closed there is little to say.
            let explained = explain(&mut world.desk, *ticket);
            if let Some(explained) = explained.filter(|it| it.state != TicketState::Closed) {
                said.push(Said { explained, records: world.desk.log.len() });
            }
        }
    }
    // What a session has done and the log does not know yet is not in the log.
    said.retain(|said| said.explained.agents.iter().all(|agent| agent.reason != "closing"));
    // Two records of one microsecond: the later one belongs to the instant too.
    said.retain(|said| {
        world.desk.log.get(said.records).is_none_or(|next| {
            let (header, _) = record::decode(next).expect("a record reads back");
            header.now > said.explained.at
        })
    });
    (world, said)
}

#[test]
fn the_log_explains_each_instant_as_it_was_explained_then() {
    let (mut reasons, mut sentences, mut all) = (BTreeSet::new(), String::new(), 0);
    for seed in 0..SEEDS {
        let (world, said) = history(seed);
        all += said.len();
        // A wrap-up is rare: of those each is tried.
        let is_tried = |(number, said): &(usize, &Said)| {
            number % 29 == 0 || said.explained.state == TicketState::Wrapping
        };
        for (number, Said { explained, .. }) in said.iter().enumerate().filter(is_tried) {
            let at = explained.at;
            let past = explain_past(&mut tenant_at(&world.desk.log, at), at, explained.ticket);
            assert_eq!(past, *explained, "seed {seed}, explanation {number}");
            reasons.extend(past.agents.into_iter().map(|agent| agent.reason));
            sentences += &past.because;
        }
    }
    assert!(all > 10_000, "only {all} explanations");
    let expected = ["eligible", "no_seat", "paused", "grace", "unreachable", "excluded", "offered"];
    for reason in expected.into_iter().chain(["delayed", "lacks_skill", "reserved_for_other"]) {
        assert!(reasons.contains(reason), "never came to {reason}, only to {reasons:?}");
    }
    for said in ["it requires", "it goes to", "wraps it up", "it reaches"] {
        assert!(sentences.contains(said), "no explanation said {said:?}");
    }
}

#[test]
fn a_snapshot_before_the_instant_and_the_records_since_explain_it_too() {
    for seed in 50..50 + SEEDS / 2 {
        let (world, said) = history(seed);
        let middle = said.len() / 2;
        let from = &said[middle];
        let log = &world.desk.log;
        let early = tenant_at(&log[..from.records], Micros::MAX).snapshot();
        for Said { explained, .. } in said[middle..].iter().step_by(31) {
            let settings = Settings::default();
            let mut tenant = Tenant::from_snapshot(&early, settings).expect("valid");
            go_on(&mut tenant, &log[from.records..], explained.at);
            let past = explain_past(&mut tenant, explained.at, explained.ticket);
            assert_eq!(past, *explained, "seed {seed}");
        }
    }
}

#[test]
fn the_present_is_the_last_instant_of_the_past() {
    let mut desk = Desk::staffed(&["ana", "bea"]);
    let tickets: Vec<TicketId> = (0..4).map(|contact| desk.hand_off(contact)).collect();
    desk.pass(3 * SECOND);
    for ticket in tickets {
        let now = explain(&mut desk, ticket).expect("it is known");
        let past = explain_past(&mut tenant_at(&desk.log, desk.now), desk.now, ticket);
        assert_eq!(past, now);
    }
}

#[test]
fn a_place_in_a_line_whose_tickets_age_is_that_of_the_instant() {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| queue.ageing = 10);
    let old = desk.hand_off(1);
    desk.pass(600 * SECOND);
    let urgent = desk.accepted(HandOff { priority: 150, ..hand_off(2) }).ticket;
    let then = desk.now;
    let place = |at, ticket| explain_past(&mut tenant_at(&desk.log, at), at, ticket).position;
    let (first, later) = ([urgent, old].map(|ticket| place(then, ticket)), then + 600 * SECOND);
    assert_eq!(first, [1, 2]);
    assert_eq!([urgent, old].map(|ticket| place(later, ticket)), first, "both age alike");
    let said = explain_past(&mut tenant_at(&desk.log, later), later, old).because;
    assert!(said.contains("its priority is 0, and 200"), "{said}");
}

#[test]
fn what_time_alone_ends_had_not_ended_then_and_has_ended_later() {
    let mut desk = desk();
    let fairness = Some(Fairness { tickets: 1, seconds: 60 });
    desk.put(Object::Tenant(TenantObject { fairness, ..TenantObject::new("t") }));
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |_| {});
    desk.online("ana");
    let first = desk.hand_off(1);
    desk.close("ana", first);
    let second = desk.hand_off(2);
    let then = desk.now;
    let reason = |at| {
        let mut tenant = tenant_at(&desk.log, at);
        explain_past(&mut tenant, at, second).agents[0].reason.clone()
    };
    assert_eq!(reason(then), "fairness");
    assert_eq!(reason(then + 59 * SECOND), "fairness");
    // No event ends it, and none has come yet of what it made possible.
    assert_eq!(reason(then + 61 * SECOND), "eligible");
}

#[test]
fn before_it_was_opened_there_was_no_such_ticket() {
    let mut desk = Desk::staffed(&["ana"]);
    let before = desk.now;
    desk.pass(SECOND);
    let ticket = desk.hand_off(1);
    let refused = tenant_at(&desk.log, before).explain_past(before, ticket);
    assert_eq!(refused.expect_err("it was not there").code, ErrorCode::NotFound);
    assert!(tenant_at(&desk.log, desk.now).explain_past(desk.now, ticket).is_ok());
}
