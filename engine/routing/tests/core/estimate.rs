//! Estimated waits: from which figures, when they are told, and what learns from them.

use crate::common::*;
use relevo_routing::Event;
use relevo_routing::event::Assigned;
use relevo_routing::input::{HandOff, Input};
use relevo_wire::directory::Overflow;
use relevo_wire::push::Position;
use relevo_wire::vocabulary::Intent;
use relevo_wire::{EstimatedWait, SessionId, TicketId};

fn wait(p50_seconds: u32, p90_seconds: u32) -> Option<EstimatedWait> {
    Some(EstimatedWait { p50_seconds, p90_seconds })
}

/// Of place `n` where each takes one step of ten seconds: 10, 20 and 30 s on average.
fn of_place(n: usize) -> Option<EstimatedWait> {
    [wait(8, 23), wait(17, 39), wait(27, 54)][n - 1]
}

/// What somebody would be told who came now, and at which place.
fn asked(desk: &mut Desk, priority: u16) -> (u32, Option<EstimatedWait>) {
    let input = HandOff { dry_run: true, priority, ..hand_off(999) };
    let accepted = desk.accepted(input);
    (accepted.position, accepted.estimated_wait)
}

/// Of a queue whose target nobody misses.
fn members(desk: &mut Desk, members: &[&str]) {
    desk.queue("q", members, |queue| queue.threshold_seconds = 86_400);
}

/// One seat, and so many customers who come at once and take ten seconds each, until `left` of them
/// wait. Gives back the ticket that is served.
fn moving(customers: u128, left: u128) -> (Desk, TicketId) {
    moving_by(customers, left, |_| 0)
}

/// With the priority of each by number.
fn moving_by(customers: u128, left: u128, priority: fn(u128) -> u16) -> (Desk, TicketId) {
    let mut desk = Desk::staffed(&["ana"]);
    desk.bot(|bot| bot.priority_cap = 1_000);
    members(&mut desk, &["ana"]);
    let mut held = desk.hand_off(1);
    for contact in 2..=customers {
        desk.accepted(HandOff { priority: priority(contact), ..hand_off(contact) });
    }
    for _ in left..customers - 1 {
        held = next(&mut desk, held).ticket;
    }
    (desk, held)
}

/// Ten seconds later the ticket is closed and another one assigned.
fn next(desk: &mut Desk, held: TicketId) -> Assigned {
    desk.wait(10 * SECOND);
    assigned(&desk.close("ana", held))
}

fn assigned(events: &[Event]) -> Assigned {
    let found = events.iter().find_map(|event| {
        if let Event::Assigned(assigned) = event { Some(*assigned) } else { None }
    });
    found.expect("a ticket was assigned")
}

#[test]
fn nothing_is_told_until_there_are_figures() {
    // The first assignment that leaves somebody waiting begins the first of eight steps.
    let (mut desk, held) = moving(12, 3);
    assert_eq!(asked(&mut desk, 0), (4, None));
    next(&mut desk, held);
    assert_eq!(asked(&mut desk, 0), (3, of_place(3)));
}

#[test]
fn seats_that_come_and_go_change_it_at_once() {
    let (mut desk, _) = moving(12, 2);
    assert_eq!(asked(&mut desk, 0), (3, of_place(3)));
    desk.agent("bob", 1);
    members(&mut desk, &["ana", "bob"]);
    desk.online("bob");
    // He takes one at the moment of the last assignment, which is no step of the line.
    assert_eq!(asked(&mut desk, 0), (2, wait(9, 20)));
    desk.intent("bob", Intent::Paused);
    assert_eq!(asked(&mut desk, 0), (2, of_place(2)));
    desk.intent("ana", Intent::Paused);
    assert_eq!(asked(&mut desk, 0), (2, None), "nobody is online");
    desk.intent("bob", Intent::Online);
    desk.agent("bob", 3);
    assert_eq!(asked(&mut desk, 0).0, 0, "a seat is free");
    assert_eq!(asked(&mut desk, 0).1, Some(EstimatedWait::NONE));
}

#[test]
fn a_time_in_which_nobody_waits_or_nobody_serves_is_no_step() {
    let (mut desk, held) = moving(12, 2);
    // Some of those who come meanwhile are judged, which corrects it a little.
    let still = |desk: &mut Desk, how: &str| {
        let (position, Some(told)) = asked(desk, 0) else { panic!("there are figures") };
        assert_eq!(position, 3);
        assert!((25..31).contains(&told.p50_seconds), "{how}: {told:?}");
    };
    desk.left(11);
    desk.left(12);
    desk.wait(3_600 * SECOND);
    desk.hand_off(13);
    desk.hand_off(14);
    let held = next(&mut desk, held).ticket;
    desk.hand_off(15);
    still(&mut desk, "the line had run empty");

    desk.intent("ana", Intent::Paused);
    desk.wait(3_600 * SECOND);
    desk.intent("ana", Intent::Online);
    let held = next(&mut desk, held).ticket;
    desk.hand_off(16);
    still(&mut desk, "nobody was online");

    desk.restart(3_600 * SECOND);
    desk.handle(Input::Ready);
    desk.online("ana");
    desk.wait(10 * SECOND);
    desk.close("ana", held);
    desk.hand_off(17);
    still(&mut desk, "the daemon was down");
}

