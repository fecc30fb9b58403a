//! Targets of tickets that agents have: told when they are at risk and when they are missed.

use crate::common::*;
use crate::hours::{CLOSES, OPENS, office, office_hours};
use relevo_routing::event::{Event, TargetTold};
use relevo_routing::input::{Input, Target};
use relevo_routing::{Micros, Tenant};
use relevo_wire::directory::{self, Object, Overflow, TicketTargets};
use relevo_wire::vocabulary::TargetState::{self, AtRisk, Missed};
use relevo_wire::vocabulary::TicketTarget::{self, FirstResponse, NextResponse, Resolution};
use relevo_wire::vocabulary::{Intent, RequeueReason};
use relevo_wire::{ErrorCode, SessionId, TicketId};

const TARGETS: TicketTargets = TicketTargets {
    first_response_seconds: Some(50),
    next_response_seconds: Some(100),
    resolution_seconds: Some(1_000),
};

/// `ana` online, and a queue with every target.
fn desk_with(targets: TicketTargets) -> Desk {
    let mut desk = Desk::staffed(&["ana"]);
    desk.queue("q", &["ana"], |queue| {
        queue.targets = targets;
        queue.threshold_seconds = 86_400;
    });
    desk
}

/// With a ticket of which the agent has just written the first reply.
fn answered() -> (Desk, TicketId) {
    let mut desk = desk_with(TARGETS);
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    (desk, ticket)
}

/// What was told of targets: of which, how far it was gone, and how long before or behind `at` it is due.
fn told(events: &[Event], at: Micros) -> Vec<(TicketTarget, TargetState, i64)> {
    let told = events.iter().filter_map(|event| {
        let Event::TargetTold(TargetTold { which, state, due, .. }) = event else { return None };
        Some((*which, *state, due.wrapping_sub(at).cast_signed() / SECOND.cast_signed()))
    });
    told.collect()
}

/// What was told while time passes, and how much later than now it was due.
fn told_in(desk: &mut Desk, time: Micros) -> Vec<(TicketTarget, TargetState, i64)> {
    let from = desk.now;
    told(&desk.pass(time), from)
}

fn hold(desk: &mut Desk, ticket: TicketId, on: bool) {
    let (agent, epoch) = (desk.agent_id("ana"), desk.epoch(ticket));
    desk.events(Input::Hold { agent, ticket, epoch, on });
}

#[test]
fn a_first_response_is_at_risk_at_four_fifths_of_its_time_and_missed_after_all_of_it() {
    let mut desk = desk_with(TARGETS);
    let ticket = desk.hand_off(1);
    let assigned_at = desk.now;
    desk.wait(40 * SECOND - 1);
    let events = desk.pass(1);
    let due = assigned_at + 50 * SECOND;
    let at_risk = TargetTold { ticket, which: FirstResponse, state: AtRisk, due };
    assert_eq!(events, [Event::TargetTold(at_risk)]);
    desk.wait(10 * SECOND);
    let events = desk.pass(1);
    assert_eq!(events, [Event::TargetTold(TargetTold { state: Missed, ..at_risk })]);
    desk.wait(3_600 * SECOND);
}

#[test]
fn an_answer_at_the_very_moment_is_in_time() {
    let mut desk = desk_with(TARGETS);
    let ticket = desk.hand_off(1);
    assert_eq!(told_in(&mut desk, 50 * SECOND), [(FirstResponse, AtRisk, 50)]);
    desk.reply("ana", ticket);
    desk.wait(700 * SECOND);
}

#[test]
fn a_next_response_counts_from_the_first_message_that_is_not_answered() {
    let (mut desk, ticket) = answered();
    desk.wait(30 * SECOND);
    desk.customer(1, None);
    desk.wait(60 * SECOND);
    desk.customer(1, None);
    assert_eq!(
        told_in(&mut desk, 41 * SECOND),
        [(NextResponse, AtRisk, 40), (NextResponse, Missed, 40)]
    );
    desk.reply("ana", ticket);
    desk.wait(200 * SECOND);
    desk.customer(1, None);
    assert_eq!(told_in(&mut desk, 80 * SECOND), [(NextResponse, AtRisk, 100)], "another one");
}

#[test]
fn a_resolution_counts_from_the_first_response_to_the_end() {
    let (mut desk, ticket) = answered();
    desk.wait(500 * SECOND);
    desk.reply("ana", ticket);
    assert_eq!(
        told_in(&mut desk, 501 * SECOND),
        [(Resolution, AtRisk, 500), (Resolution, Missed, 500)]
    );
    desk.close("ana", ticket);

    let (mut desk, ticket) = answered();
    desk.pass(900 * SECOND);
    desk.close("ana", ticket);
    assert_eq!(told_in(&mut desk, 3_600 * SECOND), [], "it is over");
}

#[test]
fn what_no_human_wrote_stops_no_clock() {
    let mut desk = desk_with(TARGETS);
    desk.agent("bea", 1);
    let ticket = desk.hand_off(1);
    desk.wait(30 * SECOND);
    desk.customer(1, None);
    desk.accepted(hand_off(1));
    assert_eq!(
        told_in(&mut desk, 10 * SECOND),
        [(FirstResponse, AtRisk, 20)],
        "from the assignment"
    );
    desk.reply("ana", ticket);
    desk.wait(700 * SECOND);
}

