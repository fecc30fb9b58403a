//! What happens to a place that is kept, and falls due when its customer is back.

use crate::away::{comes_back, desk_with, goes, is_kept, keeping, writes};
use crate::common::*;
use crate::hours::{CLOSES, HOUR, OPENS, office};
use relevo_routing::event::{
    ContactBlocked, Demand, Event, Judgement, OverflowReason, Relaxed, TargetMissed, Unreserved,
};
use relevo_routing::input::{HandOff, Input};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{
    Agent, AgentGone, AtClosing, Object, ObjectRef, OutsideHours, Overflow, Ring, Skill,
    TicketTargets,
};
use relevo_wire::vocabulary::{
    CloseReason, Intent, Outcome, TargetState, TicketState, TicketTarget,
};
use relevo_wire::{ContactKey, ErrorCode, TicketId};

fn overflow(events: &[Event]) -> Option<OverflowReason> {
    events.iter().find_map(|e| if let Event::Overflowed(e) = e { Some(e.reason) } else { None })
}

#[test]
fn an_overflow_that_fell_due_comes_at_his_return() {
    let mut desk = desk_with(|_| {});
    keeping(&mut desk, "other", |_| {});
    let step =
        Overflow { after_seconds: Some(20), when_nobody_online: false, ..Overflow::new("other") };
    keeping(&mut desk, "q", |queue| queue.overflow = Some(step));
    keeping(&mut desk, "other", |_| {});
    desk.online("ana");
    let busy = desk.hand_off_to(9, "other");
    assert_eq!(desk.holder(busy).as_deref(), Some("ana"));
    let ticket = desk.hand_off(1);
    desk.pass(10 * SECOND);
    goes(&mut desk, 1);
    desk.wait(30 * SECOND);
    assert_eq!(desk.explain(ticket).queue, "b/q");
    let events = writes(&mut desk, 1);
    assert_eq!(events[1], comes_back(ticket));
    assert_eq!(overflow(&events), Some(OverflowReason::Timeout));
    assert_eq!(desk.explain(ticket).queue, "b/other");
    is_kept(&desk);
}

#[test]
fn the_longest_wait_that_is_over_comes_at_his_return() {
    for (longest, reason) in [(true, CloseReason::NoAgent), (false, CloseReason::Expired)] {
        let mut desk = desk_with(|queue| {
            queue.max_wait_seconds = longest.then_some(30);
            queue.ttl_seconds = 40;
        });
        desk.hand_off(1);
        desk.pass(10 * SECOND);
        goes(&mut desk, 1);
        desk.wait(45 * SECOND);
        writes(&mut desk, 1);
        assert_eq!(closed(&desk.pass(0)).reason, reason);
    }
}

#[test]
fn the_time_for_one_agent_goes_on_and_the_line_follows_where_it_is_over() {
    for (away, is_over) in [(10, false), (50, true)] {
        let mut desk = desk_with(|queue| queue.preferred_wait_seconds = 30);
        let ana = desk.agent_id("ana");
        desk.online("ana");
        desk.hand_off(9);
        let preferred_agent = Some(ana);
        let ticket = desk.accepted(HandOff { preferred_agent, ..hand_off(1) }).ticket;
        let waiting = desk.hand_off(2);
        assert_eq!([desk.place(ticket).2, desk.place(waiting).2], [1, 1], "in lines of their own");
        goes(&mut desk, 1);
        desk.wait(away * SECOND);
        let events = writes(&mut desk, 1);
        let joins = Event::Unreserved(Unreserved { ticket });
        assert_eq!(events.contains(&joins), is_over);
        let place = if is_over { 2 } else { 1 };
        assert_eq!([desk.place(ticket).2, desk.place(waiting).2], [1, place]);
        is_kept(&desk);
        let events = desk.pass(20 * SECOND);
        assert_eq!(events.contains(&joins), !is_over, "at its own time");
    }
}

