//! Opening hours beside offers and overflow: who is offered at closing time, and who goes on to
//! another queue.

use crate::common::*;
use crate::hours::{CLOSES, HOUR, OPENS, office, office_hours, rejected, state};
use relevo_routing::event::{Event, Judgement, OverflowReason, Overflowed};
use relevo_routing::input::{Command, HandOff};
use relevo_routing::seats::Seats;
use relevo_routing::{Input, Tenant};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{AtClosing, NobodyOnline, OutsideHours, Overflow};
use relevo_wire::vocabulary::{CloseReason, Intent, TicketState};
use relevo_wire::{ContactKey, TicketId};

fn after(to: &str, seconds: u32) -> Option<Overflow> {
    Some(Overflow { after_seconds: Some(seconds), ..Overflow::new(to) })
}

fn overflows(events: &[Event]) -> Vec<Overflowed> {
    let all = events.iter();
    all.filter_map(|e| if let Event::Overflowed(e) = e { Some(*e) } else { None }).collect()
}

fn queue_of(desk: &Desk, ticket: TicketId) -> String {
    desk.explain(ticket).queue
}

/// The office's queue `q` of ana and bea overflows after 60 s to `r` of cid, who is online, with one
/// seat, and always there.
fn with_neighbour(outside_hours: OutsideHours) -> Desk {
    let mut desk = office(|_| {});
    desk.agent("cid", 1);
    desk.queue("r", &["cid"], |_| {});
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.hours = Some(office_hours());
        queue.at_closing = AtClosing::Carry;
        queue.outside_hours = outside_hours;
        queue.overflow =
            Some(Overflow { when_nobody_online: false, ..after("r", 60).expect("a step") });
    });
    desk.online("cid");
    desk
}

#[test]
fn an_offer_stands_at_closing_time_and_who_comes_back_has_been_there_before() {
    for at_closing in [AtClosing::Finish, AtClosing::Carry, AtClosing::Close] {
        let mut desk = office(|queue| {
            queue.offer_seconds = 60;
            queue.at_closing = at_closing;
        });
        desk.online("ana");
        desk.pass(HOUR - 10 * SECOND);
        let ticket = desk.hand_off(1);
        desk.pass(20 * SECOND);
        assert_eq!(state(&desk, ticket), TicketState::Offered, "{at_closing:?}");
        desk.online("bea");
        let ana = desk.agent_id("ana");
        let events = desk.events(Input::Decline { agent: ana, ticket });
        let offered = events.iter().any(|event| matches!(event, Event::Offered(_)));
        assert_eq!(offered, at_closing == AtClosing::Finish, "{events:?}");
        let events = desk.pass(0);
        match at_closing {
            AtClosing::Finish => assert_eq!(state(&desk, ticket), TicketState::Offered),
            AtClosing::Carry => assert_eq!(state(&desk, ticket), TicketState::Waiting),
            AtClosing::Close => assert_eq!(closed(&events).reason, CloseReason::OutOfHours),
        }
    }
}

#[test]
fn who_accepts_an_offer_after_closing_time_has_it_and_what_was_closed_is_no_wait() {
    let mut desk = office(|queue| queue.offer_seconds = 60);
    desk.online("ana");
    desk.pass(HOUR - 10 * SECOND);
    let ticket = desk.hand_off(1);
    desk.pass(30 * SECOND);
    let ana = desk.agent_id("ana");
    let events = desk.events(Input::Accept { agent: ana, ticket });
    let [Event::Assigned(assigned)] = events[..] else { panic!("assigned, not {events:?}") };
    assert_eq!(assigned.waited_us, 10 * SECOND);
}

#[test]
fn a_closed_queue_takes_nobody_from_a_chain_until_it_opens() {
    let mut desk = office(|_| {});
    for agent in ["cid", "dan"] {
        desk.agent(agent, 1);
    }
    desk.queue("s", &["dan"], |_| {});
    desk.queue("r", &["cid"], |queue| {
        queue.hours = Some(office_hours());
        queue.overflow = Some(Overflow::new("s"));
    });
    desk.queue("q", &["ana"], |queue| queue.overflow = Some(Overflow::new("r")));
    desk.online("cid");
    desk.pass(HOUR + SECOND);
    let waits = desk.hand_off(1);
    assert_eq!(queue_of(&desk, waits), "b/q", "r is closed and nobody is online in s");
    desk.pass(15 * HOUR - 2 * SECOND);
    let events = desk.pass(SECOND);
    assert_eq!(desk.now, OPENS);
    let reason = OverflowReason::NobodyOnline;
    let moved: Vec<_> = overflows(&events).iter().map(|e| (e.ticket, e.reason)).collect();
    assert_eq!(moved, [(waits, reason)], "judged again as it opens");
    assert_eq!(desk.holder(waits).as_deref(), Some("cid"));
    desk.pass(9 * HOUR);
    desk.online("dan");
    let passed_on = desk.hand_off(2);
    assert_eq!(queue_of(&desk, passed_on), "b/s", "past the closed one");
}

