//! Modes of queues: what whoever runs the desk says beside the hours.

use crate::common::*;
use crate::hours::{CLOSES, HOUR, OPENS, office, rejected, state};
use relevo_routing::event::{Event, QueueHours, QueueModeSet, Rejection};
use relevo_routing::input::{HandOff, Target};
use relevo_routing::{Input, Micros};
use relevo_wire::answer::Answer;
use relevo_wire::directory::{AtClosing, ObjectRef, OutsideHours, Overflow};
use relevo_wire::vocabulary::{CloseReason, Intent, QueueMode, Text, Texts, TicketState};
use relevo_wire::{ErrorCode, QueueId, TicketId};

fn set(desk: &mut Desk, mode: QueueMode, text: &str, until: Option<Micros>) -> Vec<Event> {
    let queue = desk.queue_id("q");
    let set = QueueModeSet { queue, mode, text: text.to_owned(), until };
    let (events, answer) = desk.ask(Input::SetQueueMode(set));
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    events
}

/// Drains from now on.
fn drain(desk: &mut Desk) {
    set(desk, QueueMode::Drain, "", None);
}

/// A bot's only queue, with ana and bea of one seat each, always open. Nobody is online.
fn plain() -> Desk {
    let mut desk = desk();
    desk.agent("ana", 1);
    desk.agent("bea", 1);
    desk.queue("q", &["ana", "bea"], |_| {});
    desk
}

fn modes(events: &[Event]) -> Vec<QueueMode> {
    let modes = events
        .iter()
        .filter_map(|event| if let Event::QueueModeSet(e) = event { Some(e.mode) } else { None });
    modes.collect()
}

fn queue_of(desk: &Desk, ticket: TicketId) -> String {
    desk.explain(ticket).queue
}

fn is_open(desk: &Desk) -> bool {
    desk.tenant.queue_stats(desk.queue_id("q")).open
}