#[test]
fn an_agent_for_whom_somebody_away_would_wait_may_be_deleted() {
    let mut desk = desk_with(|queue| queue.preferred_wait_seconds = 60);
    let ana = desk.agent_id("ana");
    desk.online("ana");
    let busy = desk.hand_off(9);
    let ticket = desk.accepted(HandOff { preferred_agent: Some(ana), ..hand_off(1) }).ticket;
    goes(&mut desk, 1);
    desk.close("ana", busy);
    desk.queue("q", &["bea"], |queue| queue.resume_seconds = 60);
    desk.events(Input::Delete { object: ObjectRef::Agent("ana".into()) });
    is_kept(&desk);
    desk.online("bea");
    let events = writes(&mut desk, 1);
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("bea"))]);
}

#[test]
fn rings_that_began_meanwhile_are_looked_at_before_he_stands_in_line() {
    let mut desk = desk_with(|_| {});
    let skill = |level| vec![Skill { name: "dutch".to_owned(), level }];
    desk.put(Object::Agent(Agent { skills: skill(1), ..Agent::new("ana", 1) }));
    desk.online("ana");
    let ring = |after_seconds, level| Ring { after_seconds, skills: skill(level) };
    let demand = Demand { skills: skill(5), rings: vec![ring(20, 3), ring(30, 1), ring(90, 2)] };
    let demand = Some(Box::new(demand));
    let ticket = desk.accepted(HandOff { demand, ..hand_off(1) }).ticket;
    goes(&mut desk, 1);
    desk.wait(40 * SECOND);
    let events = writes(&mut desk, 1);
    let relaxed = |ring| Event::Relaxed(Relaxed { ticket, ring });
    assert_eq!(events[1..4], [relaxed(1), relaxed(2), comes_back(ticket)]);
    assert_eq!(assignments(&events), [(ticket, desk.agent_id("ana"))], "in the same step");
}

#[test]
fn the_threshold_goes_on_and_is_judged_at_his_return_if_he_comes() {
    let mut desk = desk_with(|queue| queue.threshold_seconds = 60);
    let ticket = desk.hand_off(1);
    desk.pass(30 * SECOND);
    goes(&mut desk, 1);
    desk.wait(50 * SECOND);
    let events = writes(&mut desk, 1);
    let missed = Event::TargetMissed(TargetMissed { ticket });
    assert_eq!(events[1..], [comes_back(ticket), missed]);
    assert_eq!(goes(&mut desk, 1).judged, None, "it is judged already");

    let ticket = desk.hand_off(2);
    goes(&mut desk, 2);
    desk.pass(30 * SECOND);
    writes(&mut desk, 2);
    assert_eq!(desk.place(ticket).0, TicketState::Waiting);
    desk.pass(30 * SECOND);
    let missed = Event::TargetMissed(TargetMissed { ticket });
    assert_eq!(desk.pass(1), [missed], "at its own time when he is back before it");
}

#[test]
fn who_comes_back_too_late_is_assigned_out_of_target() {
    let mut desk = desk_with(|queue| queue.threshold_seconds = 60);
    let ticket = desk.hand_off(1);
    desk.pass(30 * SECOND);
    goes(&mut desk, 1);
    desk.online("ana");
    desk.wait(31 * SECOND);
    let events = writes(&mut desk, 1);
    let missed = Event::TargetMissed(TargetMissed { ticket });
    assert_eq!(events[1..3], [comes_back(ticket), missed]);
    assert_eq!(assignments(&events[3..]), [(ticket, desk.agent_id("ana"))]);

    let ticket = desk.hand_off(2);
    goes(&mut desk, 2);
    desk.wait(60 * SECOND - 1);
    let events = writes(&mut desk, 2);
    assert_eq!(events[1..], [comes_back(ticket)], "still in time");
}