#[test]
fn a_hand_off_outside_the_hours_may_go_on_to_the_first_queue_that_takes_it() {
    let mut desk = with_neighbour(OutsideHours::Overflow);
    desk.online("ana");
    desk.pass(HOUR + SECOND);
    let dry = desk.accepted(HandOff { dry_run: true, ..hand_off(1) });
    let (events, answer) = desk.ask(Input::HandOff(hand_off(1)));
    let Answer::Accepted(accepted) = answer else { panic!("{answer:?}") };
    assert_eq!((dry.text, dry.position, dry.epoch), (accepted.text, 0, 2));
    let Event::TicketOpened(opened) = &events[0] else { panic!("{events:?}") };
    assert_eq!(opened.overflowed, Some((desk.queue_id("q"), OverflowReason::OutOfHours)));
    assert_eq!(desk.holder(accepted.ticket).as_deref(), Some("cid"), "ana is there all the same");
    desk.intent("cid", Intent::Offline);
    let (_, refused) = rejected(&mut desk, hand_off(2));
    assert_eq!((refused.reason.as_str(), refused.opens_at), ("out_of_hours", Some(OPENS)));
}

#[test]
fn a_full_line_outside_the_hours_overflows_or_is_refused_as_inside_them() {
    let mut desk = office(|queue| {
        queue.outside_hours = OutsideHours::Queue;
        queue.nobody_online = NobodyOnline::Refuse;
        queue.max_waiting = Some(1);
    });
    desk.pass(HOUR + SECOND);
    desk.hand_off(1);
    let (_, refused) = rejected(&mut desk, hand_off(2));
    assert_eq!(refused.reason, "queue_full");
    assert_eq!(refused.text, "All our agents are busy at the moment. Please try again later.");
}

#[test]
fn who_waits_for_the_opening_stays_and_has_the_whole_step_from_then_on() {
    let mut desk = with_neighbour(OutsideHours::Queue);
    desk.pass(HOUR - 10 * SECOND);
    let before = desk.hand_off(1);
    desk.pass(HOUR);
    let late = desk.hand_off(2);
    assert_eq!((queue_of(&desk, before), queue_of(&desk, late)), ("b/q".into(), "b/q".into()));
    desk.restart(0);
    desk.events(Input::Ready);
    desk.online("cid");
    desk.pass(OPENS - desk.now);
    assert_eq!(overflows(&desk.pass(60 * SECOND - 1)), []);
    let moved: Vec<_> = overflows(&desk.pass(1)).iter().map(|e| (e.ticket, e.reason)).collect();
    let reason = OverflowReason::Timeout;
    assert_eq!(moved, [(before, reason), (late, reason)]);
}

#[test]
fn who_waits_for_the_opening_may_go_on_by_the_ordinary_steps() {
    let mut desk = with_neighbour(OutsideHours::Overflow);
    desk.pass(HOUR - 10 * SECOND);
    let ticket = desk.hand_off(1);
    assert_eq!(overflows(&desk.pass(60 * SECOND - 1)), [], "its step goes on");
    let events = desk.pass(1);
    assert_eq!(desk.now, CLOSES + 50 * SECOND);
    assert_eq!(overflows(&events)[0].reason, OverflowReason::Timeout);
    assert_eq!(desk.holder(ticket).as_deref(), Some("cid"));
}

#[test]
fn a_ticket_that_goes_on_keeps_what_was_closed_out_of_its_clocks() {
    let mut desk = with_neighbour(OutsideHours::Overflow);
    let served = desk.hand_off_to(1, "r");
    desk.pass(HOUR - 10 * SECOND);
    let ticket = desk.hand_off(2);
    // Closed for 50 s when it goes on, with 10 s of wait and 50 s of its threshold left.
    assert_eq!(overflows(&desk.pass(60 * SECOND)).len(), 1);
    let snapshot = desk.tenant.snapshot();
    let mut read = Tenant::from_snapshot(&snapshot, desk.tenant.settings().clone()).expect("reads");
    desk.wait(20 * SECOND);
    let left = Input::CustomerLeft { bot: BOT, contact: ContactKey(2) };
    let left = Command { idempotency: None, input: left };
    let left = read.handle(desk.now, &mut Seats::new(), left);
    assert_eq!(closed(&left.events).waited_us, Some(30 * SECOND), "as the snapshot has it");
    let events = desk.close("cid", served);
    let assigned =
        events.iter().find_map(|e| if let Event::Assigned(e) = e { Some(e) } else { None });
    assert_eq!(assigned.map(|e| (e.ticket, e.waited_us)), Some((ticket, 30 * SECOND)));
    desk.wait(30 * SECOND);
    let stored = desk.reply("cid", ticket);
    assert_eq!(stored.total_wait_us, Some(60 * SECOND));
    assert_eq!(stored.first_response_us, Some(30 * SECOND));
    assert_eq!(stored.judged, Some(Judgement::AnsweredInTarget), "at the very moment");
}

