//! Priorities that age: effective priority descending, arrived ascending, id.

use crate::common::*;
use relevo_routing::event::Event;
use relevo_routing::input::{HandOff, Input, Target};
use relevo_wire::TicketId;
use relevo_wire::directory::Delivery;
use relevo_wire::push::Position;

const MINUTE: u64 = 60 * SECOND;

/// Nobody is there; `q` gains so many points a minute.
fn ageing(points: u16) -> Desk {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.queue("q", &["ana"], |queue| queue.ageing = points);
    desk
}

fn with_priority(desk: &mut Desk, contact: u128, priority: u16) -> TicketId {
    desk.accepted(HandOff { priority, ..hand_off(contact) }).ticket
}

/// The tickets in the order in which an agent with one seat gets them.
fn served(desk: &mut Desk, tickets: usize) -> Vec<TicketId> {
    let mut events = Vec::new();
    desk.connect("ana");
    events.extend(desk.intent("ana", relevo_wire::vocabulary::Intent::Online));
    let mut order = Vec::new();
    while order.len() < tickets {
        let [(ticket, _)] = assignments(&events)[..] else { panic!("one at a time: {events:?}") };
        order.push(ticket);
        events = desk.close("ana", ticket);
    }
    order
}

#[test]
fn without_ageing_a_higher_priority_always_goes_first() {
    let mut desk = ageing(0);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(600 * MINUTE);
    let urgent = with_priority(&mut desk, 2, 1);
    assert_eq!(served(&mut desk, 2), [urgent, plain]);
}

#[test]
fn waiting_makes_up_for_priority() {
    for (waited, first) in [(10 * MINUTE - 1, 1), (10 * MINUTE, 0), (10 * MINUTE + 1, 0)] {
        let mut desk = ageing(10);
        let plain = with_priority(&mut desk, 1, 0);
        desk.pass(waited);
        let urgent = with_priority(&mut desk, 2, 100);
        let order = [plain, urgent];
        assert_eq!(served(&mut desk, 2)[0], order[first], "after {waited} us");
    }
}

#[test]
fn the_pace_is_the_same_for_all_so_that_time_alone_swaps_nobody() {
    let mut desk = ageing(10);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(5 * MINUTE);
    let urgent = with_priority(&mut desk, 2, 100);
    desk.pass(60 * MINUTE);
    assert_eq!(served(&mut desk, 2), [urgent, plain]);
}

#[test]
fn at_the_highest_priority_who_arrived_first_goes_first() {
    let mut desk = ageing(10);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(5 * MINUTE);
    let urgent = with_priority(&mut desk, 2, 500);
    desk.pass(94 * MINUTE);
    // 990 points, and 1,000 since long.
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (1, 2));
    desk.pass(MINUTE);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (2, 1));
    let highest = with_priority(&mut desk, 3, 1000);
    assert_eq!(served(&mut desk, 3), [plain, urgent, highest]);
}

/// The promise of ageing: whoever has come to the highest priority is passed by nobody who arrived
/// later, however urgent.
#[test]
fn nobody_is_passed_for_ever() {
    let mut desk = ageing(100);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(10 * MINUTE);
    let urgent: Vec<TicketId> = (2..6).map(|c| with_priority(&mut desk, c, 1000)).collect();
    assert_eq!(served(&mut desk, 5), [&[plain], &urgent[..]].concat());
}

#[test]
fn queues_that_age_differently_are_compared_at_the_moment() {
    let two = || {
        let mut desk = ageing(10);
        desk.queue("slow", &["ana"], |queue| queue.ageing = 1);
        let fast = desk.hand_off(1);
        let queue = Some(desk.queue_id("slow"));
        let slow = desk.accepted(HandOff { queue, priority: 90, ..hand_off(2) }).ticket;
        (desk, fast, slow)
    };
    // 0 + 10 m against 90 + m: equal after ten minutes, when who arrived first goes first.
    for (waited, fast_first) in [(10 * MINUTE - 1, false), (10 * MINUTE, true)] {
        let (mut desk, fast, slow) = two();
        desk.pass(waited);
        let expected = if fast_first { [fast, slow] } else { [slow, fast] };
        assert_eq!(served(&mut desk, 2), expected, "after {waited} us");
    }
}

#[test]
fn pulling_takes_the_most_urgent_of_the_moment() {
    let mut desk = desk();
    let agent = desk.agent("ana", 2);
    for (queue, points) in [("q", 10), ("slow", 1)] {
        desk.queue(queue, &["ana"], |queue| {
            queue.ageing = points;
            queue.delivery = Delivery::Pull;
        });
    }
    let fast = desk.hand_off(1);
    let queue = Some(desk.queue_id("slow"));
    desk.accepted(HandOff { queue, priority: 90, ..hand_off(2) });
    desk.online("ana");
    desk.pass(11 * MINUTE);
    let events = desk.events(Input::Next { agent, queue: None });
    assert_eq!(assignments(&events), [(fast, agent)]);
}