#[test]
fn the_target_of_resolution_goes_on_untold() {
    let mut desk = desk_with(|queue| {
        queue.agent_gone = AgentGone::Requeue;
        queue.targets = TicketTargets { resolution_seconds: Some(100), ..TicketTargets::default() };
        queue.threshold_seconds = 86_400;
    });
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.intent("ana", Intent::Offline);
    desk.pass(40 * SECOND);
    goes(&mut desk, 1);
    is_kept(&desk);
    desk.wait(55 * SECOND);
    writes(&mut desk, 1);
    is_kept(&desk);
    let told = |events: &[Event]| {
        let mut told = events.iter().filter_map(|event| {
            let Event::TargetTold(told) = event else { return None };
            Some((told.which, told.state))
        });
        told.next()
    };
    let resolution = TicketTarget::Resolution;
    assert_eq!(told(&desk.pass(0)), Some((resolution, TargetState::AtRisk)));
    desk.wait(5 * SECOND);
    assert_eq!(told(&desk.pass(1)), Some((resolution, TargetState::Missed)));
}

#[test]
fn who_is_away_takes_no_place_in_a_full_line_and_is_never_refused() {
    let mut desk = desk_with(|queue| queue.max_waiting = Some(1));
    let ticket = desk.hand_off(1);
    assert!(matches!(desk.ask(Input::HandOff(hand_off(2))).1, Answer::Rejected(_)));
    goes(&mut desk, 1);
    let other = desk.hand_off(2);
    let accepted = desk.accepted(hand_off(1));
    assert_eq!((accepted.ticket, accepted.position), (ticket, 1));
    assert_eq!(desk.place(other).2, 2);
    assert!(matches!(desk.ask(Input::HandOff(hand_off(3))).1, Answer::Rejected(_)));
}

#[test]
fn a_window_stays_as_long_as_it_was_when_he_left() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    goes(&mut desk, 1);
    keeping(&mut desk, "q", |queue| queue.resume_seconds = 0);
    desk.wait(59 * SECOND);
    assert_eq!(desk.place(ticket).0, TicketState::Away);
    assert_eq!(closed(&desk.pass(SECOND)).outcome, Outcome::Lost);
}

#[test]
fn a_queue_with_somebody_away_is_not_deleted() {
    let mut desk = desk_with(|_| {});
    desk.hand_off(1);
    goes(&mut desk, 1);
    desk.queue("q", &[], |_| {});
    let delete = Input::Delete { object: ObjectRef::Queue("b".into(), "q".into()) };
    let refused = desk.refused(delete.clone());
    assert!(refused.message.contains("1 open tickets"), "{refused}");
    desk.pass(60 * SECOND);
    desk.events(delete);
}

#[test]
fn a_block_ends_no_place_that_is_kept() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    goes(&mut desk, 1);
    let (contact, until) = (ContactKey(1), None);
    let events = desk.events(Input::BlockContact { bot: BOT, contact, until });
    assert_eq!(events, [Event::ContactBlocked(ContactBlocked { bot: BOT, contact, until })]);
    assert_eq!(desk.accepted(hand_off(1)).ticket, ticket, "as one who waits");
}

/// In the office that closes in an hour: an hour's window, and a place kept since a minute before.
fn away_at_closing(at_closing: AtClosing, outside: OutsideHours) -> (Desk, TicketId) {
    let mut desk = office(|_| {});
    keeping(&mut desk, "other", |_| {});
    let hours = Some(crate::hours::office_hours());
    keeping(&mut desk, "q", |queue| {
        queue.hours = hours;
        (queue.at_closing, queue.outside_hours) = (at_closing, outside);
        queue.resume_seconds = 86_400;
        queue.threshold_seconds = 3_600;
    });
    desk.pass(CLOSES - 60 * SECOND - desk.now);
    let ticket = desk.hand_off(1);
    desk.pass(30 * SECOND);
    assert_eq!(goes(&mut desk, 1).waited_us, 30 * SECOND);
    (desk, ticket)
}