#[test]
fn a_queue_that_drains_takes_nobody_new_and_serves_who_waits() {
    let mut desk = plain();
    let waits = desk.hand_off(1);
    let later = desk.now + HOUR;
    set(&mut desk, QueueMode::Drain, "back at four", Some(later));
    assert!(!is_open(&desk), "agents_online says no");
    let (events, refused) = rejected(&mut desk, hand_off(2));
    assert_eq!((refused.reason.as_str(), refused.opens_at), ("out_of_hours", Some(later)));
    assert_eq!(refused.text, "back at four");
    let [Event::HandOffRejected(counted), Event::CallbackListed(_)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(counted.rejection, Rejection::OutOfHours);
    desk.online("ana");
    assert_eq!(state(&desk, waits), TicketState::Assigned, "who waited is served");
}

#[test]
fn who_drains_a_queue_keeps_no_place_for_later() {
    let mut desk = office(|queue| queue.outside_hours = OutsideHours::Queue);
    drain(&mut desk);
    let (_, refused) = rejected(&mut desk, hand_off(1));
    assert_eq!(refused.opens_at, None, "nobody has said until when");
    set(&mut desk, QueueMode::Closed, "", None);
    rejected(&mut desk, hand_off(1));
    set(&mut desk, QueueMode::Open, "", None);
    desk.pass(HOUR + SECOND);
    desk.hand_off(1);
}

#[test]
fn the_words_of_a_mode_come_before_all_others_and_without_them_it_is_closed() {
    let mut desk = plain();
    let texts = Texts::default().with(Text::Closed, "the hand-off's");
    let own = || HandOff { texts: Some(texts.clone()), ..hand_off(1) };
    drain(&mut desk);
    assert_eq!(
        rejected(&mut desk, hand_off(1)).1.text,
        "We are closed at the moment. Please write to us again during our opening hours."
    );
    assert_eq!(rejected(&mut desk, own()).1.text, "the hand-off's");
    set(&mut desk, QueueMode::Drain, "fire alarm", None);
    assert_eq!(rejected(&mut desk, own()).1.text, "fire alarm");
}

#[test]
fn a_hand_off_to_a_queue_that_drains_overflows_where_it_does_outside_the_hours() {
    let mut desk = plain();
    desk.agent("cleo", 1);
    desk.queue("r", &["cleo"], |_| {});
    desk.queue("q", &["ana", "bea"], |queue| {
        queue.outside_hours = OutsideHours::Overflow;
        queue.overflow = Some(Overflow::new("r"));
    });
    desk.online("cleo");
    drain(&mut desk);
    let ticket = desk.hand_off(1);
    assert_eq!(queue_of(&desk, ticket), "b/r");
}

#[test]
fn nothing_is_transferred_or_overflows_to_a_queue_that_drains() {
    let mut desk = plain();
    desk.agent("cleo", 1);
    desk.queue("r", &["cleo"], |queue| queue.overflow = Some(Overflow::new("q")));
    desk.online("cleo");
    desk.online("bea");
    let held = desk.hand_off_to(1, "r");
    let waits = desk.hand_off_to(2, "r");
    drain(&mut desk);
    let (cleo, q, bea) = (desk.agent_id("cleo"), desk.queue_id("q"), desk.agent_id("bea"));
    for to in [Target::Queue(q), Target::Agent(bea)] {
        let input = Input::Transfer { agent: cleo, ticket: held, epoch: 2, to, note: false };
        assert_eq!(desk.code(input), ErrorCode::WrongState);
    }
    desk.intent("cleo", Intent::Paused);
    assert_eq!(queue_of(&desk, waits), "b/r", "it stays where it is");
    set(&mut desk, QueueMode::Open, "", None);
    assert_eq!(queue_of(&desk, waits), "b/q", "and goes on when the queue takes it");
}

#[test]
fn a_closed_queue_is_what_its_hours_would_make_of_it() {
    let mut desk = plain();
    let queue = desk.queue_id("q");
    let waits = desk.hand_off(1);
    let later = desk.now + HOUR;
    let events = set(&mut desk, QueueMode::Closed, "", Some(later));
    let [Event::QueueModeSet(_), Event::QueueHours(doors)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(*doors, QueueHours { queue, open: false, until: Some(later) });
    let (_, refused) = rejected(&mut desk, hand_off(2));
    assert_eq!(refused.opens_at, Some(later));
    desk.online("ana");
    assert_eq!(state(&desk, waits), TicketState::Assigned, "who waited is finished");
}

#[test]
fn who_waits_when_a_queue_is_closed_is_carried_or_closed_as_at_closing_time() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Carry);
    let carried = desk.hand_off(1);
    set(&mut desk, QueueMode::Closed, "", None);
    desk.online("ana");
    assert_eq!(state(&desk, carried), TicketState::Waiting);
    set(&mut desk, QueueMode::Open, "", None);
    assert_eq!(state(&desk, carried), TicketState::Assigned);

    let mut desk = office(|queue| queue.at_closing = AtClosing::Close);
    let closed = desk.hand_off(1);
    set(&mut desk, QueueMode::Closed, "", None);
    let events = desk.pass(0);
    let is_closed = |event: &Event| matches!(event, Event::Closed(e) if e.ticket == closed && e.reason == CloseReason::OutOfHours);
    assert!(events.iter().any(is_closed), "{events:?}");
}

#[test]
fn the_clocks_of_a_queue_that_is_closed_stand_still_and_those_of_one_that_drains_go_on() {
    for (mode, waited_us) in [(QueueMode::Closed, 0), (QueueMode::Drain, HOUR)] {
        let mut desk = office(|queue| {
            queue.hours = None;
            queue.at_closing = AtClosing::Carry;
        });
        let ticket = desk.hand_off(1);
        let later = desk.now + HOUR;
        set(&mut desk, mode, "", Some(later));
        desk.pass(HOUR);
        desk.connect("ana");
        let events = desk.intent("ana", Intent::Online);
        let assigned = events.iter().find_map(|event| {
            if let Event::Assigned(e) = event { Some((e.ticket, e.waited_us)) } else { None }
        });
        assert_eq!(assigned, Some((ticket, waited_us)), "{mode:?}");
    }
}

#[test]
fn a_mode_ends_by_itself_and_then_the_hours_count_again() {
    let mut desk = office(|_| {});
    let until = desk.now + HOUR / 2;
    set(&mut desk, QueueMode::Closed, "", Some(until));
    assert!(!is_open(&desk));
    assert_eq!(modes(&desk.pass(HOUR / 2)), [QueueMode::Open]);
    assert!(is_open(&desk), "the office is open for half an hour more");
    desk.pass(HOUR / 2);
    assert!(!is_open(&desk));
    desk.pass(OPENS - CLOSES);
    assert!(is_open(&desk));
}