#[test]
fn on_hold_and_without_the_agent_the_clocks_go_on() {
    let (mut desk, ticket) = answered();
    desk.customer(1, None);
    hold(&mut desk, ticket, true);
    assert_eq!(told_in(&mut desk, 80 * SECOND), [(NextResponse, AtRisk, 100)]);
    desk.disconnect("ana", SessionId(1));
    let told = told_in(&mut desk, 60 * SECOND);
    assert_eq!(told, [(NextResponse, Missed, 20)], "whoever waits waits all the same");
}

#[test]
fn what_passed_while_the_daemon_was_down_is_told_at_the_start_once() {
    let (mut desk, _) = answered();
    desk.customer(1, None);
    desk.wait(20 * SECOND);
    desk.restart(970 * SECOND);
    assert_eq!(desk.tenant.next_deadline(), None, "not before it takes sessions");
    desk.events(Input::Ready);
    let from = desk.now;
    let events = desk.pass(0);
    let told_then = [(NextResponse, Missed, -890), (Resolution, AtRisk, 10)];
    assert_eq!(told(&events, from), told_then, "missed, and no longer at risk");
    desk.restart(0);
    desk.events(Input::Ready);
    let from = desk.now;
    assert_eq!(told(&desk.pass(11 * SECOND), from), [(Resolution, Missed, 10)], "nothing twice");
}

#[test]
fn a_snapshot_holds_what_runs_and_what_was_told() {
    let (mut desk, _) = answered();
    desk.customer(1, None);
    desk.pass(80 * SECOND);
    let bytes = desk.tenant.snapshot();
    let settings = desk.tenant.settings().clone();
    desk.tenant = Tenant::from_snapshot(&bytes, settings).expect("it reads back");
    assert!(desk.tenant.snapshot() == bytes, "the same again");
    assert_eq!(told_in(&mut desk, 21 * SECOND), [(NextResponse, Missed, 20)]);
}

#[test]
fn clocks_stand_still_while_the_queue_is_closed() {
    let mut desk = office(|queue| {
        queue.targets = TicketTargets { first_response_seconds: Some(3_000), ..TARGETS };
        queue.threshold_seconds = 86_400;
    });
    desk.online("ana");
    desk.pass(CLOSES - desk.now - 1_000 * SECOND);
    let ticket = desk.hand_off(1);
    let opens_in = (OPENS - desk.now) / SECOND;
    let because = desk.explain(ticket).because;
    assert!(because.ends_with("; its first response is due in 3000 s"), "{because}");
    assert_eq!(told_in(&mut desk, OPENS - CLOSES), [], "the night counts for nothing");
    let because = desk.explain(ticket).because;
    assert!(because.contains("due in 2000 s, not counting the time until"), "{because}");
    let said = told_in(&mut desk, 3_000 * SECOND);
    let due = i64::try_from(opens_in + 2_000).expect("hours")
        - (OPENS - CLOSES).cast_signed() / 1_000_000;
    assert_eq!(said, [(FirstResponse, AtRisk, due)]);
}

#[test]
fn a_queue_that_reopens_at_once_owes_what_was_left() {
    let mut desk = office(|queue| {
        queue.targets = TARGETS;
        queue.threshold_seconds = 86_400;
    });
    desk.online("ana");
    let ticket = desk.hand_off(1);
    desk.wait(30 * SECOND);
    let mut hours = |hours| {
        desk.queue("q", &["ana", "bea"], |queue| {
            queue.targets = TARGETS;
            queue.threshold_seconds = 86_400;
            queue.hours = Some(hours);
        });
        told_in(&mut desk, 600 * SECOND)
    };
    assert_eq!(hours(directory::Hours::default()), [], "never open");
    let said = hours(office_hours());
    assert_eq!(said, [(FirstResponse, AtRisk, 20), (FirstResponse, Missed, 20)]);
    assert_eq!(desk.holder(ticket).as_deref(), Some("ana"));
}

#[test]
fn another_agents_first_response_begins_anew_and_the_resolution_goes_on() {
    let (mut desk, ticket) = answered();
    desk.agent("bea", 1);
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.targets = TARGETS;
        queue.threshold_seconds = 86_400;
        queue.keep_seconds = 100;
    });
    desk.customer(1, None);
    assert_eq!(told_in(&mut desk, 80 * SECOND), [(NextResponse, AtRisk, 100)]);
    desk.intent("ana", Intent::Offline);
    let events = desk.pass(100 * SECOND);
    let is_requeued =
        |event: &Event| matches!(event, Event::Requeued(e) if e.reason == RequeueReason::AgentGone);
    assert!(events.iter().any(is_requeued), "{events:?}");
    assert_eq!(told_in(&mut desk, 120 * SECOND), [], "nobody is to answer while it waits");
    desk.online("bea");
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    assert_eq!(told_in(&mut desk, 40 * SECOND), [(FirstResponse, AtRisk, 50)]);
    desk.reply("bea", ticket);
    let left = 1_000 - 80 - 100 - 120 - 40;
    assert_eq!(told_in(&mut desk, 500 * SECOND), [(Resolution, AtRisk, left)], "of the ticket");
}