#[test]
fn who_is_away_at_closing_time_is_turned_away_at_his_return_and_else_lost_as_of_when_he_left() {
    let (mut desk, ticket) = away_at_closing(AtClosing::Close, OutsideHours::Queue);
    desk.pass(HOUR);
    is_kept(&desk);
    assert_eq!(desk.place(ticket).0, TicketState::Away, "nobody is turned away who is not there");
    writes(&mut desk, 1);
    let events = desk.pass(0);
    let end = closed(&events);
    assert_eq!((end.reason, end.waited_us), (CloseReason::OutOfHours, Some(60 * SECOND)));

    let (mut desk, _) = away_at_closing(AtClosing::Carry, OutsideHours::Queue);
    let events = desk.pass(30 * HOUR);
    let end = closed(&events);
    assert_eq!((end.reason, end.waited_us), (CloseReason::Client, Some(30 * SECOND)));
    assert_eq!(end.judged, Some(Judgement::LostInTarget), "hours of the office after he left");
}

#[test]
fn the_whole_step_begins_when_the_queue_opens_for_who_is_away_too() {
    let (mut desk, ticket) = away_at_closing(AtClosing::Carry, OutsideHours::Queue);
    keeping(&mut desk, "q", |queue| {
        queue.hours = Some(crate::hours::office_hours());
        queue.at_closing = AtClosing::Carry;
        queue.overflow = Some(Overflow {
            after_seconds: Some(600),
            when_nobody_online: false,
            ..Overflow::new("other")
        });
    });
    let step =
        Overflow { after_seconds: Some(3_600), when_nobody_online: false, ..Overflow::new("last") };
    keeping(&mut desk, "last", |_| {});
    keeping(&mut desk, "other", |queue| queue.overflow = Some(step));
    desk.pass(OPENS + 590 * SECOND - desk.now);
    writes(&mut desk, 1);
    assert_eq!(desk.explain(ticket).queue, "b/q");
    let events = desk.pass(10 * SECOND);
    assert_eq!(overflow(&events), Some(OverflowReason::Timeout));
}

#[test]
fn a_wish_to_be_called_back_is_kept_and_taken_while_he_is_away() {
    let mut desk = desk_with(|_| {});
    let ticket = desk.hand_off(1);
    let want = |yes| Input::WantCallback { bot: BOT, contact: ContactKey(1), yes };
    desk.events(want(false));
    goes(&mut desk, 1);
    assert_eq!(desk.events(want(false)), [], "it is known");
    desk.events(want(true));
    assert_eq!(desk.place(ticket).0, TicketState::Away, "a wish is no word for an agent");
    desk.pass(60 * SECOND);
    assert_eq!(desk.code(want(true)), ErrorCode::NotFound);
}

#[test]
fn a_step_that_is_set_after_the_opening_counts_from_the_opening() {
    let overflowing = |queue: &mut relevo_wire::directory::Queue| {
        queue.hours = Some(crate::hours::office_hours());
        queue.at_closing = AtClosing::Carry;
        queue.overflow = Some(Overflow {
            after_seconds: Some(600),
            when_nobody_online: false,
            ..Overflow::new("other")
        });
    };
    let (mut desk, _) = away_at_closing(AtClosing::Carry, OutsideHours::Queue);
    let step = Overflow { when_nobody_online: false, ..Overflow::new("last") };
    keeping(&mut desk, "last", |_| {});
    keeping(&mut desk, "other", |queue| queue.overflow = Some(step));
    let ticket = desk.hand_off(2);
    desk.pass(OPENS + 60 * SECOND - desk.now);
    keeping(&mut desk, "q", overflowing);
    assert_eq!(desk.explain(ticket).queue, "b/q", "it has waited since yesterday");
    assert_eq!(overflow(&desk.pass(540 * SECOND)), Some(OverflowReason::Timeout));
}