#[test]
fn a_mode_that_ends_outside_the_hours_tells_when_they_open() {
    for mode in [QueueMode::Closed, QueueMode::Drain] {
        let mut desk = office(|_| {});
        set(&mut desk, mode, "", Some(CLOSES + HOUR));
        assert_eq!(rejected(&mut desk, hand_off(1)).1.opens_at, Some(OPENS), "{mode:?}");
        let events = desk.pass(2 * HOUR);
        assert_eq!(modes(&events), [QueueMode::Open]);
        assert_eq!(rejected(&mut desk, hand_off(1)).1.opens_at, Some(OPENS), "{mode:?}");
    }
}

#[test]
fn a_mode_survives_a_restart_and_what_is_put_and_not_a_delete() {
    let mut desk = plain();
    let until = desk.now + HOUR;
    set(&mut desk, QueueMode::Closed, "", Some(until));
    desk.queue("q", &["ana"], |queue| queue.ageing = 3);
    desk.restart(SECOND);
    desk.handle(Input::Ready);
    assert!(!is_open(&desk));
    desk.queue("q", &[], |_| {});
    let object = ObjectRef::Queue("b".into(), "q".into());
    desk.events(Input::Delete { object });
    desk.queue("q", &["ana"], |_| {});
    assert!(is_open(&desk));
    assert_eq!(modes(&desk.pass(2 * HOUR)), [], "its time went with it");
}

#[test]
fn the_same_mode_again_does_nothing_and_another_takes_its_place() {
    let mut desk = plain();
    let later = desk.now + HOUR;
    assert_eq!(set(&mut desk, QueueMode::Open, "", None), []);
    set(&mut desk, QueueMode::Drain, "a", Some(later));
    assert_eq!(set(&mut desk, QueueMode::Drain, "a", Some(later)), []);
    assert_eq!(modes(&set(&mut desk, QueueMode::Drain, "b", None)), [QueueMode::Drain]);
    assert_eq!(modes(&desk.pass(2 * HOUR)), [], "the time of the first is forgotten");
    assert_eq!(rejected(&mut desk, hand_off(1)).1.text, "b");
}

#[test]
fn what_no_queue_can_have_is_refused() {
    let mut desk = plain();
    let (queue, later) = (desk.queue_id("q"), desk.now + HOUR);
    let mut refused = |queue, mode, text: String, until| {
        let set = QueueModeSet { queue, mode, text, until };
        let error = desk.refused(Input::SetQueueMode(set));
        (error.code, error.field)
    };
    let none = String::new;
    let wrong = |field: &str| (ErrorCode::Malformed, field.to_owned());
    assert_eq!(refused(queue, QueueMode::Open, "hello".into(), None), wrong("text"));
    assert_eq!(refused(queue, QueueMode::Open, none(), Some(later)), wrong("until"));
    let now = later - HOUR;
    assert_eq!(refused(queue, QueueMode::Drain, none(), Some(now)), wrong("until"));
    let long = (ErrorCode::LimitExceeded, "text".to_owned());
    assert_eq!(refused(queue, QueueMode::Closed, "x".repeat(1_025), None), long);
    let unknown = (ErrorCode::NotFound, "queue".to_owned());
    assert_eq!(refused(QueueId(9), QueueMode::Drain, none(), None), unknown);
}

#[test]
fn explain_tells_the_mode_of_a_queue() {
    let mut desk = office(|queue| queue.at_closing = AtClosing::Carry);
    let ticket = desk.hand_off(1);
    let mut because = |mode, until| {
        set(&mut desk, mode, "", until);
        desk.explain(ticket).because
    };
    let said = because(QueueMode::Closed, Some(CLOSES - HOUR / 2));
    assert!(said.starts_with("its queue is set to closed until 2023-11-15T17:30:00Z"), "{said}");
    let said = because(QueueMode::Drain, None);
    assert!(said.contains("; its queue is set to drain until it is opened"), "{said}");
    let said = because(QueueMode::Open, None);
    assert!(!said.contains("drain"), "{said}");
}

#[test]
fn a_mode_is_no_part_of_the_object() {
    let mut desk = plain();
    let before = desk.tenant.directory().version();
    drain(&mut desk);
    assert_eq!(desk.tenant.directory().version(), before, "an apply finds what it knew");
}