#[test]
fn a_resolution_is_missed_in_a_ticket_that_nobody_has() {
    let (mut desk, _) = answered();
    desk.pass(900 * SECOND);
    desk.queue("q", &["ana"], |queue| {
        queue.targets = TARGETS;
        queue.keep_seconds = 0;
    });
    desk.intent("ana", Intent::Offline);
    assert_eq!(told_in(&mut desk, 101 * SECOND), [(Resolution, Missed, 100)]);
}

#[test]
fn a_resolution_goes_on_in_the_queue_to_which_its_ticket_goes() {
    let mut desk = desk_with(TARGETS);
    desk.agent("bea", 1);
    desk.queue("r", &["bea"], |queue| queue.hours = Some(directory::Hours::default()));
    desk.wait(1_000 * SECOND);
    // It knows closed times, and the other queue none.
    desk.queue("r", &["bea"], |_| {});
    desk.queue("q", &["ana"], |queue| {
        queue.targets = TARGETS;
        queue.keep_seconds = 0;
        queue.overflow = Some(Overflow { after_seconds: Some(10), ..Overflow::new("r") });
    });
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    desk.pass(100 * SECOND);
    desk.intent("ana", Intent::Offline);
    desk.online("bea");
    desk.pass(100 * SECOND);
    assert_eq!(desk.holder(ticket).as_deref(), Some("bea"));
    desk.wait(600 * SECOND - 1);
    assert_eq!(told_in(&mut desk, 1), [(Resolution, AtRisk, 200)]);
    desk.reply("bea", ticket);
    desk.customer(1, None);
    assert_eq!(told_in(&mut desk, 201 * SECOND), [(Resolution, Missed, 200)], "it has no other");
}

#[test]
fn a_transfer_has_the_targets_of_its_queue_from_its_own_assignment_on() {
    let mut desk = desk_with(TARGETS);
    desk.agent("bea", 1);
    let other = TicketTargets { first_response_seconds: Some(10), ..TicketTargets::default() };
    desk.queue("r", &["bea"], |queue| queue.targets = other);
    desk.online("bea");
    let ticket = desk.hand_off(1);
    desk.reply("ana", ticket);
    let queue = Target::Queue(desk.queue_id("r"));
    let child = desk.child(desk.transfer("ana", ticket, queue));
    assert_eq!(told_in(&mut desk, 8 * SECOND), [(FirstResponse, AtRisk, 10)]);
    desk.reply("bea", child);
    desk.customer(1, None);
    assert_eq!(told_in(&mut desk, 3_600 * SECOND), [], "it has no other target");
}

#[test]
fn changed_targets_count_from_the_next_clock_on() {
    let mut desk = desk_with(TARGETS);
    let ticket = desk.hand_off(1);
    desk.wait(10 * SECOND);
    let none = TicketTargets::default();
    desk.queue("q", &["ana"], |queue| (queue.targets, queue.threshold_seconds) = (none, 86_400));
    assert_eq!(told_in(&mut desk, 30 * SECOND), [(FirstResponse, AtRisk, 40)], "it has begun");
    desk.reply("ana", ticket);
    desk.customer(1, None);
    desk.wait(3_600 * SECOND);
    let short = TicketTargets { next_response_seconds: Some(5), ..none };
    desk.queue("q", &["ana"], |queue| (queue.targets, queue.threshold_seconds) = (short, 86_400));
    desk.wait(3_600 * SECOND);
    desk.reply("ana", ticket);
    desk.customer(1, None);
    assert_eq!(told_in(&mut desk, 4 * SECOND), [(NextResponse, AtRisk, 5)]);
}

#[test]
fn a_queue_without_targets_tells_nothing() {
    let mut desk = desk_with(TicketTargets::default());
    let ticket = desk.hand_off(1);
    desk.wait(3_600 * SECOND);
    desk.reply("ana", ticket);
    desk.customer(1, None);
    desk.wait(3_600 * SECOND);
    let because = desk.explain(ticket).because;
    assert!(!because.contains("due"), "{because}");
}

#[test]
fn an_explanation_tells_what_runs_and_what_was_missed() {
    let (mut desk, ticket) = answered();
    desk.customer(1, None);
    desk.pass(100 * SECOND + 1);
    let because = desk.explain(ticket).because;
    let says = "; its next response was due 1 s ago; its resolution is due in 900 s";
    assert!(because.ends_with(says), "{because}");
}

#[test]
fn targets_that_cannot_be_are_refused() {
    let mut desk = desk_with(TARGETS);
    for seconds in [0, 604_801] {
        let mut queue = directory::Queue::new("b", "q");
        queue.targets.next_response_seconds = Some(seconds);
        let put = Input::Put { object: Box::new(Object::Queue(queue)), if_version: None };
        let error = desk.refused(put);
        let field = "targets.next_response_seconds";
        assert_eq!((error.code, error.field.as_str()), (ErrorCode::Malformed, field));
    }
}
