//! Places in line, told while tickets wait.

use crate::common::*;
use crate::world::World;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_routing::record;
use relevo_wire::push::Position;
use relevo_wire::vocabulary::{Intent, TicketState};
use relevo_wire::{SessionId, TicketId};
use std::collections::{BTreeMap, BTreeSet};

/// Between two pushes of one ticket.
const INTERVAL: u64 = 10 * SECOND;
const SESSION: SessionId = SessionId(9_000);

/// Nobody serves `q`; the bot has a session.
fn lonely() -> Desk {
    let mut desk = desk();
    desk.queue("q", &[], |_| {});
    listen(&mut desk);
    desk
}

fn listen(desk: &mut Desk) {
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SESSION });
}

fn asking(contact: u128) -> HandOff {
    HandOff { position_updates: true, ..hand_off(contact) }
}

fn asks(desk: &mut Desk, contact: u128) -> TicketId {
    desk.accepted(asking(contact)).ticket
}

/// What a look at so many places tells.
fn look(desk: &mut Desk, places: usize) -> Vec<(TicketId, u32)> {
    let before = desk.tenant.snapshot();
    let mut found = Vec::new();
    let walked = desk.tenant.look_at_positions(desk.now, places, &mut found);
    assert!(walked <= places && found.len() <= walked, "{walked} of {places}");
    assert!(desk.tenant.snapshot() == before, "no snapshot holds what was told");
    found.into_iter().map(|Position { ticket, position, .. }| (ticket, position)).collect()
}

fn told(desk: &mut Desk) -> Vec<(TicketId, u32)> {
    look(desk, usize::MAX)
}

#[test]
fn a_place_is_told_when_it_has_changed() {
    let mut desk = lonely();
    asks(&mut desk, 1);
    let (second, third) = (asks(&mut desk, 2), asks(&mut desk, 3));
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [], "the answers have told these places");
    desk.left(1);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(second, 1), (third, 2)]);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), []);
    desk.left(2);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(third, 1)]);
}

#[test]
fn a_ticket_is_told_at_most_once_in_ten_seconds() {
    let mut desk = lonely();
    asks(&mut desk, 1);
    let (second, third) = (asks(&mut desk, 2), asks(&mut desk, 3));
    desk.left(1);
    desk.wait(INTERVAL - 1);
    assert_eq!(told(&mut desk), [], "the answer was told less than 10 s ago");
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(second, 1), (third, 2)]);
    desk.left(2);
    desk.wait(INTERVAL - 1);
    assert_eq!(told(&mut desk), []);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(third, 1)]);
    // Who was overtaken for a while only has heard nothing and hears nothing.
    desk.accepted(HandOff { priority: 9, ..hand_off(4) });
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), []);
    desk.left(4);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), []);
    // The answer to a repeat tells the place too.
    desk.accepted(HandOff { priority: 9, ..hand_off(5) });
    assert_eq!(desk.accepted(asking(3)).position, 2);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), []);
}

#[test]
fn who_did_not_ask_has_a_place_and_is_not_told() {
    let mut desk = lonely();
    desk.hand_off(1);
    desk.hand_off(2);
    desk.left(1);
    desk.wait(INTERVAL);
    let mut found = Vec::new();
    assert_eq!(desk.tenant.look_at_positions(desk.now, 100, &mut found), 0, "nobody asked");
    let third = asks(&mut desk, 3);
    desk.hand_off(4);
    desk.accepted(HandOff { priority: 1, ..hand_off(5) });
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [(third, 3)]);
}

#[test]
fn nobody_is_told_once_assigned_or_over() {
    let mut desk = Desk::staffed(&["ana"]);
    listen(&mut desk);
    let held = desk.hand_off(1);
    let (next, last) = (asks(&mut desk, 2), asks(&mut desk, 3));
    desk.wait(INTERVAL);
    desk.close("ana", held);
    assert_eq!(desk.place(next).0, TicketState::Assigned);
    assert_eq!(told(&mut desk), [(last, 1)]);
    let gone = asks(&mut desk, 4);
    desk.left(3);
    desk.left(4);
    desk.wait(INTERVAL);
    assert_eq!(desk.place(gone).0, TicketState::Closed);
    assert_eq!(told(&mut desk), []);
    // Back in line it waits anew, and its place is news.
    desk.intent("ana", Intent::Offline);
    assert_eq!(desk.place(next).0, TicketState::Waiting);
    desk.wait(INTERVAL - 1);
    assert_eq!(told(&mut desk), []);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(next, 1)]);
}

#[test]
fn an_urgent_ticket_moves_those_behind_it() {
    let mut desk = lonely();
    let plain = asks(&mut desk, 1);
    desk.wait(SECOND);
    let urgent = desk.accepted(HandOff { priority: 5, ..asking(2) });
    assert_eq!(urgent.position, 1);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [(plain, 2)]);
    let test = desk.accepted(HandOff { test: true, ..asking(3) });
    assert_eq!(test.position, 1, "tests stand in a line of their own");
    desk.left(2);
    desk.accepted(HandOff { test: true, priority: 1, ..hand_off(4) });
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [(plain, 1), (test.ticket, 2)]);
}