#[test]
fn all_the_time_that_the_conversation_waited_counts_and_no_other() {
    let mut desk = ageing(10);
    desk.agent("bea", 1);
    desk.queue("r", &["bea"], |queue| queue.ageing = 10);
    // Ten minutes of waiting, a long service, and a transfer to people who are all at work.
    let ticket = desk.hand_off(1);
    desk.pass(10 * MINUTE);
    let ana = desk.online("ana");
    desk.reply("ana", ticket);
    desk.online("bea");
    desk.hand_off_to(2, "r");
    desk.pass(300 * MINUTE);
    let transfer = desk.transfer("ana", ticket, Target::Queue(desk.queue_id("r")));
    let (events, _) = desk.ask(transfer);
    let opened = events.iter().find_map(|event| {
        if let Event::TicketOpened(opened) = event { Some(opened) } else { None }
    });
    let child = opened.expect("a child was opened");
    assert_eq!(child.waited_us, 10 * MINUTE);
    let in_r = |desk: &mut Desk, contact, priority| {
        let queue = Some(desk.queue_id("r"));
        desk.accepted(HandOff { queue, priority, ..hand_off(contact) }).ticket
    };
    let (below, above) = (in_r(&mut desk, 3, 99), in_r(&mut desk, 4, 101));
    let places = [above, child.ticket, below].map(|ticket| desk.place(ticket).2);
    assert_eq!(places, [1, 2, 3], "it begins with the 100 points of its first wait");
    desk.disconnect("ana", ana);
}

#[test]
fn a_requeued_ticket_keeps_what_it_gained() {
    let mut desk = ageing(10);
    let ticket = desk.hand_off(1);
    desk.pass(10 * MINUTE);
    desk.online("ana");
    desk.pass(MINUTE);
    desk.intent("ana", relevo_wire::vocabulary::Intent::Offline);
    let (below, above) = (with_priority(&mut desk, 2, 99), with_priority(&mut desk, 3, 101));
    let places = [above, ticket, below].map(|ticket| desk.place(ticket).2);
    assert_eq!(places, [1, 2, 3]);
}

#[test]
fn a_change_of_the_ageing_orders_the_line_anew() {
    let mut desk = ageing(0);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(20 * MINUTE);
    let urgent = with_priority(&mut desk, 2, 100);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (1, 2));
    desk.queue("q", &["ana"], |queue| queue.ageing = 10);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (2, 1));
    desk.queue("q", &["ana"], |queue| queue.ageing = 0);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (1, 2));
    assert_eq!(served(&mut desk, 2), [urgent, plain]);
}

#[test]
fn a_restart_changes_no_place_and_the_time_down_counts_as_waiting() {
    let mut desk = ageing(10);
    let plain = with_priority(&mut desk, 1, 0);
    desk.pass(60 * MINUTE);
    let urgent = with_priority(&mut desk, 2, 700);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (1, 2));
    desk.restart(39 * MINUTE);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (1, 2));
    desk.restart(MINUTE);
    desk.handle(Input::Ready);
    assert_eq!((desk.place(urgent).2, desk.place(plain).2), (2, 1), "both have 1,000 points");
    assert_eq!(served(&mut desk, 2), [plain, urgent]);
}

#[test]
fn an_explanation_tells_the_priority_and_what_it_has_become() {
    let mut desk = ageing(10);
    let ticket = with_priority(&mut desk, 1, 7);
    desk.pass(3 * MINUTE - 1);
    let because = desk.explain(ticket).because;
    assert!(
        because.ends_with("its priority is 7, and 36 with what it gained by waiting"),
        "{because}"
    );
    desk.pass(1);
    let because = desk.explain(ticket).because;
    assert!(because.contains("and 37 with"), "{because}");
    desk.pass(1_000 * MINUTE);
    let because = desk.explain(ticket).because;
    assert!(because.contains("and 1000 with"), "{because}");
}

#[test]
fn places_are_told_when_time_alone_changes_them() {
    let mut desk = ageing(10);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: relevo_wire::SessionId(900) });
    let asking =
        |contact, priority| HandOff { priority, position_updates: true, ..hand_off(contact) };
    let plain = desk.accepted(asking(1, 0)).ticket;
    desk.pass(5 * MINUTE);
    let urgent = desk.accepted(asking(2, 500)).ticket;
    let told = |desk: &mut Desk| {
        let mut found = Vec::new();
        desk.tenant.look_at_positions(desk.now, 100, &mut found);
        found.sort_unstable_by_key(|told| told.position);
        found
    };
    desk.pass(MINUTE);
    let position = |ticket, position| Position { ticket, position, estimated_wait: None };
    assert_eq!(told(&mut desk), [position(plain, 2)]);
    desk.pass(94 * MINUTE);
    let swapped = [position(plain, 1), position(urgent, 2)];
    assert_eq!(told(&mut desk), swapped);
}