#[test]
fn who_is_less_urgent_than_those_served_lately_waits_longer() {
    let (mut desk, _) = moving_by(12, 2, |contact| if contact < 10 { 5 } else { 0 });
    // A quarter of the latest 32 was more urgent: a place costs a third more, and is less certain.
    assert_eq!(asked(&mut desk, 0), (3, wait(34, 80)));
    assert_eq!(asked(&mut desk, 5), (1, of_place(1)));
    desk.restart(0);
    desk.handle(Input::Ready);
    assert_eq!(asked(&mut desk, 0), (3, wait(34, 80)), "a start forgets no figures");
}

#[test]
fn it_says_nothing_of_tests_and_of_who_waits_for_one_agent() {
    let (mut desk, _) = moving(12, 2);
    desk.agent("bob", 1);
    members(&mut desk, &["ana", "bob"]);
    let ana = desk.agent_id("ana");
    let test = desk.accepted(HandOff { test: true, ..hand_off(90) });
    assert_eq!((test.position, test.estimated_wait), (1, None));
    let preferred = desk.accepted(HandOff { preferred_agent: Some(ana), ..hand_off(91) });
    assert_eq!((preferred.position, preferred.estimated_wait), (1, None));
}

#[test]
fn the_assignment_tells_what_was_told_when_it_was_handed_over() {
    let (mut desk, mut held) = moving(12, 0);
    for contact in 1..=3 {
        let accepted = desk.accepted(hand_off(100 + contact));
        assert_eq!(accepted.estimated_wait, of_place(contact as usize));
    }
    let again = desk.accepted(hand_off(103));
    assert!(again.existing);
    for place in 1..=2 {
        let assigned = next(&mut desk, held);
        assert_eq!(
            (assigned.waited_us, assigned.told),
            (place * 10 * SECOND, of_place(place as usize))
        );
        held = assigned.ticket;
    }
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    desk.online("ana");
    assert_eq!(next(&mut desk, held).told, None, "what was told is not known after a start");
}

#[test]
fn who_went_on_to_another_queue_was_told_nothing_of_it() {
    let (mut desk, held) = moving(12, 0);
    desk.queue("other", &["ana"], |_| {});
    desk.queue("q", &["ana"], |queue| {
        queue.threshold_seconds = 86_400;
        queue.overflow = Some(Overflow { after_seconds: Some(5), ..Overflow::new("other") });
    });
    assert!(desk.accepted(hand_off(20)).estimated_wait.is_some());
    let moved = desk.pass(10 * SECOND);
    assert!(matches!(moved[..], [Event::Overflowed(_)]), "{moved:?}");
    assert_eq!(assigned(&desk.close("ana", held)).told, None);
}

#[test]
fn waits_that_were_longer_or_shorter_than_told_correct_it() {
    let (mut desk, mut held) = moving(12, 1);
    let first = asked(&mut desk, 0);
    assert_eq!(first, (2, of_place(2)));
    // Everybody waits for two steps, 20 s: more than the half of a line that moves at random.
    for contact in 20..120 {
        desk.hand_off(contact);
        held = next(&mut desk, held).ticket;
    }
    let Some(told) = asked(&mut desk, 0).1 else { panic!("there are figures") };
    assert!((19..=21).contains(&told.p50_seconds), "{told:?}");
    assert!((21..39).contains(&told.p90_seconds), "{told:?}");
}

#[test]
fn a_new_estimate_is_told_though_the_place_is_the_same() {
    let (mut desk, _) = moving(12, 0);
    desk.handle(Input::BotSessionOpened { bot: BOT, session: SessionId(9_000) });
    desk.agent("bob", 1);
    members(&mut desk, &["ana", "bob"]);
    desk.online("bob");
    desk.hand_off(20);
    let asks = |contact| HandOff { position_updates: true, ..hand_off(contact) };
    let accepted = desk.accepted(asks(21));
    assert_eq!((accepted.position, accepted.estimated_wait), (1, wait(4, 12)));
    let look = |desk: &mut Desk| {
        let mut found = Vec::new();
        desk.tenant.look_at_positions(desk.now, usize::MAX, &mut found);
        found
    };
    let told = |estimated_wait| [Position { ticket: accepted.ticket, position: 1, estimated_wait }];
    desk.intent("bob", Intent::Paused);
    let because = desk.explain(accepted.ticket).because;
    assert!(
        because.ends_with("half of those at this place wait up to 8 s, nine of ten 23 s"),
        "{because}"
    );
    assert_eq!(look(&mut desk), [], "it was told less than 10 s ago");
    desk.wait(10 * SECOND);
    assert_eq!(look(&mut desk), told(of_place(1)));
    desk.wait(10 * SECOND);
    assert_eq!(look(&mut desk), [], "nothing is new");
    desk.intent("ana", Intent::Paused);
    desk.wait(10 * SECOND);
    assert_eq!(look(&mut desk), told(None));
    desk.intent("ana", Intent::Online);
    desk.wait(10 * SECOND);
    assert_eq!(look(&mut desk), told(of_place(1)));
}