#[test]
fn a_child_is_told_its_place_where_it_waits() {
    let mut desk = Desk::staffed(&["ana"]);
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |queue| queue.transfer_wait_seconds = 20);
    desk.online("cid");
    listen(&mut desk);
    let r = Some(desk.queue_id("r"));
    let parent = asks(&mut desk, 1);
    desk.wait(SECOND);
    desk.hand_off_to(2, "r");
    let later = desk.accepted(HandOff { queue: r, ..asking(3) });
    assert_eq!(later.position, 1);
    let to_queue = desk.transfer("ana", parent, Target::Queue(desk.queue_id("r")));
    let child = desk.child(to_queue);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [(child, 1), (later.ticket, 2)], "it kept its place");

    // For an agent it stands in a line of its own, then in its queue's.
    let parent = asks(&mut desk, 4);
    let to_agent = desk.transfer("ana", parent, Target::Agent(desk.agent_id("cid")));
    let child = desk.child(to_agent);
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), [(child, 1)]);
    desk.pass(INTERVAL);
    assert_eq!(told(&mut desk), [(child, 3)]);
}

#[test]
fn a_look_is_bounded_and_goes_on_where_it_ended() {
    const PLACES: usize = 64;
    let mut desk = lonely();
    let mut line: Vec<TicketId> = (1..=1_000).map(|contact| asks(&mut desk, contact)).collect();
    let mut first = 1;
    let mut leaves = |desk: &mut Desk, line: &mut Vec<TicketId>| {
        desk.left(first);
        first += 1;
        line.remove(0);
    };
    for _ in 0..3 {
        leaves(&mut desk, &mut line);
    }
    desk.pass(INTERVAL);
    let mut heard = BTreeSet::new();
    for round in 0..1_000_u128.div_ceil(PLACES as u128) {
        // Before the place that was reached some come and some go.
        if round % 2 == 1 {
            let urgent = HandOff { priority: 9, ..hand_off(2_000 + round) };
            line.insert(0, desk.accepted(urgent).ticket);
        } else if round > 0 {
            desk.left(2_000 + round - 1);
            line.remove(0);
            leaves(&mut desk, &mut line);
        }
        desk.pass(20_000);
        for (ticket, position) in look(&mut desk, PLACES) {
            let place = line.iter().position(|other| *other == ticket);
            assert_eq!(place.map(|place| place + 1), Some(position as usize), "round {round}");
            assert!(heard.insert(ticket), "round {round}: once each");
        }
    }
    let plain = line.iter().skip(1);
    assert_eq!(plain.filter(|ticket| !heard.contains(ticket)).count(), 0, "all were looked at");
    // Whatever is due, the next pass begins a second after this one did.
    desk.left(1_000);
    let mut found = Vec::new();
    assert_eq!(desk.tenant.look_at_positions(desk.now, PLACES, &mut found), 0);
    desk.pass(SECOND);
    assert_eq!(desk.tenant.look_at_positions(desk.now, PLACES, &mut found), PLACES);
}

#[test]
fn after_a_restart_who_asked_is_told_again() {
    let mut desk = lonely();
    asks(&mut desk, 1);
    let second = asks(&mut desk, 2);
    desk.left(1);
    desk.wait(INTERVAL);
    let recorded = desk.log.len();
    assert_eq!(told(&mut desk), [(second, 1)]);
    assert_eq!(desk.log.len(), recorded);
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    listen(&mut desk);
    assert_eq!(told(&mut desk), [(second, 1)]);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), []);
}

#[test]
fn a_bot_without_a_session_is_told_when_it_is_back() {
    let mut desk = lonely();
    asks(&mut desk, 1);
    let second = asks(&mut desk, 2);
    desk.left(1);
    desk.handle(Input::BotSessionLost { bot: BOT, session: SESSION });
    desk.wait(INTERVAL);
    assert_eq!(told(&mut desk), []);
    listen(&mut desk);
    desk.wait(SECOND);
    assert_eq!(told(&mut desk), [(second, 1)]);
}

#[test]
fn whatever_happens_what_is_told_is_true_asked_for_and_not_too_often() {
    let mut heard = 0;
    for seed in 400..460 {
        let mut world = World::new(seed);
        // What was told and since which start: a restart forgets it, and tells again.
        let mut last: BTreeMap<TicketId, (u32, u64)> = BTreeMap::new();
        for step in 0..500 {
            world.step();
            let desk = &mut world.desk;
            let mut found = Vec::new();
            let walked = desk.tenant.look_at_positions(desk.now, 3, &mut found);
            assert!(walked <= 3, "seed {seed}, step {step}");
            for Position { ticket, position, .. } in found {
                let (state, _, place) = desk.place(ticket);
                let is_true = (state, place) == (TicketState::Waiting, position);
                assert!(is_true, "seed {seed}, step {step}: {state:?}, {place}, told {position}");
                let before = last.insert(ticket, (desk.starts, desk.now));
                let before = before.filter(|(start, _)| *start == desk.starts);
                let is_rare = before.is_none_or(|(_, before)| desk.now >= before + INTERVAL);
                assert!(is_rare, "seed {seed}, step {step}: told at {before:?} and {}", desk.now);
                heard += 1;
            }
        }
        let asked = asked(&world.desk.log);
        assert!(last.keys().all(|ticket| asked.contains(ticket)), "seed {seed}");
    }
    assert!(heard > 100, "{heard} places were told: too few to mean anything");
}

/// Tickets whose hand-off asked, as the log tells.
fn asked(log: &[Vec<u8>]) -> BTreeSet<TicketId> {
    let events = log.iter().flat_map(|bytes| record::decode(bytes).expect("it reads back").1);
    let opened = events.filter_map(|event| {
        if let Event::TicketOpened(opened) = event { Some(opened) } else { None }
    });
    opened.filter(|opened| opened.position_updates).map(|opened| opened.ticket).collect()
}