#[test]
fn a_target_that_waited_for_the_opening_counts_at_once_in_an_open_queue() {
    let mut desk = with_neighbour(OutsideHours::Overflow);
    desk.hand_off_to(1, "r");
    desk.queue("q", &["ana"], |queue| {
        queue.hours = Some(office_hours());
        queue.at_closing = AtClosing::Carry;
        queue.outside_hours = OutsideHours::Overflow;
        let step = after("r", 600).expect("a step");
        queue.overflow = Some(Overflow { when_nobody_online: false, ..step });
    });
    desk.pass(HOUR - 10 * SECOND);
    let ticket = desk.hand_off(2);
    let missed = |events: &[Event]| {
        events.iter().any(|event| matches!(event, Event::TargetMissed(e) if e.ticket == ticket))
    };
    let events = desk.pass(600 * SECOND);
    assert!(!missed(&events) && overflows(&events).len() == 1, "moved to the morning: {events:?}");
    assert!(!missed(&desk.pass(50 * SECOND)));
    assert!(missed(&desk.pass(1)));
}

#[test]
fn a_put_that_lets_who_was_held_be_served_gives_him_the_time_that_he_had_left() {
    for opens in [false, true] {
        let mut desk = office(|queue| {
            queue.at_closing = AtClosing::Carry;
            queue.max_wait_seconds = Some(1_800);
        });
        desk.pass(CLOSES - 600 * SECOND - desk.now);
        let ticket = desk.hand_off(1);
        desk.pass(6 * HOUR);
        desk.queue("q", &["ana", "bea"], |queue| {
            queue.hours = (!opens).then(office_hours);
            queue.max_wait_seconds = Some(1_800);
        });
        desk.pass(1_200 * SECOND - 1);
        assert_eq!(state(&desk, ticket), TicketState::Waiting, "opens: {opens}");
        assert_eq!(closed(&desk.pass(1)).reason, CloseReason::NoAgent);
    }
}

/// The daemon is down from now on until then, and is ready at once.
fn down_until(desk: &mut Desk, at: relevo_routing::Micros) {
    desk.restart(at - desk.now);
    desk.events_of_session(Input::Ready);
    desk.pass(0);
}

#[test]
fn doors_that_opened_or_closed_while_the_daemon_was_down_did_so_then() {
    let waited = |desk: &mut Desk, ticket: TicketId| {
        let ana = desk.agent_id("ana");
        let mut events = desk.pass(0);
        desk.connect("ana");
        events.extend(desk.intent("ana", Intent::Online));
        let assigned = events.iter().find_map(|event| {
            let Event::Assigned(e) = event else { return None };
            (e.ticket == ticket && e.agent == ana).then_some(e.waited_us)
        });
        assigned.expect("ana is given the ticket")
    };
    let carry = |queue: &mut relevo_wire::directory::Queue| queue.at_closing = AtClosing::Carry;

    // An hour before the closing, and from the opening on.
    let mut desk = office(carry);
    let ticket = desk.hand_off(1);
    desk.pass(HOUR + 600 * SECOND);
    down_until(&mut desk, OPENS + 1_800 * SECOND);
    assert_eq!(waited(&mut desk, ticket), HOUR + 1_800 * SECOND);

    // The closing too.
    let mut desk = office(carry);
    let ticket = desk.hand_off(1);
    desk.pass(HOUR - 600 * SECOND);
    down_until(&mut desk, OPENS + 1_800 * SECOND);
    assert_eq!(waited(&mut desk, ticket), HOUR + 1_800 * SECOND);

    // The closing alone.
    let mut desk = office(carry);
    let ticket = desk.hand_off(1);
    desk.pass(HOUR - 600 * SECOND);
    down_until(&mut desk, CLOSES + 1_800 * SECOND);
    desk.pass(OPENS - desk.now);
    assert_eq!(waited(&mut desk, ticket), HOUR);
}
